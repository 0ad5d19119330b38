// What a shard never does for anybody: to characters that exist, for receivers that do not, for letters that came, and
// what is only done while it is closed.
#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/reasons.h"
#include "common/proto/reconcile.pb.h"
#include "tests/sim/rogue/forgery.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes and messages, tables of both

using Created = CreatePlayerRequest;

std::optional<Created> other_reservation(Created request, const StoreReply&, const Known&, Rng& rng) {
  request.set_reservation(own_number(rng));
  return request;
}

std::optional<Created> other_account(Created request, const StoreReply&, const Known&, Rng& rng) {
  request.set_account_id(own_number(rng));
  return request;
}

std::optional<SettleCreation> ruled_out(Created created, const StoreReply&, const Known&, Rng& rng) {
  SettleCreation request;
  request.set_shard(created.shard());
  request.set_player_id(created.player_id());
  request.set_reservation(own_number(rng));
  request.set_name(created.name());
  request.set_account_id(created.account_id());
  return request;
}

// By its true reservation: it is there.
std::optional<SettleCreation> lives(Created created, const StoreReply& reply, const Known& known, Rng& rng) {
  auto request = ruled_out(created, reply, known, rng);
  request->set_reservation(created.reservation());
  return request;
}

// No client deletes its character.
std::optional<PurgePlayer> not_due(Created created, const StoreReply&, const Known&, Rng&) {
  PurgePlayer request;
  request.set_shard(created.shard());
  request.set_player_id(created.player_id());
  return request;
}

std::optional<OwnerlessApply> of_a_character(Created created, const StoreReply&, const Known&, Rng& rng) {
  if (created.ownerless()) return std::nullopt;
  OwnerlessApply request;
  request.set_shard(created.shard());
  request.set_aggregate_id(created.player_id());
  request.mutable_operation_id()->set_high(own_number(rng));
  request.set_reason("rogue");
  auto* record = request.add_records();
  record->set_key("rogue");
  record->set_body("rogue");
  return request;
}

DeliverRequest letter(const Created& created, Rng& rng) {
  DeliverRequest request;
  request.set_shard(created.shard());
  request.set_player_id(created.player_id());
  request.set_message_id(own_number(rng));
  request.set_reason("rogue");
  auto* gold = request.add_balances();
  gold->set_name("gold");
  gold->set_value(1);
  return request;
}

std::optional<DeliverRequest> to_nobody(Created created, const StoreReply&, const Known&, Rng& rng) {
  DeliverRequest request = letter(created, rng);
  request.set_player_id(own_number(rng));
  request.set_relayed(true);
  request.set_from_player(created.player_id());
  request.set_from_shard(created.shard());
  return request;
}

// Who judges by no content yet accepts it: once a version was installed, there is one.
std::optional<DeliverRequest> unknown_reason(Created created, const StoreReply&, const Known& known, Rng& rng) {
  if (!known.installed(created.shard())) return std::nullopt;
  return letter(created, rng);
}

std::optional<DeliverRequest> unknown_thing(Created created, const StoreReply&, const Known& known, Rng& rng) {
  if (!known.installed(created.shard())) return std::nullopt;
  DeliverRequest request = letter(created, rng);
  request.set_reason(std::string(kGrantReason));
  request.mutable_balances(0)->set_name("rogue");
  return request;
}

std::optional<DeliverRequest> other_content(DeliverRequest request, const DeliverReply&, const Known&, Rng& rng) {
  request.set_memo("rogue");
  for (auto& amount : *request.mutable_balances())
    amount.set_value(amount.value() + static_cast<std::int64_t>(1 + rng.below(1000)));
  return request;
}

std::optional<ContentInstall> another_shard(Created created, const StoreReply&, const Known&, Rng&) {
  ContentInstall request;
  request.set_shard(created.shard() + 1);
  request.set_active(1);
  return request;
}

std::optional<Reconcile> while_open(Created created, const StoreReply&, const Known&, Rng& rng) {
  Reconcile request;
  request.set_shard(created.shard());
  request.set_settle(rng.chance(0.5));
  *request.add_received() = letter(created, rng);
  return request;
}

std::optional<GiveUpAccount> give_up_while_open(Created created, const StoreReply&, const Known&, Rng&) {
  GiveUpAccount request;
  request.set_shard(created.shard());
  request.mutable_move()->set_account_id(created.account_id());
  request.mutable_move()->set_move_id(kRogue);
  request.mutable_move()->set_source(created.shard());
  request.mutable_move()->set_target(created.shard() + 1);
  request.mutable_move()->set_fate(MOVE_FLIPPED);
  return request;
}

std::optional<BringBack> bring_back_while_open(Created created, const StoreReply&, const Known&, Rng&) {
  BringBack request;
  request.set_shard(created.shard());
  request.mutable_copy()->set_account_id(created.account_id());
  request.mutable_copy()->set_move_id(kRogue);
  return request;
}

std::optional<BalanceMoves> balance_while_open(Created created, const StoreReply&, const Known&, Rng&) {
  BalanceMoves request;
  request.set_shard(created.shard());
  auto* gold = request.add_others();
  gold->set_name("gold");
  gold->set_value(1'000'000);
  return request;
}

}  // namespace

std::vector<Forgery> shard_forgeries() {
  constexpr auto kAnyTime = When::kAnyTime;
  const auto of_created = [](const char* rule, std::set<int> allowed, auto forge) {
    return forgery<Created, StoreReply>(rule, kAnyTime, std::move(allowed), forge);
  };
  return {
      of_created("create.other-reservation", {EXPECTED_OTHER, WRONG_SHARD}, other_reservation),
      of_created("create.other-account", {EXPECTED_OTHER, WRONG_SHARD}, other_account),
      of_created("settle.other-reservation", {NO_SUCH, WRONG_SHARD}, ruled_out),
      of_created("settle.lives", {STORED, WRONG_SHARD}, lives),
      of_created("purge.not-due", {REJECTED, WRONG_SHARD}, not_due),
      of_created("ownerless.character", {NO_SUCH, WRONG_SHARD}, of_a_character),
      of_created("deliver.to-nobody", {NO_SUCH}, to_nobody),
      of_created("letter.unknown-reason", {REJECTED, WRONG_SHARD}, unknown_reason),
      of_created("letter.unknown-thing", {REJECTED, WRONG_SHARD}, unknown_thing),
      forgery<DeliverRequest, DeliverReply>("deliver.other-content", kAnyTime, {STORED, WRONG_SHARD, NO_SUCH},
                                            other_content),
      of_created("install.another-shard", {REJECTED}, another_shard),
      of_created("reconcile.open", {REJECTED}, while_open),
      of_created("give-up.open", {REJECTED}, give_up_while_open),
      of_created("bring-back.open", {REJECTED}, bring_back_while_open),
      of_created("balance-moves.open", {REJECTED}, balance_while_open),
  };
}

}  // namespace dure::sim
