// No game: the cluster runs, players log in, walk and talk.
#include "tools/game.h"

namespace dure {

std::vector<const google::protobuf::FileDescriptor*> game_files() { return {}; }

Result<Game> load_game(const std::string& content_dir) {
  const auto zones = read_content(content_dir, "zones.toml");
  if (!zones) return tl::unexpected<Error>(zones.error());
  auto content = parse_content(*zones, ContentFile{"(no dungeons)", ""});
  if (!content) return tl::unexpected<Error>(content.error());
  Game game;
  game.content = std::move(*content);
  game.lobby = [](Lobby&) {};
  game.dungeon = [](Dungeon&) { return std::shared_ptr<void>(); };
  return game;
}

}  // namespace dure
