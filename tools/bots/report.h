// What the bots saw: counted while they play, written as JSON at the end. A mismatch is something the cluster must
// never show; an error is a reply's code, which may be ordinary. One thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/histogram.h"

namespace dure {

struct Mismatch {
  std::string bot, what, expected, seen;
};

class Report {
 public:
  struct Outcome {
    std::uint64_t done = 0, failed = 0;
  };

  void mismatch(const std::string& bot, const std::string& what, const std::string& expected, const std::string& seen);
  void error(const std::string& code) { ++errors[code]; }
  void story(const std::string& name, bool done) { done ? ++stories[name].done : ++stories[name].failed; }

  std::uint64_t failed_stories() const;
  // How often something was refused for now.
  std::uint64_t busy() const;
  // Nothing unexpected: every bot connected, none lost, no mismatch, no failed story.
  bool clean() const;
  std::string to_json() const;

  std::uint64_t bots = 0, connected_now = 0, connected_max = 0, entered = 0;
  std::uint64_t disconnects = 0;  // of bots in the world, unasked
  std::uint64_t resumes = 0, logins_retried = 0;
  std::uint64_t returned_to_lobby = 0;
  std::uint64_t untold_gains = 0;                          // loot that was in a state before or without its LootNotice
  std::uint64_t applied_lost = 0;                          // APPLIED, not SAVED, gone after a fault: allowed, counted
  std::uint64_t runs_failed = 0;                           // dungeon runs that the monsters won
  std::uint64_t trades_committed = 0, trades_aborted = 0;  // each counted by both sides
  std::uint64_t frames_in = 0, frames_out = 0, bytes_in = 0;
  std::uint64_t lines_heard = 0;  // by those who said them
  std::uint64_t moves = 0, chat_lines = 0, value_operations = 0, whispers = 0, zone_changes = 0, runs_finished = 0;
  double least_moves_per_bot_s = 0, least_chat_per_bot_s = 0, least_value_per_bot_s = 0;
  double played_bot_s = 0;  // seconds in the world, summed over the bots
  double elapsed_s = 0;
  double cpu_s = 0;  // of this process
  std::uint64_t mismatch_count = 0;
  std::vector<Mismatch> mismatches;  // the first 50
  std::map<std::string, std::uint64_t> errors;
  std::map<std::string, Outcome> stories;
  Histogram rtt, applied_to_saved, act_to_seen, login, trade_settled;
  Histogram lobby_return;  // from the last word of a place that a fault took to the state in the lobby
};

}  // namespace dure
