#include "tools/bots/run_bots.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "common/base/check.h"
#include "tools/bots/crowd.h"

namespace dure {

namespace {

// TERM and INT as a readable descriptor, for as long as it lives.
class StopSignals : private Reactor::Reader {
 public:
  StopSignals(Reactor& reactor, Crowd& crowd) : reactor_(reactor), crowd_(crowd) {
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    pthread_sigmask(SIG_BLOCK, &wanted, &before_);
    fd_ = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    CHECK(fd_ >= 0);
    reactor_.watch(fd_, EPOLLIN, this);
  }
  ~StopSignals() override {
    reactor_.forget(fd_);
    ::close(fd_);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  void on_ready(std::uint32_t) override {
    signalfd_siginfo info;
    while (::read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) crowd_.wind_down();
  }
  Reactor& reactor_;
  Crowd& crowd_;
  sigset_t before_{};
  int fd_ = -1;
};

void allow_many_sockets(std::uint32_t count) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= count + 64u) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, count + 1024u);
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int run_bots(const BotsOptions& options) {
  allow_many_sockets(options.count);
  Reactor reactor;
  auto crowd = Crowd::open(options, reactor);
  if (!crowd) {
    std::fprintf(stderr, "bots: %s\n", crowd.error().detail.c_str());
    return 64;
  }
  StopSignals signals(reactor, **crowd);
  (*crowd)->start();
  reactor.run([&] { return (*crowd)->gone(); });
  const Report& report = (*crowd)->finish();
  const std::string json = report.to_json();
  if (!(*crowd)->shared().history.whole()) {
    std::fprintf(stderr, "bots: cannot write %s\n", options.history_path.c_str());
    return 74;
  }
  if (options.report_path.empty()) {
    std::fputs(json.c_str(), stdout);
  } else {
    std::ofstream file(options.report_path, std::ios::trunc);
    file << json << std::flush;
    if (!file) {
      std::fprintf(stderr, "bots: cannot write %s\n", options.report_path.c_str());
      return 74;
    }
  }
  for (const Mismatch& line : report.mismatches)
    std::fprintf(stderr, "bots: mismatch: %s: %s: expected %s, seen %s\n", line.bot.c_str(), line.what.c_str(),
                 line.expected.c_str(), line.seen.c_str());
  return report.clean() ? 0 : 1;
}

}  // namespace dure
