// The letters of one simulated client, a potion in each: which it has sent and what it knows of them, and which came.
// Plain.
#pragma once
#include <map>
#include <set>
#include <string>

#include "common/game/sample/sample.pb.h"
#include "tests/sim/broken.h"
#include "tests/sim/player.h"

namespace dure::sim {

class Letters {
 public:
  static constexpr const char* kAttached = "potion";
  static constexpr int kMost = 40;  // of which one list tells all

  explicit Letters(std::string writer) : writer_(std::move(writer)) {}

  // ── written ───────────────────────────────────────────────────────────────────────────────────────────────
  sample::MailSendRequest write(const std::string& to, std::uint64_t creq);
  // One at a time.
  bool may_write() const { return open_ == 0 && static_cast<int>(sent_.size()) < kMost; }
  void answered(const sample::MailSendReply& answer, std::uint64_t epoch);
  // Whom it asked is not its owner any more: nothing will be heard of what is open.
  void owner_changed() { open_ = 0; }
  void saved(std::uint64_t creq, std::uint64_t epoch);
  int saved() const;
  int unknown() const;
  // Its character is as it was in a backup: what it wrote may be undone, what came comes again.
  void went_back();
  // Every one that its owner still speaks of is SAVED.
  bool all_saved(std::uint64_t epoch) const;

  // ── came ──────────────────────────────────────────────────────────────────────────────────────────────────
  void arrived(const std::string& text);
  void listed(const sample::MailListReply& list);
  // Those of `writer` that are SAVED are all here.
  bool has_all_of(const Letters& writer) const;
  const Verdict& mismatches() const { return mismatches_; }

 private:
  struct Letter {
    std::string text;
    RequestFate fate = RequestFate::kSent;
    std::uint64_t epoch = 0;  // that it was applied in
  };
  std::string writer_;
  std::map<std::uint64_t, Letter> sent_;  // by creq
  std::uint64_t open_ = 0;
  std::set<std::string> heard_, here_;
  Verdict mismatches_;
};

}  // namespace dure::sim
