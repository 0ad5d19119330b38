// That a story is told to its end whatever the stores do meanwhile, that what it must not hear is reported, and that a
// rogue that lives is noticed by nobody.
#include "tests/sim/rogue/rogue_lives.h"

#include <gtest/gtest.h>

#include "common/proto/store.pb.h"
#include "tests/sim/rogue/forgery.h"
#include "tests/sim/rogue/rogue.h"
#include "tests/sim/run.h"

namespace dure::sim {
namespace {

Task<> two_steps(Teller& teller) {
  proto::PurgePlayer purge;
  purge.set_shard(1);
  purge.set_player_id(7);
  const auto first = co_await teller.done("first", purge, proto::STORED, proto::NO_SUCH);
  teller.expect(first.detail().empty(), "says more");
  proto::ClaimName claim;
  claim.set_name("Rogue");
  co_await teller.refused("second", claim, proto::EXPECTED_OTHER);
}

std::string answer(proto::StoreCode code, const char* detail = "") {
  proto::StoreReply reply;
  reply.set_code(code);
  reply.set_detail(detail);
  return reply.SerializeAsString();
}

class TellerTest : public ::testing::Test {
 protected:
  Step asked(const char* queue) {
    EXPECT_TRUE(teller_.wants(queue));
    const Step step = teller_.ask();
    EXPECT_TRUE(teller_.asked(queue, step));
    EXPECT_FALSE(teller_.wants(queue)) << "before it was answered";
    return step;
  }
  Teller::World world_;
  Teller teller_{two_steps, world_, Rng(1)};
};

TEST_F(TellerTest, EachStepAwaitsTheAnswerToTheOneBefore) {
  EXPECT_FALSE(teller_.wants("directory"));
  const Step first = asked("shard-1");
  EXPECT_EQ(first.allowed, std::set<int>{proto::STORED});
  EXPECT_EQ(first.leaves, Leaves::kAnything);
  teller_.answered(answer(proto::STORED));
  const Step second = asked("directory");
  EXPECT_EQ(second.rule, "second");
  EXPECT_EQ(second.leaves, Leaves::kNothing);
  EXPECT_FALSE(teller_.asked("shard-1", first)) << "that is over";
  teller_.answered(answer(proto::EXPECTED_OTHER));
  EXPECT_TRUE(teller_.over());
  EXPECT_TRUE(world_.broken.empty());
}

TEST_F(TellerTest, WhoIsBusyIsAskedAgain) {
  const Step first = asked("shard-1");
  teller_.answered(answer(proto::RETRY));
  EXPECT_EQ(asked("shard-1").body, first.body);
}

TEST_F(TellerTest, WhatNobodyAnsweredMayHaveBeenDone) {
  asked("shard-1");
  teller_.ahead("directory");
  teller_.ahead("shard-1");
  EXPECT_FALSE(teller_.wants("shard-1")) << "it may be among this batch";
  teller_.ahead("shard-1");
  EXPECT_EQ(asked("shard-1").allowed, (std::set<int>{proto::STORED, proto::NO_SUCH}));
}

TEST_F(TellerTest, AnAnswerThatIsNotAllowedEndsTheStory) {
  asked("shard-1");
  teller_.answered(answer(proto::REJECTED));
  EXPECT_TRUE(teller_.over());
}

TEST_F(TellerTest, AnAnswerThatSaysWhatCannotBeIsReported) {
  asked("shard-1");
  teller_.answered(answer(proto::STORED, "more"));
  ASSERT_EQ(world_.broken.size(), 1u);
  EXPECT_EQ(world_.broken[0].law, law::kLawfulIsDone);
  EXPECT_EQ(world_.broken[0].detail, "first says more");
  EXPECT_FALSE(teller_.over());
}

// Player 70 of account 7, which is somebody else's.
Known known_other() {
  proto::AccountQuery query;
  proto::AccountReply account;
  account.set_account_id(7);
  proto::AcquireRequest acquire;
  acquire.set_player_id(70);
  proto::AcquireReply granted;
  granted.mutable_aggregate()->set_account_id(7);
  Known known;
  known.hear("directory", {{route_id(query.GetDescriptor()), query.SerializeAsString(), account.SerializeAsString()}});
  known.hear("shard-0",
             {{route_id(acquire.GetDescriptor()), acquire.SerializeAsString(), granted.SerializeAsString()}});
  return known;
}

TEST(Lives, WhateverIsLawfulAtAShardLeavesOthersWhatTheyHave) {
  const Known known = known_other();
  Lives lives;
  Rng rng(1);
  proto::AccountReply account;
  account.set_account_id(kRogue);
  std::size_t witnessed = 0;
  for (int i = 0; i < 200; ++i)
    for (const char* queue : {"directory", "shard-0"}) {
      const auto step = lives.next(queue, known, rng);
      if (!step) continue;
      lives.answered(queue, *step, account.SerializeAsString());
      if (step->leaves != Leaves::kValue) continue;
      ++witnessed;
      EXPECT_STREQ(queue, "shard-0") << step->rule;
      EXPECT_EQ(step->players, std::vector<std::uint64_t>{70}) << step->rule;
    }
  EXPECT_GT(witnessed, 10u);
}

// Of a plan in which hardly anybody else does anything.
Plan quiet_plan() {
  Plan plan = draw_plan(1);
  plan.clients.resize(1);
  plan.clients[0].habit = Habit::kShops;
  plan.clients[0].partner = 0;
  plan.clients[0].writes = false;
  plan.faults.clear();
  plan.unlucky.clear();
  plan.shape.shards = 2;
  plan.play = seconds(30);
  plan.mischief = {{Who::kLives, 2}};
  return plan;
}

TEST(Lives, WithoutFaultsNobodyIsDisturbedAndEachStepIsARule) {
  const Outcome outcome = run_plan(quiet_plan());
  EXPECT_TRUE(outcome.broken.empty()) << outcome.broken.front().law << outcome.broken.front().detail;
  const auto all = rogue_rules();
  const std::set<std::string> rules(all.begin(), all.end());
  std::size_t held = 0;
  for (const auto& [mark, times] : outcome.reached) {
    if (mark.rfind("rogue ", 0) != 0) continue;
    ++held;
    EXPECT_TRUE(rules.contains(mark.substr(6))) << mark;
  }
  EXPECT_GT(held, 60u);
}

TEST(Lives, AStoreThatAnswersWhatItMustNotIsReported) {
  Plan plan = quiet_plan();
  plan.bug = Bug::kGullibleStore;
  EXPECT_TRUE(run_plan(plan).breaks(law::kForbiddenIsRefused));
}

}  // namespace
}  // namespace dure::sim
