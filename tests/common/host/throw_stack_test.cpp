#include "common/host/throw_stack.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dure {

__attribute__((noinline)) void a_function_that_throws() { throw std::runtime_error("thrown"); }

TEST(ThrowStack, names_the_function_and_file_that_threw) {
  HostThrowStack stack;
  try {
    a_function_that_throws();
  } catch (const std::exception&) {
  }
  const std::string text = stack.last();
  EXPECT_NE(text.find("a_function_that_throws"), std::string::npos) << text;
  EXPECT_NE(text.find("throw_stack_test.cpp:"), std::string::npos) << text;
}

}  // namespace dure
