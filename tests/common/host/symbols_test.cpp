#include "common/host/symbols.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

TEST(Symbols, AFileIsNamedFromTheSourceRootHoweverTheCompilerNamedIt) {
  EXPECT_EQ(short_file(__FILE__), "tests/common/host/symbols_test.cpp");
  EXPECT_EQ(short_file("../../common/logic/node.cpp"), "common/logic/node.cpp");
  EXPECT_EQ(short_file("/home/somebody/dure/build/release/../../common/logic/node.cpp"), "common/logic/node.cpp");
}

TEST(Symbols, AFileOfSomebodyElseKeepsItsName) {
  EXPECT_EQ(short_file("/usr/include/c++/12/atomic"), "/usr/include/c++/12/atomic");
  EXPECT_EQ(short_file(""), "");
}

}  // namespace
}  // namespace dure
