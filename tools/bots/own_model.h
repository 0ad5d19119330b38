// What a bot believes to own, kept apart from the server: what it was told by replies and notices, in order, beside
// what it last knew to be SAVED. Whenever the server says what the character has, the two are compared. Plain values.
//
//   base ──► change (creq 7) ──► change (loot) ──► change (creq 8) ──► now        open: creq 9, 10 (no reply yet)
//   └ SAVED └───────────────── told, not yet SAVED ──────────────┘
//
// A walk back from a fault may cut the chain anywhere behind the last SAVED number, but for what was settled; nothing
// else may.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/base/ids.h"

namespace dure {

namespace proto {
class Aggregate;
}

struct OwnItem {
  std::string name;  // its template
  std::int64_t version = 0;
  std::string attributes;  // "key=value,…"
  friend bool operator==(const OwnItem&, const OwnItem&) = default;
};

struct Belongings {
  std::map<std::string, std::int64_t> balances;
  std::map<ItemId, OwnItem> items;
  std::int64_t balance(const std::string& name) const;
};
Belongings belongings_of(const proto::Aggregate& aggregate);

// What one request or notice changes.
struct Change {
  std::uint64_t creq = 0;                        // 0: not by a request
  std::map<std::string, std::int64_t> balances;  // differences
  std::map<ItemId, OwnItem> added;
  std::vector<ItemId> removed;
  std::map<std::string, int> fresh;  // template → items that will come with ids we cannot know
  bool settled = false;              // a trade's end: stands whatever becomes of what was applied before it
};

struct Difference {
  std::string what, expected, seen;
};

class OwnModel {
 public:
  enum class Arrival { kSame, kMoved, kFault };  // the same owner · handed over, so flushed · taken back after a fault
  struct Verdict {
    std::vector<Difference> differences;
    std::uint64_t untold_gains = 0;  // more than was told, where loot may have been on its way
    Change gained;                   // those
    std::uint64_t applied_lost = 0;  // changes that a fault undid
  };

  // A value request left, and what it will do if it is granted.
  void asked(Change expected) { open_.push_back({std::move(expected), false}); }
  // Its reply. `touched` holds absolute balances and items_added / removed as told; `told` false: the reply only says
  // that it was done before. `may_gain`: loot may have come that was not told yet.
  struct Told {
    std::map<std::string, std::int64_t> balances;
    std::map<ItemId, OwnItem> added;
    std::vector<ItemId> removed;
    bool empty() const { return balances.empty() && added.empty() && removed.empty(); }
  };
  Verdict granted(std::uint64_t creq, const Told& told, bool may_gain);
  void refused(std::uint64_t creq);
  // A notice (AggregateChanged, LootNotice): these balances and items are now so. What that changed.
  Change set(const Told& now, bool settled = false);
  // SavedNotice.
  void saved(std::uint64_t creq);
  // PlayerState. Afterwards the model is what was seen.
  Verdict state(const Belongings& seen, std::uint64_t last_creq, Arrival arrival, bool may_gain);

  // The next state is believed as it is: a trade's outcome may be in it that nobody told.
  void forget() { known_ = false; }

  const Belongings& now() const { return now_; }
  bool known() const { return known_; }
  std::vector<std::uint64_t> open_creqs() const;

 private:
  struct Open {
    Change expected;
    bool in_doubt = false;  // a state already contained it: its late reply changes nothing
  };
  static void apply(const Change& change, Belongings* to);
  void settle(std::size_t open_done, const Belongings& seen, Arrival arrival);

  bool known_ = false;
  Belongings base_, now_;
  std::deque<Change> unsaved_;
  std::deque<Open> open_;
};

}  // namespace dure
