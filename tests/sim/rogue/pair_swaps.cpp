// Both legs and the register on one shard: one waits for the other, and both are exchanged at once or not at all.
#include "tests/sim/rogue/pair_tricks.h"

namespace dure::sim {

void change_terms(Pair& pair, Deal& deal, std::uint32_t side) {
  auto* mine = Pair::side_of(deal, side);
  switch (pair.rng.below(3)) {
    case 0:
      return Pair::put("gold", 10 + static_cast<std::int64_t>(pair.rng.below(5)), mine);
    case 1:
      mine->mutable_caps(0)->set_value(mine->caps(0).value() + 1);
      return;
    default:
      return Pair::put("gold", 10, Pair::side_of(deal, 1 - side)), pair.tighten(deal, side, true);
  }
}

namespace {

using namespace proto;  // NOLINT: states and verdicts

Deal& draw(Pair& pair, bool held = false) { return pair.deal(pair.first, &pair.second, pair.first.shard, held); }

Task<void> swapped(Pair& pair) {
  Deal& deal = draw(pair);
  const std::uint32_t early = pair.rng.below(2), late = 1 - early;
  Deal::Part& waits = deal.parts[early];
  co_await pair.leg(deal, early, LEG_WAITING, "the first leg");
  if (pair.rng.chance(0.5)) co_await pair.leg_again(deal, early, "the first leg again");
  co_await pair.leg_state(deal, early, "the leg that waits");
  co_await pair.leg(deal, late, LEG_COMMITTED, "the second leg");
  waits.state = LEG_COMMITTED;
  waits.who->used(waits.leg);
  for (const std::uint32_t side : kSides) deal.parts[side].who->give(deal.terms.sides(static_cast<int>(side)));
  for (const std::uint32_t side : kSides)
    deal.parts[side].who->take(deal.terms.sides(static_cast<int>(1 - side)).give(), deal.parts[1 - side].goods);
  co_await pair.verdict(deal, COMMIT, "what was swapped");
  for (const std::uint32_t side : kSides) {
    co_await pair.leg_again(deal, side, "a leg again");
    co_await pair.leg_state(deal, side, "a leg");
  }
  const std::uint32_t again = pair.rng.below(2);
  co_await pair.fails(*deal.parts[again].who, pair.next_leg(deal, again), "a leg of what is over");
}

Task<void> other_terms(Pair& pair) {
  Deal& deal = draw(pair, true);
  const std::uint32_t early = pair.rng.below(2), late = 1 - early;
  co_await pair.leg(deal, early, LEG_WAITING, "the first leg");
  change_terms(pair, deal, late);
  co_await pair.leg(deal, late, LEG_ABORTED, "the leg of other terms");
  pair.decided(deal, ABORT);
  co_await pair.verdict(deal, ABORT, "other terms");
  for (const std::uint32_t side : kSides) {
    co_await pair.leg_again(deal, side, "a consumed leg again");
    co_await pair.leg_state(deal, side, "a consumed leg");
  }
}

Task<void> dead_partner(Pair& pair) {
  Deal& deal = draw(pair);
  const std::uint32_t early = pair.rng.below(2), late = 1 - early;
  Character& dead = *deal.parts[early].who;
  co_await pair.leg(deal, early, LEG_WAITING, "the first leg");
  ApplyRequest request = dead.request();
  *request.add_operations() = deal.parts[early].leg;
  co_await pair.acquire(dead);
  co_await pair.leg(deal, late, LEG_ABORTED, "the leg whose partner died");
  deal.parts[early].state = LEG_ABORTED;
  co_await pair.verdict(deal, ABORT, "a dead leg");
  co_await ask<ApplyReply>(pair.talk, dead.queue(), pair.lawful("the dead leg").answered(STALE_EPOCH), request);
  co_await ask<ApplyReply>(pair.talk, dead.queue(), pair.lawful("the dead leg again").refused(STALE_EPOCH), request);
  co_await pair.leg_state(deal, early, "the dead leg");
  co_await pair.leg_again(deal, late, "the consumed leg again");
}

Task<void> abort_waiting(Pair& pair) {
  Deal& deal = draw(pair);
  const std::uint32_t early = pair.rng.below(2), late = 1 - early;
  co_await pair.leg(deal, early, LEG_WAITING, "the first leg");
  co_await pair.end(deal);
  co_await pair.verdict(deal, ABORT, "what waited");
  co_await pair.leg_again(deal, early, "a leg that waited, again");
  co_await pair.leg_state(deal, early, "a leg that waited");
  co_await pair.leg(deal, late, LEG_ABORTED, "a leg that comes too late");
  co_await pair.leg_again(deal, late, "a leg that came too late, again");
  co_await pair.leg_state(deal, late, "a leg that came too late");
}

// The number of the leg is not the first of its epoch: it shows if it is used in the next one.
Task<void> abort_dead(Pair& pair) {
  Character& dead = one_of(pair);
  co_await pair.passes(dead, pair.operation(dead));
  Deal& deal = draw(pair);
  co_await pair.leg(deal, side_of(deal, dead), LEG_WAITING, "the leg that is left");
  co_await pair.acquire(dead);
  co_await pair.end(deal);
  co_await pair.passes(dead, pair.operation(dead));
}

}  // namespace

std::vector<Trick> swap_tricks() {
  return {
      {"swap", together, swapped},
      {"swap-other-terms", together, other_terms},
      {"swap-dead-partner", together, dead_partner},
      {"abort-waiting", together, abort_waiting},
      {"abort-dead", together, abort_dead},
  };
}

}  // namespace dure::sim
