// A leg that is held, with nobody at the other side; its register is on its own shard and decides nothing by itself.
#include "tests/sim/rogue/forgery.h"
#include "tests/sim/rogue/pair_tricks.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: states and verdicts

Deal& draw(Pair& pair, Character& who) { return pair.deal(who, nullptr, who.shard, true); }

Task<void> granted(Pair& pair) {
  Character& who = one_of(pair);
  Deal& deal = draw(pair, who);
  const std::uint32_t side = side_of(deal, who);
  co_await pair.leg(deal, side, LEG_HELD, "the leg");
  co_await pair.leg_again(deal, side, "a held leg again");
  co_await pair.leg_state(deal, side, "a held leg");
  ApplyRequest request = who.request();
  *request.add_operations() = deal.parts[side].leg;
  co_await pair.acquire(who);
  co_await ask<ApplyReply>(pair.talk, who.queue(), pair.lawful("of an ended epoch").refused(STALE_EPOCH), request);
}

Task<void> twice(Pair& pair) {
  Character& who = one_of(pair);
  Deal& deal = draw(pair, who);
  const std::uint32_t side = side_of(deal, who);
  co_await pair.leg(deal, side, LEG_HELD, "the leg");
  Operation again = pair.operation(who);
  *again.mutable_trade() = deal.parts[side].leg.trade();
  co_await pair.fails(who, again, "a leg that has voted");
  co_await pair.acquire(who);
}

Task<void> other_terms(Pair& pair) {
  Character& who = one_of(pair);
  Deal& deal = draw(pair, who);
  const std::uint32_t side = side_of(deal, who);
  co_await pair.leg(deal, side, LEG_HELD, "the leg");
  const TradeVote own = pair.vote(deal, side, true);
  TradeVote vote = own;
  auto told = co_await ask<TradeVerdict>(pair.talk, who.queue(), pair.lawful("its vote again").repeated(), vote);
  pair.must(told.verdict() == UNDECIDED, "a vote alone decides " + Verdict_Name(told.verdict()));
  vote.set_pseq(vote.pseq() + 1000);
  told = co_await ask<TradeVerdict>(pair.talk, who.queue(), pair.lawful("another leg's").refused(STORED), vote);
  pair.must(told.verdict() == ABORT, "who was not counted is told " + Verdict_Name(told.verdict()));
  vote = own;
  vote.set_shard(who.shard + 50);
  co_await ask<TradeVerdict>(pair.talk, who.queue(), pair.lawful("elsewhere").refused(WRONG_SHARD), vote);
  vote = own;
  vote.set_side(1 - side);
  vote.clear_items();
  auto* gives = vote.mutable_terms()->mutable_sides(static_cast<int>(1 - side));
  Pair::put("gold", 100, gives);
  told = co_await ask<TradeVerdict>(pair.talk, who.queue(), pair.lawful("over other terms"), vote);
  pair.must(told.verdict() == ABORT, "over other terms it is decided " + Verdict_Name(told.verdict()));
  pair.decided(deal, ABORT);
  co_await pair.leg_again(deal, side, "a leg that was given back, again");
}

Task<void> of_ended_epoch(Pair& pair) {
  Character& who = one_of(pair);
  Deal& deal = draw(pair, who);
  ApplyRequest request = who.request();
  *request.add_operations() = pair.next_leg(deal, side_of(deal, who));
  co_await pair.acquire(who);
  co_await ask<ApplyReply>(pair.talk, who.queue(), pair.lawful("a dead leg").answered(STALE_EPOCH), request);
  co_await pair.verdict(deal, ABORT, "a dead leg");
  deal.parts[side_of(deal, who)].state = LEG_ABORTED;
  co_await pair.leg_state(deal, side_of(deal, who), "a dead leg");
}

Task<void> overtaken(Pair& pair) {
  Character& who = one_of(pair);
  Deal& deal = draw(pair, who);
  const std::uint32_t side = side_of(deal, who);
  const Operation leg = pair.next_leg(deal, side);
  co_await pair.passes(who, pair.operation(who));
  deal.parts[side].state = LEG_ABORTED;
  const auto reply = co_await pair.apply(who, leg, pair.lawful("an overtaken leg"));
  pair.must(reply.legs_size() == 1 && reply.legs(0).state() == LEG_ABORTED,
            "an overtaken leg is answered {" + reply.ShortDebugString() + "}");
  co_await pair.verdict(deal, ABORT, "an overtaken leg");
  co_await pair.leg_again(deal, side, "an overtaken leg again");
}

// Another process says it, with all else right: nothing is given up for it.
Task<void> by_another(Pair& pair) {
  Character& who = one_of(pair);
  Deal& deal = draw(pair, who);
  const std::uint32_t side = side_of(deal, who);
  ApplyRequest request = who.request();
  request.mutable_owner_incarnation()->set_high(kRogue + 1);
  *request.add_operations() = pair.next_leg(deal, side);
  co_await ask<ApplyReply>(pair.talk, who.queue(), pair.lawful("of another process").refused(STALE_EPOCH), request);
  co_await pair.leg(deal, side, LEG_HELD, "the leg");
}

}  // namespace

std::vector<Trick> hold_tricks() {
  return {
      {"hold-granted", always, granted},         {"hold-twice", always, twice},
      {"hold-other-terms", always, other_terms}, {"leg-of-ended-epoch", always, of_ended_epoch},
      {"leg-overtaken", always, overtaken},      {"leg-by-another", always, by_another},
  };
}

}  // namespace dure::sim
