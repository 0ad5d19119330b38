// A small crowd in a simulated cluster; what must be true of them afterwards.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/sim/laws.h"
#include "tests/sim/player.h"
#include "tests/sim/roles.h"

namespace dure::sim {

inline const Game& game() {
  static const Game the_game;
  return the_game;
}

struct Evening {
  static constexpr int kPlayers = 6;
  // `for_dungeon` of the players queue for the cellar; four fill it.
  Evening(std::uint64_t seed, Shape of, int for_dungeon) : stores(seed), shape(of), cluster(seed) {
    add_roles(cluster, game(), shape, stores);
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
    for (const auto& player : players) all += player->story();
    for (const auto& line : cluster.errors()) all += line + "\n";
    return all;
  }
  // Nobody changes value any more; everything is SAVED; then the files are compared with what the players believe.
  void check_saved() {
    for (auto& player : players) player->be_quiet();
    cluster.run(seconds(3));
    std::vector<std::uint64_t> ids;
    for (const auto& player : players) ids.push_back(player->player_id());
    cluster.kill(agent_node());
    const Stored stored = stores.read(shape.shards, ids);
    Verdict verdict = stores.broken();
    judge_books(stored, &verdict);
    for (const auto& player : players) judge_player(*player, stored, &verdict);
    EXPECT_TRUE(verdict.empty()) << to_text(verdict);
  }
  Stores stores;
  Shape shape;
  Cluster cluster;
  std::vector<std::unique_ptr<ScriptedPlayer>> players;
};

}  // namespace dure::sim
