// Whole trades by votes: legs on two shards, or both on one whose register is elsewhere. Each leg is sent or left, then
// the rogue carries votes and verdicts like an agent, or leaves that to the agent's scans, which may come first at any
// time: both legs end as one register says, whatever it says.
#include "dbagent/agent.h"
#include "tests/sim/rogue/pair_tricks.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: states and verdicts

bool by_votes(const Pair& pair) { return !pair.together() || pair.contents.size() > 1; }

Deal& draw(Pair& pair) {
  const std::uint32_t here = pair.together()        ? pair.first.shard
                             : pair.rng.chance(0.5) ? pair.first.shard
                                                    : pair.second.shard;
  const std::uint32_t elsewhere = pair.another_shard(here);
  return pair.deal(pair.first, &pair.second, pair.together() || pair.rng.chance(0.5) ? elsewhere : here, true);
}

// Held, unless the register is here and a scan was there before: asked, then it is consumed; with the other one's vote,
// then it is finished at once.
Task<void> send(Pair& pair, Deal& deal, std::uint32_t side) {
  Deal::Part& part = deal.parts[side];
  const Operation leg = pair.next_leg(deal, side);
  part.sent = true;
  const auto reply = co_await pair.apply(*part.who, leg, pair.lawful("a leg"));
  const bool may_end = deal.terms.register_shard() == part.who->shard;
  pair.must(reply.legs_size() == 1 && reply.saved_pseq() == leg.pseq(),
            "a leg is answered {" + reply.ShortDebugString() + "}");
  part.state = may_end && reply.legs(0).state() == LEG_ABORTED ? LEG_ABORTED : LEG_HELD;
  if (part.state == LEG_HELD)
    part.who->hold(leg, part.goods);
  else
    part.who->used(leg, true);
  const Deal::Part& other = deal.parts[1 - side];
  if (may_end && reply.legs(0).state() == LEG_COMMITTED && other.sent && other.state == LEG_HELD) {
    part.who->finish(deal.terms, true, other.goods);
    part.settle_seq = part.who->settle_seq;
    part.state = LEG_COMMITTED;
  }
  pair.must(reply.legs(0).ShortDebugString() == pair.outcome(deal, side).ShortDebugString(),
            "a leg is answered {" + reply.legs(0).ShortDebugString() + "}");
}

Task<proto::Verdict> vote(Pair& pair, const Deal& deal, std::uint32_t side) {
  const TradeVote vote = pair.vote(deal, side, true);
  const auto told =
      co_await ask<TradeVerdict>(pair.talk, Agent::shard_queue(vote.shard()), pair.lawful("a vote"), vote);
  co_return told.verdict();
}

Task<void> carried(Pair& pair) {
  Deal& deal = draw(pair);
  const std::uint32_t early = pair.rng.below(2);
  for (std::uint32_t side = early, left = 2; left > 0; --left, side = 1 - side) co_await send(pair, deal, side);
  const bool both = deal.parts[0].state != LEG_ABORTED && deal.parts[1].state != LEG_ABORTED;
  for (std::uint32_t side = early, left = 2; left > 0; --left, side = 1 - side)
    if (deal.parts[side].state == LEG_HELD) {
      const proto::Verdict told = co_await vote(pair, deal, side);
      pair.must(both || told != COMMIT, "a trade of one leg is told COMMIT");
      if (pair.rng.chance(0.2)) break;
    }
  co_await pair.end(deal);
  for (const std::uint32_t side : kSides) co_await pair.leg_state(deal, side, "a leg that is finished");
}

// As it is now.
Task<LegState> look(Pair& pair, const Deal& deal, std::uint32_t side) {
  LegQuery query;
  query.set_shard(deal.parts[side].who->shard);
  query.set_player_id(deal.parts[side].who->id());
  *query.mutable_txn() = deal.terms.txn();
  const auto reply = co_await ask<LegReply>(pair.talk, deal.parts[side].who->queue(), pair.lawful("how it is"), query);
  co_return reply.outcome().state();
}

Task<void> until_finished(Pair& pair, const Deal& deal, std::uint32_t side) {
  for (;;) {
    const LegState state = co_await look(pair, deal, side);
    if (state != LEG_HELD) co_return;
    co_await pair.talk.turn();
  }
}

Task<void> left(Pair& pair) {
  Deal& deal = draw(pair);
  const std::uint32_t early = pair.rng.below(2);
  co_await send(pair, deal, early);
  if (pair.rng.chance(0.7)) co_await send(pair, deal, 1 - early);
  for (const std::uint32_t side : kSides)
    if (deal.parts[side].sent) co_await until_finished(pair, deal, side);
  TradeVerdictQuery query;
  query.set_shard(deal.terms.register_shard());
  *query.mutable_txn() = deal.terms.txn();
  const auto told =
      co_await ask<TradeVerdict>(pair.talk, Agent::shard_queue(query.shard()), pair.lawful("the register"), query);
  pair.must(told.verdict() != UNDECIDED, "a leg is finished before its trade");
  pair.decided(deal, told.verdict());
  for (const std::uint32_t side : kSides)
    if (deal.parts[side].sent) co_await pair.leg_state(deal, side, "a leg that the agent finished");
}

}  // namespace

std::vector<Trick> trade_tricks() { return {{"trade-carried", by_votes, carried}, {"trade-left", by_votes, left}}; }

}  // namespace dure::sim
