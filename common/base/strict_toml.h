// toml++, with its own assertions as exceptions: some texts that are no TOML ("[ }]") reach them, and a user's file
// must be refused, never end the process (nor what follows be undefined, as in a library built without assertions). The
// only way to include toml++, header-only everywhere; for few .cpp files, it is slow to compile. Any thread.
#pragma once
#include <stdexcept>

namespace dure {

// What toml++ believed impossible of a text. Says no place.
struct TomlAssertion : std::logic_error {
  using std::logic_error::logic_error;
};
[[noreturn]] inline void fail_toml_assertion(const char* expression) { throw TomlAssertion(expression); }

}  // namespace dure

#ifdef TOML_ASSERT
#error "toml++ was included before, with assertions of its own"
#endif
#define TOML_ASSERT(expression)                                  \
  do {                                                           \
    if (!(expression)) ::dure::fail_toml_assertion(#expression); \
  } while (false)
#include <toml++/toml.h>
