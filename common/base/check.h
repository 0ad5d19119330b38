// CHECK: an assertion that stays on in release. A false CHECK is a bug of ours: it throws CheckFailed, which the
// nearest fault boundary (a handler, an instance, a zone tick) catches, so that one bug costs one player a walk to
// the lobby and not the process. Any thread.
#pragma once
#include <stdexcept>
#include <string>

namespace dure {

class CheckFailed : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

[[noreturn]] void check_failed(const char* file, int line, const char* expression, const std::string& detail = {});

}  // namespace dure

#define CHECK(expression) ((expression) ? static_cast<void>(0) : ::dure::check_failed(__FILE__, __LINE__, #expression))
#define CHECK_MSG(expression, detail) \
  ((expression) ? static_cast<void>(0) : ::dure::check_failed(__FILE__, __LINE__, #expression, (detail)))
