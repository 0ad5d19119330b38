// Trades by votes: what a leg gives is held here until the register's verdict finishes it.
#include <algorithm>

#include "common/base/bytes.h"
#include "common/base/check.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

Account hold_account(std::uint64_t player_id) { return {AccountKind::kHold, player_id}; }
Holder held(std::uint64_t player_id) { return {HolderKind::kHold, player_id}; }
Holder bag(std::uint64_t player_id) { return {HolderKind::kPlayer, player_id}; }

proto::TradeTerms terms_of(const Hold& hold) {
  proto::TradeTerms terms;
  CHECK(terms.ParseFromString(hold.terms));
  return terms;
}

void insert_hold(Shard& shard, const Leg& leg, std::uint64_t player_id, std::uint64_t epoch, bool yes) {
  proto::TradeGoods goods;
  if (yes) read_given(shard, mine(leg), [&] { return goods.add_items(); });
  shard.db.run("INSERT INTO hold VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12, ?13, ?14)", leg.txn,
               leg.side, player_id, epoch, leg.operation.pseq(), leg.operation.creq(), leg.operation.reason(),
               yes ? 1 : 0, yes ? 0 : 1, yes ? 0 : static_cast<int>(proto::ABORT), Blob{encoded(leg.terms)},
               shard.file.shard_time(), leg.operation.creq_hash(), Blob{goods.SerializeAsString()});
}

void reserve(Shard& shard, const Leg& leg) {
  for (const auto& [currency, exchange] : exchange_of(leg.terms, leg.side))
    shard.db.run("INSERT INTO hold_amount VALUES(?1, ?2, ?3, ?4, ?5)", leg.txn, leg.side, currency, exchange.give,
                 exchange.get);
}

void take_into_hold(Shard& shard, const Root& root, const Leg& leg) {
  Posting posting(shard, {root.player_id, root.epoch, leg.operation.pseq(), leg.operation.reason(),
                          leg.operation.content_version(), leg.operation.trace_id()});
  for (const auto& amount : mine(leg).give())
    posting.move(amount.name(), amount.value(), player_account(root.player_id), hold_account(root.player_id));
  for (const auto& item : mine(leg).items())
    posting.hand_over(key_of(item.item()), bag(root.player_id), held(root.player_id));
}

proto::TradeVote vote_of(Shard& shard, const Hold& hold) {
  proto::TradeVote vote;
  *vote.mutable_terms() = terms_of(hold);
  vote.set_shard(vote.terms().register_shard());
  vote.set_side(hold.side);
  vote.set_yes(hold.yes);
  vote.set_epoch(hold.epoch);
  vote.set_pseq(hold.pseq);
  vote.set_from_shard(shard.number);
  if (hold.yes) read_given(shard, vote.terms().sides(static_cast<int>(hold.side)), [&] { return vote.add_items(); });
  return vote;
}

Key16 id_in(const proto::Item& item) { return key_of(item.id()); }
Key16 id_in(const proto::ItemVersion& given) { return key_of(given.item()); }

// To the register: at once if it is here, else when this is committed.
proto::TradeVerdict tell_register(Shard& shard, const proto::TradeVote& vote) {
  if (vote.shard() == shard.number) return cast(shard, vote);
  proto::StoreEvent event;
  *event.mutable_vote() = vote;
  shard.tell(event);
  return {};
}

bool has_goods(const proto::TradeSide& side, const google::protobuf::RepeatedPtrField<proto::Item>& items,
               bool redone) {
  // What the restored shard still had of it, in the order of the terms, and as it had it.
  if (redone)
    return std::includes(side.items().begin(), side.items().end(), items.begin(), items.end(),
                         [](const auto& a, const auto& b) { return id_in(a) < id_in(b); });
  return std::equal(items.begin(), items.end(), side.items().begin(), side.items().end(),
                    [](const proto::Item& item, const proto::ItemVersion& given) {
                      return key_of(item.id()) == key_of(given.item()) && item.version() == given.version();
                    });
}

bool is_held_by(Shard& shard, const Key16& item, std::uint64_t player_id) {
  return shard.db.number("SELECT 1 FROM item_holder WHERE item_id = ?1 AND kind = 5 AND owner = ?2", item, player_id)
      .has_value();
}

// What its player holds for a later trade has left by this one, come back, and been offered again.
bool is_of_a_later_leg(Shard& shard, const Key16& item, const Hold& hold) {
  Query row(shard.db, "SELECT leg, terms FROM hold WHERE pid = ?1 AND finished = 0 AND (epoch, pseq) > (?2, ?3)",
            hold.player_id, hold.epoch, hold.pseq);
  while (row.row()) {
    proto::TradeTerms terms;
    if (!terms.ParseFromString(row.text(1)) || terms.sides_size() != 2) continue;
    const auto& given = terms.sides(static_cast<int>(row.i64(0))).items();
    if (std::any_of(given.begin(), given.end(), [&](const auto& one) { return key_of(one.item()) == item; }))
      return true;
  }
  return false;
}

// What was held goes to the other side, through transit; where it arrives its items are written anew. What is not held
// is gone already: the other side is of this shard, too, and was finished first; or the leg was done again after a
// restore, and it never was here.
void give_away(Shard& shard, Posting& posting, const Hold& hold, const proto::TradeSide& me, std::uint32_t to_shard) {
  for (const auto& amount : me.give())
    posting.move(amount.name(), amount.value(), hold_account(hold.player_id), transit());
  for (const auto& item : me.items()) {
    const Key16 key = key_of(item.item());
    const bool mine = is_held_by(shard, key, hold.player_id) && !is_of_a_later_leg(shard, key, hold);
    if (mine) posting.let_go(key, held(hold.player_id), to_shard);
  }
}

void take_gift(Shard& shard, Posting& posting, std::uint64_t player_id, const proto::TradeSide& giver,
               const google::protobuf::RepeatedPtrField<proto::Item>& items) {
  for (const auto& amount : giver.give())
    posting.move(amount.name(), amount.value(), transit(), player_account(player_id));
  for (const auto& item : items) {
    const Key16 key = key_of(item.id());
    if (is_held_by(shard, key, giver.player_id()))
      posting.hand_over(key, held(giver.player_id()), bag(player_id));
    else
      posting.mint(item, bag(player_id));
  }
}

void take_back(Posting& posting, std::uint64_t player_id, const proto::TradeSide& me) {
  for (const auto& amount : me.give())
    posting.move(amount.name(), amount.value(), hold_account(player_id), player_account(player_id));
  for (const auto& item : me.items()) posting.hand_over(key_of(item.item()), held(player_id), bag(player_id));
}

void end_hold(Shard& shard, Root& root, Hold& hold, int verdict) {
  hold.verdict = verdict;
  hold.settle_seq = ++root.settle_seq;
  shard.db.run("UPDATE hold SET finished = 1, verdict = ?3, settle_seq = ?4 WHERE txn_id = ?1 AND leg = ?2", hold.txn,
               hold.side, verdict, hold.settle_seq);
  shard.db.run("DELETE FROM hold_amount WHERE txn_id = ?1 AND leg = ?2", hold.txn, hold.side);
  const bool undone = verdict == proto::ABORT && hold.creq != 0 && root.last_creq == hold.creq;
  if (undone) root.last_creq_result = static_cast<std::uint32_t>(CreqResult::kAborted);
  shard.db.run("UPDATE player SET settle_seq = ?2, last_creq_result = ?3 WHERE pid = ?1", root.player_id,
               root.settle_seq, root.last_creq_result);
}

}  // namespace

void settle(Shard& shard, Root& root, Hold& hold, int verdict, const proto::TradeGoods& goods) {
  const proto::TradeTerms terms = terms_of(hold);
  const auto& me = terms.sides(static_cast<int>(hold.side));
  const auto& other = terms.sides(static_cast<int>(1 - hold.side));
  Posting posting(shard, {root.player_id, hold.epoch, hold.pseq, hold.reason});
  if (verdict == proto::COMMIT) {
    give_away(shard, posting, hold, me, goods.shard());
    take_gift(shard, posting, root.player_id, other, goods.items());
  } else {
    take_back(posting, root.player_id, me);
  }
  end_hold(shard, root, hold, verdict);
}

std::optional<Hold> find_hold(Shard& shard, const Key16& txn, std::uint32_t side) {
  Query row(shard.db,
            "SELECT pid, epoch, pseq, creq, reason, vote, verdict, settle_seq, terms FROM hold "
            "WHERE txn_id = ?1 AND leg = ?2",
            txn, side);
  if (!row.row()) return std::nullopt;
  Hold hold;
  hold.txn = txn;
  hold.side = side;
  hold.player_id = row.u64(0);
  hold.epoch = row.u64(1);
  hold.pseq = row.u64(2);
  hold.creq = row.u64(3);
  hold.reason = row.text(4);
  hold.yes = row.i64(5) == 1;
  hold.verdict = static_cast<int>(row.i64(6));
  hold.settle_seq = row.u64(7);
  hold.terms = row.text(8);
  return hold;
}

void read_holds(Shard& shard, std::uint64_t player_id, const std::function<proto::OpenHold*()>& add) {
  Query row(shard.db, "SELECT leg, creq, terms, creq_hash FROM hold WHERE pid = ?1 AND finished = 0 ORDER BY txn_id",
            player_id);
  while (row.row()) {
    auto* hold = add();
    hold->set_side(row.u32(0));
    hold->set_creq(row.u64(1));
    hold->mutable_terms()->ParseFromString(row.text(2));
    hold->set_creq_hash(row.u64(3));
  }
}

void read_given(Shard& shard, const proto::TradeSide& side, const std::function<proto::Item*()>& add) {
  for (const auto& given : side.items()) {
    if (const auto item = read_item(shard, key_of(given.item()))) *add() = *item;
  }
}

void outcome_of(Shard& shard, const Hold& hold, proto::LegOutcome* outcome) {
  put(hold.txn, outcome->mutable_txn());
  outcome->set_pseq(hold.pseq);
  outcome->set_settle_seq(hold.settle_seq);
  const bool committed = hold.verdict == proto::COMMIT;
  outcome->set_state(hold.verdict == 0 ? proto::LEG_HELD : committed ? proto::LEG_COMMITTED : proto::LEG_ABORTED);
  if (hold.verdict == 0 || !hold.yes) return;
  const proto::TradeTerms terms = terms_of(hold);
  const auto& giver = terms.sides(static_cast<int>(committed ? 1 - hold.side : hold.side));
  *outcome->mutable_credited() = giver.give();
  outcome->clear_items();
  read_given(shard, giver, [&] { return outcome->add_items(); });
}

namespace {

// It went away by a letter that was delivered, by a trade that was committed or with an account that moved, of which
// this shard has not heard yet, and comes back already: a moment. What the other side of this very trade gives may be
// held here.
bool is_still_leaving(Shard& shard, const google::protobuf::RepeatedPtrField<proto::Item>& items, std::uint64_t giver) {
  return std::any_of(items.begin(), items.end(), [&](const auto& item) {
    return shard.db.number(
        "SELECT 1 FROM item_holder WHERE item_id = ?1 AND (kind = ?2 OR (kind = ?3 AND owner <> ?4) OR "
        "(kind = ?5 AND EXISTS (SELECT 1 FROM player WHERE pid = owner AND status <> 0)) OR (kind = ?6 AND EXISTS "
        "(SELECT 1 FROM inbox CROSS JOIN player USING(pid) WHERE message_id = owner AND status <> 0)))",
        key_of(item.id()), static_cast<int>(HolderKind::kOutbox), static_cast<int>(HolderKind::kHold), giver,
        static_cast<int>(HolderKind::kPlayer), static_cast<int>(HolderKind::kInbox));
  });
}

}  // namespace

LegEnd prepare(Shard& shard, Root& root, const Leg& leg, proto::LegOutcome* outcome, std::string* guard) {
  shard.waiting->erase(leg.txn, leg.side);
  if (const char* wrong = does_not_fit(shard, root, leg, true)) {
    vote_no(shard, leg, root.player_id, root.epoch);
    *guard = wrong;
    return LegEnd::kRejected;
  }
  take_into_hold(shard, root, leg);
  insert_hold(shard, leg, root.player_id, root.epoch, true);
  reserve(shard, leg);
  note_progress(root, leg.operation);
  keep_progress(shard, root);
  Hold hold = *find_hold(shard, leg.txn, leg.side);
  const proto::TradeVerdict verdict = tell_register(shard, vote_of(shard, hold));
  const bool waits =
      verdict.verdict() == proto::COMMIT && is_still_leaving(shard, verdict.goods(0).items(), others(leg).player_id());
  // Left open, it is finished by the scan of holds: the decision stays.
  if (verdict.verdict() == proto::COMMIT && !waits) settle(shard, root, hold, proto::COMMIT, verdict.goods(0));
  if (verdict.verdict() == proto::ABORT) settle(shard, root, hold, proto::ABORT, {});
  outcome_of(shard, hold, outcome);
  return LegEnd::kDone;
}

void vote_no(Shard& shard, const Leg& leg, std::uint64_t player_id, std::uint64_t epoch) {
  insert_hold(shard, leg, player_id, epoch, false);
  tell_register(shard, vote_of(shard, *find_hold(shard, leg.txn, leg.side)));
}

proto::TradeFinishReply finish(Shard& shard, const proto::TradeFinish& request) {
  proto::TradeFinishReply reply;
  auto hold = find_hold(shard, key_of(request.txn()), request.side());
  if (!hold) {
    reply.set_code(request.shard() == shard.number ? proto::NO_SUCH : proto::WRONG_SHARD);
    return reply;
  }
  auto root = find_root(shard, hold->player_id);
  if (const int code = unavailable(shard, request.shard(), root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  const bool finished = hold->verdict != 0;
  if (!finished) {
    const proto::TradeTerms terms = terms_of(*hold);
    require(request.verdict() != proto::UNDECIDED, "not decided");
    require(
        terms.register_shard() != shard.number || verdict_for(shard, hold->txn, hold->side, *hold) == request.verdict(),
        "not the register's verdict");
    require(request.verdict() == proto::ABORT ||
                has_goods(terms.sides(static_cast<int>(1 - hold->side)), request.items(), request.redone()),
            "not what the other side gave");
    const std::uint64_t giver = terms.sides(static_cast<int>(1 - hold->side)).player_id();
    if (request.verdict() == proto::COMMIT && is_still_leaving(shard, request.items(), giver)) {
      reply.set_code(proto::RETRY);
      return reply;
    }
    proto::TradeGoods goods;
    goods.set_shard(request.other_shard());
    *goods.mutable_items() = request.items();
    settle(shard, *root, *hold, request.verdict(), goods);
  }
  reply.set_player_id(root->player_id);
  reply.set_player_epoch(root->epoch);
  reply.set_owner_node(root->owner_node);
  outcome_of(shard, *hold, reply.mutable_outcome());
  if (!finished) tell_owner(shard, *root, root->epoch, reply.outcome());
  return reply;
}

namespace {

// How far a scan of open holds has come.
struct HoldPlace {
  std::int64_t at = INT64_MIN;
  std::string txn;
  std::int64_t leg = -1;
};
std::string cursor_of(const HoldPlace& place) {
  char numbers[9];
  store_le(numbers, place.at);
  numbers[8] = static_cast<char>(place.leg);
  return std::string(numbers, sizeof numbers) + place.txn;
}
HoldPlace place_after(const std::string& cursor) {
  if (cursor.size() < 9) return {};
  return {load_le<std::int64_t>(cursor.data()), cursor.substr(9), cursor[8]};
}

}  // namespace

proto::OpenHoldsReply open_holds(Shard& shard, const proto::OpenHoldsQuery& request) {
  proto::OpenHoldsReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const std::uint32_t limit = request.limit() == 0 || request.limit() > 1000 ? 1000 : request.limit();
  const std::int64_t before = shard.file.shard_time() - std::int64_t{request.older_than_ms()};
  const HoldPlace after = place_after(request.after());
  HoldPlace last;
  std::vector<std::pair<Key16, std::uint32_t>> open;
  {
    Query row(shard.db,
              "SELECT at, txn_id, leg FROM hold WHERE finished = 0 AND at <= ?1 AND (at, txn_id, leg) > (?2, ?3, ?4) "
              "ORDER BY at, txn_id, leg LIMIT ?5",
              before, after.at, Blob{after.txn}, after.leg, limit);
    while (row.row()) {
      last = {row.i64(0), row.text(1), row.i64(2)};
      open.emplace_back(row.key(1), row.u32(2));
    }
  }
  for (const auto& [txn, side] : open) *reply.add_holds() = vote_of(shard, *find_hold(shard, txn, side));
  if (open.size() == limit) reply.set_next(cursor_of(last));
  for (const Key16& txn : shard.waiting->since(before, limit)) put(txn, reply.add_waiting());
  return reply;
}

}  // namespace dure::store
