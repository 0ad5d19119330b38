// `dure rollback --player NAME --to TIME` and `dure rollback --trade ID`: shows what it would do, asks, and has it done
// by the directory's agent (dbagent/rollback_desk.h) under a signed order, like any power of a game master. Main
// thread.
#pragma once
#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "tools/config/config.h"
#include "tools/gm/run_gm.h"

namespace dure {

struct RollbackOptions {
  std::string player, to;  // name or number; a time
  std::string trade;       // 32 hexadecimal digits
  bool dry_run = false;
  bool yes = false;  // not asked on the terminal
};

// "2h", "30m", "1d" ago, or "2026-11-21T10:00Z", "2026-11-21T10:00:30Z" → milliseconds since 1970.
[[nodiscard]] Result<std::int64_t> parse_past(const std::string& text, WallTime now);
// "2026-11-21T10:00:30Z", which is read as that second again.
std::string past_text(std::int64_t unix_ms);

// 0: done (also: it was done already), or shown. 1: refused, nothing was done. 2: nobody answers; or it was ordered and
// is not answered yet: asked again with the same words, as they are then said, it is done once.
int run_rollback(const Config& config, const GmOptions& gm, const RollbackOptions& options);

}  // namespace dure
