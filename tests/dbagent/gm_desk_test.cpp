// What game masters order of the agent: once each, known by its number, refused before it is claimed.
#include "tests/dbagent/agent_fixture.h"

namespace dure {
namespace {

TEST_F(AgentTest, AFeatureIsSwitchedOffOnceAndEverybodyHears) {
  cluster_.up(kGeneral);
  cluster_.run(milliseconds(50));
  cluster_.forget_sent();
  order(11, "feature", {"shop", "off"});
  order(11, "feature", {"shop", "off"});
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_TRUE(heard[0].ok() && heard[1].ok());
  EXPECT_EQ(claims_, 1);
  EXPECT_EQ(switches_.switches_size(), 1);
  EXPECT_TRUE(cluster_.take<proto::SwitchesNotice>(kGeneral));
}

TEST_F(AgentTest, ACommandClaimedInAFormerLifeIsNotExecutedAgain) {
  claims_granted_ = 0;
  order(13, "feature", {"shop", "off"});
  EXPECT_EQ(switches_.switches_size(), 0);
  EXPECT_FALSE(answers().at(0).ok());
}

TEST_F(AgentTest, ACommandWhoseClaimIsAnsweredLateIsExecuted) {
  claims_granted_ = 1;
  cluster_.run(milliseconds(100));
  directory_stands_ = true;
  order(19, "feature", {"shop", "off"});
  cluster_.run(seconds(3));
  ASSERT_EQ(standing_.size(), 1u);
  directory_stands_ = false;
  cluster_.in(std::move(standing_.front()));
  cluster_.run(seconds(1));
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0].ok()) << heard[0].text();
  EXPECT_EQ(switches_.switches_size(), 1);
  EXPECT_EQ(claims_, 1);
}

TEST_F(AgentTest, ABanThatNobodyCouldBeFoundForIsExecutedWhenItIsRepeated) {
  claims_granted_ = 1;
  cluster_.up(kGateway);
  const std::vector<std::string> words{"Mina", std::to_string(unix_ms(cluster_.wall) + 1'000'000), "bots"};
  directory_is_busy_ = true;
  order(20, "ban", words);
  cluster_.run(seconds(2));
  EXPECT_FALSE(answers().at(0).ok());
  directory_is_busy_ = false;
  order(20, "ban", words);
  EXPECT_TRUE(answers().at(0).ok());
  EXPECT_TRUE(cluster_.take<proto::SessionFenced>(kGateway));
  EXPECT_EQ(claims_, 1);
}

TEST_F(AgentTest, AGrantThatNobodyCouldBeFoundForIsMadeWhenItIsRepeated) {
  directory_is_busy_ = true;
  order(21, "give", {"Mina", "gold", "100"});
  cluster_.run(seconds(2));
  EXPECT_FALSE(answers().at(0).ok());
  directory_is_busy_ = false;
  while (!groups_.empty()) finish_group();
  order(21, "give", {"Mina", "gold", "100"});
  while (!groups_.empty()) finish_group();
  EXPECT_TRUE(answers().at(0).ok());
}

TEST_F(AgentTest, ARollbackOfWhomTheDirectoryDidNotFindForBeingBusyMayBeRepeated) {
  directory_is_busy_ = true;
  order(22, "rollback", {"player", "Mina", "1000"});
  cluster_.run(seconds(2));
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].text().find("nobody is called"), std::string::npos) << heard[0].text();
}

TEST_F(AgentTest, OfCommandsTheOldestIsForgottenFirstWhateverItsNumber) {
  constexpr std::uint64_t kKept = 256;
  for (std::uint64_t id = 10'000; id < 10'000 + kKept; ++id) order(id, "feature", {"shop", "off"});
  for (const std::uint64_t id : {1, 2}) order(id, "feature", {"shop", "off"});
  const int claimed = claims_;
  answers();
  for (const std::uint64_t id : {1, 2}) order(id, "feature", {"shop", "off"});
  EXPECT_EQ(claims_, claimed) << "known";
  EXPECT_EQ(answers().size(), 2u);
  order(10'000, "feature", {"shop", "off"});
  EXPECT_EQ(claims_, claimed + 1) << "forgotten: the database knows it";
}

TEST_F(AgentTest, ABanFencesTheSessionAtEveryGateway) {
  cluster_.up(kGateway);
  cluster_.up(kSecondGateway);
  order(14, "ban", {"Mina", std::to_string(unix_ms(cluster_.wall) + 1'000'000), "bots"});
  EXPECT_TRUE(answers().at(0).ok());
  for (const NodeId gateway : {kGateway, kSecondGateway}) {
    const auto fenced = cluster_.take<proto::SessionFenced>(gateway);
    ASSERT_TRUE(fenced);
    EXPECT_EQ(fenced->second.account_id(), 70u);
    EXPECT_EQ(fenced->second.session_epoch(), 4u) << "the epoch that was displaced, not the one that stands";
  }
  cluster_.down(kGateway);
  cluster_.up(kGateway);
  EXPECT_TRUE(cluster_.take<proto::SessionFenced>(kGateway)) << "told again to a gateway that was away";
}

TEST_F(AgentTest, AGrantIsDeliveredUnderTheCommandsIdAndItsOwnerHears) {
  cluster_.up(kGeneral);
  order(15, "give", {"Mina", "gold", "100"});
  ASSERT_EQ(groups_.size(), 1u);
  proto::DeliverRequest request;
  request.ParseFromString(batch_of(groups_.front()).items(0).body());
  EXPECT_EQ(request.message_id(), 15u);
  EXPECT_EQ(request.player_id(), 7u);
  EXPECT_EQ(request.balances(0).value(), 100);
  finish_group();
  EXPECT_TRUE(answers().at(0).ok());
  EXPECT_EQ(cluster_.take<proto::InboxNotice>(kGeneral)->second.player_id(), 7u);
}

TEST_F(AgentTest, AGrantOfNothingKnownIsRefusedBeforeItIsClaimed) {
  order(16, "give", {"Mina", "moon", "1"});
  order(17, "give", {"Mina", "gold", "-5"});
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_FALSE(heard[0].ok() || heard[1].ok());
  EXPECT_EQ(claims_, 0);
}

class SmallBagTest : public AgentTest {
 protected:
  static AgentOptions small() {
    AgentOptions options{{}, {"gold"}, {"sword"}};
    options.cap = [](const std::string&) { return 999; };
    options.items_max = 60;
    return options;
  }
  SmallBagTest() : AgentTest(small()) {}
};

TEST_F(SmallBagTest, AGrantThatNoBagWouldEverTakeInIsRefused) {
  order(20, "give", {"Mina", "gold", "1000"});
  order(21, "give", {"Mina", "sword", "61"});
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_FALSE(heard[0].ok() || heard[1].ok());
  EXPECT_EQ(heard[1].text(), "give: count is 1 to 60");
  EXPECT_EQ(claims_, 0);
  order(22, "give", {"Mina", "gold", "999"});
  order(23, "give", {"Mina", "sword", "60"});
  EXPECT_EQ(claims_, 2);
}

TEST_F(AgentTest, StatusIsAnsweredAndAnExpiredCommandIsNot) {
  order(18, "status", {});
  ASSERT_EQ(answers().size(), 1u);
  cluster_.wall -= seconds(100);
  order(19, "status", {});
  EXPECT_EQ(answers().size(), 1u);
  proto::GmCommand late;
  late.set_cluster_id("dure");
  late.set_verb("status");
  late.set_not_after_unix_ms(unix_ms(cluster_.wall) - 1);
  cluster_.in(GmCommandIn{Bytes(late.SerializeAsString()), "answers"});
  cluster_.turn();
  EXPECT_TRUE(answers().empty());
}

}  // namespace
}  // namespace dure
