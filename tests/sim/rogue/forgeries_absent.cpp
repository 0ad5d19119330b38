// What a shard does not do for an account that is frozen there, right behind FREEZE, and for one that has left, right
// behind RETIRE: neither for its characters nor for one that is still to be made.
#include "common/proto/dbagent.pb.h"
#include "common/proto/shard_map.pb.h"
#include "tests/sim/rogue/forgery.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes and messages, tables of both

struct Absent {
  std::uint32_t shard = 0;
  std::uint64_t account_id = 0, player_id = 0;
  const KnownPlayer& player;
};

template <class Forged>
using Make = Forged (*)(const Absent& absent, Rng& rng);

AcquireRequest acquire(const Absent& absent, Rng& rng) {
  AcquireRequest request;
  request.set_shard(absent.shard);
  request.set_player_id(absent.player_id);
  request.set_expected_epoch(absent.player.epoch);
  request.mutable_owner_incarnation()->set_high(kRogue);
  request.set_acquire_id(own_number(rng));
  return request;
}

// By its owner, under its next number.
ApplyRequest apply(const Absent& absent, Rng&) {
  ApplyRequest request;
  request.set_shard(absent.shard);
  request.set_player_id(absent.player_id);
  request.set_epoch(absent.player.epoch);
  *request.mutable_owner_incarnation() = absent.player.owner;
  auto* operation = request.add_operations();
  operation->set_pseq(absent.player.saved + 1);
  operation->set_reason("rogue");
  operation->add_effects()->mutable_layout()->set_layout("rogue");
  return request;
}

CreatePlayerRequest create(const Absent& absent, Rng& rng) {
  CreatePlayerRequest request;
  request.set_shard(absent.shard);
  request.set_account_id(absent.account_id);
  request.set_player_id(own_number(rng));
  request.set_reservation(own_number(rng));
  request.set_name("Rogue");
  return request;
}

SettleCreation settle(const Absent& absent, Rng& rng) {
  SettleCreation request;
  request.set_shard(absent.shard);
  request.set_account_id(absent.account_id);
  request.set_player_id(own_number(rng));
  request.set_reservation(own_number(rng));
  request.set_name("Rogue");
  return request;
}

DeliverRequest deliver(const Absent& absent, Rng& rng) {
  DeliverRequest request;
  request.set_shard(absent.shard);
  request.set_player_id(absent.player_id);
  request.set_message_id(own_number(rng));
  request.set_reason("rogue");
  request.set_relayed(true);
  return request;
}

PurgePlayer purge(const Absent& absent, Rng&) {
  PurgePlayer request;
  request.set_shard(absent.shard);
  request.set_player_id(absent.player_id);
  return request;
}

template <class Forged, Make<Forged> kMake>
std::optional<Forged> made_for(std::uint32_t shard, std::uint64_t account_id, const Known& known, Rng& rng) {
  const std::uint64_t player_id = known.player_of(account_id);
  if (player_id == 0) return std::nullopt;
  return kMake({shard, account_id, player_id, *known.player(player_id)}, rng);
}

template <class Forged, Make<Forged> kMake>
std::optional<Forged> when_frozen(MoveFreeze freeze, const MoveContentReply& reply, const Known& known, Rng& rng) {
  if (reply.state() != ACCOUNT_MOVING) return std::nullopt;
  return made_for<Forged, kMake>(freeze.shard(), freeze.account_id(), known, rng);
}

template <class Forged, Make<Forged> kMake>
std::optional<Forged> when_moved(MoveRetire retire, const MoveStepReply& reply, const Known& known, Rng& rng) {
  if (reply.state() != ACCOUNT_MOVED) return std::nullopt;
  return made_for<Forged, kMake>(retire.shard(), retire.account_id(), known, rng);
}

}  // namespace

std::vector<Forgery> absent_forgeries() {
  const auto frozen = [](const char* rule, auto forge) {
    return forgery<MoveFreeze, MoveContentReply>(rule, When::kBehind, {RETRY}, forge);
  };
  const auto moved = [](const char* rule, auto forge) {
    return forgery<MoveRetire, MoveStepReply>(rule, When::kBehind, {WRONG_SHARD}, forge);
  };
  return {
      frozen("acquire.frozen", when_frozen<AcquireRequest, acquire>),
      frozen("apply.frozen", when_frozen<ApplyRequest, apply>),
      frozen("create.frozen", when_frozen<CreatePlayerRequest, create>),
      frozen("settle.frozen", when_frozen<SettleCreation, settle>),
      frozen("deliver.frozen", when_frozen<DeliverRequest, deliver>),
      frozen("purge.frozen", when_frozen<PurgePlayer, purge>),
      moved("acquire.moved", when_moved<AcquireRequest, acquire>),
      moved("apply.moved", when_moved<ApplyRequest, apply>),
      moved("create.moved", when_moved<CreatePlayerRequest, create>),
      moved("settle.moved", when_moved<SettleCreation, settle>),
      moved("deliver.moved", when_moved<DeliverRequest, deliver>),
      moved("purge.moved", when_moved<PurgePlayer, purge>),
  };
}

}  // namespace dure::sim
