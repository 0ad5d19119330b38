#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/reconcile.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

struct Redo {
  Shard& shard;
  const proto::TradeFact& fact;
  const Provider* provider;
  Key16 txn = key_of(fact.terms().txn());
  bool changed = false;

  const proto::TradeSide& side(std::uint32_t at) const { return fact.terms().sides(static_cast<int>(at)); }
  const proto::KnownLeg* known(std::uint32_t at) const {
    for (const auto& leg : fact.legs())
      if (leg.side() == at) return &leg;
    return nullptr;
  }
  bool here(std::uint32_t at) const {
    const auto root = find_root(shard, side(at).player_id());
    return root && root->status == Status::kActive;
  }
  bool register_here() const { return fact.terms().register_shard() == shard.number; }
  // It left nothing to hold: whoever has it has all of it.
  bool swapped(std::uint32_t at) const {
    return decision_of(shard, txn).swapped || swapped_leg(shard, side(at).player_id(), txn);
  }

  void vote(std::uint32_t at, std::uint64_t epoch, std::uint64_t pseq, std::uint32_t from,
            const google::protobuf::RepeatedPtrField<proto::Item>& items, bool redone = false) {
    if (!register_here()) return;
    proto::TradeGoods goods;
    goods.set_side(at);
    goods.set_shard(from);
    goods.set_redone(redone);
    *goods.mutable_items() = items;
    const auto fresh = shard.db.run(
        "INSERT INTO trade_vote VALUES(?1, ?2, 1, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING", txn, at,
        side(at).player_id(), epoch, pseq, from, Blob{encoded(fact.terms())}, Blob{goods.SerializeAsString()});
    changed = changed || fresh > 0;
  }

  // A leg that came with its character after the backup: that this register counted it is forgotten, and only the leg
  // itself tells it.
  void count_held(std::uint32_t at) {
    std::uint64_t epoch = 0, pseq = 0;
    proto::TradeGoods goods;
    {
      Query row(shard.db,
                "SELECT hold.epoch, pseq, goods FROM hold JOIN player USING(pid) "
                "WHERE txn_id = ?1 AND leg = ?2 AND pid = ?3 AND vote = 1 AND verdict <> 2 AND status = 0",
                txn, at, side(at).player_id());
      if (!row.row()) return count_swapped(at);
      epoch = row.u64(0);
      pseq = row.u64(1);
      goods.ParseFromString(row.text(2));
    }
    vote(at, epoch, pseq, shard.number, goods.items());
  }
  // Likewise one that a SWAP answered: the record that it brought says what it gave.
  void count_swapped(std::uint32_t at) {
    proto::SwapRecord record;
    {
      Query row(shard.db,
                "SELECT record FROM swapped_leg JOIN player USING(pid) WHERE pid = ?1 AND txn_id = ?2 AND status = 0",
                side(at).player_id(), txn);
      if (!row.row() || !record.ParseFromString(row.text(0)) || record.legs_size() != 2) return;
    }
    vote(at, 0, 0, shard.number, record.legs(static_cast<int>(1 - at)).items());
  }

  // A leg that came back as it ended: it proves the decision as well as one that is told.
  bool came_committed(std::uint32_t at) const {
    const std::uint64_t player = side(at).player_id();
    return here(at) &&
           (swapped_leg(shard, player, txn) ||
            shard.db.number("SELECT 1 FROM hold WHERE txn_id = ?1 AND leg = ?2 AND pid = ?3 AND verdict = 1", txn, at,
                            player));
  }

  // The decision was this register's, and whoever acted on it proves it.
  void decide_again() {
    const Decision decision = decision_of(shard, txn);
    require(decision.verdict != proto::ABORT, "this register has decided ABORT");
    if (decision.verdict != 0) return;
    shard.db.run("INSERT INTO decision VALUES(?1, ?2, 0, ?3, x'', x'', x'')", txn, static_cast<int>(proto::COMMIT),
                 shard.file.shard_time());
    changed = true;
  }

  // PREPARE again, whatever the character has now: that it passed is known from the verdict.
  void hold_again(std::uint32_t at) {
    if (swapped(at)) return;
    const auto root = find_root(shard, side(at).player_id());
    const std::uint64_t player = root->player_id;
    const std::string reason = fact.legs_size() > 0 ? fact.legs(0).reason() : kReconcileReason;
    for (const auto& amount : side(at).give()) provider->money(player, amount, "a trade");
    std::vector<Key16> wanted;
    for (const auto& given : side(at).items()) wanted.push_back(key_of(given.item()));
    const std::vector<Key16> items = provider->items(player, wanted);
    proto::TradeGoods goods;
    {
      Posting posting(shard, {player, root->epoch, 0, reason});
      for (const auto& amount : side(at).give())
        posting.move(amount.name(), amount.value(), player_account(player), {AccountKind::kHold, player});
      for (const Key16& item : items)
        posting.hand_over(item, {HolderKind::kPlayer, player}, {HolderKind::kHold, player});
      read_given(shard, side(at), [&] { return goods.add_items(); });
    }
    shard.db.run("INSERT INTO hold VALUES(?1, ?2, ?3, ?4, 0, 0, ?5, 1, 0, 0, 0, ?6, ?7, 0, ?8)", txn, at, player,
                 root->epoch, reason, Blob{encoded(fact.terms())}, shard.file.shard_time(),
                 Blob{goods.SerializeAsString()});
    vote(at, root->epoch, 0, shard.number, goods.items(), true);
    changed = true;
  }

  // What the other side gave: told by a leg that is known, or held here as well.
  proto::TradeGoods gift_for(std::uint32_t at) {
    const std::uint32_t giver = 1 - at;
    proto::TradeGoods goods;
    goods.set_side(giver);
    if (const auto* leg = known(giver)) {
      goods.set_shard(leg->shard());
      *goods.mutable_items() = leg->items();
    }
    if (goods.items_size() == 0 && here(giver)) {
      goods.set_shard(shard.number);
      read_given(shard, side(giver), [&] { return goods.add_items(); });
    }
    require(goods.items_size() == side(giver).items_size(), "what the other side gave is not known");
    return goods;
  }

  void finish_here(std::uint32_t at) {
    auto hold = find_hold(shard, txn, at);
    if (!hold || hold->verdict != 0) {
      require(!hold || hold->verdict == proto::COMMIT, "this leg was aborted here");
      return;
    }
    auto root = find_root(shard, hold->player_id);
    const proto::TradeGoods gift = gift_for(at);
    for (const auto& item : gift.items()) provider->room_for(key_of(item.id()), gift.shard());
    settle(shard, *root, *hold, proto::COMMIT, gift);
    changed = true;
  }
};

}  // namespace

bool swapped_leg(Shard& shard, std::uint64_t player_id, const Key16& txn) {
  return shard.db.number("SELECT 1 FROM swapped_leg WHERE pid = ?1 AND txn_id = ?2", player_id, txn).has_value();
}

bool redo_decision(Shard& shard, const proto::TradeFact& fact) {
  require(fact.terms().sides_size() == 2, "terms");
  if (decision_of(shard, key_of(fact.terms().txn())).swapped) return false;
  Redo redo{shard, fact, nullptr};
  if (!redo.register_here()) return false;
  if (fact.committed() || redo.came_committed(0) || redo.came_committed(1)) redo.decide_again();
  // A leg that is only held: the register has to know it if the decision is known.
  if (decision_of(shard, redo.txn).verdict == proto::COMMIT) {
    for (const auto& leg : fact.legs()) redo.vote(leg.side(), leg.epoch(), leg.pseq(), leg.shard(), leg.items());
    for (const std::uint32_t side : {0u, 1u}) redo.count_held(side);
  }
  return redo.changed;
}

bool redo_legs(const Provider& provider, const proto::TradeFact& fact) {
  require(fact.terms().sides_size() == 2, "terms");
  if (!fact.committed()) return false;
  Redo redo{provider.shard(), fact, &provider};
  for (const std::uint32_t side : {0u, 1u})
    if (redo.here(side) && !find_hold(redo.shard, redo.txn, side)) redo.hold_again(side);
  for (const std::uint32_t side : {0u, 1u})
    if (redo.here(side)) redo.finish_here(side);
  return redo.changed;
}

}  // namespace dure::store
