// Logins of somebody who is in the world already, while the owner of the character cannot let go; and a ban.
#include <gtest/gtest.h>

#include "common/proto/cluster.pb.h"
#include "gateway/gateway.h"
#include "lobby/lobby.h"
#include "tests/sim/fixture.h"

namespace dure::sim {
namespace {

class HostileRelogin : public ::testing::Test {
 protected:
  static Shape two_generals() {
    Shape shape;
    shape.generals = 2;
    return shape;
  }
  // All are in the world; the one of the tests has things that are not SAVED.
  void begin(std::uint64_t seed) {
    evening_ = std::make_unique<Evening>(seed, two_generals(), 0);
    for (int i = 0; i < 20 && !evening_->everybody_plays(); ++i) evening_->cluster.run(milliseconds(500));
    ASSERT_TRUE(evening_->everybody_plays()) << evening_->story();
    evening_->cluster.run(seconds(2));
    player_ = evening_->players[0].get();
  }
  std::vector<NodeId> owners() {
    std::vector<NodeId> found;
    for (std::uint16_t n = 1; n <= 2; ++n)
      if (Lobby* lobby = evening_->cluster.as<Lobby>(general_node(n)))
        if (lobby->find(PlayerId(player_->player_id())) != nullptr) found.push_back(general_node(n));
    return found;
  }
  bool plays_within(Duration limit) {
    for (Duration waited{}; waited < limit; waited += milliseconds(100)) {
      if (player_->in_world()) return true;
      evening_->cluster.run(milliseconds(100));
    }
    return player_->in_world();
  }
  // Everything is as it should be again, and one general has the player.
  void heals() {
    for (int i = 0; i < 60 && (i < 5 || !evening_->everybody_plays()); ++i) evening_->cluster.run(seconds(1));
    EXPECT_TRUE(evening_->everybody_plays()) << evening_->story();
    EXPECT_EQ(owners().size(), 1u) << evening_->story();
    evening_->check_saved();
  }

  std::unique_ptr<Evening> evening_;
  ScriptedPlayer* player_ = nullptr;
};

TEST_F(HostileRelogin, WhileTheOldOwnerStandsStillAnotherTakesOverAndTheOldOneIsFenced) {
  ASSERT_NO_FATAL_FAILURE(begin(61));
  const auto before = owners();
  ASSERT_EQ(before.size(), 1u);
  evening_->cluster.pause(before.front(), seconds(30));
  evening_->cluster.run(milliseconds(500));
  player_->log_in_again();
  EXPECT_FALSE(player_->in_world());
  EXPECT_TRUE(plays_within(seconds(10))) << evening_->story();
  evening_->cluster.run(seconds(30));
  heals();
}

TEST_F(HostileRelogin, WhileTheOldOwnerCannotSaveNothingIsDoubledAndNothingSavedIsLost) {
  ASSERT_NO_FATAL_FAILURE(begin(62));
  const auto before = owners();
  ASSERT_EQ(before.size(), 1u);
  const int bought = player_->bought();
  evening_->cluster.cut(agent_node(), before.front(), true);
  evening_->cluster.run(seconds(1));
  EXPECT_GT(player_->bought(), bought) << "applied, and not saved";
  player_->log_in_again();
  evening_->cluster.run(seconds(2));  // it flushes still
  evening_->cluster.cut(agent_node(), before.front(), false);
  EXPECT_TRUE(plays_within(seconds(10))) << evening_->story();
  heals();
}

TEST_F(HostileRelogin, AgainAndAgainWithoutAPauseEndsWithOneOwnerAndOneSession) {
  ASSERT_NO_FATAL_FAILURE(begin(63));
  for (int i = 0; i < 40; ++i) {
    player_->log_in_again();
    evening_->cluster.run(milliseconds(50 * (i % 7)));
  }
  EXPECT_TRUE(plays_within(seconds(30))) << evening_->story();
  EXPECT_EQ(evening_->cluster.as<Gateway>(gateway_node())->sessions(), std::size_t{Evening::kPlayers});
  heals();
}

TEST_F(HostileRelogin, WhoIsBannedIsOutWithinASecondAndStaysOut) {
  ASSERT_NO_FATAL_FAILURE(begin(64));
  proto::GmCommand command;
  command.set_id(77);
  command.set_issuer("gm");
  command.set_cluster_id("dure");
  command.set_not_after_unix_ms(unix_ms(WallTime(seconds(1'800'000'000))) + 3'600'000);
  command.set_verb("ban");
  command.add_arguments(player_->account());
  command.add_arguments("1900000000000");
  command.add_arguments("cheating");
  const int before = player_->disconnects();
  evening_->cluster.give(agent_node(), GmCommandIn{Bytes(command.SerializeAsString()), "answers"});
  evening_->cluster.run(seconds(1));
  EXPECT_EQ(player_->disconnects(), before + 1);
  EXPECT_FALSE(player_->in_world());
  evening_->cluster.run(seconds(10));
  EXPECT_FALSE(player_->in_world());
  EXPECT_EQ(evening_->cluster.as<Gateway>(gateway_node())->sessions(), std::size_t{Evening::kPlayers} - 1);
  EXPECT_TRUE(owners().empty()) << "nobody holds the character any more";
  for (std::size_t i = 1; i < evening_->players.size(); ++i) EXPECT_TRUE(evening_->players[i]->in_world());
}

}  // namespace
}  // namespace dure::sim
