// What libbacktrace knows of this program (needs -g1): one state for everybody, made by the first caller. Any thread;
// symbol_state() is safe in a signal handler once it has been called outside of one.
#pragma once
#include <string_view>

struct backtrace_state;

namespace dure {

backtrace_state* symbol_state();
// The file as seen from the source root, whatever directory it was built in.
std::string_view short_file(std::string_view file);

}  // namespace dure
