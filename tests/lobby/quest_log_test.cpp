#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

class QuestLogTest : public LobbyTest {
 protected:
  QuestLogTest() { veterans_.insert(1); }
  void counter(const std::string& name, std::int64_t value) {
    auto* one = rows_[1].add_counters();
    one->set_name(name);
    one->set_value(value);
  }
  sample::QuestClaimReply claim(std::uint64_t creq, const std::string& quest) {
    sample::QuestClaimRequest request;
    request.set_creq(creq);
    request.set_quest(quest);
    return ask<sample::QuestClaimReply>(1, request).value_or(sample::QuestClaimReply());
  }
  int count(const std::string& reason) const {
    int n = 0;
    for (const auto& operation : applied_) n += operation.reason() == reason;
    return n;
  }
};

TEST_F(QuestLogTest, ACompleteQuestIsRewardedOnceUnderItsRequest) {
  counter("quest:rats", 8);
  ASSERT_EQ(admit(1).code(), proto::OK);
  const auto reply = claim(1, "rats");
  ASSERT_EQ(reply.code(), proto::OK);
  EXPECT_EQ(reply.creq(), 1u);
  EXPECT_EQ(player(1).mirror.balance("gold"), 40);
  EXPECT_EQ(claim(1, "rats").code(), proto::OK) << "the same request again: the same answer";
  EXPECT_EQ(claim(2, "rats").code(), proto::WRONG_STATE);
  cluster_->run(seconds(1));
  ASSERT_EQ(count("quest.reward"), 1);
  EXPECT_EQ(applied_.back().effects(0).set_once().flag(), "quest:rats");
  EXPECT_EQ(applied_.back().creq(), 1u);
}

TEST_F(QuestLogTest, WhatIsNotCompleteOrDoesNotExistIsRefused) {
  counter("quest:rats", 7);
  ASSERT_EQ(admit(1).code(), proto::OK);
  EXPECT_EQ(claim(1, "rats").code(), proto::NOT_ENOUGH);
  EXPECT_EQ(claim(2, "moon").code(), proto::NOT_FOUND);
  EXPECT_EQ(claim(3, "").code(), proto::NOT_FOUND);
  EXPECT_EQ(claim(4, std::string(5000, 'x')).code(), proto::NOT_FOUND);
  cluster_->run(seconds(1));
  EXPECT_EQ(count("quest.reward"), 0);
}

TEST_F(QuestLogTest, TheListSaysHowFarEachIs) {
  counter("quest:rats", 7);
  rows_[1].add_flags("quest:ogres");
  ASSERT_EQ(admit(1).code(), proto::OK);
  const auto reply = ask<sample::QuestListReply>(1, sample::QuestListRequest());
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->quests_size(), static_cast<int>(sample_.quests.quests.size()));
  EXPECT_EQ(reply->quests(0).progress(), 7);
  EXPECT_FALSE(reply->quests(0).done());
  EXPECT_TRUE(reply->quests(1).done());
}

TEST_F(QuestLogTest, ALevelThatNobodyRewardedIsRewardedAtTheNextArrivalOnce) {
  counter("experience", 310);
  rows_[1].add_flags("level:2");
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->run(seconds(1));
  ASSERT_EQ(count("level.reward"), 1);
  EXPECT_EQ(applied_.back().effects(0).set_once().flag(), "level:3");
  EXPECT_EQ(player(1).mirror.balance("gold"), 3 * sample_.quests.level_gold);
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->run(seconds(1));
  EXPECT_EQ(count("level.reward"), 1);
}

}  // namespace
}  // namespace dure::test
