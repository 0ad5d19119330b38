#include "common/host/symbols.h"

#include <backtrace.h>

namespace dure {

backtrace_state* symbol_state() {
  static backtrace_state* const made = backtrace_create_state(
      nullptr, 1, [](void*, const char*, int) {}, nullptr);
  return made;
}

std::string_view short_file(std::string_view file) {
  // A compiler cache may name files relative to the build folder: any of them, whatever it does with this one.
  constexpr std::string_view up = "../";
  if (const auto at = file.rfind(up); at != std::string_view::npos) return file.substr(at + up.size());
  constexpr std::string_view here = __FILE__, tail = "common/host/symbols.cpp";
  const std::string_view root = here.substr(0, here.size() - tail.size());
  if (file.starts_with(root)) file.remove_prefix(root.size());
  return file;
}

}  // namespace dure
