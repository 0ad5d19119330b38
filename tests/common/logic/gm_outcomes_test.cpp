#include "common/logic/gm_outcomes.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

TEST(GmOutcomes, WhatWasBegunIsFoundAndWhatCameOfItOnceItEnded) {
  GmOutcomes outcomes;
  EXPECT_EQ(outcomes.find(11), nullptr);
  outcomes.begin(11);
  ASSERT_NE(outcomes.find(11), nullptr);
  EXPECT_FALSE(outcomes.find(11)->known) << "under way";
  outcomes.end(11, {true, true, "kicked"});
  EXPECT_TRUE(outcomes.find(11)->known);
  EXPECT_TRUE(outcomes.find(11)->ok);
  EXPECT_EQ(outcomes.find(11)->text, "kicked");
}

TEST(GmOutcomes, WhatIsForgottenMayBeBegunAnew) {
  GmOutcomes outcomes;
  outcomes.begin(11);
  outcomes.forget(11);
  outcomes.forget(12);
  EXPECT_EQ(outcomes.find(11), nullptr);
  outcomes.begin(11);
  EXPECT_FALSE(outcomes.find(11)->known);
}

TEST(GmOutcomes, OfManyTheOldestIsForgottenFirstWhateverItsNumber) {
  GmOutcomes outcomes;
  const std::uint64_t high = 10'000;
  for (std::uint64_t i = 0; i < GmOutcomes::kKept; ++i) outcomes.begin(high + i);
  EXPECT_NE(outcomes.find(high), nullptr);
  outcomes.begin(1);
  EXPECT_EQ(outcomes.find(high), nullptr);
  EXPECT_NE(outcomes.find(1), nullptr);
  outcomes.forget(high + 1);
  outcomes.begin(2);
  EXPECT_NE(outcomes.find(high + 2), nullptr) << "there was room";
}

TEST(GmOutcomes, TheEndOfWhatIsForgottenIsNotKept) {
  GmOutcomes outcomes;
  outcomes.begin(1);
  for (std::uint64_t i = 0; i < GmOutcomes::kKept; ++i) outcomes.begin(10'000 + i);
  outcomes.end(1, {true, true, "told"});
  EXPECT_EQ(outcomes.find(1), nullptr);
}

}  // namespace
}  // namespace dure
