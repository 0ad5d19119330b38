// Five roles, an evening in miniature, two deaths: everybody is in the lobby afterwards, what was SAVED is in the
// files, nothing was made or lost, and the same seed is the same history.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "lobby/lobby.h"
#include "tests/sim/player.h"
#include "tests/sim/roles.h"

namespace dure::sim {
namespace {

constexpr int kPlayers = 6;  // four of them fill the cellar

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

const Game& game() {
  static const Game the_game;
  return the_game;
}

struct Evening {
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
  std::string story() const {
    std::string all;
    for (const auto& p : players)
      all += std::to_string(p->player_id()) + " in '" + p->place() + "' world " + std::to_string(p->in_world()) +
             " bought " + std::to_string(p->bought()) + " attacks " + std::to_string(p->attacks()) + " returns " +
             std::to_string(p->returns()) + " disconnects " + std::to_string(p->disconnects()) + " " + p->last_error() +
             "\n";
    for (const auto& line : cluster.errors()) all += line + "\n";
    return all;
  }
  // Nobody changes value any more; everything is SAVED; then the files are compared with what the players believe.
  void check_saved() {
    for (auto& player : players) player->be_quiet();
    cluster.run(seconds(3));
    std::vector<std::uint64_t> ids;
    for (const auto& player : players) {
      EXPECT_TRUE(player->all_saved()) << player->last_error();
      EXPECT_TRUE(player->mismatches().empty()) << player->mismatches().front();
      ids.push_back(player->player_id());
    }
    cluster.kill(agent_node());
    const Stored stored = read_stores(folder.path, shape.shards, ids);
    EXPECT_EQ(stored.ledger_sum, 0);
    EXPECT_EQ(stored.orphans, 0u);
    EXPECT_EQ(stored.doubles, 0u);
    EXPECT_TRUE(stored.findings.empty()) << stored.findings.front();
    for (const auto& player : players) {
      const auto row = stored.players.find(player->player_id());
      ASSERT_NE(row, stored.players.end()) << player->player_id();
      std::map<std::string, std::int64_t> balances;
      for (const auto& b : row->second.balances()) balances[b.name()] = b.value();
      for (const char* what : {"gold", "bread", "potion"}) {
        const auto believed = player->balances().find(what);
        EXPECT_EQ(balances[what], believed == player->balances().end() ? 0 : believed->second)
            << what << " of " << player->player_id();
      }
    }
  }
  Folder folder;
  Shape shape;
  Cluster cluster;
  std::vector<std::unique_ptr<ScriptedPlayer>> players;
};

TEST(Smoke, PlayersLogInWalkAndBuyAndWhatWasSavedIsInTheFiles) {
  Evening evening(11, Shape{}, 0);
  evening.cluster.run(seconds(5));
  EXPECT_TRUE(evening.everybody_in("town")) << evening.story();
  int bought = 0;
  for (const auto& player : evening.players) {
    bought += player->bought();
    EXPECT_EQ(player->disconnects(), 0) << player->last_error();
  }
  EXPECT_GT(bought, 10) << evening.story();
  evening.check_saved();
  EXPECT_TRUE(evening.cluster.errors().empty()) << evening.story();
}

bool in_dungeon(const Evening& evening) {
  for (int i = 0; i < 4; ++i)
    if (!evening.players[i]->was_in_dungeon() || evening.players[i]->attacks() < 3) return false;
  return true;
}

void dungeon_dies(Evening& evening) {
  for (int i = 0; i < 100 && !in_dungeon(evening); ++i) evening.cluster.run(milliseconds(100));
  ASSERT_TRUE(in_dungeon(evening)) << evening.story();
  evening.cluster.kill(dungeon_node());
  evening.cluster.run(seconds(1));
}

TEST(Smoke, AKilledDungeonsPlayersAreInTheLobbyWithinASecond) {
  Evening evening(12, Shape{}, 4);
  ASSERT_NO_FATAL_FAILURE(dungeon_dies(evening));
  EXPECT_TRUE(evening.everybody_in("town")) << evening.story();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(evening.players[i]->returns(), 1) << evening.story();
  for (const auto& player : evening.players) EXPECT_EQ(player->disconnects(), 0) << evening.story();
  evening.cluster.start(dungeon_node());
  evening.cluster.run(seconds(2));
  evening.check_saved();
}

TEST(Smoke, AKilledGeneralsPlayersAreTakenByAnother) {
  Shape shape;
  shape.generals = 2;
  Evening evening(13, shape, 0);
  evening.cluster.run(seconds(5));
  ASSERT_TRUE(evening.everybody_in("town")) << evening.story();
  evening.cluster.kill(general_node(1));
  evening.cluster.run(seconds(10));
  EXPECT_TRUE(evening.everybody_in("town")) << evening.story();
  for (const auto& player : evening.players) EXPECT_EQ(player->disconnects(), 0) << evening.story();
  evening.cluster.start(general_node(1));
  evening.cluster.run(seconds(3));
  evening.check_saved();
}

TEST(Smoke, ARestartOfTheAgentLosesNothingThatWasSaved) {
  Evening evening(14, Shape{}, 0);
  evening.cluster.run(seconds(5));
  evening.cluster.kill(agent_node());
  evening.cluster.start(agent_node(), seconds(1));
  evening.cluster.run(seconds(6));
  EXPECT_TRUE(evening.everybody_in("town")) << evening.story();
  for (const auto& player : evening.players) EXPECT_EQ(player->disconnects(), 0) << evening.story();
  evening.check_saved();
}

std::uint64_t trace_of(std::uint64_t seed) {
  Shape shape;
  shape.generals = 2;
  Evening evening(seed, shape, 4);
  evening.cluster.run(seconds(6));
  evening.cluster.kill(dungeon_node());
  evening.cluster.start(dungeon_node(), seconds(1));
  evening.cluster.run(seconds(2));
  evening.cluster.kill(general_node(2));
  evening.cluster.start(general_node(2), seconds(1));
  evening.cluster.run(seconds(4));
  return evening.cluster.trace();
}

TEST(Smoke, OneSeedIsOneHistory) {
  const std::uint64_t first = trace_of(21);
  EXPECT_EQ(first, trace_of(21));
  EXPECT_NE(first, trace_of(22));
}

}  // namespace
}  // namespace dure::sim
