// Parties in the queue of Lobby: the leader asks for all, whoever of them is where; who is in the way is named to it.
// The queue's holder keeps a party as one entry; each member's owner knows it whole, so a new holder has it from any.
#include <algorithm>
#include <set>

#include "common/proto/lobby.pb.h"
#include "common/proto/party.pb.h"
#include "lobby/lobby.h"

namespace dure {
namespace {

void name_members(const std::vector<Matchmaker::Entry>& entries,
                  google::protobuf::RepeatedPtrField<proto::QueuedMember>* to) {
  for (const auto& entry : entries) {
    auto* member = to->Add();
    member->set_player_id(entry.player.value);
    member->set_owner(entry.owner.value);
    member->set_player_epoch(entry.epoch);
  }
}

std::vector<Matchmaker::Entry> members_of(const google::protobuf::RepeatedPtrField<proto::QueuedMember>& named) {
  std::vector<Matchmaker::Entry> entries;
  for (const auto& member : named)
    entries.push_back({PlayerId(member.player_id()), NodeId(member.owner()), member.player_epoch()});
  return entries;
}

}  // namespace

// ── the owners' side ────────────────────────────────────────────────────────────────────────────────────────

std::uint32_t Lobby::may_queue(const Player& player, const std::string& dungeon) {
  if (stopping()) return proto::BUSY;
  for (auto& feature : features_)
    if (const std::uint32_t why = feature->may_queue(player, dungeon); why != proto::OK) return why;
  return proto::OK;
}

Task<std::uint32_t> Lobby::queue_party(PlayerRef ref, std::string dungeon) {
  const HeldParty party = *parties().of(ref.id);
  if (party.leader != ref.id) co_return proto::NOT_ALLOWED;
  if (party.members.size() > content().dungeon(dungeon)->players) co_return proto::FULL;
  proto::PartyMuster muster;
  muster.set_party(party.id);
  muster.set_dungeon(dungeon);
  for (const PlayerId member : party.members) muster.add_players(member.value);
  std::map<PlayerId, std::uint32_t> hindrances;
  for (const PlayerId member : party.members) hindrances[member] = proto::NOT_FOUND;
  proto::PartyQueueJoin join;
  join.set_party(party.id);
  join.set_dungeon(dungeon);
  const std::vector<NodeId> generals = peers(Role::kGeneral, true);
  for (const NodeId general : generals) {
    const auto answer = co_await call<proto::PartyMusterReply>(general, muster);
    if (!answer) continue;
    for (const auto& here : answer->here()) {
      hindrances[PlayerId(here.player_id())] = here.code();
      const Matchmaker::Entry entry{PlayerId(here.player_id()), general, here.player_epoch()};
      if (here.code() == proto::OK) name_members({entry}, join.mutable_members());
    }
  }
  std::erase_if(hindrances, [](const auto& one) { return one.second == proto::OK; });
  const Player* leader = find(ref);
  if (leader == nullptr || leader->state != Player::State::kActive) co_return proto::BUSY;
  if (!hindrances.empty()) {
    tell_queued(*leader, party.id, dungeon, proto::WRONG_STATE, hindrances);
    co_return proto::WRONG_STATE;
  }
  // Changed meanwhile, or somebody went from one general to another and was counted twice: asked again, it will be
  // right.
  const HeldParty* still = parties().of(ref.id);
  if (still == nullptr || still->version != party.version) co_return proto::BUSY;
  if (join.members_size() != static_cast<int>(party.members.size())) co_return proto::BUSY;
  const NodeId holder = keeper_.holder(kMatchPlace);
  if (!holder) co_return proto::BUSY;
  const auto joined = co_await call<proto::PartyQueueJoinReply>(holder, join);
  co_return joined ? joined->code() : proto::BUSY;
}

proto::PartyMusterReply Lobby::party_muster(const From&, const proto::PartyMuster& muster) {
  proto::PartyMusterReply reply;
  for (const auto number : muster.players()) {
    const Player* player = find(PlayerId(number));
    if (player == nullptr) continue;
    const auto waiting = queued_.find(player->id);
    auto* here = reply.add_here();
    here->set_player_id(number);
    here->set_player_epoch(player->epoch);
    std::uint32_t code = may_queue(*player, muster.dungeon());
    if (waiting != queued_.end() && waiting->second.party != muster.party()) code = proto::WRONG_STATE;
    if (player->state != Player::State::kActive || player->poisoned || player->stranded) code = proto::BUSY;
    if (!player->session.linked) code = proto::NOT_FOUND;
    here->set_code(static_cast<proto::Code>(code));
  }
  return reply;
}

void Lobby::party_queued(const From&, const proto::PartyQueued& queued) {
  const std::vector<Matchmaker::Entry> together = members_of(queued.members());
  for (const Matchmaker::Entry& entry : together) {
    if (entry.owner != id()) continue;
    const Player* player = find(entry.player);
    const auto waiting = queued_.find(entry.player);
    const bool known = waiting != queued_.end() && waiting->second.party == queued.party() &&
                       waiting->second.dungeon == queued.dungeon();
    if (queued.code() == proto::OK) {
      queued_[entry.player] = Waiting{queued.dungeon(), entry.epoch, queued.party(), together};
      if (player == nullptr || player->state != Player::State::kActive || stopping())
        leave_queue(entry.player);
      else if (!known)
        tell_queued(*player, queued.party(), queued.dungeon(), proto::OK);
    } else if (known) {
      queued_.erase(waiting);
      std::map<PlayerId, std::uint32_t> why;
      if (queued.because_of() != 0) why[PlayerId(queued.because_of())] = proto::NOT_FOUND;
      if (player != nullptr) tell_queued(*player, queued.party(), queued.dungeon(), queued.code(), why);
    }
  }
}

// Whoever waits as a party of others than it is by now.
bool Lobby::party_changed(PlayerId player, const Waiting& waiting) const {
  if (waiting.party == 0) return false;
  const HeldParty* party = parties().of(player);
  return party == nullptr || party->id != waiting.party || party->members.size() != waiting.together.size() ||
         !std::all_of(waiting.together.begin(), waiting.together.end(),
                      [party](const Matchmaker::Entry& entry) { return party->has(entry.player); });
}

void Lobby::join_again_together(NodeId holder) {
  std::set<std::uint64_t> told;
  for (const auto& [player, waiting] : queued_) {
    if (waiting.party == 0 || !told.insert(waiting.party).second) continue;
    proto::PartyQueueJoin join;
    join.set_party(waiting.party);
    join.set_dungeon(waiting.dungeon);
    name_members(waiting.together, join.mutable_members());
    send(holder, join);
  }
}

void Lobby::tell_queued(const Player& player, std::uint64_t party, const std::string& dungeon, std::uint32_t code,
                        const std::map<PlayerId, std::uint32_t>& hindrances) {
  proto::PartyQueueNotice notice;
  notice.set_code(static_cast<proto::Code>(code));
  notice.set_party(party);
  notice.set_dungeon(dungeon);
  for (const auto& [member, why] : hindrances) {
    auto* hindrance = notice.add_hindrances();
    hindrance->set_player_id(member.value);
    hindrance->set_code(static_cast<proto::Code>(why));
  }
  tell(player, notice);
}

// ── the holder's side ───────────────────────────────────────────────────────────────────────────────────────

proto::PartyQueueJoinReply Lobby::party_queue_join(const From&, const proto::PartyQueueJoin& join) {
  proto::PartyQueueJoinReply reply;
  const DungeonContent* dungeon = content().dungeon(join.dungeon());
  Matchmaker::Group group{join.party(), join.dungeon(), members_of(join.members()), {}};
  const bool sound =
      join.party() != 0 && !group.entries.empty() && dungeon != nullptr && group.entries.size() <= dungeon->players;
  if (!keeper_.mine(kMatchPlace)) {
    reply.set_code(proto::BUSY);
  } else if (!sound) {
    reply.set_code(proto::INVALID);
  } else if (matchmaker_.overtaken(group.entries)) {
    reply.set_code(proto::WRONG_STATE);
  } else {
    dismiss(matchmaker_.join(group, dungeon->players, now()), {});
    tell_owners(group, proto::OK, {});
  }
  return reply;
}

// On the link on which the match will be told, hence before it.
void Lobby::tell_owners(const Matchmaker::Group& group, std::uint32_t code, PlayerId because_of) {
  proto::PartyQueued queued;
  queued.set_party(group.party);
  queued.set_dungeon(group.dungeon);
  name_members(group.entries, queued.mutable_members());
  queued.set_code(static_cast<proto::Code>(code));
  queued.set_because_of(because_of.value);
  std::set<NodeId> owners;
  for (const auto& entry : group.entries) owners.insert(entry.owner);
  for (const NodeId owner : owners) send(owner, queued);
}

void Lobby::dismiss(const std::vector<Matchmaker::Group>& groups, PlayerId because_of) {
  for (const Matchmaker::Group& group : groups)
    if (group.party != 0) tell_owners(group, proto::ABORTED, because_of);
}

}  // namespace dure
