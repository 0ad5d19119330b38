#include "common/base/check.h"

namespace dure {

void check_failed(const char* file, int line, const char* expression, const std::string& detail) {
  std::string what = "CHECK failed: " + std::string(expression) + " at " + file + ":" + std::to_string(line);
  if (!detail.empty()) what += ": " + detail;
  throw CheckFailed(what);
}

}  // namespace dure
