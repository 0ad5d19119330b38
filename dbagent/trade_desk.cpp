#include "dbagent/trade_desk.h"

#include <algorithm>

#include "common/proto/dbagent.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/agent.h"

namespace dure {
namespace {
constexpr std::size_t kUnderWayMax = 8192;
constexpr std::uint32_t kPage = 512;
constexpr int kTries = 4;
constexpr Duration kBetweenTries = milliseconds(100);
constexpr Duration kDeadline = seconds(2);
}  // namespace

proto::TradeFinish finish_of(const proto::TradeVote& vote, const proto::TradeVerdict& verdict) {
  proto::TradeFinish finish;
  finish.set_shard(vote.from_shard());
  *finish.mutable_txn() = vote.terms().txn();
  finish.set_side(vote.side());
  finish.set_verdict(verdict.verdict());
  if (verdict.goods_size() == 0) return finish;
  *finish.mutable_items() = verdict.goods(0).items();
  finish.set_other_shard(verdict.goods(0).shard());
  finish.set_redone(verdict.goods(0).redone());
  return finish;
}

TradeDesk::TradeDesk(Agent& agent) : agent_(agent) {}
TradeDesk::~TradeDesk() = default;

std::size_t TradeDesk::stuck() const {
  std::size_t sum = 0;
  for (const auto& [shard, round] : rounds_) sum += round.stuck;
  return sum;
}

void TradeDesk::hear(const proto::StoreEvent& event) {
  if (event.has_vote() && !agent_.unlucky("vote.lost"))
    tell_register(std::make_shared<const proto::TradeVote>(event.vote()));
  if (event.has_finish()) tell_leg(std::make_shared<const proto::TradeFinish>(event.finish()));
  if (event.has_to_owner()) tell_owner(event.to_owner().node(), event.to_owner().trade());
}

void TradeDesk::tell_owner(std::uint32_t node, const proto::TradeNotice& notice) {
  const NodeId owner(node);
  // A notice is only faster than asking: to an owner that is away, or is none, nothing is owed.
  const bool owns = owner.role() == Role::kGeneral || owner.role() == Role::kDungeon;
  if (owns && !agent_.unlucky("trade_notice.lost")) agent_.send(owner, notice);
}

void TradeDesk::tell_register(Vote vote) {
  const Errand errand{vote->terms().txn().high(), vote->terms().txn().low(), vote->side(), false};
  if (under_way_.size() >= kUnderWayMax || !under_way_.insert(errand).second) return;
  agent_.spawn(carry_vote(std::move(vote)));
}

void TradeDesk::tell_leg(Finish finish) {
  const Errand errand{finish->txn().high(), finish->txn().low(), finish->side(), true};
  if (under_way_.size() >= kUnderWayMax || !under_way_.insert(errand).second) return;
  agent_.spawn(carry_finish(std::move(finish)));
}

template <class Reply, class Request>
Task<Result<Reply>> TradeDesk::ask(std::uint32_t shard, std::shared_ptr<const Request> request) {
  for (int tries = 1;; ++tries) {
    const Result<Reply> reply = co_await agent_.call<Reply>(agent_.shard_agent(shard), *request, kDeadline);
    if (reply && reply->code() != proto::RETRY) co_return reply;
    if (tries == kTries || agent_.stopping()) co_return fail(Trouble::kBusy, "no answer");
    co_await agent_.wait(kBetweenTries);
  }
}

Task<void> TradeDesk::carry_vote(Vote vote) {
  const Errand errand{vote->terms().txn().high(), vote->terms().txn().low(), vote->side(), false};
  for (int tries = 1; tries <= kTries; ++tries) {
    const Result<proto::TradeVerdict> reply = co_await ask<proto::TradeVerdict, proto::TradeVote>(vote->shard(), vote);
    const bool decided = reply && reply->code() == proto::STORED && reply->verdict() != proto::UNDECIDED;
    if (!decided || !vote->yes()) break;
    const proto::TradeFinish request = finish_of(*vote, *reply);
    Errand finish = errand;
    finish.finish = true;
    if (!under_way_.insert(finish).second) break;
    const Result<proto::TradeFinishReply> finished =
        co_await agent_.call<proto::TradeFinishReply>(agent_.shard_agent(request.shard()), request, kDeadline);
    under_way_.erase(finish);
    log_if_rejected(request, finished);
    // The register is asked anew: it may have been restored to a time before it said this.
    if ((finished && finished->code() != proto::RETRY) || agent_.stopping()) break;
    co_await agent_.wait(kBetweenTries);
  }
  under_way_.erase(errand);
}

// What a register of this agent decided: with a restore of it this memory is gone, too. The owner hears of it as an
// event of the leg's shard.
Task<void> TradeDesk::carry_finish(Finish finish) {
  const Result<proto::TradeFinishReply> reply =
      co_await ask<proto::TradeFinishReply, proto::TradeFinish>(finish->shard(), finish);
  under_way_.erase({finish->txn().high(), finish->txn().low(), finish->side(), true});
  log_if_rejected(*finish, reply);
}

void TradeDesk::log_if_rejected(const proto::TradeFinish& finish, const Result<proto::TradeFinishReply>& reply) {
  // The guards say that the register or the other leg is not what it should be: somebody has to look.
  if (reply && reply->code() == proto::REJECTED)
    agent_.log().event(LogLevel::kError, "trade.stuck",
                       {{"node", agent_.identity().name}, {"shard", finish.shard()}, {"side", finish.side()}});
}

// ── what was lost ───────────────────────────────────────────────────────────────────────────────────────────

void TradeDesk::scan() {
  for (const std::uint32_t shard : agent_.identity().shards)
    if (!agent_.stopping() && scanning_.insert(shard).second) agent_.spawn(scan_shard(shard));
}

Task<void> TradeDesk::scan_shard(std::uint32_t shard) {
  proto::OpenHoldsQuery query;
  query.set_shard(shard);
  query.set_older_than_ms(static_cast<std::uint32_t>(to_ms(kStuck)));
  query.set_limit(kPage);
  query.set_after(rounds_[shard].after);
  const Result<proto::OpenHoldsReply> reply =
      co_await agent_.call<proto::OpenHoldsReply>(agent_.id(), query, kDeadline);
  scanning_.erase(shard);
  if (!reply || reply->code() != proto::STORED) co_return;
  Round& round = rounds_[shard];
  round.after = reply->next();
  round.counted += static_cast<std::size_t>(reply->holds_size());
  round.stuck = round.after.empty() ? round.counted : std::max(round.stuck, round.counted);
  if (round.after.empty()) round.counted = 0;
  for (const auto& hold : reply->holds()) {
    auto vote = std::make_shared<proto::TradeVote>(hold);
    vote->set_abort_if_undecided(true);
    tell_register(std::move(vote));
  }
  for (const auto& txn : reply->waiting()) agent_.spawn(abort_waiting(shard, txn.high(), txn.low()));
}

Task<void> TradeDesk::abort_waiting(std::uint32_t shard, std::uint64_t high, std::uint64_t low) {
  proto::TradeVerdictQuery query;
  query.set_shard(shard);
  query.mutable_txn()->set_high(high);
  query.mutable_txn()->set_low(low);
  query.set_abort_if_undecided(true);
  // The verdict reaches the owner as an event of the shard.
  co_await agent_.call<proto::TradeVerdict>(agent_.id(), query, kDeadline);
}

}  // namespace dure
