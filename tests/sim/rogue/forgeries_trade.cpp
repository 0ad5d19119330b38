// Trades: what is decided is asked to be otherwise, what is held to end before it is decided.
#include "common/proto/dbagent.pb.h"
#include "common/proto/trade.pb.h"
#include "tests/sim/rogue/forgery.h"
#include "tests/sim/rogue/judge.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes and messages, tables of both

// A vote was counted, or the decision was there before it: whoever is not the leg that was counted is told ABORT, for
// ever, and is not counted.
std::string aborted(const Exchange& exchange) {
  TradeVerdict told;
  told.ParseFromString(exchange.answered);
  TradeVerdict verdict;
  *verdict.mutable_txn() = told.txn();
  verdict.set_verdict(ABORT);
  return verdict.ShortDebugString();
}

std::string as_it_was(const Exchange& exchange) { return what_stays(exchange.message_id, exchange.answered); }

std::optional<TradeVote> of_another_leg(TradeVote vote, const TradeVerdict&, const Known&, Rng& rng) {
  vote.clear_abort_if_undecided();
  if (rng.chance(0.5))
    vote.set_pseq(vote.pseq() + 1000);
  else
    vote.set_epoch(vote.epoch() + 1000);
  return vote;
}

std::optional<TradeVote> other_word(TradeVote vote, const TradeVerdict&, const Known&, Rng&) {
  vote.clear_abort_if_undecided();
  vote.set_yes(!vote.yes());
  return vote;
}

// Of a leg that went over at once: the register is here, and has decided.
std::optional<TradeLeg> committed(const ApplyRequest& request, const ApplyReply& reply) {
  if (request.operations_size() == 0 || reply.legs_size() == 0) return std::nullopt;
  const Operation& last = *request.operations().rbegin();
  const LegOutcome& outcome = *reply.legs().rbegin();
  const bool over = last.has_trade() && outcome.pseq() == last.pseq() && outcome.state() == LEG_COMMITTED;
  if (!over || last.trade().terms().register_shard() != request.shard()) return std::nullopt;
  return last.trade();
}

std::string commit(const Exchange&) { return Verdict_Name(COMMIT); }

std::optional<TradeVerdictQuery> abort_the_decided(ApplyRequest request, const ApplyReply& reply, const Known&, Rng&) {
  const auto leg = committed(request, reply);
  if (!leg) return std::nullopt;
  TradeVerdictQuery query;
  query.set_shard(request.shard());
  *query.mutable_txn() = leg->terms().txn();
  query.set_abort_if_undecided(true);
  return query;
}

std::string aborted_too_late(const Exchange& exchange) {
  ApplyReply reply;
  reply.ParseFromString(exchange.answered);
  TradeVerdict verdict;
  *verdict.mutable_txn() = reply.legs().rbegin()->txn();
  verdict.set_verdict(ABORT);
  return verdict.ShortDebugString();
}

std::optional<TradeVote> too_late(ApplyRequest request, const ApplyReply& reply, const Known&, Rng& rng) {
  const auto leg = committed(request, reply);
  if (!leg) return std::nullopt;
  TradeVote vote;
  vote.set_shard(request.shard());
  *vote.mutable_terms() = leg->terms();
  vote.set_side(leg->side());
  vote.set_yes(rng.chance(0.5));
  vote.set_epoch(request.epoch() + 1000);
  vote.set_pseq(1);
  vote.set_from_shard(request.shard());
  vote.set_abort_if_undecided(rng.chance(0.5));
  return vote;
}

// Of a trade that nobody makes.
std::optional<TradeVerdictQuery> only_asked(ApplyRequest request, const ApplyReply&, const Known&, Rng& rng) {
  TradeVerdictQuery query;
  query.set_shard(request.shard());
  query.mutable_txn()->set_high(own_number(rng));
  return query;
}

std::string undecided_yet(const Exchange&) { return Verdict_Name(UNDECIDED); }

std::optional<TradeFinish> other_verdict(TradeFinish finish, const TradeFinishReply&, const Known&, Rng& rng) {
  finish.set_verdict(rng.chance(0.3) ? UNDECIDED : finish.verdict() == COMMIT ? ABORT : COMMIT);
  return finish;
}

// The last leg of a request, if it is held.
std::optional<TradeFinish> of_the_held(const ApplyRequest& request, const ApplyReply& reply) {
  if (request.operations_size() == 0 || reply.legs_size() == 0) return std::nullopt;
  const Operation& last = *request.operations().rbegin();
  const LegOutcome& leg = *reply.legs().rbegin();
  if (!last.has_trade() || leg.pseq() != last.pseq() || leg.state() != LEG_HELD) return std::nullopt;
  TradeFinish finish;
  finish.set_shard(request.shard());
  *finish.mutable_txn() = leg.txn();
  finish.set_side(last.trade().side());
  return finish;
}

std::optional<TradeFinish> undecided(ApplyRequest request, const ApplyReply& reply, const Known&, Rng&) {
  return of_the_held(request, reply);
}

std::optional<TradeFinish> other_goods(ApplyRequest request, const ApplyReply& reply, const Known&, Rng& rng) {
  auto finish = of_the_held(request, reply);
  if (!finish) return finish;
  finish->set_verdict(COMMIT);
  finish->mutable_items()->Clear();
  auto* item = finish->add_items();
  item->mutable_id()->set_high(own_number(rng));
  item->set_template_("sword");
  item->set_version(1);
  return finish;
}

// The register is here, and has not decided a moment ago.
std::optional<TradeFinish> before_the_decision(ApplyRequest request, const ApplyReply& reply, const Known&, Rng& rng) {
  auto finish = of_the_held(request, reply);
  if (!finish) return finish;
  const TradeLeg& leg = request.operations().rbegin()->trade();
  const bool goods =
      leg.terms().sides_size() == 2 && leg.terms().sides(static_cast<int>(1 - leg.side())).items_size() > 0;
  if (leg.terms().register_shard() != request.shard()) return std::nullopt;
  finish->set_verdict(goods || rng.chance(0.5) ? ABORT : COMMIT);
  return finish;
}

}  // namespace

std::vector<Forgery> trade_forgeries() {
  constexpr auto kAnyTime = When::kAnyTime;
  return {
      forgery<TradeVote, TradeVerdict>("vote.another-leg", kAnyTime, {STORED}, of_another_leg, aborted),
      forgery<TradeVote, TradeVerdict>("vote.other-word", kAnyTime, {STORED}, other_word, aborted),
      forgery<ApplyRequest, ApplyReply>("vote.too-late", When::kBehind, {STORED}, too_late, aborted_too_late),
      forgery<ApplyRequest, ApplyReply>("verdict.decided", When::kBehind, {STORED}, abort_the_decided, commit),
      forgery<ApplyRequest, ApplyReply>("verdict.only-asked", kAnyTime, {STORED}, only_asked, undecided_yet),
      forgery<TradeFinish, TradeFinishReply>("finish.other-verdict", kAnyTime, {STORED, WRONG_SHARD, NO_SUCH},
                                             other_verdict, as_it_was),
      forgery<ApplyRequest, ApplyReply>("finish.undecided", kAnyTime, {REJECTED, STORED, WRONG_SHARD, NO_SUCH},
                                        undecided),
      forgery<ApplyRequest, ApplyReply>("finish.other-goods", kAnyTime, {REJECTED, STORED, WRONG_SHARD, NO_SUCH},
                                        other_goods),
      forgery<ApplyRequest, ApplyReply>("finish.before-the-decision", When::kBehind, {REJECTED}, before_the_decision),
  };
}

}  // namespace dure::sim
