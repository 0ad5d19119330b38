// What game masters order of a gateway: done once, and never called done that was not.
#include "common/proto/cluster.pb.h"
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

class GatewayGmTest : public GatewayTest {
 protected:
  // As the sender does until it is answered.
  void order(const std::string& verb, const std::string& word) {
    proto::GmCommand command;
    command.set_id(11);
    command.set_issuer("tester");
    command.set_cluster_id("dure");
    command.set_not_after_unix_ms(unix_ms(cluster_.wall) + 30'000);
    command.set_verb(verb);
    command.add_arguments(word);
    cluster_.in(GmCommandIn{Bytes(command.SerializeAsString()), "answers"});
    cluster_.turn();
  }
  std::vector<proto::GmAnswer> answers() {
    std::vector<proto::GmAnswer> found = std::move(answers_);
    answers_.clear();
    return found;
  }
  // `code` is the agent's word on the claim it was asked for first.
  void claimed(proto::StoreCode code) {
    const auto claim = cluster_.take<proto::GmClaim>(kAgent);
    ASSERT_TRUE(claim);
    proto::StoreReply reply;
    reply.set_code(code);
    cluster_.answer(kAgent, claim->first, reply);
    cluster_.turn();
  }
  void SetUp() override {
    const auto others = cluster_.on_effect;
    cluster_.on_effect = [this, others](Outbound& out) {
      const auto* answer = std::get_if<GmAnswerOut>(&out);
      if (answer == nullptr) return others(out);
      answers_.emplace_back().ParseFromString(std::string(answer->answer.view()));
      return true;
    };
    enter(kMina);
    ASSERT_EQ(gateway_.session(session_)->name, "Mina");
  }
  bool playing() { return gateway_.session(session_) != nullptr; }

  std::vector<proto::GmAnswer> answers_;
};

TEST_F(GatewayGmTest, WhoIsNamedIsKickedOnceAndARepeatIsAnsweredTheSame) {
  order("kick", "Mina");
  EXPECT_TRUE(playing()) << "before its claim is made";
  claimed(proto::STORED);
  EXPECT_FALSE(playing());
  order("kick", "Mina");
  EXPECT_FALSE(cluster_.take<proto::GmClaim>(kAgent));
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 2u);
  for (const auto& answer : heard) {
    EXPECT_TRUE(answer.ok());
    EXPECT_EQ(answer.text(), "kicked");
  }
}

TEST_F(GatewayGmTest, ARepeatWhileItsClaimTakesItsTimeIsNotCalledDone) {
  order("kick", "Mina");
  cluster_.run(seconds(3));
  order("kick", "Mina");
  EXPECT_EQ(answers().size(), 0u);
  EXPECT_TRUE(playing());
  claimed(proto::STORED);
  EXPECT_FALSE(playing());
  EXPECT_FALSE(cluster_.take<proto::GmClaim>(kAgent)) << "a second one would find the first";
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].text(), "kicked");
}

TEST_F(GatewayGmTest, AKickWhoseClaimWasMadeButNotToldIsDoneByTheRepeat) {
  order("kick", "Mina");
  cluster_.down(kAgent);
  cluster_.forget_sent();
  EXPECT_EQ(answers().size(), 0u);
  cluster_.again(kAgent);
  order("kick", "Mina");
  claimed(proto::EXPECTED_OTHER);
  EXPECT_FALSE(playing());
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0].ok());
  EXPECT_EQ(heard[0].text(), "kicked");
}

TEST_F(GatewayGmTest, AnAnnouncementOfAnEarlierLifeIsNeitherMadeAgainNorCalledMade) {
  order("announce", "Hello");
  claimed(proto::EXPECTED_OTHER);
  EXPECT_FALSE(pick<proto::Announcement>(seen(kMina)));
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_FALSE(heard[0].ok());
}

TEST_F(GatewayGmTest, WhatTheDatabaseIsTooBusyForIsTriedByTheNextRepeat) {
  order("announce", "Hello");
  claimed(proto::RETRY);
  EXPECT_EQ(answers().size(), 0u);
  order("announce", "Hello");
  claimed(proto::STORED);
  EXPECT_TRUE(pick<proto::Announcement>(seen(kMina)));
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0].ok());
}

}  // namespace
}  // namespace dure::test
