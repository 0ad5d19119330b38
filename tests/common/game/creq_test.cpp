#include "common/game/creq.h"

#include <gtest/gtest.h>

namespace dure {
namespace {
using Verdict = CreqLedger::Verdict;

TEST(CreqLedger, TheSameRequestTwiceGetsTheSameAnswer) {
  CreqLedger ledger;
  EXPECT_EQ(ledger.ask(1, 77), Verdict::kExecute);
  ledger.record(1, 77, "reply");
  EXPECT_EQ(ledger.ask(1, 77), Verdict::kStored);
  EXPECT_EQ(ledger.stored_reply(1), "reply");
  EXPECT_EQ(ledger.ask(1, 78), Verdict::kConflict);
}

TEST(CreqLedger, AnOvertakenNumberIsNeverExecuted) {
  CreqLedger ledger;
  ledger.record(5, 1, "five");
  EXPECT_EQ(ledger.ask(4, 1), Verdict::kSuperseded);
  EXPECT_EQ(ledger.ask(6, 1), Verdict::kExecute);
}

TEST(CreqLedger, KnowsTheLastOneOfTheEarlierOwner) {
  CreqLedger ledger;
  ledger.load(9, 42, false);
  EXPECT_EQ(ledger.ask(9, 42), Verdict::kStored);
  EXPECT_TRUE(ledger.stored_reply(9).empty());
  EXPECT_EQ(ledger.ask(9, 43), Verdict::kConflict);
  EXPECT_EQ(ledger.ask(8, 42), Verdict::kSuperseded);
  ledger.load(9, 42, true);
  EXPECT_EQ(ledger.ask(9, 42), Verdict::kAborted);
}

TEST(CreqLedger, NoughtIsNoRequest) {
  CreqLedger ledger;
  ledger.load(0, 0, true);
  EXPECT_EQ(ledger.ask(0, 0), Verdict::kSuperseded) << "and not the earlier owner's last";
  ledger.open(0);
  EXPECT_EQ(ledger.ask(0, 0), Verdict::kSuperseded);
  EXPECT_EQ(ledger.ask(1, 1), Verdict::kExecute);
}

TEST(CreqLedger, ARunningConversationIsNotStartedTwice) {
  CreqLedger ledger;
  ledger.begin(1, 5);
  EXPECT_EQ(ledger.ask(1, 5), Verdict::kRunning);
  ledger.record(1, 5, "done");
  EXPECT_EQ(ledger.ask(1, 5), Verdict::kStored);
}

TEST(CreqLedger, WhatIsPutOffIsDoneUnderItsNumberUntilAHigherOneIsSeen) {
  CreqLedger ledger;
  ledger.begin(7, 5);
  ledger.put_off(7, 5);
  EXPECT_EQ(ledger.ask(7, 6), Verdict::kConflict);
  EXPECT_EQ(ledger.ask(7, 5), Verdict::kExecute);
  ledger.begin(7, 5);
  EXPECT_EQ(ledger.ask(7, 5), Verdict::kRunning);
  ledger.put_off(7, 5);
  ledger.record(8, 1, "eight");
  EXPECT_EQ(ledger.ask(7, 5), Verdict::kSuperseded);
  ledger.put_off(9, 1);
  ledger.record(9, 1, "nine");
  EXPECT_EQ(ledger.ask(9, 1), Verdict::kStored);
}

TEST(CreqLedger, ForgottenAnswersAreSupersededNotExecuted) {
  CreqLedger ledger;
  for (std::uint64_t r = 1; r <= 100; ++r) ledger.record(r, r, "x");
  EXPECT_EQ(ledger.ask(1, 1), Verdict::kSuperseded);
  EXPECT_EQ(ledger.ask(100, 100), Verdict::kStored);
}

// Its conversation ends after more of later numbers than are kept.
TEST(CreqLedger, WhatRunsIsKeptHoweverManyComeAfterIt) {
  CreqLedger ledger;
  ledger.begin(1, 1);
  for (std::uint64_t r = 2; r <= 200; ++r) ledger.record(r, r, "x");
  EXPECT_EQ(ledger.ask(1, 1), Verdict::kRunning);
  EXPECT_EQ(ledger.ask(2, 2), Verdict::kSuperseded);
  ledger.record(1, 1, "late");
  EXPECT_EQ(ledger.ask(1, 1), Verdict::kStored);
  EXPECT_EQ(ledger.stored_reply(1), "late");
  EXPECT_EQ(ledger.ask(200, 200), Verdict::kStored);
  ledger.record(201, 201, "x");
  EXPECT_EQ(ledger.ask(1, 1), Verdict::kSuperseded) << "it is the oldest";
}

// None is kept, and the one that is recorded has the lowest number of all.
TEST(CreqLedger, AnAnswerBelowAllThatAreKeptIsTakenIn) {
  CreqLedger ledger;
  for (std::uint64_t r = 2; r <= 65; ++r) ledger.record(r, r, "x");
  ledger.record(1, 1, "late");
  EXPECT_EQ(ledger.stored_reply(1), "late");
}

TEST(CreqLedger, ATradesAbortUndoesWhatWasAnswered) {
  CreqLedger ledger;
  ledger.load(0, 0, false);
  ledger.record(5, 50, "applied");
  EXPECT_EQ(ledger.ask(5, 50), CreqLedger::Verdict::kStored);
  ledger.settled(5, false);
  EXPECT_EQ(ledger.ask(5, 50), CreqLedger::Verdict::kAborted);
  EXPECT_EQ(ledger.ask(5, 51), CreqLedger::Verdict::kConflict);
  ledger.record(6, 60, "applied");
  ledger.settled(6, true);
  EXPECT_EQ(ledger.ask(6, 60), CreqLedger::Verdict::kStored);
}

TEST(CreqLedger, ARequestWhoseTradeWasFoundUndecidedIsNotDoneBeforeItIsSettled) {
  CreqLedger ledger;
  ledger.load(5, 50, false);
  ledger.open(5);
  EXPECT_EQ(ledger.ask(5, 50), CreqLedger::Verdict::kRunning);
  EXPECT_EQ(ledger.ask(5, 51), CreqLedger::Verdict::kConflict);
  CreqLedger aborted = ledger;
  ledger.settled(5, true);
  EXPECT_EQ(ledger.ask(5, 50), CreqLedger::Verdict::kStored);
  aborted.settled(5, false);
  EXPECT_EQ(aborted.ask(5, 50), CreqLedger::Verdict::kAborted);
}

}  // namespace
}  // namespace dure
