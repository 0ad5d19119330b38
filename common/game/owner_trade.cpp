// The trading half of OwnerNode: a trade's legs go into the windows of both players; what became of each comes back in
// the reply to its operation, by notice, or by asking once a second while it is open.
#include <algorithm>
#include <array>
#include <utility>

#include "common/base/ordered_id.h"
#include "common/game/owner.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/trade.pb.h"

namespace dure {
namespace {

constexpr Duration kAskDeadline = milliseconds(900);  // asked again each second
constexpr Duration kLookAgain = seconds(1);
constexpr std::size_t kSettledKept = 8;

void describe(const Player& player, const TradeGift& gift, proto::TradeSide* side) {
  side->set_player_id(player.id.value);
  for (const auto& [name, value] : gift.amounts) {
    auto* amount = side->add_give();
    amount->set_name(name);
    amount->set_value(value);
  }
  for (const ItemId& id : gift.items) {
    const OwnedItem* mine = player.mirror.item(id);
    auto* item = side->add_items();
    *item->mutable_item() = uid_of(id);
    item->set_version(mine == nullptr ? 0 : mine->version);
  }
  for (const auto& [name, value] : gift.caps) {
    auto* cap = side->add_caps();
    cap->set_name(name);
    cap->set_value(value);
  }
}

bool in_window(const Player& player, const TradeId& txn) {
  const auto& unsaved = player.window.unsaved();
  return std::any_of(unsaved.begin(), unsaved.end(), [&](const proto::Operation& operation) {
    return operation.has_trade() && trade_id_of(operation.trade().terms().txn()) == txn;
  });
}

}  // namespace

OwnerNode::TradeStart OwnerNode::start_trade(const std::string& reason, const TradeParty& first,
                                             const TradeParty& second) {
  CHECK_MSG(options_.reasons.empty() || options_.reasons.count(reason), "reason " + reason);
  const std::array<const TradeParty*, 2> parties{&first, &second};
  TradeStart start;
  if (!reason_open(reason)) {
    start.guard = Mirror::Guard::kClosed;
    return start;
  }
  const ItemId txn = ordered_id(wall_now(), entropy());
  start.txn = {txn.high, txn.low};
  proto::Operation leg;
  leg.set_reason(reason);
  leg.set_content_version(content_version());
  proto::TradeTerms* terms = leg.mutable_trade()->mutable_terms();
  *terms->mutable_txn() = to_uid(start.txn);
  // The decision lives where the smaller id's row is now, and never moves.
  terms->set_register_shard(first.player.id < second.player.id ? first.player.shard : second.player.shard);
  for (const TradeParty* party : parties) {
    CHECK(party->player.state == Player::State::kActive);
    TradeGift gift = party->gift;
    // On two shards what is given is held, and needs its room there: it comes back if nothing becomes of the trade.
    if (first.player.shard != second.player.shard)
      for (const auto& [name, value] : gift.amounts)
        if (const std::int64_t most = cap_of(name); most > 0) gift.caps.try_emplace(name, most);
    describe(party->player, gift, terms->add_sides());
  }
  for (std::uint32_t side = 0; side < 2; ++side) {
    leg.mutable_trade()->set_side(side);
    start.guard = parties[side]->player.mirror.apply(leg);
    start.side = side;
    if (start.guard == Mirror::Guard::kOk) continue;
    proto::LegOutcome undone;
    *undone.mutable_txn() = terms->txn();
    undone.set_state(proto::LEG_ABORTED);
    if (side == 1) first.player.mirror.settle(undone);
    return start;
  }
  for (std::uint32_t side = 0; side < 2; ++side) {
    Player& player = parties[side]->player;
    const ValueRequest& agreed = parties[side]->agreed;
    player.agreed[start.txn] = agreed.creq;
    // The row's numbers only rise: a request that was overtaken leaves no trace there. One that was only refused did
    // not get there.
    const bool newest = !overtaken(player, agreed);
    leg.mutable_trade()->set_side(side);
    leg.set_creq(newest ? agreed.creq : 0);
    leg.set_creq_hash(newest ? agreed.hash : 0);
    player.creq_committed = std::max(player.creq_committed, leg.creq());
    staged_.emplace_back(player.id, leg);
  }
  return start;
}

Task<TradeOutcome> OwnerNode::traded(PlayerRef ref, TradeId txn) {
  for (;;) {
    Player* player = find(ref);
    if (player == nullptr || !player->mirror.trading(txn)) co_return TradeOutcome::kGone;
    Expect expected(*this, kLookAgain);
    player->trade_waiters.emplace_back(txn, expected.id());
    const Result<std::string> answer = co_await expected;
    if (answer) co_return *answer == "committed" ? TradeOutcome::kCommitted : TradeOutcome::kAborted;
    player = find(ref);
    if (player != nullptr)
      std::erase_if(player->trade_waiters, [&](const auto& waiter) { return waiter.second == expected.id(); });
  }
}

// ── what became of it ───────────────────────────────────────────────────────────────────────────────────────

void OwnerNode::leg_outcome(Player& player, const proto::LegOutcome& outcome) {
  const TradeId txn = trade_id_of(outcome.txn());
  // Older than what was loaded: it is in there.
  if (outcome.settle_seq() != 0 && outcome.settle_seq() <= player.settle_seq) return;
  // That nothing moved is true for good only when the leg's number is counted: one that is still on its way may yet be
  // held, and FINISH then says what came back.
  if (outcome.state() == proto::LEG_ABORTED && outcome.settle_seq() == 0 && in_window(player, txn)) return;
  const auto settled = player.mirror.settle(outcome);
  if (!settled) return;

  const bool committed = outcome.state() == proto::LEG_COMMITTED;
  ++(committed ? trades_committed_ : trades_aborted_);
  std::uint64_t creq = 0;
  if (const auto at = player.agreed.find(txn); at != player.agreed.end()) {
    creq = at->second;
    player.agreed.erase(at);
  }
  if (creq != 0) player.creqs.settled(creq, committed);
  proto::SettledNotice notice;
  notice.set_epoch(player.epoch);
  notice.set_creq(creq);
  *notice.mutable_txn() = outcome.txn();
  notice.set_committed(committed);
  for (const auto& name : settled->balances) {
    auto* amount = notice.mutable_aggregate()->add_balances();
    amount->set_name(name);
    amount->set_value(player.mirror.balance(name));
  }
  for (const ItemId& id : settled->items)
    if (const OwnedItem* item = player.mirror.item(id)) fill(*item, notice.mutable_aggregate()->add_items());
  tell(player, notice);
  if (creq != 0) {
    player.settled[creq] = notice.SerializeAsString();
    if (player.settled.size() > kSettledKept) player.settled.erase(player.settled.begin());
  }
  std::erase_if(player.trade_waiters, [&](const auto& waiter) {
    if (waiter.first != txn) return false;
    complete(waiter.second, std::string(committed ? "committed" : "aborted"));
    return true;
  });
}

// Its answer to a repeated request said APPLIED; what came of it is told again beside it.
void OwnerNode::tell_settled_again(Player& player, std::uint64_t creq) {
  proto::SettledNotice notice;
  if (const auto at = player.settled.find(creq); at != player.settled.end() && notice.ParseFromString(at->second))
    tell(player, notice);
}

void OwnerNode::trade_notice(const From&, const proto::TradeNotice& notice) {
  Player* player = find(PlayerRef{PlayerId(notice.player_id()), notice.player_epoch()});
  if (player == nullptr) return;
  leg_outcome(*player, notice.outcome());
  complete(player->save_pause, std::string("notice"));  // a window that waits for this leg is sent again at once
}

// Holds that were found with the player: their room is kept until their FINISH is told.
void OwnerNode::load_trades(Player& player, const proto::AcquireReply& grant) {
  player.settle_seq = grant.settle_seq();
  const auto known = std::exchange(player.agreed, {});
  player.settled.clear();
  for (const auto& hold : grant.aggregate().holds()) {
    const TradeId txn = trade_id_of(hold.terms().txn());
    const auto at = known.find(txn);
    player.agreed[txn] = hold.creq() != 0 || at == known.end() ? hold.creq() : at->second;
    player.creqs.open(hold.creq());
  }
}

void OwnerNode::ask_about_trades(Player& player) {
  for (const TradeId& txn : player.mirror.open_trades())
    if (!in_window(player, txn)) spawn(ask_about_trade(PlayerRef{player.id, player.epoch}, txn));
}

// The shard of the row knows what is held there. What was swapped only the register's shard knows, from which the row
// may have moved since.
Task<void> OwnerNode::ask_about_trade(PlayerRef ref, TradeId txn) {
  Player* player = find(ref);
  if (player == nullptr) co_return;
  const std::uint32_t shards[] = {player->shard, player->mirror.register_of(txn)};
  for (const std::uint32_t shard : shards) {
    proto::LegQuery query;
    query.set_shard(shard);
    query.set_player_id(ref.id.value);
    *query.mutable_txn() = to_uid(txn);
    auto answer = co_await call<proto::LegReply>(shard_agent(shard), query, kAskDeadline);
    player = find(ref);
    if (player == nullptr || !answer) co_return;
    if (answer->code() == proto::STORED) co_return leg_outcome(*player, answer->outcome());
    if (answer->code() == proto::WRONG_SHARD) break;
    if (answer->code() != proto::NO_SUCH) co_return;
  }
  auto moved = co_await shard_of(ref.id, true);
  player = find(ref);
  if (player == nullptr) co_return;
  bool ended = !moved && moved.error().trouble == Trouble::kRefused;
  if (moved) {
    if (std::exchange(player->shard, *moved) != *moved) co_return;
    // Neither knows what was counted once: the shard was put back to a backup. Who never saves again hears it nowhere.
    auto holder = co_await holder_of(ref.id);
    ended = holder && holder->epoch() > ref.epoch;
    player = find(ref);
  }
  if (player != nullptr && ended) stale(*player);
}

}  // namespace dure
