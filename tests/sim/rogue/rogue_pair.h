// Two characters of a rogue that trade with each other, and what they know of every deal: who gave what, which leg
// waits or is held. The deals themselves are stories (pair_tricks.h) that use these steps; each step knows what a
// lawful store must answer. One thread.
#pragma once
#include <array>
#include <list>
#include <map>
#include <set>
#include <string>

#include "common/base/random.h"
#include "common/logic/task.h"
#include "common/proto/trade.pb.h"
#include "tests/sim/broken.h"
#include "tests/sim/rogue/rogue_character.h"
#include "tests/sim/rogue/talk.h"

namespace dure::sim {

inline constexpr std::uint32_t kSides[] = {0, 1};
struct Deal {
  proto::TradeTerms terms;
  struct Part {
    Character* who = nullptr;  // nullptr: the other side is nobody, or is played by hand
    Goods goods;               // that it gives
    proto::Operation leg;      // as it was sent last
    std::uint64_t epoch = 0;   // likewise
    proto::LegState state = proto::LEG_WAITING;
    std::uint64_t settle_seq = 0;
    bool sent = false;
  };
  std::array<Part, 2> parts;
};

class Pair {
 public:
  explicit Pair(Rng draws);
  Talk talk;
  Rng rng;
  Character first{1}, second{2};
  std::map<std::uint32_t, std::uint32_t> contents;  // active, by shard that was told of one
  std::string rule;                                 // of what is under way
  bool sure = false;                                // of everything: no answer was lost since the last settlement

  bool together() const { return first.shard == second.shard; }
  // Some shard that is not this one; itself: there is none.
  std::uint32_t another_shard(std::uint32_t shard);
  const Verdict& broken() const { return broken_; }

  // ── deals ──
  // Over goods that both have, with caps that are just met. `held`: by votes. Without `other`, one that is nobody.
  Deal& deal(Character& one, Character* other, std::uint32_t register_shard, bool held);
  // The caps of a side, that of gold by so much too much.
  void tighten(Deal& deal, std::uint32_t side, bool held, std::int64_t by = 0);
  static void put(const std::string& currency, std::int64_t amount, proto::TradeSide* side);
  static proto::TradeSide* side_of(Deal& deal, std::uint32_t side) {
    return deal.terms.mutable_sides(static_cast<int>(side));
  }
  // The next operation of this side: its leg.
  const proto::Operation& next_leg(Deal& deal, std::uint32_t side);
  proto::LegOutcome outcome(const Deal& deal, std::uint32_t side) const;  // as it is believed to be
  proto::TradeVote vote(const Deal& deal, std::uint32_t side, bool yes) const;
  proto::Operation operation(const Character& character);  // the next, of nothing

  // ── steps: each throws Unheard if it was not answered as it must be ──
  Asking lawful(const std::string& what) const { return Asking(rule + " " + what); }
  Task<proto::ApplyReply> apply(Character& character, proto::Operation operation, Asking asking);
  Task<void> passes(Character& character, proto::Operation operation);
  // Sends the leg, which then is: waiting, held, consumed, committed.
  Task<void> leg(Deal& deal, std::uint32_t side, proto::LegState becomes, std::string what);
  // Its vote is counted last, and aborts the trade: held, and given back at once.
  Task<void> leg_held_and_back(Deal& deal, std::uint32_t side, std::string what);
  Task<void> leg_again(const Deal& deal, std::uint32_t side, std::string what);  // what it is, and nothing happens
  Task<void> leg_state(const Deal& deal, std::uint32_t side, std::string what);
  // A guard is false: refused, the character is fenced, nothing moves.
  Task<void> fails(Character& character, proto::Operation operation, std::string what);
  Task<void> verdict(const Deal& deal, proto::Verdict is, std::string what);
  // Decides, unless it is, and ends what is held as an agent does.
  Task<void> end(Deal& deal);
  Task<void> acquire(Character& character);
  // Everything is ended, both are read, and have what they must have.
  Task<void> settle();
  Task<void> supply(Character& character, std::int64_t gold, std::int64_t bread, int swords);
  // The story goes on only where this is so.
  void must(bool so, const std::string& what);
  void report(const std::string& what);
  // A side was decided by others: what is believed of it follows.
  void decided(Deal& deal, proto::Verdict verdict);

 private:
  Task<void> deliver();
  Task<void> claim(Character& character);
  Task<void> finish(Deal& deal, std::uint32_t side, proto::TradeVerdict verdict);
  void count();
  std::uint64_t next_number() { return ++numbers_; }

  std::list<Deal> deals_;  // under way
  std::list<proto::DeliverRequest> to_deliver_;
  std::map<std::string, std::int64_t> total_;                // that both have
  std::set<std::pair<std::uint64_t, std::uint64_t>> items_;  // likewise
  std::uint64_t numbers_ = 0;
  Verdict broken_;
};

}  // namespace dure::sim
