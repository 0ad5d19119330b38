// A run's folder and a small crowd in a simulated cluster; what must be true of them afterwards.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/game/sample/entry_fee.h"
#include "tests/sim/player.h"
#include "tests/sim/roles.h"

namespace dure::sim {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dure-sim-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

inline const Game& game() {
  static const Game the_game;
  return the_game;
}

struct Evening {
  static constexpr int kPlayers = 6;
  // `for_dungeon` of the players queue for the cellar; four fill it.
  Evening(std::uint64_t seed, Shape of, int for_dungeon) : shape(of), cluster(seed) {
    add_roles(cluster, game(), shape, folder.path);
    cluster.start_all();
    cluster.run(seconds(3));
    for (int i = 0; i < kPlayers; ++i)
      players.push_back(std::make_unique<ScriptedPlayer>(cluster, gateway_node(), i, i < for_dungeon));
    for (auto& player : players) player->start();
  }
  bool everybody_in(const std::string& zone) const {
    for (const auto& player : players)
      if (!player->in_world() || player->place().rfind(zone, 0) != 0) return false;
    return true;
  }
  bool everybody_plays() const { return everybody_in(""); }
  std::string story() const {
    std::string all;
    for (const auto& p : players)
      all += std::to_string(p->player_id()) + " in '" + p->place() + "' at " + p->position() + " world " +
             std::to_string(p->in_world()) + " bought " + std::to_string(p->bought()) + " attacks " +
             std::to_string(p->attacks()) + " returns " + std::to_string(p->returns()) + " disconnects " +
             std::to_string(p->disconnects()) + " " + p->last_error() + "\n";
    for (const auto& line : cluster.errors()) all += line + "\n";
    return all;
  }
  // Nobody changes value any more; everything is SAVED; then the files are compared with what the players believe.
  void check_saved() {
    for (auto& player : players) player->be_quiet();
    cluster.run(seconds(3));
    std::vector<std::uint64_t> ids;
    for (const auto& player : players) {
      EXPECT_TRUE(player->all_saved()) << player->player_id() << " " << player->last_error();
      for (const auto& line : player->mismatches()) ADD_FAILURE() << player->player_id() << ": " << line;
      ids.push_back(player->player_id());
    }
    cluster.kill(agent_node());
    const Stored stored = read_stores(folder.path, shape.shards, ids);
    EXPECT_EQ(stored.ledger_sum, 0);
    EXPECT_EQ(stored.orphans, 0u);
    EXPECT_EQ(stored.doubles, 0u);
    for (const auto& line : stored.findings) ADD_FAILURE() << line;
    for (const auto& player : players) check_row(*player, stored);
  }
  void check_row(const ScriptedPlayer& player, const Stored& stored) {
    const auto row = stored.players.find(player.player_id());
    ASSERT_NE(row, stored.players.end()) << player.player_id();
    std::map<std::string, std::int64_t> balances;
    for (const auto& b : row->second.balances()) balances[b.name()] = b.value();
    for (const char* what : {"gold", "bread", "potion"}) {
      const auto believed = player.balances().find(what);
      EXPECT_EQ(balances[what], believed == player.balances().end() ? 0 : believed->second)
          << what << " of " << player.player_id();
    }
    // Who stands in a zone has its entry fee back, or has used it.
    for (const auto& counter : row->second.counters())
      if (counter.name() == sample::kEntryRun && player.place().rfind("run/", 0) != 0) {
        EXPECT_EQ(counter.value(), 0) << player.player_id() << " in " << player.place();
      }
  }
  Folder folder;
  Shape shape;
  Cluster cluster;
  std::vector<std::unique_ptr<ScriptedPlayer>> players;
};

}  // namespace dure::sim
