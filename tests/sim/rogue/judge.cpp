#include "tests/sim/rogue/judge.h"

#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/trade.pb.h"

namespace dure::sim {
namespace {

constexpr std::size_t kReportsMost = 20;  // one fault breaks a law many times

template <class Reply>
Reply parsed(const std::string& body) {
  Reply reply;
  reply.ParseFromString(body);
  return reply;
}

template <class Request>
bool is(std::uint32_t message_id) {
  return message_id == route_id(Request::descriptor());
}

}  // namespace

// Field 1 of every reply; this one has no other that could be read wrongly.
int code_of(const std::string& answer) { return parsed<proto::ShardsServedReply>(answer).code(); }

std::string what_stays(std::uint32_t message_id, const std::string& answer) {
  if (is<proto::TradeVote>(message_id)) return parsed<proto::TradeVerdict>(answer).ShortDebugString();
  if (is<proto::TradeVerdictQuery>(message_id))
    return proto::Verdict_Name(parsed<proto::TradeVerdict>(answer).verdict());
  if (is<proto::TradeFinish>(message_id)) {
    const auto outcome = parsed<proto::TradeFinishReply>(answer).outcome();
    return outcome.txn().ShortDebugString() + " " + proto::LegState_Name(outcome.state()) + " " +
           std::to_string(outcome.settle_seq());
  }
  if (is<proto::MoveFlip>(message_id) || is<proto::MoveAbort>(message_id))
    return parsed<proto::MoveReply>(answer).move().ShortDebugString();
  return "";
}

void Judge::judge(const Step& step, const std::string& answer, std::optional<bool> changed) {
  const int code = code_of(answer);
  if (code != proto::RETRY && !step.allowed.contains(code)) {
    report(step, "was answered " + proto::StoreCode_Name(static_cast<proto::StoreCode>(code)));
  } else if (changed.value_or(false)) {
    report(step, "was answered " + proto::StoreCode_Name(static_cast<proto::StoreCode>(code)) +
                     " and changed what it must not");
  } else if (code == proto::STORED && !step.stays.empty() && what_stays(step.message_id, answer) != step.stays) {
    report(step, "was answered " + what_stays(step.message_id, answer) + " where it is " + step.stays);
  } else if (!step.allowed.contains(code)) {
    return;
  } else if (const std::string untrue = step.untrue ? step.untrue(answer) : ""; !untrue.empty()) {
    report(step, "was answered " + proto::StoreCode_Name(static_cast<proto::StoreCode>(code)) + ", and " + untrue);
  } else {
    ++held_[step.rule];
  }
}

void Judge::report(const Step& step, const std::string& what) {
  if (broken_.size() < kReportsMost) broken_.push_back({step.law, step.rule + " " + what});
}

}  // namespace dure::sim
