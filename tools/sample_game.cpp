#include "common/game/sample/guards.h"
#include "common/game/sample/messages.h"
#include "common/game/sample/outcome.h"
#include "common/proto/content.pb.h"
#include "dungeon/sample/sample.h"
#include "lobby/sample/sample.h"
#include "tools/game.h"

namespace dure {
namespace {

struct SampleContent {
  sample::LobbyContent lobby;
  sample::FightContent fight;
  std::uint64_t hash = 0;
};

}  // namespace

std::vector<const google::protobuf::FileDescriptor*> game_files() { return sample::message_files(); }

Result<Game> load_game(const std::string& content_dir) {
  std::vector<ContentFile> files;
  for (const char* name : {"zones.toml", "dungeons.toml", "items.toml", "shops.toml", "quests.toml", "guards.toml"}) {
    auto file = read_content(content_dir, name);
    if (!file) return tl::unexpected<Error>(file.error());
    files.push_back(std::move(*file));
  }
  auto content = parse_content(files[0], files[1]);
  if (!content) return tl::unexpected<Error>(content.error());
  auto lobby = sample::parse_lobby_content(files);
  if (!lobby) return tl::unexpected<Error>(lobby.error());
  auto guards = sample::parse_sample_guards(files[5], lobby->items, lobby->shops, lobby->quests);
  if (!guards) return tl::unexpected<Error>(guards.error());

  auto kept = std::make_shared<SampleContent>();
  kept->fight = {lobby->runs, lobby->items, lobby->quests};
  kept->lobby = std::move(*lobby);
  kept->hash = content_hash(files);
  Game game;
  game.files = game_files();
  game.content = std::move(*content);
  game.content_files = std::move(files);
  game.content_guards = guards->SerializeAsString();
  game.reasons = sample::reasons();
  game.cap = [kept](const std::string& name) { return kept->lobby.items.cap(name); };
  game.items_max = kept->lobby.items.bag_slots;
  game.balances.push_back("gold");
  for (const auto& [name, item] : kept->lobby.items.templates)
    (item.stack ? game.balances : game.items).push_back(name);
  game.lobby = [kept](Lobby& node) { sample::add_live_sample(node, kept->lobby, kept->hash); };
  game.dungeon = [kept](Dungeon& dungeon) -> std::shared_ptr<void> {
    const auto live = sample::live_fight_content(kept->fight, kept->hash);
    dungeon.use_content(live);
    return std::make_shared<sample::DungeonSample>(dungeon, live);
  };
  return game;
}

}  // namespace dure
