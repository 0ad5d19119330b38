#include "tools/launcher/up_signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <initializer_list>

namespace dure {

UpSignals::UpSignals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int one : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGCHLD}) sigaddset(&wanted, one);
  sigprocmask(SIG_BLOCK, &wanted, &before_);
  fd_ = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

UpSignals::~UpSignals() {
  close(fd_);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

UpSignals::Asked UpSignals::take() {
  signalfd_siginfo info{};
  Asked asked;
  while (read(fd_, &info, sizeof info) == sizeof info) {
    asked.look_again = asked.look_again || info.ssi_signo == SIGUSR1;
    asked.stops += info.ssi_signo != SIGCHLD && info.ssi_signo != SIGUSR1;
  }
  return asked;
}

}  // namespace dure
