// Blocking in a zone: common/game/sample/block_list.h.
#pragma once
#include "common/game/sample/block_list.h"
#include "lobby/lobby.h"

namespace dure::sample {

class BlockDesk : public LobbyFeature {
 public:
  explicit BlockDesk(Lobby& lobby) : list_(lobby) {}

 private:
  BlockList list_;
};

}  // namespace dure::sample
