// The letters of one simulated client, a potion in each: which it has sent and what it knows of them, and which came.
// Plain.
#pragma once
#include <map>
#include <set>
#include <string>

#include "common/game/sample/sample.pb.h"
#include "tests/sim/broken.h"
#include "tests/sim/requests.h"

namespace dure::sim {

class Letters {
 public:
  static constexpr const char* kAttached = "potion";
  static constexpr int kMost = 40;  // of which one list tells all

  explicit Letters(std::string writer) : writer_(std::move(writer)) {}

  // ── written ───────────────────────────────────────────────────────────────────────────────────────────────
  sample::MailSendRequest write(const std::string& to, std::uint64_t creq);
  bool may_write() const { return !requests_.open() && static_cast<int>(requests_.size()) < kMost; }
  Requests& requests() { return requests_; }
  const Requests& requests() const { return requests_; }
  // Its character is as it was in a backup: what it wrote may be undone, what came comes again.
  void went_back();

  // ── came ──────────────────────────────────────────────────────────────────────────────────────────────────
  void arrived(const std::string& text);
  void listed(const sample::MailListReply& list);
  // Those of `writer` that are SAVED are all here.
  bool has_all_of(const Letters& writer) const;
  const Verdict& mismatches() const { return mismatches_; }

 private:
  std::string writer_;
  Requests requests_;
  std::map<std::uint64_t, std::string> sent_;  // texts, by creq
  std::set<std::string> heard_, here_;
  Verdict mismatches_;
};

}  // namespace dure::sim
