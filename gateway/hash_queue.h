// Whose password is hashed next: the one worker's queue, fair by source (address), at most so much work. Sources take
// turns, so that one who tries a thousand passwords waits a thousand turns and everybody else one. Places are counted
// by the measured cost of a hash; when all are taken, whoever waits with the longest line behind him gives up his last
// one to a source with a shorter one (longest queue drop: McKenney, Stochastic Fairness Queueing, 1990).
//
// Sources that are known to be the account's own (LoginGuard) and strangers are served by turns, and the known ones
// are never kept out by strangers: a flood from a thousand addresses does not keep players from logging in.
//
// Plain object of the Gateway, logic thread only; time is an argument. It names whose turn it is, others do the work.
#pragma once
#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "common/base/ids.h"
#include "common/base/time.h"

namespace dure {

class HashQueue {
 public:
  // cost: of one hash, until it was measured.
  HashQueue(Duration work_max, Duration cost) : work_max_(work_max), cost_(cost) {}

  struct Joined {
    bool taken = false;  // otherwise: BUSY, come back after wait()
    CallId displaced;    // lost its place to the newcomer; none: nobody
  };
  Joined join(const std::string& source, bool known, CallId who);
  // Whose turn it is, if the worker is free. Counts as at work from now on.
  std::optional<CallId> next(MonoTime now);
  // It was hashed; what that took is measured.
  void done(CallId who, MonoTime now);
  // It does not wait any more and was not hashed, though it may have been its turn.
  void leave(CallId who);
  // Frees the worker's place of whoever never said done().
  void sweep(MonoTime now);

  // Until somebody who came now would have been hashed.
  Duration wait() const { return std::max(kWaitMin, cost_ * static_cast<int>(waiting_ + 1)); }
  std::size_t waiting() const { return waiting_ + (at_work_ ? 1 : 0); }
  Duration cost() const { return cost_; }

 private:
  static constexpr Duration kWaitMin = milliseconds(100);  // what is worth coming back for
  struct Line {  // of sources, in the order in which they are served
    std::map<std::string, std::deque<CallId>> calls;
    std::deque<std::string> turns;
  };
  bool full() const;
  CallId displace_from_longest(std::size_t longer_than);
  bool remove(Line& line, CallId who);

  const Duration work_max_;
  Duration cost_;
  std::array<Line, 2> lines_;  // strangers, known
  std::size_t waiting_ = 0, next_line_ = 0;
  CallId at_work_;
  MonoTime began_{};
};

}  // namespace dure
