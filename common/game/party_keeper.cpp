#include "common/game/party_keeper.h"

#include <algorithm>

#include "common/logic/node.h"
#include "common/proto/chat.pb.h"
#include "common/proto/party.pb.h"

namespace dure {

bool HeldParty::has(PlayerId player) const {
  return std::find(members.begin(), members.end(), player) != members.end();
}

const HeldParty* PartyKeeper::of(PlayerId player) const {
  const auto at = held_.find(player);
  return at == held_.end() || at->second.members.empty() ? nullptr : &at->second;
}

bool PartyKeeper::together(PlayerId one, PlayerId other) const {
  const HeldParty *mine = of(one), *theirs = of(other);
  return mine != nullptr && theirs != nullptr && mine->id == theirs->id;
}

bool PartyKeeper::take(PlayerId player, const proto::PartyState& told, bool ordered) {
  if (told.party() == 0) return false;
  if (const auto at = held_.find(player); at != held_.end()) {
    const bool same = at->second.id == told.party();
    if (same ? told.version() <= at->second.version : !ordered) return false;
    // The end of another one than the one it is in by now.
    if (!same && told.members().empty() && !at->second.members.empty()) return false;
  }
  HeldParty& party = held_[player] = HeldParty{};
  party.id = told.party();
  party.version = told.version();
  party.leader = PlayerId(told.leader());
  for (const auto& member : told.members()) party.members.emplace_back(member.player());
  told.SerializeToString(&party.encoded);
  return true;
}

void PartyKeeper::hand_over(PlayerId player, NodeId next_owner) {
  const auto at = held_.find(player);
  if (at == held_.end()) return;
  if (next_owner) send(next_owner, player, at->second);
  held_.erase(at);
}

void PartyKeeper::tell_chat() const {
  const NodeId chat = home();
  if (!chat) return;
  for (const auto& [player, party] : held_) send(chat, player, party);
}

void PartyKeeper::tell_chat(PlayerId player) const {
  const auto at = held_.find(player);
  const NodeId chat = home();
  if (chat && at != held_.end()) send(chat, player, at->second);
}

// The one to which the gateways send what the clients say.
NodeId PartyKeeper::home() const { return node_.rendezvous(Role::kChat, node_.identity().realm_id); }

void PartyKeeper::send(NodeId to, PlayerId player, const HeldParty& party) const {
  proto::PartyHeld held;
  held.set_player_id(player.value);
  held.mutable_party()->ParseFromString(party.encoded);
  node_.send(to, held);
}

}  // namespace dure
