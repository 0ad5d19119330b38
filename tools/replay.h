// `dure replay FILE`: a journal through the same role code, with nobody else there: the config it was begun with, its
// inputs, its times, its chance. Every effect of every turn is compared by its digest. Main thread; no socket, database
// or second thread, so a debugger sees what happened, again and again.
#pragma once
#include <cstdint>
#include <string>

namespace dure {

struct ReplayOptions {
  std::string path;
  std::uint64_t stop_before = 0;  // raises SIGTRAP before this turn, counted from 1
  bool log = false;               // what the node logs goes to standard error
};

// 0: every turn did what it did then. 1: one did not; the first is named. kExitConfig: the file, its configuration or
// the content it names cannot be used. What crashed then crashes now.
int run_replay(const ReplayOptions& options);

}  // namespace dure
