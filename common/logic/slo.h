// Answers that come late: for each message that declares `slo_ms`, how long its answers took in this node — from its
// arrival in the mailbox until the answer left it — over the last 10 s, and an alarm when the slowest hundredth passes
// what was declared. Logic thread only.
#pragma once
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/histogram.h"
#include "common/logic/seams.h"
#include "common/proto/routes.h"

namespace dure {

class Slo {
 public:
  explicit Slo(const Routes& routes);
  bool watches(std::uint32_t message_id) const { return watched_.count(message_id) != 0; }
  void answered(std::uint32_t message_id, Duration took, MonoTime now);
  // To be called about once a second. The alarm is the event "slo.missed", at most once in 10 s for a message.
  void review(MonoTime now, const std::string& node, EventLog& log);
  // "slo.<message>.p99_ms" of every message answered lately.
  void monitor(MonoTime now, std::vector<std::pair<std::string, std::string>>* fields);

 private:
  struct Watched {
    std::string name;
    Duration slo{};
    RecentHistogram took{seconds(5)};  // two of these windows are looked at
    MonoTime quiet_until{};
    std::uint64_t missed = 0;  // reviews that found it late since the last alarm
  };
  std::map<std::uint32_t, Watched> watched_;  // by message id
};

}  // namespace dure
