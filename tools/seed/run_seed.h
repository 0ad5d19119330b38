// `dure seed`: accounts with characters with items and gold, written into the files of a stopped cluster through the
// stores' own transitions, so that the audit holds and everything can be played. Batches are not synced: a crash while
// it runs leaves files that are to be thrown away. Names are Seed… with letters; repeating it adds as many. Main
// thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/config/config.h"

namespace dure {

struct SeedOptions {
  std::uint64_t accounts = 1000;
  std::uint32_t characters = 3;  // of an account, at most 8
  std::uint32_t items = 300;     // of a character
  std::int64_t gold = 1000;
  std::vector<std::string> templates, balances;  // of the game: taken in turn
};

// 0: done. 1: refused. kExitConfig: a file is not this cluster's.
int run_seed(const Config& config, const SeedOptions& options);

}  // namespace dure
