// Puts the sample game into a lobby: shops, items in use, the starter kit, entry fees, quests. Fighting messages are
// answered WRONG_STATE: nothing is fought in a zone.
#pragma once
#include <vector>

#include "common/game/sample/quest.h"
#include "common/game/sample/shop.h"
#include "lobby/lobby.h"

namespace dure::sample {

struct LobbyContent {
  Items items;
  std::vector<Shop> shops;
  RunsContent runs;
  Quests quests;
};

// `content` outlives the lobby.
void add_sample(Lobby& lobby, const LobbyContent& content);

}  // namespace dure::sample
