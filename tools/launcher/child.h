// One child process in a process group of its own. It dies with us (PR_SET_PDEATHSIG), writes to a log file, and says
// "ready\n" on the descriptor named by DURE_READY_FD. Main thread only (the death signal follows the thread that
// forks). Failure: start() answers kIo if fork or the log file fails; a program that cannot be executed exits with 127.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

#include "common/base/result.h"

namespace dure {

struct ChildCommand {
  std::string program;                 // path of the executable
  std::vector<std::string> arguments;  // argv, argv[0] included
  std::string log_path;                // appended to
};

// How a process ended: exit code, or the signal that killed it.
struct Ending {
  int code = 0;
  int signal = 0;
  bool clean() const { return code == 0 && signal == 0; }
};
// "exit 78", "killed by signal 9".
std::string to_text(const Ending& ending);

class Child {
 public:
  Child() = default;
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] Result<void> start(const ChildCommand& command);
  bool running() const { return pid_ > 0; }
  pid_t pid() const { return pid_; }
  // For poll; -1 once it has said ready, or will not any more.
  int ready_fd() const { return ready_fd_; }
  // Reads what has come; true the moment it says ready.
  bool heard_ready();
  // To the whole group; nothing if it does not run.
  void send_signal(int signal) const;
  // True once, when the process has ended; what it left in its group is killed.
  bool reap(Ending* ending);

 private:
  void close_ready();
  pid_t pid_ = 0;
  int ready_fd_ = -1;
};

// The last line of a log that is not empty, at most 200 bytes: what a dead child said last.
std::string last_line(const std::string& path);

}  // namespace dure
