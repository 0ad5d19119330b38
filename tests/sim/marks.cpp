#include "tests/sim/marks.h"

#include "tests/sim/faults.h"
#include "tests/sim/luck.h"
#include "tests/sim/rogue/rogue.h"

namespace dure::sim {

std::vector<std::string> required_marks() {
  std::vector<std::string> marks;
  for (const FaultKind kind : kFaultKinds)
    for (const char* situation : kSituations) marks.push_back(met(kind, situation));
  for (const std::string_view site : kUnluckySites) marks.push_back("unlucky " + std::string(site));
  for (const std::string& rule : rogue_rules())
    if (!is_seldom(rule)) marks.push_back("rogue " + rule);
  for (const char* one : {"buy applied, then unknown",
                          "buy refused",
                          "buy resent",
                          "buy saved",
                          "buy unknown",
                          "commit judged",
                          "returned to the lobby",
                          "trade aborted (a side)",
                          "trade committed (a side)",
                          "log instance.closed",
                          "log instance.opened",
                          "log match.made",
                          "log move.settled",
                          "log owner.stale",
                          "log place.acquired",
                          "log session.ended",
                          "log session.unlinked",
                          "log store.failed",
                          "disk lost a write",
                          "disk tore a write",
                          "disk failed a sync",
                          "disk was full",
                          "disk flipped a bit",
                          "a flipped page was detected",
                          "a flipped log was detected",
                          "gift arrived",
                          "letter saved",
                          "letter unknown",
                          "lot listed",
                          "bid saved",
                          "lot or bid without an answer",
                          "auction told BOUGHT",
                          "auction told SOLD",
                          "auction told RETURNED",
                          "auction told REFUSED",
                          "gift without an answer",
                          "sword bought",
                          "sword sold",
                          "sword without an answer",
                          "redis lost a message",
                          "resumed, what was missed followed",
                          "resumed, the state followed",
                          "resume refused",
                          "websocket upgraded",
                          "websocket refused",
                          "websocket broken off",
                          "disk failed to read or write",
                          "log shard.closed",
                          "log shard.opened",
                          "restore: half of something was done again"})
    marks.push_back(one);
  return marks;
}

std::vector<std::string> missing_marks(const std::map<std::string, std::uint64_t>& reached) {
  std::vector<std::string> missing;
  for (const std::string& mark : required_marks())
    if (const auto at = reached.find(mark); at == reached.end() || at->second == 0) missing.push_back(mark);
  return missing;
}

}  // namespace dure::sim
