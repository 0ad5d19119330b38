// The parties of the players that a node owns. A party is one versioned value; the chat orders its changes, every
// member's owner holds it: while there is no chat it stands as it is, and a chat that comes up has it back whole from
// the owners. Of a party that a player left the end is held, too, so that nobody brings it back. Not stored; follows
// the player to its next owner. Logic thread only.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/base/ids.h"

namespace dure {

class Node;
namespace proto {
class PartyState;
}

struct HeldParty {
  std::uint64_t id = 0;
  std::uint64_t version = 0;
  PlayerId leader;
  std::vector<PlayerId> members;  // none: the player is out of it as of that version
  std::string encoded;            // the PartyState
  bool has(PlayerId player) const;
};

class PartyKeeper {
 public:
  explicit PartyKeeper(Node& node) : node_(node) {}

  // None: in no party.
  const HeldParty* of(PlayerId player) const;
  // The same party, of two players who are here.
  bool together(PlayerId one, PlayerId other) const;

  // For the owner. A higher version of the same party replaces; another party only if the chat says so (`ordered`), or
  // if nothing is held. False: it was old.
  bool take(PlayerId player, const proto::PartyState& told, bool ordered);
  void forget(PlayerId player) { held_.erase(player); }
  // Sends it behind the player, and forgets it.
  void hand_over(PlayerId player, NodeId next_owner);
  // To the chat that orders, if one is up: all of it, or of one player.
  void tell_chat() const;
  void tell_chat(PlayerId player) const;

 private:
  NodeId home() const;
  void send(NodeId to, PlayerId player, const HeldParty& party) const;
  Node& node_;
  std::map<PlayerId, HeldParty> held_;
};

}  // namespace dure
