#include "common/host/signals.h"

#include <backtrace.h>
#include <execinfo.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/base/check.h"
#include "common/host/symbols.h"

namespace dure {
namespace {

sigset_t stop_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

void say(const char* text) { [[maybe_unused]] const auto n = write(STDERR_FILENO, text, std::strlen(text)); }

int say_frame(void*, std::uintptr_t, const char* file, int line, const char* function) {
  if (function == nullptr || file == nullptr) return 0;  // a library without debug information
  const std::string_view at = short_file(file);
  std::array<char, 12> digits{};
  std::to_chars(digits.data(), digits.data() + digits.size() - 1, line);
  say("  ");
  say(function);  // mangled: to demangle allocates, and the heap may be what is broken
  say(" ");
  [[maybe_unused]] const auto n = write(STDERR_FILENO, at.data(), at.size());
  say(":");
  say(digits.data());
  say("\n");
  return 0;
}

// Symbolising takes up to a second: a copy of this process does it, without its sockets and out of its group, which may
// be killed any moment. Not by fork(): its handlers take the locks of the heap.
void say_symbols() {
  const long copy = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (copy > 0) setpgid(static_cast<pid_t>(copy), static_cast<pid_t>(copy));
  if (copy != 0) return;
  setpgid(0, 0);
  syscall(SYS_close_range, 3u, ~0u, 0u);
  backtrace_full(
      symbol_state(), 2, say_frame, [](void*, const char*, int) {}, nullptr);
  _exit(0);
}

// Only what is safe in a signal handler. SA_RESETHAND has restored the default action, which raise() then takes.
void report_crash(int signal) {
  say("crash: signal ");
  const char digits[] = {static_cast<char>('0' + signal / 10), static_cast<char>('0' + signal % 10), '\n', 0};
  say(digits);
  std::array<void*, 64> frames;
  const int count = backtrace(frames.data(), static_cast<int>(frames.size()));
  backtrace_symbols_fd(frames.data(), count, STDERR_FILENO);
  say_symbols();
  raise(signal);
}

}  // namespace

StopSignals::StopSignals() {
  const sigset_t set = stop_set();
  CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  fd_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  CHECK(fd_ >= 0);
}

StopSignals::~StopSignals() { close(fd_); }

int StopSignals::take() {
  int count = 0;
  signalfd_siginfo info;
  while (read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) ++count;
  return count;
}

void use_all_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void ignore_broken_pipes() { signal(SIGPIPE, SIG_IGN); }

void install_crash_report() {
  // A stack of its own for the main thread, so that its overflow is reported, too; and the unwinder loaded beforehand,
  // since loading it allocates.
  static std::array<char, 64 * 1024> own_stack;
  stack_t stack{};
  stack.ss_sp = own_stack.data();
  stack.ss_size = own_stack.size();
  sigaltstack(&stack, nullptr);
  void* frame = nullptr;
  backtrace(&frame, 1);
  symbol_state();
  struct sigaction action {};
  action.sa_handler = report_crash;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK | SA_NODEFER);
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL}) sigaction(signal, &action, nullptr);
}

}  // namespace dure
