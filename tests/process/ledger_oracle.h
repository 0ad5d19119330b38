// A judge of bots' histories (tools/bots/history.h) by the rows in the files of stopped shards: it reads JSON and SQL,
// and shares no code with the server. What somebody was told SAVED or SETTLED is in the ledger exactly once, what was
// refused or aborted is not, and of what nobody knows it is there at most once. Requests that do the same for the same
// player are counted together: their number in the ledger must lie between what was told and what was told or is
// unknown.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace dure::test {

struct Judgement {
  struct Count {
    std::uint64_t told = 0, refused = 0, unknown = 0, unknown_done = 0;  // done: of the unknown ones, in the ledger
  };
  Count requests, trades;                                     // trades: by side
  std::uint64_t swapped = 0, across_shards = 0, aborted = 0;  // trades, as the registers have them
  std::vector<std::string> wrong;
};

// `shards`: all files of the cluster. Throws if something cannot be read.
Judgement judge(const std::string& history, const std::vector<std::string>& shards);

}  // namespace dure::test
