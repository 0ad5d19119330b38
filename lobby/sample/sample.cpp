#include "lobby/sample/sample.h"

#include "lobby/sample/auction_house.h"
#include "lobby/sample/bag.h"
#include "lobby/sample/block_desk.h"
#include "lobby/sample/dungeon_gate.h"
#include "lobby/sample/guild_hall.h"
#include "lobby/sample/mail_desk.h"
#include "lobby/sample/quest_log.h"
#include "lobby/sample/shops.h"
#include "lobby/sample/trades.h"

namespace dure::sample {

void add_sample(Lobby& lobby, const LobbyContent& content) {
  lobby.add_feature<Shops>(content.items, content.shops);
  lobby.add_feature<Bag>(content.items);
  lobby.add_feature<DungeonGate>(content.items, content.runs);
  lobby.add_feature<QuestLog>(content.items, content.quests);
  lobby.add_feature<Trades>(content.items);
  lobby.add_feature<BlockDesk>();
  lobby.add_feature<MailDesk>(content.items);
  lobby.add_feature<AuctionHouse>(content.items);
  lobby.add_feature<GuildHall>(content.items);
}

}  // namespace dure::sample
