// The game that a program is built with: its messages, its content, and the parts it puts into the roles. The sample
// (sample_game.cpp) or none (empty_game.cpp); a studio writes a third. Loaded once at start, then read only.
#pragma once
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/game/content.h"

namespace google::protobuf {
class FileDescriptor;
}

namespace dure {

class Dungeon;
class Lobby;

struct Game {
  std::vector<const google::protobuf::FileDescriptor*> files;
  Content content;
  std::vector<ContentFile> content_files;               // what all of it was read from: kept by version
  std::string content_guards;                           // an encoded ContentGuards: what follows from them
  std::function<std::int64_t(const std::string&)> cap;  // of a balance
  std::size_t items_max = 0;                            // in a bag
  std::set<std::string> reasons;             // that operations may carry
  std::vector<std::string> balances, items;  // that a game master may give
  std::function<void(Lobby&)> lobby;         // registers the game's part; called before the first turn
  // What it returns lives as long as the node.
  std::function<std::shared_ptr<void>(Dungeon&)> dungeon;
};

// Every .proto file of the game, without loading content: for `dure routes`.
std::vector<const google::protobuf::FileDescriptor*> game_files();
// Errors name file, line, column, key and what is allowed.
[[nodiscard]] Result<Game> load_game(const std::string& content_dir);

// For the two implementations.
[[nodiscard]] Result<ContentFile> read_content(const std::string& content_dir, const std::string& name);
// The game's content as one version of it: an encoded ContentLoad (content.proto).
std::string content_load(const Game& game, bool activate_first, bool activate_always);

}  // namespace dure
