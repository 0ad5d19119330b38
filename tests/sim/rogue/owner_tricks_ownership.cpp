// By numbers that are over, by nobody, out of turn, of a shard that the account has left; and what not even a rollback
// may do.
#include "common/proto/rollback.pb.h"
#include "tests/sim/rogue/owner_trick.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes and messages, tables of both

std::optional<AcquireRequest> acquire(const Scene& scene, std::uint64_t expected) {
  AcquireRequest request;
  request.set_shard(scene.shard);
  request.set_player_id(scene.self.id);
  request.set_expected_epoch(expected);
  *request.mutable_owner_incarnation() = scene.incarnation;
  request.set_acquire_id(scene.numbers.next());
  return request;
}

std::optional<AcquireRequest> for_nobody(const Scene& scene, Rng&) {
  auto request = acquire(scene, scene.self.epoch);
  request->clear_owner_incarnation();
  return request;
}

std::optional<AcquireRequest> of_an_earlier_epoch(const Scene& scene, Rng&) {
  if (scene.self.epoch < 1) return std::nullopt;
  return acquire(scene, scene.self.epoch - 1);
}

std::optional<AcquireRequest> of_the_present_epoch(const Scene& scene, Rng&) {
  return acquire(scene, scene.self.epoch);
}

ApplyRequest harmless(const Scene& scene) { return scene.apply(OwnerDeed("rogue").layout("forbidden").take()); }

std::optional<ApplyRequest> next(const Scene& scene, Rng&) { return harmless(scene); }

std::optional<ApplyRequest> out_of_turn(const Scene& scene, Rng&) {
  auto request = harmless(scene);
  request.mutable_operations(0)->set_pseq(scene.self.saved + 2);
  return request;
}

// Done before, whatever it says now.
std::optional<ApplyRequest> number_again(const Scene& scene, Rng&) {
  if (scene.self.saved == 0) return std::nullopt;
  auto request = scene.apply(scene.loot().balance("gold", 1).take());
  request.mutable_operations(0)->set_pseq(scene.self.saved);
  return request;
}

std::optional<ApplyRequest> by_nobody(const Scene& scene, Rng&) {
  auto request = harmless(scene);
  request.clear_owner_incarnation();
  return request;
}

std::optional<ApplyRequest> in_the_rejected_epoch(const Scene& scene, Rng&) {
  if (scene.self.epoch < 1) return std::nullopt;
  auto request = harmless(scene);
  request.set_epoch(scene.self.epoch - 1);
  request.mutable_operations(0)->set_pseq(scene.self.rejected_saved + 1);
  return request;
}

std::optional<RollbackApply> rollback(const Scene& scene, OwnerDeed deed) {
  RollbackApply request;
  request.set_shard(scene.shard);
  request.set_player_id(scene.self.id);
  request.set_epoch(scene.self.epoch);
  *request.mutable_owner_incarnation() = scene.incarnation;
  *request.mutable_operation() = deed.take();
  request.mutable_operation()->set_pseq(scene.self.saved + 1);
  return request;
}

std::optional<RollbackApply> rollback_by_nobody(const Scene& scene, Rng&) {
  auto request = rollback(scene, scene.loot().balance("gold", 1));
  request->clear_owner_incarnation();
  return request;
}

std::optional<RollbackApply> rollback_without_template(const Scene& scene, Rng& rng) {
  return rollback(scene, scene.loot().mint(scene.numbers.uid(), rng.chance(0.5) ? "" : std::string(129, 't')));
}

std::optional<RollbackApply> rollback_again(const Scene& scene, Rng& rng) {
  const auto* key = any_of(scene.self.keys, rng);
  if (key == nullptr) return std::nullopt;
  return rollback(scene, OwnerDeed("rogue").key(*key).balance("gold", 1));
}

std::optional<RollbackApply> rollback_overspend(const Scene& scene, Rng&) {
  return rollback(scene, scene.loot().balance("bread", 1).balance("gold", -scene.self.has.balance("gold") - 1));
}

std::optional<RollbackApply> rollback_without_key(const Scene& scene, Rng&) {
  return rollback(scene, OwnerDeed("rogue").balance("gold", 1));
}

std::optional<CharactersRequest> characters(const Scene& scene, Rng&) {
  CharactersRequest request;
  request.set_shard(scene.shard);
  request.set_account_id(scene.account_id);
  return request;
}

std::optional<CreatePlayerRequest> create(const Scene& scene, Rng&) {
  CreatePlayerRequest request;
  request.set_shard(scene.shard);
  request.set_account_id(scene.account_id);
  request.set_player_id(scene.numbers.next());
  request.set_reservation(scene.numbers.next());
  request.set_name("Rogue");
  return request;
}

std::optional<InboxQuery> inbox(const Scene& scene, Rng&) {
  InboxQuery request;
  request.set_shard(scene.shard);
  request.set_player_id(scene.self.id);
  request.set_epoch(scene.self.epoch);
  *request.mutable_owner_incarnation() = scene.incarnation;
  return request;
}

std::optional<OwnerlessRead> read_hoard(const Scene& scene, Rng&) {
  OwnerlessRead request;
  request.set_shard(scene.shard);
  request.set_aggregate_id(scene.hoard_id);
  return request;
}

std::optional<OwnerlessApply> change_hoard(const Scene& scene, Rng&) {
  OwnerlessApply request;
  request.set_shard(scene.shard);
  request.set_aggregate_id(scene.hoard_id);
  *request.mutable_operation_id() = scene.numbers.uid();
  request.set_reason("rogue");
  auto* record = request.add_records();
  record->set_key("moved");
  record->set_body("moved");
  return request;
}

}  // namespace

std::vector<OwnerTrick> ownership_tricks() {
  constexpr auto kNothing = Leaves::kNothing;
  // What is begun and taken back counts as changed.
  const auto rollback_of = [](const char* rule, auto make, Stage stage, StoreCode code) {
    return trick<RollbackApply>(rule, stage, {code}, make);
  };
  return {
      trick<AcquireRequest>("own.acquire-for-nobody", Stage::kOwned, {EXPECTED_OTHER}, for_nobody, kNothing),
      trick<AcquireRequest>("own.acquire-earlier-epoch", Stage::kOwned, {EXPECTED_OTHER}, of_an_earlier_epoch,
                            kNothing),
      trick<ApplyRequest>("own.out-of-turn", Stage::kJudged, {GAP}, out_of_turn, kNothing),
      trick<ApplyRequest>("own.number-again", Stage::kJudged, {STORED}, number_again, kNothing),
      rollback_of("own.rollback-without-template", rollback_without_template, Stage::kOwned, REJECTED),
      rollback_of("own.rollback-without-key", rollback_without_key, Stage::kOwned, REJECTED),
      rollback_of("own.rollback-again", rollback_again, Stage::kOwned, REJECTED),
      rollback_of("own.rollback-overspend", rollback_overspend, Stage::kOwned, REJECTED),
      trick<ApplyRequest>("own.after-rejection", Stage::kNobodys, {STALE_EPOCH}, next, kNothing),
      trick<ApplyRequest>("own.apply-by-nobody", Stage::kNobodys, {STALE_EPOCH}, by_nobody, kNothing),
      trick<ApplyRequest>("own.rejected-epoch", Stage::kNobodys, {STALE_EPOCH}, in_the_rejected_epoch, kNothing),
      rollback_of("own.rollback-by-nobody", rollback_by_nobody, Stage::kNobodys, STALE_EPOCH),
      trick<AcquireRequest>("own.acquire-for-nobody-again", Stage::kNobodys, {EXPECTED_OTHER}, for_nobody, kNothing),
      trick<AcquireRequest>("own.moved-acquire", Stage::kMoved, {WRONG_SHARD}, of_the_present_epoch, kNothing),
      trick<ApplyRequest>("own.moved-apply", Stage::kMoved, {WRONG_SHARD}, next, kNothing),
      trick<CharactersRequest>("own.moved-characters", Stage::kMoved, {WRONG_SHARD}, characters, kNothing),
      trick<CreatePlayerRequest>("own.moved-create", Stage::kMoved, {WRONG_SHARD}, create, kNothing),
      trick<InboxQuery>("own.moved-inbox", Stage::kMoved, {WRONG_SHARD}, inbox, kNothing),
      trick<OwnerlessRead>("own.moved-hoard", Stage::kMoved, {WRONG_SHARD}, read_hoard, kNothing),
      trick<OwnerlessApply>("own.moved-hoard-apply", Stage::kMoved, {WRONG_SHARD}, change_hoard, kNothing),
  };
}

}  // namespace dure::sim
