// A leg that its own side cannot keep: its owner is fenced, the trade is aborted, nobody else is blamed. Once where
// both legs would be swapped, once where it would be held.
#include "tests/sim/rogue/forgery.h"
#include "tests/sim/rogue/pair_tricks.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: states and verdicts

enum class Wrong { kFunds, kHolder, kVersion, kRequest, kRoom, kReserved, kRefund };

void give(const Uid& item, std::int64_t version, TradeSide* side) {
  side->clear_items();
  auto* given = side->add_items();
  *given->mutable_item() = item;
  given->set_version(version);
}

// Something of its partner, or of nobody.
Uid not_its_own(Pair& pair, const Character& who) {
  const Character& partner = partner_of(pair, who);
  if (!partner.items.empty() && pair.rng.chance(0.7)) return partner.items.begin()->second.id();
  Uid uid;
  uid.set_high(own_number(pair.rng));
  return uid;
}

void spoil(Pair& pair, Deal& deal, const Character& who, Wrong wrong, bool held) {
  const std::uint32_t side = side_of(deal, who);
  TradeSide* mine = Pair::side_of(deal, side);
  switch (wrong) {
    case Wrong::kFunds:
      Pair::put("gold", who.balance("gold") + 1, mine);
      if (!held) pair.tighten(deal, 1 - side, held);
      return;
    case Wrong::kHolder:
      return give(not_its_own(pair, who), 1, mine);
    case Wrong::kVersion:
      return give(who.items.begin()->second.id(), who.items.begin()->second.version() + 1, mine);
    case Wrong::kRequest:
      return;
    case Wrong::kRoom:
      return pair.tighten(deal, side, held, 1);
    case Wrong::kReserved:
      return pair.tighten(deal, side, held, who.reserved("gold"));
    case Wrong::kRefund:  // fits a swap only
      Pair::put("gold", 20, mine);
      return pair.tighten(deal, side, false);
  }
}

template <Wrong kWrong, bool kHeld>
Task<void> wrong_leg(Pair& pair) {
  Character& drawn = one_of(pair);
  Character& who = kWrong == Wrong::kVersion && drawn.items.empty() ? partner_of(pair, drawn) : drawn;
  Character& partner = partner_of(pair, who);
  if (kWrong == Wrong::kRequest && who.creq == 0) {
    Operation operation = pair.operation(who);
    operation.set_creq(1);
    co_await pair.passes(who, operation);
  }
  if (kWrong == Wrong::kReserved) {
    Deal& open = pair.deal(who, nullptr, who.shard, true);
    co_await pair.leg(open, side_of(open, who), LEG_HELD, "another leg");
  }
  Deal& deal = pair.deal(who, kHeld ? nullptr : &partner, who.shard, kHeld);
  const std::uint32_t side = side_of(deal, who);
  spoil(pair, deal, who, kWrong, kHeld);
  const bool after = !kHeld && pair.rng.chance(0.5);
  if (after) {
    deal.parts[1 - side].goods.clear();
    Pair::side_of(deal, 1 - side)->clear_items();
    co_await pair.leg(deal, 1 - side, LEG_WAITING, "the leg that fits");
  }
  Operation leg = pair.next_leg(deal, side);
  if (kWrong == Wrong::kRequest) leg.set_creq(1 + pair.rng.below(who.creq));
  deal.parts[side].leg = leg;
  co_await pair.fails(who, leg, "the leg that does not fit");
  pair.decided(deal, ABORT);
  co_await pair.verdict(deal, ABORT, "a leg that does not fit");
  if (kHeld) {
    deal.parts[side].state = LEG_ABORTED;
    co_await pair.leg_state(deal, side, "a leg that does not fit");
  } else if (after) {
    co_await pair.leg_again(deal, 1 - side, "the leg that fits, again");
  } else {
    co_await pair.leg(deal, 1 - side, LEG_ABORTED, "the leg that fits");
  }
}

// No terms at all that two could have agreed to.
Task<void> malformed(Pair& pair) {
  Character& who = one_of(pair);
  Deal& deal = pair.deal(who, nullptr, who.shard, true);
  Operation leg = pair.next_leg(deal, side_of(deal, who));
  TradeTerms* terms = leg.mutable_trade()->mutable_terms();
  const int side = static_cast<int>(side_of(deal, who));
  switch (pair.rng.below(7)) {
    case 0:
      leg.add_effects()->mutable_balance()->set_currency("gold");
      break;
    case 1:
      terms->clear_txn();
      break;
    case 2:
      leg.mutable_trade()->set_side(2);
      break;
    case 3:
      terms->mutable_sides(1 - side)->set_player_id(who.id());
      break;
    case 4:
      leg.mutable_trade()->set_side(static_cast<std::uint32_t>(1 - side));
      break;
    case 5:
      terms->mutable_sides(1 - side)->mutable_give(0)->set_value(0);
      break;
    default:
      *terms->mutable_sides(side)->add_give() = terms->sides(side).give(0);
      break;
  }
  co_await pair.fails(who, leg, "a leg of no terms");
}

}  // namespace

std::vector<Trick> guard_tricks() {
  return {
      {"swap-funds", together, wrong_leg<Wrong::kFunds, false>},
      {"swap-holder", together, wrong_leg<Wrong::kHolder, false>},
      {"swap-version", together, wrong_leg<Wrong::kVersion, false>},
      {"swap-request", together, wrong_leg<Wrong::kRequest, false>},
      {"swap-room", together, wrong_leg<Wrong::kRoom, false>},
      {"swap-reserved", together, wrong_leg<Wrong::kReserved, false>},
      {"hold-funds", always, wrong_leg<Wrong::kFunds, true>},
      {"hold-holder", always, wrong_leg<Wrong::kHolder, true>},
      {"hold-version", always, wrong_leg<Wrong::kVersion, true>},
      {"hold-request", always, wrong_leg<Wrong::kRequest, true>},
      {"hold-room", always, wrong_leg<Wrong::kRoom, true>},
      {"hold-reserved", always, wrong_leg<Wrong::kReserved, true>},
      {"hold-refund", always, wrong_leg<Wrong::kRefund, true>},
      {"leg-malformed", always, malformed},
  };
}

}  // namespace dure::sim
