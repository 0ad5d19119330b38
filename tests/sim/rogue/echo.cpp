#include "tests/sim/rogue/echo.h"

#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/trade.pb.h"
#include "tests/sim/broken.h"
#include "tests/sim/rogue/judge.h"

namespace dure::sim {
namespace {

struct Repeat {
  std::string rule;
  std::uint32_t message_id;
  std::set<int> allowed;
  bool (*done)(const Exchange& exchange);  // for ever: whatever else happens, a repeat finds it done
};

bool always(const Exchange&) { return true; }

// A leg that waits may be swapped when it comes again, one of an ended epoch that never came is given up: neither is a
// repeat of something done.
bool all_is_done(const Exchange& exchange) {
  proto::ApplyRequest request;
  proto::ApplyReply reply;
  if (!request.ParseFromString(exchange.asked) || !reply.ParseFromString(exchange.answered)) return false;
  for (const auto& leg : reply.legs())
    if (leg.state() == proto::LEG_WAITING) return false;
  return request.operations_size() > 0 && request.operations().rbegin()->pseq() <= reply.saved_pseq();
}

template <class Reply>
bool is_decided(const Exchange& exchange) {
  Reply reply;
  return reply.ParseFromString(exchange.answered) && reply.verdict() != proto::UNDECIDED;
}

// Parts of a copy are gathered; only the whole is a step of the move.
bool has_arrived(const Exchange& exchange) {
  proto::MoveStepReply reply;
  return reply.ParseFromString(exchange.answered) && reply.state() == proto::ACCOUNT_ARRIVING;
}

template <class Request>
Repeat repeat(const char* what, std::set<int> allowed, bool (*done)(const Exchange&) = always) {
  return {std::string("echo.") + what, route_id(Request::descriptor()), std::move(allowed), done};
}

const std::vector<Repeat>& repeats() {
  using namespace proto;  // NOLINT: codes and messages, a table of both
  static const std::vector<Repeat> all = {
      repeat<AcquireRequest>("acquire", {STORED, EXPECTED_OTHER, WRONG_SHARD, NO_SUCH}),
      repeat<ApplyRequest>("apply", {STORED, STALE_EPOCH, WRONG_SHARD, NO_SUCH}, all_is_done),
      repeat<DeliverRequest>("deliver", {STORED, WRONG_SHARD, NO_SUCH}),
      repeat<CreatePlayerRequest>("create", {STORED, EXPECTED_OTHER, WRONG_SHARD}),
      repeat<OutboxSent>("outbox-sent", {STORED, WRONG_SHARD, NO_SUCH}),
      repeat<SettleCreation>("settle-creation", {STORED, NO_SUCH, WRONG_SHARD}),
      repeat<TradeVote>("vote", {STORED}, is_decided<TradeVerdict>),
      repeat<TradeVerdictQuery>("verdict", {STORED}, is_decided<TradeVerdict>),
      repeat<TradeFinish>("finish", {STORED, WRONG_SHARD, NO_SUCH}),
      repeat<MoveFreeze>("freeze", {STORED, EXPECTED_OTHER}),
      repeat<MoveCopy>("copy", {STORED, EXPECTED_OTHER}, has_arrived),
      repeat<MoveActivate>("activate", {STORED, EXPECTED_OTHER}),
      repeat<MoveRetire>("retire", {STORED, EXPECTED_OTHER}),
      repeat<MoveUnfreeze>("unfreeze", {STORED, EXPECTED_OTHER}),
      repeat<MoveDiscard>("discard", {STORED, EXPECTED_OTHER}),
      repeat<SessionBegin>("session-begin", {STORED, EXPECTED_OTHER, REJECTED}),
      repeat<SessionEnd>("session-end", {STORED}),
      repeat<ReserveName>("reserve-name", {STORED, NAME_TAKEN}),
      repeat<ClaimName>("claim-name", {STORED, EXPECTED_OTHER}),
      repeat<PlaceAcquire>("place-acquire", {STORED, EXPECTED_OTHER}),
      repeat<GmClaim>("gm-claim", {EXPECTED_OTHER}),
      repeat<MoveIntent>("move-intent", {STORED, EXPECTED_OTHER}),
      repeat<MoveFlip>("move-flip", {STORED}),
      repeat<MoveAbort>("move-abort", {STORED}),
  };
  return all;
}

}  // namespace

std::vector<std::string> Echo::rules() {
  std::vector<std::string> rules;
  for (const Repeat& one : repeats()) rules.push_back(one.rule);
  return rules;
}

std::optional<Step> Echo::next(const std::string& queue, const Known& known, Rng& rng) {
  std::vector<const Repeat*> possible;
  for (const Repeat& one : repeats())
    if (known.any(queue, one.message_id)) possible.push_back(&one);
  if (possible.empty()) return std::nullopt;
  const Repeat& one = *possible[rng.below(possible.size())];
  const Exchange* exchange = known.one(queue, one.message_id, rng);
  if (!one.done(*exchange)) return std::nullopt;
  Step step;
  step.rule = one.rule;
  step.law = law::kRepeatChangesNothing;
  step.message_id = one.message_id;
  step.body = exchange->asked;
  step.allowed = one.allowed;
  step.stays = what_stays(one.message_id, exchange->answered);
  return step;
}

}  // namespace dure::sim
