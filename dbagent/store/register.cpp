// The register of the trades that name this shard.
#include "common/proto/store.pb.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

constexpr std::uint32_t kNobody = 2;  // a side that does not exist

struct Counted {
  bool yes = false;
  std::uint64_t player_id = 0, epoch = 0, pseq = 0;
  std::uint32_t shard = 0;
  std::string terms, goods;
};

std::optional<Counted> find_vote(Shard& shard, const Key16& txn, std::uint32_t side) {
  Query row(shard.db,
            "SELECT yes, player, epoch, pseq, shard, terms, goods FROM trade_vote WHERE txn_id = ?1 AND side = ?2", txn,
            side);
  if (!row.row()) return std::nullopt;
  Counted vote;
  vote.yes = row.i64(0) == 1;
  vote.player_id = row.u64(1);
  vote.epoch = row.u64(2);
  vote.pseq = row.u64(3);
  vote.shard = row.u32(4);
  vote.terms = row.text(5);
  vote.goods = row.text(6);
  return vote;
}

bool same_leg(const Counted& vote, const Hold& leg) {
  return vote.yes == leg.yes && vote.player_id == leg.player_id && vote.epoch == leg.epoch && vote.pseq == leg.pseq;
}

Hold leg_of(const proto::TradeVote& vote) {
  Hold leg;
  leg.yes = vote.yes();
  leg.player_id = vote.terms().sides(static_cast<int>(vote.side())).player_id();
  leg.epoch = vote.epoch();
  leg.pseq = vote.pseq();
  return leg;
}

void count(Shard& shard, const Key16& txn, const proto::TradeVote& vote) {
  proto::TradeGoods goods;
  goods.set_side(vote.side());
  goods.set_shard(vote.from_shard());
  *goods.mutable_items() = vote.items();
  const Hold leg = leg_of(vote);
  shard.db.run("INSERT INTO trade_vote VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)", txn, vote.side(),
               vote.yes() ? 1 : 0, leg.player_id, leg.epoch, leg.pseq, vote.from_shard(), Blob{encoded(vote.terms())},
               Blob{goods.SerializeAsString()});
}

void tell_leg(Shard& shard, const Key16& txn, std::uint32_t side, const Counted& vote, proto::Verdict verdict) {
  proto::StoreEvent event;
  proto::TradeFinish* request = event.mutable_finish();
  request->set_shard(vote.shard);
  put(txn, request->mutable_txn());
  request->set_side(side);
  request->set_verdict(verdict);
  if (verdict == proto::COMMIT) {
    proto::TradeGoods goods;
    goods.ParseFromString(find_vote(shard, txn, 1 - side)->goods);
    *request->mutable_items() = goods.items();
    request->set_other_shard(goods.shard());
    request->set_redone(goods.redone());
  }
  if (vote.shard == shard.number)
    finish(shard, *request);
  else
    shard.tell(event);
}

// Every leg that voted YES hears it, but for the one that is being answered anyway.
void conclude(Shard& shard, const Key16& txn, proto::Verdict verdict, std::uint32_t but_for) {
  shard.db.run("INSERT INTO decision VALUES(?1, ?2, 0, ?3, x'', x'', x'')", txn, static_cast<int>(verdict),
               shard.file.shard_time());
  for (const std::uint32_t side : {0, 1}) {
    if (side == but_for) continue;
    if (const auto vote = find_vote(shard, txn, side); vote && vote->yes) tell_leg(shard, txn, side, *vote, verdict);
  }
  if (verdict == proto::ABORT) consume_waiting(shard, txn);
}

// DECIDE by the votes. Guard of COMMIT: reg none, both votes YES, over equal terms.
void decide(Shard& shard, const Key16& txn, std::uint32_t but_for) {
  const auto first = find_vote(shard, txn, 0), second = find_vote(shard, txn, 1);
  if ((first && !first->yes) || (second && !second->yes)) return conclude(shard, txn, proto::ABORT, but_for);
  if (!first || !second) return;
  conclude(shard, txn, first->terms == second->terms ? proto::COMMIT : proto::ABORT, but_for);
}

}  // namespace

Decision decision_of(Shard& shard, const Key16& txn) {
  Query row(shard.db, "SELECT verdict, swapped, swap FROM decision WHERE txn_id = ?1", txn);
  if (!row.row()) return {};
  return {static_cast<int>(row.i64(0)), row.i64(1) == 1, row.text(2)};
}

bool any_vote(Shard& shard, const Key16& txn) {
  return shard.db.number("SELECT 1 FROM trade_vote WHERE txn_id = ?1", txn).has_value() ||
         shard.db.number("SELECT 1 FROM hold WHERE txn_id = ?1", txn).has_value();
}

void decide_abort(Shard& shard, const Key16& txn) { conclude(shard, txn, proto::ABORT, kNobody); }

void decide_swapped(Shard& shard, const Key16& txn, const proto::SwapRecord& record) {
  shard.db.run(
      "INSERT INTO decision VALUES(?1, ?2, 1, ?3, ?4, (SELECT last_swap FROM player WHERE pid = ?5), "
      "(SELECT last_swap FROM player WHERE pid = ?6))",
      txn, static_cast<int>(proto::COMMIT), shard.file.shard_time(), Blob{record.SerializeAsString()},
      record.player_ids(0), record.player_ids(1));
  // One by one: SQLite makes a table of its own of what stands behind IN.
  for (const auto player : record.player_ids())
    shard.db.run("UPDATE player SET last_swap = ?1 WHERE pid = ?2", txn, player);
}

int verdict_for(Shard& shard, const Key16& txn, std::uint32_t side, const Hold& leg) {
  const Decision decision = decision_of(shard, txn);
  const auto counted = find_vote(shard, txn, side);
  if (decision.verdict == 0 && (!counted || same_leg(*counted, leg))) return proto::UNDECIDED;
  const bool its_own = counted && same_leg(*counted, leg) && leg.yes;
  return decision.verdict == proto::COMMIT && its_own ? proto::COMMIT : proto::ABORT;
}

proto::TradeVerdict cast(Shard& shard, const proto::TradeVote& vote) {
  proto::TradeVerdict reply;
  *reply.mutable_txn() = vote.terms().txn();
  if (vote.shard() != shard.number || vote.terms().register_shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const Key16 txn = key_of(vote.terms().txn());
  require(!txn.zero() && vote.terms().sides_size() == 2 && vote.side() <= 1, "terms");
  if (decision_of(shard, txn).verdict == 0 && !find_vote(shard, txn, vote.side())) {
    count(shard, txn, vote);
    if (vote.yes()) prepare_waiting(shard, txn);
    if (decision_of(shard, txn).verdict == 0) decide(shard, txn, vote.side());
  }
  const Hold leg = leg_of(vote);
  int verdict = verdict_for(shard, txn, vote.side(), leg);
  if (verdict == proto::UNDECIDED && vote.abort_if_undecided()) {
    conclude(shard, txn, proto::ABORT, vote.side());
    verdict = proto::ABORT;
  }
  reply.set_verdict(static_cast<proto::Verdict>(verdict));
  if (verdict == proto::COMMIT) reply.add_goods()->ParseFromString(find_vote(shard, txn, 1 - vote.side())->goods);
  return reply;
}

proto::TradeVerdict verdict(Shard& shard, const proto::TradeVerdictQuery& request) {
  proto::TradeVerdict reply;
  *reply.mutable_txn() = request.txn();
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const Key16 txn = key_of(request.txn());
  if (request.abort_if_undecided() && decision_of(shard, txn).verdict == 0) decide_abort(shard, txn);
  const Decision decision = decision_of(shard, txn);
  reply.set_verdict(static_cast<proto::Verdict>(decision.verdict));
  for (const std::uint32_t side : {0, 1})
    if (const auto vote = find_vote(shard, txn, side); vote && vote->yes)
      reply.add_goods()->ParseFromString(vote->goods);
  return reply;
}

}  // namespace dure::store
