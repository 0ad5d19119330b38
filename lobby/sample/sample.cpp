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

Result<LobbyContent> parse_lobby_content(const std::vector<ContentFile>& files) {
  ContentFile named[4];
  const char* names[] = {"items.toml", "shops.toml", "dungeons.toml", "quests.toml"};
  for (int i = 0; i < 4; ++i) {
    auto file = find_content_file(files, names[i]);
    if (!file) return tl::unexpected<Error>(file.error());
    named[i] = std::move(*file);
  }
  auto items = parse_items(named[0]);
  if (!items) return tl::unexpected<Error>(items.error());
  auto shops = parse_shops(named[1], *items);
  if (!shops) return tl::unexpected<Error>(shops.error());
  auto runs = parse_runs(named[2]);
  if (!runs) return tl::unexpected<Error>(runs.error());
  auto quests = parse_quests(named[3], *runs, *items);
  if (!quests) return tl::unexpected<Error>(quests.error());
  return LobbyContent{std::move(*items), std::move(*shops), std::move(*runs), std::move(*quests)};
}

void add_live_sample(Lobby& lobby, const LobbyContent& first, std::uint64_t hash) {
  const auto live = std::make_shared<LiveContent<LobbyContent>>(
      first, hash, &parse_lobby_content,
      [](const LobbyContent& content, const std::string& name) { return content.items.cap(name); });
  lobby.use_content(live);
  add_sample(lobby, live->now());
}

}  // namespace dure::sample
