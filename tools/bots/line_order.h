// Whether the lines of one chat channel came whole and in order: numbers rise by one for as long as one home counts
// them, own lines come in the order sent and all of them come. Two swapped lines are one trouble, not three. Plain
// values.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/base/time.h"
#include "tools/bots/own_model.h"

namespace dure {

class LineOrder {
 public:
  // A line of this channel was accepted from us: it must be seen by `deadline`.
  void said(const std::string& text) { said_.push_back({text, MonoTime::max(), false}); }
  void accepted(const std::string& text, MonoTime deadline);
  void refused(const std::string& text);
  // `home`: the incarnation of who counts; the first lines of another one may have been missed.
  std::vector<Difference> seen(const std::string& text, bool own, std::uint64_t home, std::uint64_t number,
                               MonoTime now);
  // What should have come by now.
  std::vector<Difference> overdue(MonoTime now);
  // Another place: the next number is a first one again, and what was said on the way may be heard there or here.
  void moved();
  // A connection that lost lines.
  void reset();

 private:
  struct Said {
    std::string text;
    MonoTime deadline;
    bool on_the_way;  // said before moved(): it may come, but need not
  };
  std::uint64_t home_ = 0;
  std::uint64_t last_ = 0;                     // highest number seen of it
  std::map<std::uint64_t, MonoTime> missing_;  // skipped numbers → when that becomes a loss
  std::deque<Said> said_;                      // own, in the order sent, not yet seen
};

}  // namespace dure
