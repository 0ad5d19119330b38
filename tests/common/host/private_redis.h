// A Redis of a test's own, on a socket file in a directory of its own. Whoever starts it waits for it by connecting.
#pragma once
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace dure {

class PrivateRedis {
 public:
  PrivateRedis() {
    std::string made = testing::TempDir() + "dure_redis_XXXXXX";
    directory_ = mkdtemp(made.data());
    start();
  }
  ~PrivateRedis() {
    stop();
    unlink((directory_ + "/redis").c_str());
    rmdir(directory_.c_str());
  }
  void start() {
    const std::string socket = directory_ + "/redis";
    pid_ = fork();
    if (pid_ == 0) {
      const int nowhere = open("/dev/null", O_WRONLY);
      dup2(nowhere, 1);
      sigset_t none;
      sigemptyset(&none);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      const char* const arguments[] = {"redis-server", "--port", "0",     "--unixsocket",     socket.c_str(),
                                       "--save",       "",       "--dir", directory_.c_str(), nullptr};
      execvp("redis-server", const_cast<char* const*>(arguments));
      execvp("redis-check-rdb", const_cast<char* const*>(arguments));  // the same program: its name decides
      _exit(127);
    }
  }
  void stop() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  std::string address() const { return "unix:" + directory_ + "/redis"; }

 private:
  std::string directory_;
  pid_t pid_ = -1;
};

}  // namespace dure
