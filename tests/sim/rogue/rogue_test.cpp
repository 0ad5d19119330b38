// That a rogue is heard by nobody but the stores, that what they answer it is judged, and that a store which lets it do
// something is reported.
#include "tests/sim/rogue/rogue.h"

#include <gtest/gtest.h>

#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "common/proto/store.pb.h"
#include "common/proto/trade.pb.h"
#include "tests/sim/rogue/forger.h"
#include "tests/sim/run.h"

namespace dure::sim {
namespace {

using proto::STORED;

Step step(std::set<int> allowed = {proto::STALE_EPOCH}) {
  Step step;
  step.rule = "apply.ended-epoch";
  step.law = law::kForbiddenIsRefused;
  step.message_id = route_id(proto::ApplyRequest::descriptor());
  step.allowed = std::move(allowed);
  return step;
}

std::string answer(proto::StoreCode code) {
  proto::StoreReply reply;
  reply.set_code(code);
  return reply.SerializeAsString();
}

std::string only_report(const Judge& judge) {
  return judge.broken().size() == 1 ? judge.broken()[0].law + ": " + judge.broken()[0].detail : "not one";
}

TEST(Judge, WhatIsRefusedAndChangesNothingHolds) {
  Judge judge;
  judge.judge(step(), answer(proto::STALE_EPOCH), false);
  judge.judge(step(), answer(proto::STALE_EPOCH), std::nullopt);
  EXPECT_TRUE(judge.broken().empty());
  EXPECT_EQ(judge.held().at("apply.ended-epoch"), 2u);
}

TEST(Judge, WhatIsAnsweredOtherwiseIsReported) {
  Judge judge;
  judge.judge(step(), answer(STORED), std::nullopt);
  EXPECT_EQ(only_report(judge), "what-is-forbidden-is-refused: apply.ended-epoch was answered STORED");
}

TEST(Judge, WhatIsRefusedAndDoneAllTheSameIsReported) {
  Judge judge;
  judge.judge(step(), answer(proto::STALE_EPOCH), true);
  EXPECT_EQ(only_report(judge),
            "what-is-forbidden-is-refused: apply.ended-epoch was answered STALE_EPOCH and changed what it must not");
}

TEST(Judge, RetryIsNoLieAndProvesNothing) {
  Judge judge;
  judge.judge(step(), answer(proto::RETRY), false);
  EXPECT_TRUE(judge.broken().empty());
  EXPECT_TRUE(judge.held().empty());
  judge.judge(step({proto::RETRY}), answer(proto::RETRY), false);
  EXPECT_EQ(judge.held().size(), 1u);
}

TEST(Judge, AVerdictThatIsAnotherOneLaterIsReported) {
  proto::TradeVerdict verdict;
  verdict.set_verdict(proto::COMMIT);
  Step repeat = step({STORED});
  repeat.message_id = route_id(proto::TradeVote::descriptor());
  repeat.stays = what_stays(repeat.message_id, verdict.SerializeAsString());
  Judge judge;
  judge.judge(repeat, verdict.SerializeAsString(), false);
  EXPECT_TRUE(judge.broken().empty());
  verdict.set_verdict(proto::ABORT);
  judge.judge(repeat, verdict.SerializeAsString(), false);
  EXPECT_EQ(judge.broken().size(), 1u);
}

// Answers each item its own body, and remembers what it was asked.
class FakeStore : public Worker {
 public:
  struct Seen {
    std::vector<std::string> batches;
    bool busy = false;
    std::string fails_at;
  };
  explicit FakeStore(Seen& seen) : seen_(seen) {}
  std::string run(std::string_view encoded) override {
    proto::StoreBatch batch;
    EXPECT_TRUE(batch.ParseFromArray(encoded.data(), static_cast<int>(encoded.size())));
    proto::StoreBatchReply reply;
    reply.set_retry(seen_.busy);
    std::string bodies;
    for (const auto& item : batch.items()) {
      *reply.add_items() = item;
      bodies += item.body() + " ";
      if (item.body() == seen_.fails_at) {
        reply.set_failed(true);
        reply.set_detail("broken disk");
      }
    }
    seen_.batches.push_back(bodies);
    return reply.SerializeAsString();
  }

 private:
  Seen& seen_;
};

class FakeTap : public Tap {
 public:
  Step asks(const char* body) const {
    Step step;
    step.body = body;
    step.leaves = leaves;
    step.players = players;
    return step;
  }
  std::vector<Step> ahead(const std::string&, const proto::StoreBatch&) override { return {asks("before")}; }
  std::optional<Among> among(const std::string&, const proto::StoreBatch&) override { return Among{1, asks("among")}; }
  std::vector<Step> behind(const std::string&, const std::vector<Exchange>& batch) override {
    for (const auto& exchange : batch) heard += exchange.asked + "=" + exchange.answered + " ";
    return {asks("behind"), asks("last")};
  }
  void answered(const std::string&, const Step& step, const std::string& answer, std::optional<bool> changed) override {
    told += step.body + "=" + answer + (changed ? " " : "? ");
    if (changed.value_or(true)) changes += step.body + (changed ? " " : "? ");
  }
  std::optional<Step> then(const std::string&, const Step& step, bool was_heard) override {
    if (!was_heard) told += step.body + " was lost ";
    return step.body == goes_on_behind ? std::optional(asks("next")) : std::nullopt;
  }
  Leaves leaves = Leaves::kNothing;
  std::vector<std::uint64_t> players;
  std::string goes_on_behind;
  std::string heard, told, changes;
};

class TapTest : public ::testing::Test {
 protected:
  TappedWorker::ValueOf values() {
    return [this](const std::vector<std::uint64_t>& players) { return value_ += players.front(); };
  }
  proto::StoreBatchReply run() {
    TappedWorker worker(tap_, "shard-0", std::make_unique<FakeStore>(seen_), values(), false);
    proto::StoreBatch batch;
    for (const char* body : {"a", "b"}) batch.add_items()->set_body(body);
    proto::StoreBatchReply reply;
    EXPECT_TRUE(reply.ParseFromString(worker.run(batch.SerializeAsString())));
    EXPECT_EQ(reply.items_size(), 2);
    EXPECT_EQ(reply.items(0).body() + reply.items(1).body(), "ab");
    return reply;
  }
  FakeTap tap_;
  FakeStore::Seen seen_;
  std::uint64_t value_ = 0;
};

TEST_F(TapTest, TheAgentHearsOnlyWhatItAsked) {
  const auto reply = run();
  EXPECT_FALSE(reply.failed());
  EXPECT_EQ(seen_.batches, (std::vector<std::string>{"before ", "a among b ", "behind ", "last "}));
  EXPECT_EQ(tap_.heard, "a=a b=b ");
  EXPECT_EQ(tap_.told, "before=before among=among? behind=behind last=last ");
}

TEST_F(TapTest, WhatWasNotDoneIsNotTold) {
  seen_.busy = true;
  EXPECT_TRUE(run().retry());
  EXPECT_EQ(tap_.heard + tap_.told, "before was lost ");
  EXPECT_EQ(seen_.batches.size(), 2u);
}

TEST_F(TapTest, WhatComesNextIsAskedWithNothingBetween) {
  tap_.goes_on_behind = "behind";
  run();
  EXPECT_EQ(seen_.batches, (std::vector<std::string>{"before ", "a among b ", "behind ", "next ", "last "}));
}

TEST_F(TapTest, AStoreThatFailsBehindTheAgentsBackHasFailedForTheAgent) {
  seen_.fails_at = "behind";
  const auto reply = run();
  EXPECT_TRUE(reply.failed());
  EXPECT_EQ(reply.detail(), "broken disk");
  EXPECT_EQ(tap_.heard, "a=a b=b ") << "what was committed stays so";
  EXPECT_EQ(seen_.batches.size(), 3u);
  EXPECT_EQ(tap_.told, "before=before among=among? ") << "nobody knows what is left of it";
}

TEST_F(TapTest, WhatWasAmongABatchThatFailedIsNotTold) {
  seen_.fails_at = "among";
  EXPECT_TRUE(run().failed());
  EXPECT_EQ(tap_.told, "before=before ");
  EXPECT_EQ(tap_.heard, "");
}

// The fake one's values grow by the player's number at each look.
TEST_F(TapTest, OfAStepThatMayLeaveMoreTheValueOfItsPlayersIsCompared) {
  tap_.leaves = Leaves::kValue;
  tap_.players = {1};
  run();
  EXPECT_EQ(tap_.changes, "before among? behind last ");
  tap_.changes = "";
  tap_.players = {0};
  run();
  EXPECT_EQ(tap_.changes, "among? ");
}

TEST_F(TapTest, ABatchOfNothingIsLeftAlone) {
  TappedWorker worker(tap_, "shard-0", std::make_unique<FakeStore>(seen_), values(), false);
  worker.run(proto::StoreBatch().SerializeAsString());
  EXPECT_EQ(seen_.batches, std::vector<std::string>{""});
}

TEST(Forger, ItMakesWhatIsForbiddenOfWhatItHeard) {
  proto::AcquireRequest asked;
  asked.set_player_id(7);
  asked.set_expected_epoch(3);
  proto::AcquireReply granted;
  granted.set_epoch(4);
  const auto id = route_id(proto::AcquireRequest::descriptor());
  Known known;
  known.hear("shard-0", {{id, asked.SerializeAsString(), granted.SerializeAsString()}});
  ASSERT_NE(known.player(7), nullptr);
  EXPECT_EQ(known.player(7)->epoch, 4u);

  Forger forger;
  Rng rng(1);
  EXPECT_FALSE(forger.next("directory", known, rng)) << "nothing was heard there";
  std::set<std::string> rules;
  for (int i = 0; i < 100; ++i) {
    const auto step = forger.next("shard-0", known, rng);
    ASSERT_TRUE(step);
    rules.insert(step->rule);
    proto::AcquireRequest forged;
    ASSERT_TRUE(forged.ParseFromString(step->body));
    EXPECT_EQ(forged.player_id(), 7u);
    EXPECT_TRUE(forged.expected_epoch() < 4 || !forged.has_owner_incarnation()) << forged.ShortDebugString();
    EXPECT_FALSE(step->allowed.contains(STORED));
  }
  EXPECT_EQ(rules, (std::set<std::string>{"acquire.earlier-epoch", "acquire.nobody"}));
}

TEST(Rogue, EveryRuleHasANameOfItsOwnAndTheSeldomOnesAreRules) {
  const auto rules = rogue_rules();
  std::set<std::string> names;
  for (const auto& rule : rules) EXPECT_TRUE(names.insert(rule).second) << rule;
  std::size_t seldom = 0;
  for (const auto& rule : rules) seldom += is_seldom(rule);
  EXPECT_EQ(seldom, 7u);
}

Plan plan_with(Who who) {
  for (std::uint64_t seed = 1;; ++seed) {
    Plan plan = draw_plan(seed);
    if (plan.clients.size() > 6 || plan.play > seconds(12)) continue;
    plan.mischief = {{who, 2}};
    return plan;
  }
}

TEST(Rogue, AStoreThatLetsItRepeatOrForgeIsReported) {
  for (const auto& [who, law] :
       {std::pair(Who::kEchoes, law::kRepeatChangesNothing), std::pair(Who::kForges, law::kForbiddenIsRefused),
        std::pair(Who::kDeals, law::kDealsAreWhole)}) {
    Plan plan = plan_with(who);
    const Outcome healthy = run_plan(plan);
    EXPECT_TRUE(healthy.broken.empty()) << healthy.broken.front().law << healthy.broken.front().detail;
    plan.bug = Bug::kGullibleStore;
    EXPECT_TRUE(run_plan(plan).breaks(law)) << law;
  }
}

TEST(Rogue, WithoutOneEveryRunIsAsIfThereWereNoTap) {
  Plan plan = plan_with(Who::kForges);
  plan.mischief.clear();
  const Outcome outcome = run_plan(plan);
  EXPECT_TRUE(outcome.broken.empty());
  for (const auto& [mark, times] : outcome.reached) EXPECT_NE(mark.rfind("rogue ", 0), 0u) << mark;
}

}  // namespace
}  // namespace dure::sim
