// Faults between processes, in the simulated cluster: what is lost, what is doubled, who is disconnected. Nothing, and
// nobody but for a reason.
#include <gtest/gtest.h>

#include "tests/sim/fixture.h"

namespace dure::sim {
namespace {

void until_in_dungeon(Evening& evening) {
  const auto fighting = [&] {
    for (int i = 0; i < 4; ++i)
      if (!evening.players[i]->was_in_dungeon() || evening.players[i]->attacks() < 1) return false;
    return true;
  };
  for (int i = 0; i < 200 && !fighting(); ++i) evening.cluster.run(milliseconds(50));
  ASSERT_TRUE(fighting()) << evening.story();
}

void until_everybody_plays(Evening& evening) {
  for (int i = 0; i < 60 && (i < 5 || !evening.everybody_plays()); ++i) evening.cluster.run(seconds(1));
  EXPECT_TRUE(evening.everybody_plays()) << evening.story();
}

int bought(const Evening& evening) {
  int all = 0;
  for (const auto& player : evening.players) all += player->bought();
  return all;
}

TEST(HostileCluster, WithoutChatTheGameGoesOn) {
  Evening evening(31, Shape{}, 0);
  evening.cluster.run(seconds(3));
  evening.cluster.kill(chat_node());
  evening.cluster.run(seconds(1));
  const int before = bought(evening);
  evening.cluster.run(seconds(10));
  EXPECT_GT(bought(evening), before + 5);
  EXPECT_TRUE(evening.everybody_in("town")) << evening.story();
  for (const auto& player : evening.players) EXPECT_EQ(player->disconnects(), 0) << player->last_error();
  evening.check_saved();
}

TEST(HostileCluster, ADungeonCutOffForHalfAMinuteIsFencedAndItsPlayersAreInTheLobby) {
  Evening evening(32, Shape{}, 4);
  ASSERT_NO_FATAL_FAILURE(until_in_dungeon(evening));
  evening.cluster.cut(general_node(), dungeon_node(), true);
  evening.cluster.cut(gateway_node(), dungeon_node(), true);  // the agent hears it still: a zombie that may write
  evening.cluster.run(seconds(10));
  EXPECT_TRUE(evening.everybody_in("town")) << evening.story();
  evening.cluster.run(seconds(20));
  evening.cluster.cut(general_node(), dungeon_node(), false);
  evening.cluster.cut(gateway_node(), dungeon_node(), false);
  until_everybody_plays(evening);
  for (const auto& player : evening.players) EXPECT_EQ(player->disconnects(), 0) << player->last_error();
  evening.check_saved();
}

TEST(HostileCluster, ADungeonCutOffFromTheGeneralOnlyKeepsItsPlayersUntilItHeals) {
  Evening evening(33, Shape{}, 4);
  ASSERT_NO_FATAL_FAILURE(until_in_dungeon(evening));
  evening.cluster.cut(general_node(), dungeon_node(), true);
  evening.cluster.run(seconds(30));
  evening.cluster.cut(general_node(), dungeon_node(), false);
  until_everybody_plays(evening);
  evening.check_saved();
}

TEST(HostileCluster, ARoleThatStandsStillForAMinuteIsFencedOrGoesOn) {
  const std::vector<NodeId> roles{agent_node(), general_node(1), dungeon_node(), chat_node(), gateway_node()};
  for (std::size_t i = 0; i < roles.size(); ++i) {
    Shape shape;
    shape.generals = 2;
    Evening evening(40 + i, shape, 4);
    evening.cluster.run(seconds(5));
    evening.cluster.pause(roles[i], seconds(60));
    evening.cluster.run(seconds(61));
    until_everybody_plays(evening);
    evening.check_saved();
    if (HasFailure()) FAIL() << to_text(roles[i]) << "\n" << evening.story();
  }
}

TEST(HostileCluster, ADungeonThatDiesAtAnyMomentRewardsOnceOrNotAtAll) {
  for (std::uint64_t seed = 100; seed < 200 && !HasFailure(); ++seed) {
    Evening evening(seed, Shape{}, 4);
    ASSERT_NO_FATAL_FAILURE(until_in_dungeon(evening));
    evening.cluster.run(milliseconds(static_cast<std::int64_t>(Rng(seed, 7).below(4000))));
    evening.cluster.kill(dungeon_node());
    evening.cluster.start(dungeon_node(), milliseconds(500));
    until_everybody_plays(evening);
    evening.check_saved();
    if (HasFailure()) FAIL() << "seed " << seed << "\n" << evening.story();
  }
}

TEST(HostileCluster, AnAgentThatRestartsDuringLoginsLosesNobody) {
  Evening evening(34, Shape{}, 0);  // the players' first logins are on their way now
  evening.cluster.kill(agent_node());
  evening.cluster.start(agent_node(), seconds(2));
  until_everybody_plays(evening);
  evening.check_saved();
}

}  // namespace
}  // namespace dure::sim
