#include "common/game/sample/run_content.h"

#include <gtest/gtest.h>

namespace dure::sample {
namespace {

constexpr const char* kGood = R"(
[monster.rat]
hit_points = 5
loot = [{ template = "tail", stack = true, chance = 0.5 }]
[[dungeon]]
name = "cellar"
[[dungeon.wave]]
rat = 2
)";

TEST(RunContent, ReadsMonstersWavesAndLoot) {
  const auto content = parse_runs({"d.toml", kGood});
  ASSERT_TRUE(content) << content.error().detail;
  EXPECT_EQ(content->monsters.at("rat").hit_points, 5u);
  ASSERT_EQ(content->runs.at("cellar").waves.size(), 1u);
  EXPECT_EQ(content->runs.at("cellar").waves[0].monsters[0].second, 2u);
}

TEST(RunContent, EachMistakeIsNamedWithItsPlace) {
  const auto says = [](const std::string& text, const std::string& part) {
    const auto content = parse_runs({"d.toml", text});
    ASSERT_FALSE(content) << text;
    EXPECT_NE(content.error().detail.find(part), std::string::npos) << content.error().detail;
  };
  says("[monster.rat]\nhit_points = 0\n", "d.toml:2:14: hit_points");
  says("[monster.rat]\nhitpoints = 5\n", "hitpoints: unknown key");
  says("[monster.rat]\nhit_points = 5\nhit_points = 6\n", "d.toml:3");
  says("[[dungeon]]\nname = \"x\"\n[[dungeon.wave]]\nrat = 2\n", "d.toml:4:7: rat: no [monster.rat]");
  says("[[dungeon]]\nname = \"x\"\n", "wave: at least one");
  says("[monster.rat]\n[[dungeon]]\nname = \"x\"\n[[dungeon.wave]]\nrat = 101\n", "rat: a whole number from 1 to 100");
  says("[monster]\nrat = 3\n", "d.toml:2:7: rat");
  says("[monster.rat]\nloot = [{ template = \"t\", chance = nan }]\n", "chance: a number");
  says("[monster.rat]\nloot = [{ template = \"t\", colour = 1 }]\n", "colour: unknown key");
  says("[monster.rat]\nloot = [{ template = \"t\", chance = 2.0 }]\n", "chance: a number from 0 to 1");
}

}  // namespace
}  // namespace dure::sample
