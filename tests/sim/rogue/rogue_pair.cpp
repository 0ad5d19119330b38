#include "tests/sim/rogue/rogue_pair.h"

#include <algorithm>

#include "dbagent/agent.h"
#include "tests/sim/rogue/forgery.h"

namespace dure::sim {
namespace {

constexpr std::size_t kReportsMost = 20;
constexpr std::uint64_t kOwn = kRogue + (std::uint64_t{1} << 41);  // numbers of letters, items, trades
constexpr const char* kSword = "rusty_sword";

proto::Uid uid_of(std::uint64_t number) {
  proto::Uid uid;
  uid.set_high(kOwn + number);
  uid.set_low(1);
  return uid;
}

std::pair<std::uint64_t, std::uint64_t> key(const proto::Uid& uid) { return {uid.high(), uid.low()}; }

std::int64_t amount_of(const proto::TradeSide& side, const std::string& currency) {
  for (const auto& amount : side.give())
    if (amount.name() == currency) return amount.value();
  return 0;
}

}  // namespace

Pair::Pair(Rng draws) : rng(draws) {
  first.account_name = "rogue-deals-1";
  second.account_name = rng.chance(0.5) ? first.account_name : "rogue-deals-2";
}

std::uint32_t Pair::another_shard(std::uint32_t shard) {
  std::vector<std::uint32_t> others;
  for (const auto& [known, active] : contents)
    if (known != shard) others.push_back(known);
  return others.empty() ? shard : others[rng.below(others.size())];
}

void Pair::must(bool so, const std::string& what) {
  if (so) return;
  report(what);
  throw Unheard();
}

void Pair::report(const std::string& what) {
  if (broken_.size() < kReportsMost) broken_.push_back({law::kDealsAreWhole, rule + ": " + what});
}

// ── deals ───────────────────────────────────────────────────────────────────────────────────────────────────

void Pair::put(const std::string& currency, std::int64_t amount, proto::TradeSide* side) {
  std::map<std::string, std::int64_t> gives;
  for (const auto& one : side->give()) gives[one.name()] = one.value();
  gives[currency] = amount;
  side->clear_give();
  for (const auto& [name, value] : gives) {
    auto* give = side->add_give();
    give->set_name(name);
    give->set_value(value);
  }
}

Deal& Pair::deal(Character& one, Character* other, std::uint32_t register_shard, bool held) {
  Deal& deal = deals_.emplace_back();
  *deal.terms.mutable_txn() = uid_of(next_number());
  deal.terms.set_register_shard(register_shard);
  const std::uint32_t of_one = rng.below(2);
  deal.parts[of_one].who = &one;
  deal.parts[1 - of_one].who = other;
  while (deal.terms.sides_size() < 2) deal.terms.add_sides();
  for (const std::uint32_t side : kSides) {
    Deal::Part& part = deal.parts[side];
    auto* gives = side_of(deal, side);
    gives->set_player_id(part.who != nullptr ? part.who->id() : kOwn + next_number());
    put("gold", 1 + static_cast<std::int64_t>(rng.below(9)), gives);
    const bool has_bread = part.who == nullptr || part.who->balance("bread") >= 2;
    if (has_bread && rng.chance(0.5)) put("bread", 1 + static_cast<std::int64_t>(rng.below(2)), gives);
    if (part.who == nullptr || part.who->items.empty() || rng.chance(0.4)) continue;
    auto at = part.who->items.begin();
    std::advance(at, rng.below(part.who->items.size()));
    auto* given = gives->add_items();
    *given->mutable_item() = at->second.id();
    given->set_version(at->second.version());
    part.goods.push_back(at->second);
  }
  for (const std::uint32_t side : kSides)
    if (deal.parts[side].who != nullptr) tighten(deal, side, held);
  return deal;
}

void Pair::tighten(Deal& deal, std::uint32_t side, bool held, std::int64_t by) {
  const Character& who = *deal.parts[side].who;
  auto* mine = side_of(deal, side);
  mine->clear_caps();
  for (const auto& amount : side_of(deal, 1 - side)->give()) {
    const std::int64_t give = amount_of(*mine, amount.name()), get = amount.value();
    auto* cap = mine->add_caps();
    cap->set_name(amount.name());
    cap->set_value(who.balance(amount.name()) - give + who.reserved(amount.name()) +
                   (held ? std::max(give, get) : get) - (amount.name() == "gold" ? by : 0));
  }
}

proto::Operation Pair::operation(const Character& character) {
  proto::Operation operation;
  operation.set_pseq(character.pseq + 1);
  operation.set_reason("rogue.deal");
  const auto content = contents.find(character.shard);
  operation.set_content_version(content == contents.end() ? 1 : content->second);
  if (rng.chance(0.6)) {
    operation.set_creq(character.creq + 1 + rng.below(3));
    operation.set_creq_hash(rng.next());
  }
  return operation;
}

const proto::Operation& Pair::next_leg(Deal& deal, std::uint32_t side) {
  Deal::Part& part = deal.parts[side];
  part.leg = operation(*part.who);
  *part.leg.mutable_trade()->mutable_terms() = deal.terms;
  part.leg.mutable_trade()->set_side(side);
  part.epoch = part.who->epoch;
  return part.leg;
}

proto::LegOutcome Pair::outcome(const Deal& deal, std::uint32_t side) const {
  const Deal::Part& part = deal.parts[side];
  proto::LegOutcome outcome;
  *outcome.mutable_txn() = deal.terms.txn();
  outcome.set_pseq(part.leg.pseq());
  outcome.set_state(part.state);
  outcome.set_settle_seq(part.settle_seq);
  const bool committed = part.state == proto::LEG_COMMITTED;
  const bool back = part.state == proto::LEG_ABORTED && part.settle_seq != 0;
  if (!committed && !back) return outcome;
  const std::uint32_t giver = committed ? 1 - side : side;
  *outcome.mutable_credited() = deal.terms.sides(static_cast<int>(giver)).give();
  for (const auto& item : deal.parts[giver].goods) *outcome.add_items() = item;
  return outcome;
}

proto::TradeVote Pair::vote(const Deal& deal, std::uint32_t side, bool yes) const {
  const Deal::Part& part = deal.parts[side];
  proto::TradeVote vote;
  vote.set_shard(deal.terms.register_shard());
  *vote.mutable_terms() = deal.terms;
  vote.set_side(side);
  vote.set_yes(yes);
  vote.set_epoch(part.epoch);
  vote.set_pseq(part.leg.pseq());
  if (part.who != nullptr) vote.set_from_shard(part.who->shard);
  for (const auto& item : part.goods) *vote.add_items() = item;
  return vote;
}

void Pair::decided(Deal& deal, proto::Verdict verdict) {
  const bool committed = verdict == proto::COMMIT;
  for (const std::uint32_t side : kSides) {
    Deal::Part& part = deal.parts[side];
    if (part.who == nullptr || !part.sent) continue;
    Character& who = *part.who;
    if (part.state == proto::LEG_HELD) {
      who.finish(deal.terms, committed, deal.parts[1 - side].goods);
      part.settle_seq = who.settle_seq;
      part.state = committed ? proto::LEG_COMMITTED : proto::LEG_ABORTED;
    } else if (part.state == proto::LEG_WAITING && !committed) {
      if (who.epoch == part.epoch && who.pseq + 1 == part.leg.pseq()) who.used(part.leg, true);
      part.state = proto::LEG_ABORTED;
    }
  }
}

// ── what both have ──────────────────────────────────────────────────────────────────────────────────────────

Task<void> Pair::supply(Character& character, std::int64_t gold, std::int64_t bread, int swords) {
  proto::DeliverRequest& letter = to_deliver_.emplace_back();
  letter.set_shard(character.shard);
  letter.set_player_id(character.id());
  letter.set_message_id(kOwn + next_number());
  letter.set_reason("gm.give");
  const auto add = [&](const char* name, std::int64_t value) {
    auto* amount = letter.add_balances();
    amount->set_name(name);
    amount->set_value(value);
  };
  if (bread > 0) add("bread", bread);
  add("gold", gold);
  for (; swords > 0; --swords) {
    auto* item = letter.add_items();
    *item->mutable_id() = uid_of(next_number());
    item->set_template_(kSword);
    item->set_version(1);
  }
  return deliver();
}

Task<void> Pair::deliver() {
  while (!to_deliver_.empty()) {
    const proto::DeliverRequest letter = to_deliver_.front();
    co_await ask<proto::DeliverReply>(talk, Agent::shard_queue(letter.shard()), lawful("deliver"), letter);
    for (const auto& amount : letter.balances()) total_[amount.name()] += amount.value();
    for (const auto& item : letter.items()) items_.insert(key(item.id()));
    to_deliver_.pop_front();
  }
}

Task<void> Pair::claim(Character& character) {
  while (!character.letters.empty()) {
    const proto::InboxEntry letter = character.letters.back();
    proto::Operation claiming = operation(character);
    auto* claim = claiming.add_effects()->mutable_claim();
    claim->set_message_id(letter.message_id());
    for (const auto& amount : letter.balances()) {
      auto* cap = claim->add_caps();
      cap->set_name(amount.name());
      cap->set_value(character.balance(amount.name()) + amount.value() + character.reserved(amount.name()));
    }
    co_await passes(character, claiming);
    character.take(letter.balances(), Goods(letter.items().begin(), letter.items().end()));
    character.letters.pop_back();
  }
}

Task<void> Pair::acquire(Character& character) {
  const auto grant = co_await sim::acquire(talk, character, sure);
  if (sure) {
    character.ended_epoch = character.epoch;
    character.ended_pseq = character.pseq;
    ++character.epoch;
    character.pseq = 0;
    must(Character::told(grant) == character.believed(),
         "a grant says\n    " + Character::told(grant) + "\n  where there must be\n    " + character.believed());
  }
  character.adopt(grant);
  if (sure) co_return;
  character.holds.clear();
  must(grant.aggregate().holds().empty(), "a hold of a trade that is decided stays open");
}

void Pair::count() {
  std::map<std::string, std::int64_t> total;
  std::set<std::pair<std::uint64_t, std::uint64_t>> items;
  std::string doubled;
  for (const Character* one : {&first, &second}) {
    for (const auto& [currency, amount] : one->balances) total[currency] += amount;
    for (const auto& [id, item] : one->items)
      if (!items.insert(id).second) doubled = item.ShortDebugString();
  }
  must(doubled.empty(), "both have " + doubled);
  must(items == items_, "both have " + std::to_string(items.size()) + " items of " + std::to_string(items_.size()));
  for (const auto& [currency, amount] : total_)
    must(total[currency] == amount,
         "both have " + std::to_string(total[currency]) + " " + currency + " of " + std::to_string(amount));
}

Task<void> Pair::settle() {
  for (; !deals_.empty(); deals_.pop_front()) co_await end(deals_.front());
  co_await deliver();
  for (Character* one : {&first, &second}) {
    co_await acquire(*one);
    co_await claim(*one);
  }
  count();
  sure = true;
}

}  // namespace dure::sim
