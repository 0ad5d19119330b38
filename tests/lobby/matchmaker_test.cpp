#include "lobby/matchmaker.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

const NodeId kOne(Role::kGeneral, 1), kTwo(Role::kGeneral, 2);
constexpr MonoTime kStart{seconds(100)};

std::vector<std::uint64_t> players(const Matchmaker::Match& match) {
  std::vector<std::uint64_t> all;
  for (const auto& entry : match.entries) all.push_back(entry.player.value);
  return all;
}

TEST(Matchmaker, AFullPartyGoesAtOnceFirstComeFirstServed) {
  Matchmaker maker;
  for (std::uint64_t p = 1; p <= 5; ++p) maker.join("cellar", 4, {PlayerId(p), kOne}, kStart);
  const auto matches = maker.take(kStart);
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(players(matches[0]), (std::vector<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(maker.waiting(), 1u);
}

TEST(Matchmaker, AfterThreeSecondsTheyGoWithFewer) {
  Matchmaker maker;
  maker.join("cellar", 4, {PlayerId(1), kOne}, kStart);
  maker.join("cellar", 4, {PlayerId(2), kOne}, kStart + seconds(2));
  EXPECT_TRUE(maker.take(kStart + milliseconds(2999)).empty());
  const auto matches = maker.take(kStart + seconds(3));
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(players(matches[0]), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(maker.waiting(), 0u);
}

TEST(Matchmaker, DungeonsDoNotMix) {
  Matchmaker maker;
  maker.join("cellar", 2, {PlayerId(1), kOne}, kStart);
  maker.join("tower", 2, {PlayerId(2), kOne}, kStart);
  EXPECT_TRUE(maker.take(kStart).empty());
  EXPECT_EQ(maker.take(kStart + kMatchWait).size(), 2u);
}

TEST(Matchmaker, AskingAgainKeepsTheTurnAndTakesTheNewOwner) {
  Matchmaker maker;
  maker.join("cellar", 4, {PlayerId(1), kOne}, kStart);
  maker.join("cellar", 4, {PlayerId(1), kTwo}, kStart + seconds(2));
  const auto matches = maker.take(kStart + seconds(3));
  ASSERT_EQ(matches.size(), 1u);
  ASSERT_EQ(matches[0].entries.size(), 1u);
  EXPECT_EQ(matches[0].entries[0].owner, kTwo);
}

TEST(Matchmaker, AFormerOwnersWordIsOvertakenByALaterOnes) {
  Matchmaker maker;
  maker.join("cellar", 4, {PlayerId(1), kOne, 5}, kStart);
  EXPECT_TRUE(maker.overtaken({{PlayerId(2), kTwo, 1}, {PlayerId(1), kTwo, 4}}));
  EXPECT_FALSE(maker.overtaken({{PlayerId(1), kOne, 5}}));
  EXPECT_FALSE(maker.overtaken({{PlayerId(1), kTwo, 6}, {PlayerId(2), kTwo, 1}}));
}

TEST(Matchmaker, NobodyWaitsForTwoDungeons) {
  Matchmaker maker;
  maker.join("cellar", 4, {PlayerId(1), kOne}, kStart);
  maker.join("tower", 4, {PlayerId(1), kOne}, kStart);
  const auto matches = maker.take(kStart + seconds(3));
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(matches[0].dungeon, "tower");
}

TEST(Matchmaker, WhoLeavesOrWhoseOwnerDiesWaitsNoMore) {
  Matchmaker maker;
  maker.join("cellar", 4, {PlayerId(1), kOne}, kStart);
  maker.join("cellar", 4, {PlayerId(2), kTwo}, kStart);
  maker.join("cellar", 4, {PlayerId(3), kOne}, kStart);
  EXPECT_TRUE(maker.leave(PlayerId(1)));
  EXPECT_FALSE(maker.leave(PlayerId(1)));
  maker.leave_all_of(kTwo);
  const auto matches = maker.take(kStart + seconds(3));
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(players(matches[0]), (std::vector<std::uint64_t>{3}));
}

// ── parties ─────────────────────────────────────────────────────────────────────────────────────────────────

Matchmaker::Group party(std::uint64_t id, std::vector<std::uint64_t> players, NodeId owner = kOne) {
  Matchmaker::Group group{id, "cellar", {}, {}};
  for (const auto player : players) group.entries.push_back({PlayerId(player), owner});
  return group;
}

TEST(Matchmaker, APartyIsFilledUpWithOthers) {
  Matchmaker maker;
  maker.join("cellar", 4, {PlayerId(1), kOne}, kStart);
  maker.join(party(7, {2, 3}), 4, kStart);
  EXPECT_TRUE(maker.take(kStart).empty());
  maker.join("cellar", 4, {PlayerId(4), kOne}, kStart);
  const auto matches = maker.take(kStart);
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(players(matches[0]), (std::vector<std::uint64_t>{1, 2, 3, 4}));
}

TEST(Matchmaker, APartyIsNeverSplit) {
  Matchmaker maker;
  maker.join("cellar", 4, {PlayerId(1), kOne}, kStart);
  maker.join("cellar", 4, {PlayerId(2), kOne}, kStart);
  maker.join(party(7, {3, 4, 5}), 4, kStart + seconds(1));
  maker.join("cellar", 4, {PlayerId(6), kOne}, kStart + seconds(1));
  // Three alone are not enough; one of them and the party are.
  auto matches = maker.take(kStart + seconds(1));
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(players(matches[0]), (std::vector<std::uint64_t>{2, 3, 4, 5}));
  matches = maker.take(kStart + kMatchWait);
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(players(matches[0]), (std::vector<std::uint64_t>{1, 6}));
}

TEST(Matchmaker, WhoIsOvertakenByAFittingPartyDoesNotWaitLongerThanThreeSeconds) {
  Matchmaker maker;
  maker.join(party(7, {1, 2, 3}), 4, kStart);
  maker.join(party(8, {4, 5}), 4, kStart);
  maker.join(party(9, {6, 7}), 4, kStart);
  auto matches = maker.take(kStart);
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(players(matches[0]), (std::vector<std::uint64_t>{4, 5, 6, 7}));
  matches = maker.take(kStart + kMatchWait);
  ASSERT_EQ(matches.size(), 1u);
  EXPECT_EQ(players(matches[0]), (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST(Matchmaker, WhenOneOfAPartyLeavesOrIsLostItWaitsNoMore) {
  Matchmaker maker;
  maker.join(party(7, {1, 2}), 4, kStart);
  const auto left = maker.leave(PlayerId(2));
  ASSERT_TRUE(left);
  EXPECT_EQ(left->party, 7u);
  EXPECT_EQ(left->entries.size(), 2u);
  EXPECT_EQ(maker.waiting(), 0u);
  Matchmaker::Group scattered = party(7, {1, 2});
  scattered.entries[1].owner = kTwo;
  maker.join(scattered, 4, kStart);
  EXPECT_EQ(maker.leave_all_of(kTwo).size(), 1u);
  EXPECT_EQ(maker.waiting(), 0u);
}

TEST(Matchmaker, APartyThatJoinsTakesItsMembersOutOfWhateverTheyWaitedInBefore) {
  Matchmaker maker;
  maker.join("tower", 4, {PlayerId(1), kOne}, kStart);
  maker.join(party(6, {2, 3}), 4, kStart);
  const auto replaced = maker.join(party(7, {1, 2}), 4, kStart);
  ASSERT_EQ(replaced.size(), 2u);
  EXPECT_EQ(maker.waiting(), 2u);
  EXPECT_TRUE(maker.join(party(7, {2, 1}), 4, kStart + seconds(2)).empty()) << "whole again, by another owner";
  EXPECT_EQ(maker.take(kStart + kMatchWait).size(), 1u) << "its turn is kept";
}

}  // namespace
}  // namespace dure
