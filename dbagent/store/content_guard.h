// Content at the store: which version an operation may carry, and what its guards allow. All of it is looked up in
// memory; only a limit a day is a row (faucet_day), counted in the operation's own transaction.
//
// Which versions: the active one and its two neighbours. An owner that has not heard yet of an activation is one behind
// (Q1: honest and current, so it passes), one that heard of it before this shard did is one ahead: it waits until this
// shard has heard, too. One ahead passes at once only after a step back. What was never active is not installed: until
// then its number may go to other content, and by these guards an honest owner of that would be rejected.
//
//   older       OTHER_CONTENT: nothing of it took effect, nobody is fenced; its owner acquires anew
//   newer       RETRY: this shard has not heard yet
//   no version was ever installed here: everything passes, by no guard of content
#pragma once
#include <cstdint>
#include <map>

#include "dbagent/store/guard_table.h"
#include "dbagent/store/shard.h"

namespace dure::proto {
class ContentDone;
class ContentInstall;
}  // namespace dure::proto

namespace dure::store {

// The versions of one shard, as its file has them. What is in memory may be ahead of a file whose transaction failed:
// by what the directory has made durable already.
class ContentShelf {
 public:
  void load(Database& db);
  enum class Fit { kFits, kTooOld, kNotYet };
  Fit fit(std::uint32_t version) const;
  // Nullptr: no guard of content.
  const GuardTable* table(std::uint32_t version) const;
  std::uint32_t active() const { return active_; }

  void put(std::uint32_t version, const proto::ContentGuards& guards) {
    tables_.insert_or_assign(version, GuardTable(guards));
  }
  void activate(std::uint32_t version) { active_ = version; }
  void forget_above(std::uint32_t version) { tables_.erase(tables_.upper_bound(version), tables_.end()); }

 private:
  std::uint32_t active_ = 0;
  std::map<std::uint32_t, GuardTable> tables_;
};

proto::ContentDone install_content(Shard& shard, const proto::ContentInstall& request);

// Guards of what an operation brings into the world, by its reason; GuardFalse names the one that was false.
void guard_creation(Shard& shard, std::uint64_t player_id, const GuardTable& table, const proto::Operation& operation);
// Likewise of a letter that nobody sent: nothing has paid for it. Of the active version; by a reason that may create,
// or by the word of a game master, who is bound by nothing but what there is and what anybody may have.
void guard_letter(Shard& shard, const Root& receiver, const proto::DeliverRequest& letter);

}  // namespace dure::store
