#include "common/game/sample/messages.h"
#include "common/game/sample/outcome.h"
#include "dungeon/sample/sample.h"
#include "lobby/sample/sample.h"
#include "tools/game.h"

namespace dure {
namespace {

struct SampleContent {
  sample::LobbyContent lobby;
  sample::FightContent fight;
};

}  // namespace

std::vector<const google::protobuf::FileDescriptor*> game_files() { return sample::message_files(); }

Result<Game> load_game(const std::string& content_dir) {
  const char* names[] = {"zones.toml", "dungeons.toml", "items.toml", "shops.toml", "quests.toml"};
  ContentFile files[5];
  for (int i = 0; i < 5; ++i) {
    auto file = read_content(content_dir, names[i]);
    if (!file) return tl::unexpected<Error>(file.error());
    files[i] = std::move(*file);
  }
  auto content = parse_content(files[0], files[1]);
  if (!content) return tl::unexpected<Error>(content.error());
  auto runs = sample::parse_runs(files[1]);
  if (!runs) return tl::unexpected<Error>(runs.error());
  auto items = sample::parse_items(files[2]);
  if (!items) return tl::unexpected<Error>(items.error());
  auto shops = sample::parse_shops(files[3], *items);
  if (!shops) return tl::unexpected<Error>(shops.error());
  auto quests = sample::parse_quests(files[4], *runs, *items);
  if (!quests) return tl::unexpected<Error>(quests.error());

  auto kept = std::make_shared<SampleContent>();
  kept->fight = {*runs, *items, *quests};
  kept->lobby = {std::move(*items), std::move(*shops), std::move(*runs), std::move(*quests)};
  Game game;
  game.files = game_files();
  game.content = std::move(*content);
  game.reasons = sample::reasons();
  game.cap = [kept](const std::string& name) { return kept->lobby.items.cap(name); };
  game.items_max = kept->lobby.items.bag_slots;
  game.balances.push_back("gold");
  for (const auto& [name, item] : kept->lobby.items.templates)
    (item.stack ? game.balances : game.items).push_back(name);
  game.lobby = [kept](Lobby& lobby) { sample::add_sample(lobby, kept->lobby); };
  game.dungeon = [kept](Dungeon& dungeon) -> std::shared_ptr<void> {
    return std::make_shared<sample::DungeonSample>(dungeon, kept->fight);
  };
  return game;
}

}  // namespace dure
