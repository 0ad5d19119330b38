// Accounts move between the shards while their characters walk, shop and fight; then the same while agents and generals
// die. What the players believe is what the files hold, wherever each account has come to be.
// DURE_SIM_SEEDS=first..last runs other seeds than the usual ones.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/sim/faults.h"
#include "tests/sim/fixture.h"

namespace dure::sim {
namespace {

int moved(const Cluster& cluster) {
  int count = 0;
  for (const auto& line : cluster.log(agent_node()).lines)
    if (line.find("move.settled") != std::string::npos && line.find("moved=1") != std::string::npos) ++count;
  return count;
}

struct Told {
  std::uint64_t trace = 0;
  int moved = 0, disconnects = 0, returns = 0;
};

Told evening_of_moves(std::uint64_t seed, bool deaths) {
  Shape shape;
  shape.generals = 2;
  Evening evening(seed, shape, 4);
  Rng rng(seed, 0x307e);
  evening.cluster.run(seconds(4));
  for (int i = 0; i < 80; ++i) {
    evening.cluster.run(milliseconds(static_cast<std::int64_t>(rng.below(250))));
    ask_move(evening.cluster, 1 + rng.below(Evening::kPlayers), static_cast<std::uint32_t>(rng.below(2)));
    if (!deaths || !rng.chance(0.12)) continue;
    const NodeId node = rng.chance(0.7) ? agent_node() : general_node(static_cast<std::uint16_t>(1 + rng.below(2)));
    evening.cluster.kill(node);
    evening.cluster.start(node, milliseconds(static_cast<std::int64_t>(rng.below(1500))));
  }
  evening.cluster.run(seconds(5));
  for (int i = 0; i < 60 && !evening.everybody_plays(); ++i) evening.cluster.run(seconds(1));
  EXPECT_TRUE(evening.everybody_plays()) << "seed " << seed << "\n" << evening.story();
  Told told;
  told.moved = moved(evening.cluster);
  for (const auto& player : evening.players) {
    told.disconnects += static_cast<int>(player->disconnects());
    told.returns += static_cast<int>(player->returns());
  }
  evening.check_saved();
  told.trace = evening.cluster.trace();
  if (testing::Test::HasFailure()) ADD_FAILURE() << "seed " << seed << "\n" << evening.story();
  return told;
}

TEST(MovesSimulation, NobodyNoticesThatAccountsMove) {
  for (std::uint64_t seed = 1; seed <= 4 && !HasFailure(); ++seed) {
    const Told told = evening_of_moves(seed, false);
    EXPECT_GE(told.moved, 15) << seed;
    EXPECT_EQ(told.disconnects, 0) << seed;
  }
}

TEST(MovesSimulation, NothingSavedIsLostWhoeverDiesMeanwhile) {
  unsigned long long first = 11, last = 18;
  if (const char* asked = std::getenv("DURE_SIM_SEEDS")) std::sscanf(asked, "%llu..%llu", &first, &last);
  int moves = 0;
  for (std::uint64_t seed = first; seed <= last && !HasFailure(); ++seed) moves += evening_of_moves(seed, true).moved;
  EXPECT_GE(moves, 20);
}

TEST(MovesSimulation, OneSeedIsOneHistory) {
  EXPECT_EQ(evening_of_moves(5, true).trace, evening_of_moves(5, true).trace);
}

}  // namespace
}  // namespace dure::sim
