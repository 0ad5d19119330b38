// Trades whose two rows and register are on this shard: one transaction exchanges everything, or nothing.
#include <limits>
#include <set>

#include "common/proto/dbagent.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/content_guard.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

bool has_room(Shard& shard, std::uint64_t player_id, const std::string& currency, const Exchange& exchange,
              std::int64_t credit, const GuardTable* content) {
  const std::int64_t cap = content == nullptr ? exchange.cap : lesser_cap(exchange.cap, content->cap(currency));
  const std::int64_t most = cap > 0 ? cap : std::numeric_limits<std::int64_t>::max();
  std::int64_t sum = balance_of(shard, player_id, currency) - exchange.give;
  return !__builtin_add_overflow(sum, reserved_of(shard, player_id, currency), &sum) &&
         !__builtin_add_overflow(sum, credit, &sum) && sum <= most;
}

const char* cannot_give(Shard& shard, std::uint64_t player_id, const proto::TradeSide& side) {
  for (const auto& amount : side.give())
    if (balance_of(shard, player_id, amount.name()) < amount.value()) return "funds";
  for (const auto& given : side.items()) {
    Query item(
        shard.db,
        "SELECT version FROM item JOIN item_holder USING(item_id) WHERE item_id = ?1 AND kind = 0 AND owner = ?2",
        key_of(given.item()), player_id);
    if (!item.row()) return "holder";
    if (item.i64(0) != given.version()) return "item version";
  }
  return nullptr;
}

std::set<std::string> both_ways(const proto::TradeTerms& terms) {
  std::set<std::string> one, both;
  for (const auto& amount : terms.sides(0).give()) one.insert(amount.name());
  for (const auto& amount : terms.sides(1).give())
    if (one.contains(amount.name())) both.insert(amount.name());
  return both;
}

// A currency that goes both ways leaves both accounts before it enters either: neither is ever above its cap.
void exchange_money(Posting& posting, const proto::TradeTerms& terms) {
  const std::set<std::string> both = both_ways(terms);
  const auto account = [&](int side) { return player_account(terms.sides(side).player_id()); };
  for (const int side : {0, 1})
    for (const auto& amount : terms.sides(side).give())
      posting.move(amount.name(), amount.value(), account(side),
                   both.contains(amount.name()) ? transit() : account(1 - side));
  if (both.empty()) return;
  for (const int side : {0, 1})
    for (const auto& amount : terms.sides(side).give())
      if (both.contains(amount.name())) posting.move(amount.name(), amount.value(), transit(), account(1 - side));
}

void exchange_items(Posting& posting, const proto::TradeTerms& terms) {
  for (const int side : {0, 1})
    for (const auto& item : terms.sides(side).items())
      posting.hand_over(key_of(item.item()), {HolderKind::kPlayer, terms.sides(side).player_id()},
                        {HolderKind::kPlayer, terms.sides(1 - side).player_id()});
}

// Guards are the caller's: both legs live, both fit, reg none, nobody voted.
void swap(Shard& shard, Root& root, const Leg& leg, Root& partner, const Leg& other, proto::LegOutcome* outcome) {
  proto::SwapRecord record;
  for (const int side : {0, 1}) {
    const Leg& this_leg = static_cast<int>(leg.side) == side ? leg : other;
    record.add_player_ids(leg.terms.sides(side).player_id());
    auto* done = record.add_legs();
    *done->mutable_txn() = leg.terms.txn();
    done->set_pseq(this_leg.operation.pseq());
    done->set_state(proto::LEG_COMMITTED);
    *done->mutable_credited() = leg.terms.sides(1 - side).give();
    read_given(shard, leg.terms.sides(1 - side), [&] { return done->add_items(); });
  }
  Posting posting(shard, {root.player_id, root.epoch, leg.operation.pseq(), leg.operation.reason(),
                          leg.operation.content_version(), leg.operation.trace_id()});
  exchange_money(posting, leg.terms);
  exchange_items(posting, leg.terms);
  decide_swapped(shard, leg.txn, record);
  note_progress(root, leg.operation);
  note_progress(partner, other.operation);
  keep_progress(shard, partner);
  shard.file.count_operation();  // the partner's
  *outcome = record.legs(static_cast<int>(leg.side));
  tell_owner(shard, partner, partner.epoch, record.legs(static_cast<int>(other.side)));
}

LegEnd wait(Shard& shard, const Root& root, const Leg& leg) {
  const bool kept = shard.waiting->put(
      leg.txn, leg.side, {root.player_id, root.epoch, root.owner_incarnation, leg.operation, shard.file.shard_time()});
  return kept ? LegEnd::kWaiting : LegEnd::kCrowded;
}

// LEGFAIL: only the one whose guard is false is fenced; the other leg is consumed.
void fail_partner(Shard& shard, Root& partner, const Leg& other) {
  proto::LegOutcome failed;
  *failed.mutable_txn() = other.terms.txn();
  failed.set_pseq(other.operation.pseq());
  failed.set_state(proto::LEG_ABORTED);
  tell_owner(shard, partner, partner.epoch, failed);  // who sends it again, and hears that it is fenced
  fence(shard, partner);
}

}  // namespace

const char* does_not_fit(Shard& shard, const Root& root, const Leg& leg, bool held) {
  if (leg.operation.creq() != 0 && leg.operation.creq() <= root.last_creq) return "creq";
  if (const char* wrong = cannot_give(shard, root.player_id, mine(leg))) return wrong;
  const GuardTable* content = shard.content->table(leg.operation.content_version());
  for (const auto& [currency, exchange] : exchange_of(leg.terms, leg.side)) {
    const std::int64_t credit = held ? std::max(exchange.give, exchange.get) : exchange.get;
    if (credit > 0 && !has_room(shard, root.player_id, currency, exchange, credit, content)) return "room";
  }
  return nullptr;
}

void consume(Shard& shard, Root& root, const Leg& leg, proto::LegOutcome* outcome) {
  require(decision_of(shard, leg.txn).verdict == proto::ABORT, "not aborted");
  *outcome->mutable_txn() = leg.terms.txn();
  outcome->set_pseq(leg.operation.pseq());
  outcome->set_state(proto::LEG_ABORTED);
  vote_no(shard, leg, root.player_id, root.epoch);
  note_progress(root, leg.operation, CreqResult::kAborted);
}

void consume_waiting(Shard& shard, const Key16& txn) {
  for (const std::uint32_t side : {0, 1}) {
    const auto found = shard.waiting->find(txn, side);
    if (found == nullptr) continue;
    const WaitingLeg& waits = *found;
    shard.waiting->erase(txn, side);
    const Leg leg(waits.operation);
    auto root = find_root(shard, waits.player_id);
    if (!root || !live(*root, waits.epoch, waits.owner_incarnation, waits.operation.pseq())) continue;
    if (find_hold(shard, txn, side)) continue;
    proto::LegOutcome outcome;
    consume(shard, *root, leg, &outcome);
    keep_progress(shard, *root);
    shard.file.count_operation();
    tell_owner(shard, *root, root->epoch, outcome);
  }
}

void prepare_waiting(Shard& shard, const Key16& txn) {
  for (const std::uint32_t side : {0, 1}) {
    const auto found = shard.waiting->find(txn, side);
    if (found == nullptr) continue;
    const WaitingLeg& waits = *found;
    shard.waiting->erase(txn, side);
    const Leg leg(waits.operation);
    auto root = find_root(shard, waits.player_id);
    if (!root || !live(*root, waits.epoch, waits.owner_incarnation, waits.operation.pseq())) continue;
    if (find_hold(shard, txn, side)) continue;
    proto::LegOutcome outcome;
    *outcome.mutable_txn() = leg.terms.txn();
    outcome.set_pseq(leg.operation.pseq());
    std::string guard;
    const std::uint64_t epoch = root->epoch;
    if (prepare(shard, *root, leg, &outcome, &guard) == LegEnd::kDone) {
      keep_progress(shard, *root);
      shard.file.count_operation();
      tell_owner(shard, *root, epoch, outcome);
    } else {
      outcome.set_state(proto::LEG_ABORTED);
      tell_owner(shard, *root, epoch, outcome);
      fence(shard, *root);
    }
  }
}

LegEnd swap_or_wait(Shard& shard, Root& root, const Leg& leg, proto::LegOutcome* outcome, std::string* guard) {
  const auto found = shard.waiting->find(leg.txn, leg.other());
  if (const char* wrong = does_not_fit(shard, root, leg, false)) {
    shard.waiting->erase(leg.txn, leg.side);
    decide_abort(shard, leg.txn);
    *guard = wrong;
    return LegEnd::kRejected;
  }
  if (found == nullptr) return wait(shard, root, leg);
  const WaitingLeg& waits = *found;
  const Leg other(waits.operation);
  auto partner = find_root(shard, waits.player_id);
  const bool dead = !partner || partner->epoch > waits.epoch || partner->last_pseq >= waits.operation.pseq();
  const bool partner_live = partner && live(*partner, waits.epoch, waits.owner_incarnation, waits.operation.pseq());
  if (!dead && !partner_live) return wait(shard, root, leg);
  shard.waiting->erase(leg.txn, leg.side);
  const bool agreed = encoded(leg.terms) == encoded(other.terms);
  const bool fits = partner_live && agreed && does_not_fit(shard, *partner, other, false) == nullptr;
  if (fits) {
    shard.waiting->erase(leg.txn, other.side);
    swap(shard, root, leg, *partner, other, outcome);
    return LegEnd::kDone;
  }
  if (dead || agreed) shard.waiting->erase(leg.txn, other.side);
  if (partner_live && agreed) fail_partner(shard, *partner, other);
  decide_abort(shard, leg.txn);
  consume(shard, root, leg, outcome);
  return LegEnd::kDone;
}

}  // namespace dure::store
