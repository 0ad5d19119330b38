#include "common/game/sample/loot_split.h"

#include <gtest/gtest.h>

#include <set>

namespace dure::sample {
namespace {

const std::vector<PlayerId> kGroup{PlayerId(3), PlayerId(5), PlayerId(9)};

std::vector<std::uint64_t> ids(const std::vector<Roll>& order) {
  std::vector<std::uint64_t> all;
  for (const Roll& one : order) all.push_back(one.player.value);
  return all;
}

TEST(LootSplit, TheKillerComesFirst) {
  Rng rng(1, 1);
  EXPECT_EQ(ids(LootSplit(Split::kKiller).order(kGroup, PlayerId(5), rng)), (std::vector<std::uint64_t>{5, 9, 3}));
  EXPECT_EQ(LootSplit(Split::kKiller).order(kGroup, PlayerId(99), rng).size(), 3u) << "who left gets nothing";
}

TEST(LootSplit, RoundRobinGoesOnBehindWhoGotTheLast) {
  Rng rng(1, 1);
  LootSplit split(Split::kRoundRobin);
  std::vector<std::uint64_t> got;
  for (int drop = 0; drop < 4; ++drop) {
    const auto order = split.order(kGroup, PlayerId(9), rng);
    got.push_back(order.front().player.value);
    split.gave(order.front().player);
  }
  EXPECT_EQ(got, (std::vector<std::uint64_t>{3, 5, 9, 3}));
  EXPECT_EQ(split.order({PlayerId(5)}, PlayerId(5), rng).front().player, PlayerId(5)) << "the others have left";
}

TEST(LootSplit, TheHighestRollWinsAndEverybodyIsInTheOrderOnce) {
  Rng rng(7, 7);
  const LootSplit split(Split::kRoll);
  std::set<PlayerId> winners;
  for (int drop = 0; drop < 100; ++drop) {
    const auto order = split.order(kGroup, PlayerId(5), rng);
    ASSERT_EQ(order.size(), 3u);
    EXPECT_GE(order[0].roll, order[1].roll);
    EXPECT_GE(order[1].roll, order[2].roll);
    EXPECT_GE(order[2].roll, 1u);
    EXPECT_LE(order[0].roll, 100u);
    winners.insert(order[0].player);
  }
  EXPECT_EQ(winners.size(), 3u);
}

TEST(LootSplit, WhereNobodyIsNobodyGetsIt) {
  Rng rng(1, 1);
  for (const Split split : {Split::kKiller, Split::kRoundRobin, Split::kRoll})
    EXPECT_TRUE(LootSplit(split).order({}, PlayerId(5), rng).empty());
}

TEST(LootSplit, APartySharesAmongItselfAndTheOthersAmongThemselves) {
  const auto party = [](PlayerId player) { return player.value < 6 ? 7u : 0u; };
  EXPECT_EQ(sharers({PlayerId(3), PlayerId(5), PlayerId(9), PlayerId(10)}, PlayerId(5), party),
            (std::vector<PlayerId>{PlayerId(3), PlayerId(5)}));
  EXPECT_EQ(sharers({PlayerId(3), PlayerId(5), PlayerId(9), PlayerId(10)}, PlayerId(9), party),
            (std::vector<PlayerId>{PlayerId(9), PlayerId(10)}));
}

}  // namespace
}  // namespace dure::sample
