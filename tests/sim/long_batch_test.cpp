// A long batch adds up over calls and processes, and only what one and the same program did.
#include "tests/sim/long_batch.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/dbagent/store/store_fixture.h"

namespace dure::sim {
namespace {

class LongBatchTest : public ::testing::Test {
 protected:
  std::unique_ptr<LongBatch> open(const std::string& code) {
    auto batch = LongBatch::open(path_, code);
    if (!batch) throw std::runtime_error(batch.error().detail);
    return std::move(*batch);
  }
  store::TempFolder folder_;
  std::string path_ = folder_.file("batch.db");
};

TEST_F(LongBatchTest, NoPieceIsTakenTwiceWhoeverTakesIt) {
  const auto one = open("code"), other = open("code");
  EXPECT_EQ(one->take_piece(), 1u);
  EXPECT_EQ(other->take_piece(), 1 + LongBatch::kSeedsOfAPiece);
  EXPECT_EQ(open("code")->take_piece(), 1 + 2 * LongBatch::kSeedsOfAPiece);
}

TEST_F(LongBatchTest, FiguresAddUpOverCallsAndOtherCodeBeginsAnew) {
  open("code")->put({{"seeds", 100}, {"reached a mark", 3}}, {});
  open("code")->put({{"seeds", 100}, {"failed", 1}}, {{"--seed 7", "a law"}});
  const auto again = open("code");
  EXPECT_EQ(again->counts(), (Table::Counts{{"seeds", 200}, {"reached a mark", 3}, {"failed", 1}}));
  ASSERT_EQ(again->failures().size(), 1u);
  EXPECT_EQ(again->failures()[0].replay, "--seed 7");
  EXPECT_EQ(again->failures()[0].law, "a law");

  const auto other = open("other code");
  EXPECT_TRUE(other->counts().empty());
  EXPECT_TRUE(other->failures().empty());
  EXPECT_EQ(other->take_piece(), 1u);
}

TEST_F(LongBatchTest, AFileThatIsNoDatabaseIsRefusedByName) {
  std::ofstream(path_) << std::string(4096, 'x');
  const auto batch = LongBatch::open(path_, "code");
  ASSERT_FALSE(batch);
  EXPECT_NE(batch.error().detail.find(path_), std::string::npos) << batch.error().detail;
}

TEST(Table, WhatIsKeptOfABatchTellsTheSameAsTheBatchItself) {
  Outcome outcome;
  outcome.events = 5;
  outcome.virtual_time = seconds(7200);
  outcome.faults[FaultKind::kCut] = 4;
  outcome.reached["a mark"] = 2;
  outcome.broken.push_back({"a law", "why"});
  Table batch, sum;
  batch.add(outcome);
  sum.add(batch.counts());
  sum.add(batch.counts());
  EXPECT_EQ(sum.runs(), 2u);
  EXPECT_EQ(sum.failed(), 2u);
  batch.add(outcome);
  EXPECT_EQ(sum.text(seconds(1), false), batch.text(seconds(1), false));
  EXPECT_NE(sum.text(seconds(1), false).find("4.00"), std::string::npos);
}

}  // namespace
}  // namespace dure::sim
