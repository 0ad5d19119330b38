#include "common/host/throw_stack.h"

#include <backtrace.h>
#include <cxxabi.h>
#include <dlfcn.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "common/host/symbols.h"

namespace dure {
namespace {

constexpr std::size_t kFramesMax = 48;
constexpr std::size_t kLinesMax = 40;

struct Trace {
  std::array<std::uintptr_t, kFramesMax> pcs;
  std::size_t count;
  std::uintptr_t thrower;  // where the hook returns to; frames above it are ours, however the compiler made them
  bool reached;
};
thread_local Trace last_throw;  // trivial: usable in any thread at any time

void ignore_error(void*, const char*, int) {}

int note_frame(void* data, std::uintptr_t pc) {
  auto* trace = static_cast<Trace*>(data);
  if (trace->count >= kFramesMax) return 1;
  // libbacktrace counts one back from a return address, into the call itself.
  trace->reached = trace->reached || pc == trace->thrower || pc + 1 == trace->thrower;
  if (!trace->reached) return 0;
  trace->pcs[trace->count++] = pc;
  return 0;
}

struct Lines {
  std::string text;
  std::size_t count = 0;
};

int add_line(void* data, std::uintptr_t, const char* file, int line, const char* function) {
  auto* lines = static_cast<Lines*>(data);
  if (function == nullptr || file == nullptr) return 0;  // a library without debug information
  if (++lines->count > kLinesMax) return 1;
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> name(abi::__cxa_demangle(function, nullptr, nullptr, &status),
                                                    std::free);
  lines->text += status == 0 ? name.get() : function;
  lines->text += ' ';
  lines->text += short_file(file);
  lines->text += ':' + std::to_string(line) + '\n';
  return 0;
}

}  // namespace

void note_throw(const void* thrower) {
  last_throw.count = 0;
  last_throw.reached = false;
  last_throw.thrower = reinterpret_cast<std::uintptr_t>(thrower);
  backtrace_simple(symbol_state(), 0, note_frame, ignore_error, &last_throw);
}

HostThrowStack::HostThrowStack() { symbol_state(); }

std::string HostThrowStack::last() {
  Lines lines;
  for (std::size_t i = 0; i < last_throw.count && lines.count < kLinesMax; ++i)
    backtrace_pcinfo(symbol_state(), last_throw.pcs[i], add_line, ignore_error, &lines);
  return lines.text;
}

}  // namespace dure

// Found before the C++ library's own, under its symbol but not its name: compilers declare that one themselves, each
// with other types.
extern "C" [[noreturn]] void hooked_throw(void* thrown, void* type, void (*destroy)(void*)) __asm__("__cxa_throw");
extern "C" [[noreturn]] void hooked_throw(void* thrown, void* type, void (*destroy)(void*)) {
  using Throw = void (*)(void*, void*, void (*)(void*));
  static const auto original = reinterpret_cast<Throw>(dlsym(RTLD_NEXT, "__cxa_throw"));
  dure::note_throw(__builtin_return_address(0));
  original(thrown, type, destroy);
  std::abort();
}
