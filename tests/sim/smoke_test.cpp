// Five roles, an evening in miniature, two deaths: everybody is in the lobby afterwards, what was SAVED is in the
// files, nothing was made or lost, and the same seed is the same history.
#include <gtest/gtest.h>

#include "tests/sim/fixture.h"

namespace dure::sim {
namespace {

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
  const int bought = evening.players[0]->bought();
  evening.cluster.run(seconds(2));
  EXPECT_GT(evening.players[0]->bought(), bought) << "stands where one arrives, not at the run's coordinates";
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

TEST(Smoke, ADrainedGeneralsPlayersAreTakenByAnotherBeforeItEnds) {
  Shape shape;
  shape.generals = 2;
  Evening evening(15, shape, 0);
  evening.cluster.run(seconds(5));
  ASSERT_TRUE(evening.everybody_in("town")) << evening.story();
  evening.cluster.stop(general_node(1));
  evening.cluster.run(seconds(5));
  EXPECT_FALSE(evening.cluster.alive(general_node(1)));
  EXPECT_TRUE(evening.everybody_in("town")) << evening.story();
  for (const auto& player : evening.players) {
    EXPECT_EQ(player->disconnects(), 0) << evening.story();
    EXPECT_EQ(player->returns(), 0) << "handed over, not walked back";
  }
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
