// The command `dure bots`: plays, prints a line each few seconds on standard error, writes the report. Takes TERM and
// INT for an early end with a report; a second one ends at once. Blocks the calling thread.
#pragma once
#include "tools/bots/options.h"

namespace dure {

// 0: nothing unexpected happened. 1: mismatches, disconnects, failed stories, or bots that never entered. 64: options
// that make no sense. 74: the report could not be written.
int run_bots(const BotsOptions& options);

}  // namespace dure
