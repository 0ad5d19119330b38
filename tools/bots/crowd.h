// All bots of a process: lets them in at a bounded pace, watches the figures, sends them home. Driven by a reactor that
// somebody else runs; one thread.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "tools/bots/bot.h"

namespace dure {

class Crowd : private Reactor::Sleeper {
 public:
  // Fails on options that make no sense: no gateway, an unknown story, an unreadable key.
  static Result<std::unique_ptr<Crowd>> open(BotsOptions options, Reactor& reactor);

  void start();
  // Habits rest; a second later the characters leave the world, at most 10 s later everybody is gone. Again: at once.
  void wind_down();
  bool gone() const { return gone_; }
  // After gone(): the judgement of every bot added up.
  const Report& finish();
  const Report& report() const { return shared_.report; }
  Shared& shared() { return shared_; }
  std::string progress() const;

 private:
  enum Wake : std::uint32_t { kAdmit, kWatch, kProgress, kLeave, kEnd };
  Crowd(BotsOptions options, Reactor& reactor) : shared_(std::move(options), reactor) {}
  void on_time(std::uint32_t what) override;
  void admit();
  void watch();

  Shared shared_;
  std::vector<std::unique_ptr<Bot>> bots_;
  std::size_t admitted_ = 0;
  double admit_budget_ = 0;
  MonoTime started_{}, admitted_at_{};
  bool gone_ = false, finished_ = false;
};

}  // namespace dure
