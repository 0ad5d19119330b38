// `dure item`, `dure player`, `dure economy`, `dure audit --watch`: what an operator asks the ledger of a running
// cluster, over all shards, page by page. Reads only. Main thread.
#pragma once
#include <cstdint>
#include <string>

#include "common/base/time.h"
#include "tools/config/config.h"

namespace dure {

struct LedgerOptions {
  enum class Command { kItem, kPlayer, kEconomy, kWatch };
  Command command = Command::kItem;
  std::string item;              // 32 hexadecimal digits
  std::string player;            // character name, or number
  bool movements = false;        // player: each one, and the sums by reason
  Duration since{};              // player, economy: so far back; 0: all
  Duration every = seconds(60);  // watch
  std::uint64_t rounds = 0;      // watch: stop after so many; 0: never
};

// 0: done. 1: not known, or (watch) something is off. 2: nobody answers.
int run_ledger(const Config& config, const LedgerOptions& options);

}  // namespace dure
