// Somebody votes where both legs are on the register's shard: they go by votes then. The vote is over other terms than
// the leg's, so that nothing can come of it.
#include "tests/sim/rogue/pair_tricks.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: states and verdicts

// Of a leg that was never sent.
TradeVote foreign_vote(Pair& pair, Deal& deal, std::uint32_t side) {
  const TradeTerms terms = deal.terms;
  Pair::put("gold", 100, Pair::side_of(deal, side));
  TradeVote vote = pair.vote(deal, side, true);
  deal.terms = terms;
  vote.set_epoch(deal.parts[side].who->epoch);
  vote.set_pseq(deal.parts[side].who->pseq + 1000);
  return vote;
}

Task<void> cast(Pair& pair, Deal& deal, TradeVote vote, proto::Verdict is) {
  const auto reply = co_await ask<TradeVerdict>(pair.talk, pair.first.queue(), pair.lawful("a vote"), vote);
  pair.must(reply.verdict() == is, "a vote over other terms is answered " + Verdict_Name(reply.verdict()));
  if (is == ABORT) pair.decided(deal, ABORT);
}

Task<void> after_vote(Pair& pair) {
  Deal& deal = pair.deal(pair.first, &pair.second, pair.first.shard, true);
  const std::uint32_t side = pair.rng.below(2);
  co_await cast(pair, deal, foreign_vote(pair, deal, 1 - side), UNDECIDED);
  co_await pair.leg_held_and_back(deal, side, "a leg behind a vote over other terms");
  co_await pair.verdict(deal, ABORT, "a vote over other terms");
  co_await pair.leg_again(deal, side, "a leg that was given back, again");
}

Task<void> for_waiting(Pair& pair) {
  Deal& deal = pair.deal(pair.first, &pair.second, pair.first.shard, true);
  const std::uint32_t side = pair.rng.below(2);
  Deal::Part& part = deal.parts[side];
  co_await pair.leg(deal, side, LEG_WAITING, "the leg that waits");
  part.who->hold(part.leg, part.goods);
  part.state = LEG_HELD;
  co_await cast(pair, deal, foreign_vote(pair, deal, 1 - side), ABORT);
  co_await pair.leg_again(deal, side, "a leg that waited for a vote, again");
  co_await pair.leg_state(deal, side, "a leg that waited for a vote");
}

Task<void> for_dead(Pair& pair) {
  Character& dead = one_of(pair);
  co_await pair.passes(dead, pair.operation(dead));
  Deal& deal = pair.deal(pair.first, &pair.second, pair.first.shard, true);
  const std::uint32_t side = side_of(deal, dead);
  co_await pair.leg(deal, side, LEG_WAITING, "the leg that is left");
  co_await pair.acquire(dead);
  co_await cast(pair, deal, foreign_vote(pair, deal, 1 - side), UNDECIDED);
  co_await pair.passes(dead, pair.operation(dead));
}

// It fits a swap, but not a hold that may have to be given back.
Task<void> for_tight(Pair& pair) {
  Deal& deal = pair.deal(pair.first, &pair.second, pair.first.shard, false);
  const std::uint32_t side = pair.rng.below(2);
  Deal::Part& part = deal.parts[side];
  Pair::put("gold", 20, Pair::side_of(deal, side));
  pair.tighten(deal, side, false);
  co_await pair.leg(deal, side, LEG_WAITING, "the leg that fits no hold");
  ApplyRequest request = part.who->request();
  *request.add_operations() = pair.operation(*part.who);
  part.state = LEG_ABORTED;
  part.who->fenced();
  co_await cast(pair, deal, foreign_vote(pair, deal, 1 - side), ABORT);
  co_await pair.leg_state(deal, side, "the leg that fits no hold");
  co_await ask<ApplyReply>(pair.talk, part.who->queue(), pair.lawful("of a fenced owner").refused(STALE_EPOCH),
                           request);
}

}  // namespace

std::vector<Trick> vote_tricks() {
  return {
      {"leg-after-vote", together, after_vote},
      {"vote-for-waiting", together, for_waiting},
      {"vote-for-dead", together, for_dead},
      {"vote-for-tight", together, for_tight},
  };
}

}  // namespace dure::sim
