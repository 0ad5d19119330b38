#include "common/host/symbols.h"

#include <backtrace.h>

namespace dure {

backtrace_state* symbol_state() {
  static backtrace_state* const made = backtrace_create_state(
      nullptr, 1, [](void*, const char*, int) {}, nullptr);
  return made;
}

std::string_view short_file(std::string_view file) {
  constexpr std::string_view here = __FILE__, tail = "common/host/symbols.cpp";
  const std::string_view root = here.substr(0, here.size() - tail.size());
  if (root.empty()) return file;
  // A compiler cache may name files relative to the build folder; then the root stands behind that folder's name.
  const auto at = file.find(root);
  if (at != std::string_view::npos) file.remove_prefix(at + root.size());
  return file;
}

}  // namespace dure
