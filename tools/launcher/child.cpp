#include "tools/launcher/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace dure {
namespace {

[[noreturn]] void become(const ChildCommand& command, std::vector<char*>& arguments, int log_fd, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(126);  // the launcher died before the line above
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int input = open("/dev/null", O_RDONLY);
  if (input >= 0) dup2(input, STDIN_FILENO);
  dup2(log_fd, STDOUT_FILENO);
  dup2(log_fd, STDERR_FILENO);
  execv(command.program.c_str(), arguments.data());
  dprintf(STDERR_FILENO, "%s: %s\n", command.program.c_str(), std::strerror(errno));
  _exit(127);
}

}  // namespace

std::string to_text(const Ending& ending) {
  return ending.signal ? "killed by signal " + std::to_string(ending.signal) : "exit " + std::to_string(ending.code);
}

Child::~Child() {
  close_ready();
  if (!running()) return;
  send_signal(SIGKILL);
  waitpid(pid_, nullptr, 0);
}

Result<void> Child::start(const ChildCommand& command) {
  const int log_fd = open(command.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log_fd < 0) return fail(Trouble::kIo, command.log_path + ": " + std::strerror(errno));
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    close(log_fd);
    return fail(Trouble::kIo, std::string("pipe: ") + std::strerror(errno));
  }
  std::vector<std::string> copies = command.arguments;  // exec wants them writable
  std::vector<char*> arguments;
  for (std::string& one : copies) arguments.push_back(one.data());
  arguments.push_back(nullptr);
  setenv("DURE_READY_FD", std::to_string(ends[1]).c_str(), 1);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) {
    fcntl(ends[1], F_SETFD, 0);
    become(command, arguments, log_fd, parent);
  }
  const int fork_error = errno;
  unsetenv("DURE_READY_FD");
  close(log_fd);
  close(ends[1]);
  if (pid < 0) {
    close(ends[0]);
    return fail(Trouble::kIo, std::string("fork: ") + std::strerror(fork_error));
  }
  setpgid(pid, pid);  // here, too: a signal may be sent before the child has run
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  close_ready();
  ready_fd_ = ends[0];
  pid_ = pid;
  return {};
}

bool Child::heard_ready() {
  if (ready_fd_ < 0) return false;
  char bytes[16];
  const ssize_t size = read(ready_fd_, bytes, sizeof bytes);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  close_ready();
  return size > 0 && bytes[0] == 'r';
}

void Child::send_signal(int signal) const {
  if (running()) kill(-pid_, signal);
}

bool Child::reap(Ending* ending) {
  if (!running()) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  kill(-pid_, SIGKILL);
  pid_ = 0;
  close_ready();
  *ending = WIFSIGNALED(status) ? Ending{0, WTERMSIG(status)} : Ending{WEXITSTATUS(status), 0};
  return true;
}

void Child::close_ready() {
  if (ready_fd_ >= 0) close(ready_fd_);
  ready_fd_ = -1;
}

std::string last_line(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return {};
  const auto size = static_cast<std::streamoff>(file.tellg());
  file.seekg(size > 4096 ? size - 4096 : 0);
  std::string line, last;
  while (std::getline(file, line))
    if (!line.empty()) last = line;
  return last.substr(0, 200);
}

}  // namespace dure
