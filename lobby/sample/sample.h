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

// From the files of a version.
[[nodiscard]] Result<LobbyContent> parse_lobby_content(const std::vector<ContentFile>& files);
// One version for ever. `content` outlives the lobby.
void add_sample(Lobby& lobby, const LobbyContent& content);
// The version that is active, this one until somebody says. What the zones' npcs are is asked when a zone opens.
void add_live_sample(Lobby& lobby, const LobbyContent& first, std::uint64_t hash);

}  // namespace dure::sample
