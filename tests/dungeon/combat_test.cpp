#include "common/game/sample/combat.h"

#include <gtest/gtest.h>

namespace dure::sample {
namespace {

TEST(Combat, DamageIsWithinAFifthAndAtLeastOne) {
  Rng rng(1);
  for (int i = 0; i < 1000; ++i) {
    const std::uint32_t hit = damage({100, 0}, {0, 10}, rng);
    EXPECT_GE(hit, 70u);
    EXPECT_LE(hit, 110u);
  }
  EXPECT_EQ(damage({1, 0}, {0, 500}, rng), 1u);
}

TEST(Combat, ACooldownIsUsedOnceAnInterval) {
  Cooldown cooldown;
  const MonoTime now{seconds(5)};
  EXPECT_TRUE(use(&cooldown, seconds(1), now));
  EXPECT_FALSE(use(&cooldown, seconds(1), now + milliseconds(999)));
  EXPECT_GT(wait_ms(cooldown, now), 900u);
  EXPECT_TRUE(use(&cooldown, seconds(1), now + seconds(1)));
}

TEST(Combat, LevelsRiseWithExperienceAndEnd) {
  EXPECT_EQ(level_of(0), 1u);
  EXPECT_EQ(level_of(99), 1u);
  EXPECT_EQ(level_of(100), 2u);
  EXPECT_EQ(level_of(300), 3u);
  EXPECT_EQ(level_of(INT64_MAX), 100u);
}

TEST(Combat, LootFollowsItsChances) {
  Rng rng(3);
  EXPECT_TRUE(roll_loot({{"never", false, 1, 0.0}}, rng).empty());
  EXPECT_EQ(roll_loot({{"always", false, 1, 1.0}}, rng).size(), 1u);
  int drops = 0;
  for (int i = 0; i < 1000; ++i) drops += static_cast<int>(roll_loot({{"half", false, 1, 0.5}}, rng).size());
  EXPECT_NEAR(drops, 500, 80);
}

}  // namespace
}  // namespace dure::sample
