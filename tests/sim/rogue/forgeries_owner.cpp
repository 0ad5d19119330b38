// What only the present owner may ask, asked by others: by a foreign incarnation, under an epoch that is over or never
// was, out of turn.
#include "common/proto/dbagent.pb.h"
#include "common/proto/rollback.pb.h"
#include "tests/sim/rogue/forgery.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes and messages, tables of both

const std::set<int> kStale = {STALE_EPOCH, WRONG_SHARD, NO_SUCH};

Uid foreign(Rng& rng) {
  Uid uid;
  uid.set_high(kRogue);
  uid.set_low(1 + rng.below(1000));
  return uid;
}

// What this owner could well do next: its first operation once more, under the next number, by its true identity.
std::optional<ApplyRequest> next_of(const ApplyRequest& done, const Known& known) {
  const KnownPlayer* player = known.player(done.player_id());
  if (player == nullptr || done.operations_size() == 0 || done.operations(0).has_trade()) return std::nullopt;
  ApplyRequest request;
  request.set_shard(done.shard());
  request.set_player_id(done.player_id());
  request.set_epoch(player->epoch);
  *request.mutable_owner_incarnation() = player->owner;
  *request.add_operations() = done.operations(0);
  auto* operation = request.mutable_operations(0);
  operation->set_pseq(player->saved + 1);
  operation->clear_creq();
  operation->clear_creq_hash();
  return request;
}

enum class Identity { kForeign, kNobody, kEndedEpoch, kLaterEpoch };

template <class Request>
void take(Identity identity, Request* request, Rng& rng) {
  switch (identity) {
    case Identity::kForeign:
      *request->mutable_owner_incarnation() = foreign(rng);
      break;
    case Identity::kNobody:
      request->clear_owner_incarnation();
      break;
    case Identity::kEndedEpoch:
      request->set_epoch(request->epoch() - 1);
      break;
    case Identity::kLaterEpoch:
      request->set_epoch(request->epoch() + 1000);
      break;
  }
}

template <Identity kIdentity>
std::optional<ApplyRequest> apply_by(ApplyRequest done, const ApplyReply&, const Known& known, Rng& rng) {
  auto request = next_of(done, known);
  if (request) take(kIdentity, &*request, rng);
  return request;
}

template <Identity kIdentity>
std::optional<RollbackApply> rollback_by(ApplyRequest done, const ApplyReply&, const Known& known, Rng& rng) {
  const auto next = next_of(done, known);
  if (!next) return std::nullopt;
  RollbackApply request;
  request.set_shard(next->shard());
  request.set_player_id(next->player_id());
  request.set_epoch(next->epoch());
  *request.mutable_owner_incarnation() = next->owner_incarnation();
  auto* operation = request.mutable_operation();
  operation->set_pseq(next->operations(0).pseq());
  operation->set_reason("rogue");
  auto* key = operation->add_effects()->mutable_drop_key();
  key->set_run(own_number(rng));
  key->set_number(1);
  key->set_source("rogue");
  take(kIdentity, &request, rng);
  return request;
}

template <Identity kIdentity>
std::optional<InboxQuery> inbox_by(ApplyRequest done, const ApplyReply&, const Known& known, Rng& rng) {
  const auto next = next_of(done, known);
  if (!next) return std::nullopt;
  InboxQuery request;
  request.set_shard(next->shard());
  request.set_player_id(next->player_id());
  request.set_epoch(next->epoch());
  *request.mutable_owner_incarnation() = next->owner_incarnation();
  take(kIdentity, &request, rng);
  return request;
}

template <Identity kIdentity>
std::optional<HintWrite> hint_by(ApplyRequest done, const ApplyReply&, const Known& known, Rng& rng) {
  const auto next = next_of(done, known);
  if (!next) return std::nullopt;
  HintWrite request;
  request.set_shard(next->shard());
  request.set_player_id(next->player_id());
  request.set_epoch(next->epoch());
  *request.mutable_owner_incarnation() = next->owner_incarnation();
  request.mutable_hint()->set_zone("rogue");
  take(kIdentity, &request, rng);
  return request;
}

std::optional<ApplyRequest> far_ahead(ApplyRequest done, const ApplyReply&, const Known& known, Rng& rng) {
  auto request = next_of(done, known);
  if (request) {
    auto* operation = request->mutable_operations(0);
    operation->set_pseq(operation->pseq() + 100'000 + rng.below(1000));
  }
  return request;
}

// The grant ended the epoch that it expected.
std::optional<AcquireRequest> earlier_epoch(AcquireRequest request, const AcquireReply&, const Known&, Rng& rng) {
  request.set_acquire_id(own_number(rng));
  *request.mutable_owner_incarnation() = foreign(rng);
  return request;
}

std::optional<AcquireRequest> by_nobody(AcquireRequest request, const AcquireReply&, const Known& known, Rng& rng) {
  const KnownPlayer* player = known.player(request.player_id());
  if (player == nullptr) return std::nullopt;
  request.set_expected_epoch(player->epoch);
  request.set_acquire_id(own_number(rng));
  request.clear_owner_incarnation();
  return request;
}

}  // namespace

std::vector<Forgery> owner_forgeries() {
  constexpr auto kAnyTime = When::kAnyTime;
  return {
      forgery<ApplyRequest, ApplyReply>("apply.foreign-incarnation", kAnyTime, kStale, apply_by<Identity::kForeign>),
      forgery<ApplyRequest, ApplyReply>("apply.nobody", kAnyTime, kStale, apply_by<Identity::kNobody>),
      forgery<ApplyRequest, ApplyReply>("apply.ended-epoch", kAnyTime, kStale, apply_by<Identity::kEndedEpoch>),
      forgery<ApplyRequest, ApplyReply>("apply.later-epoch", kAnyTime, kStale, apply_by<Identity::kLaterEpoch>),
      forgery<ApplyRequest, ApplyReply>("apply.far-ahead", kAnyTime, {GAP, STALE_EPOCH, WRONG_SHARD, NO_SUCH},
                                        far_ahead),
      forgery<ApplyRequest, ApplyReply>("rollback.foreign-incarnation", kAnyTime, kStale,
                                        rollback_by<Identity::kForeign>),
      forgery<ApplyRequest, ApplyReply>("rollback.ended-epoch", kAnyTime, kStale, rollback_by<Identity::kEndedEpoch>),
      forgery<ApplyRequest, ApplyReply>("inbox.foreign-incarnation", kAnyTime, kStale, inbox_by<Identity::kForeign>),
      forgery<ApplyRequest, ApplyReply>("inbox.ended-epoch", kAnyTime, kStale, inbox_by<Identity::kEndedEpoch>),
      forgery<ApplyRequest, ApplyReply>("hint.foreign-incarnation", kAnyTime, {STORED}, hint_by<Identity::kForeign>),
      forgery<ApplyRequest, ApplyReply>("hint.ended-epoch", kAnyTime, {STORED}, hint_by<Identity::kEndedEpoch>),
      forgery<AcquireRequest, AcquireReply>("acquire.earlier-epoch", kAnyTime, {EXPECTED_OTHER, WRONG_SHARD, NO_SUCH},
                                            earlier_epoch),
      forgery<AcquireRequest, AcquireReply>("acquire.nobody", kAnyTime, {EXPECTED_OTHER, WRONG_SHARD, NO_SUCH},
                                            by_nobody),
  };
}

}  // namespace dure::sim
