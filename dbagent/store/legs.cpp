#include "common/proto/dbagent.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

LegEnd rejected(const char* why, std::string* guard) {
  *guard = why;
  return LegEnd::kRejected;
}

bool active_here(Shard& shard, std::uint64_t player_id) {
  const auto root = find_root(shard, player_id);
  return root && root->status == Status::kActive;
}

// A SWAP's outcome, by side.
bool read_swapped(const Decision& decision, std::uint32_t side, proto::LegOutcome* outcome) {
  proto::SwapRecord record;
  if (!decision.swapped || !record.ParseFromString(decision.swap)) return false;
  *outcome = record.legs(static_cast<int>(side));
  return true;
}

}  // namespace

bool live(const Root& root, std::uint64_t epoch, const Key16& owner_incarnation, std::uint64_t pseq) {
  return root.status == Status::kActive && owned_by(root, epoch, owner_incarnation) && root.last_pseq + 1 == pseq;
}

LegEnd take_leg(Shard& shard, Root& root, const proto::Operation& operation, proto::LegOutcome* outcome,
                std::string* guard) {
  if (const char* wrong = what_is_wrong(operation, root.player_id)) return rejected(wrong, guard);
  const Leg leg(operation);
  *outcome->mutable_txn() = leg.terms.txn();
  outcome->set_pseq(operation.pseq());
  if (find_hold(shard, leg.txn, leg.side)) return rejected("this leg has voted", guard);
  const bool register_here = leg.terms.register_shard() == shard.number;
  if (register_here) {
    const Decision decision = decision_of(shard, leg.txn);
    if (decision.verdict == proto::COMMIT) return rejected("this trade is over", guard);
    if (decision.verdict == proto::ABORT) {
      consume(shard, root, leg, outcome);
      return LegEnd::kDone;
    }
    if (active_here(shard, others(leg).player_id()) && !any_vote(shard, leg.txn))
      return swap_or_wait(shard, root, leg, outcome, guard);
  }
  return prepare(shard, root, leg, outcome, guard);
}

void answer_again(Shard& shard, const Root& root, const proto::Operation& operation, proto::LegOutcome* outcome) {
  const Leg leg(operation);
  *outcome->mutable_txn() = leg.terms.txn();
  outcome->set_pseq(operation.pseq());
  if (what_is_wrong(operation, root.player_id) != nullptr) return;
  if (const auto hold = find_hold(shard, leg.txn, leg.side)) return outcome_of(shard, *hold, outcome);
  if (leg.terms.register_shard() != shard.number) return;
  // Its number went to something else, so it can never be live: nobody has to wait for it.
  if (!read_swapped(decision_of(shard, leg.txn), leg.side, outcome)) {
    vote_no(shard, leg, root.player_id, root.epoch);
    outcome->set_state(proto::LEG_ABORTED);
  }
}

void refuse_stale(Shard& shard, const Root& root, const proto::ApplyRequest& request) {
  if (root.epoch <= request.epoch() || request.epoch() == 0) return;
  for (const auto& operation : request.operations()) {
    if (!operation.has_trade() || what_is_wrong(operation, root.player_id) != nullptr) continue;
    const Leg leg(operation);
    const bool register_here = leg.terms.register_shard() == shard.number;
    if (register_here && decision_of(shard, leg.txn).swapped) continue;
    if (!find_hold(shard, leg.txn, leg.side)) vote_no(shard, leg, root.player_id, request.epoch());
  }
}

void tell_owner(Shard& shard, const Root& root, std::uint64_t epoch, const proto::LegOutcome& outcome) {
  if (root.owner_node == 0) return;
  proto::StoreEvent event;
  event.mutable_to_owner()->set_node(root.owner_node);
  auto* notice = event.mutable_to_owner()->mutable_trade();
  notice->set_player_id(root.player_id);
  notice->set_player_epoch(epoch);
  *notice->mutable_outcome() = outcome;
  shard.tell(event);
}

proto::LegReply leg_state(Shard& shard, const proto::LegQuery& request) {
  proto::LegReply reply;
  const Key16 txn = key_of(request.txn());
  proto::LegOutcome* outcome = reply.mutable_outcome();
  *outcome->mutable_txn() = request.txn();
  for (const std::uint32_t side : {0, 1}) {
    if (const auto hold = find_hold(shard, txn, side); hold && hold->player_id == request.player_id()) {
      outcome_of(shard, *hold, outcome);
      return reply;
    }
    if (const auto waits = shard.waiting->find(txn, side); waits && waits->player_id == request.player_id()) {
      outcome->set_pseq(waits->operation.pseq());
      return reply;
    }
  }
  proto::SwapRecord record;
  if (const Decision decision = decision_of(shard, txn); decision.swapped && record.ParseFromString(decision.swap))
    for (int side = 0; side < record.legs_size(); ++side)
      if (record.player_ids(side) == request.player_id()) {
        *outcome = record.legs(side);
        return reply;
      }
  reply.set_code(find_root(shard, request.player_id()) || request.shard() == shard.number ? proto::NO_SUCH
                                                                                          : proto::WRONG_SHARD);
  return reply;
}

}  // namespace dure::store
