#include "common/game/sample/quest.h"

#include <gtest/gtest.h>

#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

constexpr const char* kRuns = R"(
[monster.rat]
[[dungeon]]
name = "cellar"
[[dungeon.wave]]
rat = 1
)";
constexpr const char* kItems = "[[item]]\nname = \"potion\"\nstack = true\n[[item]]\nname = \"sword\"\n";

Result<Quests> parse(const std::string& text) {
  return parse_quests({"q.toml", text}, *parse_runs({"d.toml", kRuns}), *parse_items({"i.toml", kItems}));
}

Quests quests() {
  return *parse(R"(
[level]
reward_gold = 10
experience_max = 400
[[quest]]
name = "rats"
kill = "rat"
needed = 3
reward_gold = 40
reward_stacks = [{ template = "potion", count = 2 }]
)");
}

Mirror with(const std::string& counter, std::int64_t value) {
  proto::Aggregate aggregate;
  auto* count = aggregate.add_counters();
  count->set_name(counter);
  count->set_value(value);
  Mirror mirror;
  mirror.load(aggregate);
  return mirror;
}

TEST(Quest, EachMistakeIsNamedWithItsPlace) {
  const auto says = [](const std::string& text, const std::string& part) {
    const auto content = parse(text);
    ASSERT_FALSE(content) << text;
    EXPECT_NE(content.error().detail.find(part), std::string::npos) << content.error().detail;
  };
  says("[[quest]]\nname = \"a\"\nkill = \"moon\"\nneeded = 1\n", "q.toml:3:8: kill: no monster is named 'moon'");
  says("[[quest]]\nname = \"a\"\nfinish = \"moon\"\nneeded = 1\n", "finish: no dungeon is named 'moon'");
  says("[[quest]]\nname = \"a\"\nneeded = 1\n", "either kill or finish");
  says("[[quest]]\nname = \"a\"\nkill = \"rat\"\nfinish = \"cellar\"\nneeded = 1\n", "either kill or finish");
  says("[[quest]]\nname = \"a\"\nkill = \"rat\"\nneeded = 0\n", "needed");
  says("[[quest]]\nname = \"a\"\nkill = \"rat\"\n", "needed: is missing");
  says("[[quest]]\nname = \"a\"\nkill = \"rat\"\nneeded = 1\ngift = 3\n", "gift: unknown key");
  says("[[quest]]\nname = \"a\"\nkill = \"rat\"\nneeded = 1\nreward_gold = -1\n", "reward_gold");
  says("[[quest]]\nname = \"a\"\nkill = \"rat\"\nneeded = 1\nreward_stacks = [{ template = \"sword\" }]\n",
       "no stack is named 'sword'");
  const std::string one = "[[quest]]\nname = \"a\"\nkill = \"rat\"\nneeded = 1\n";
  says(one + one, "a second quest of that name");
  says("[level]\nexperience_max = 0\n", "experience_max");
}

TEST(Quest, ProgressStopsAtWhatIsNeeded) {
  const Quests content = quests();
  const Quest& rats = *content.find("rats");
  EXPECT_EQ(counts(rats, with(rats.counter(), 0), 0, 1), 1);
  EXPECT_EQ(counts(rats, with(rats.counter(), 1), 1, 5), 1) << "what is not numbered yet counts, too";
  EXPECT_EQ(counts(rats, with(rats.counter(), 3), 0, 1), 0);
  EXPECT_EQ(gains(content, 390, 60), 10);
  EXPECT_EQ(gains(content, 400, 60), 0);
}

TEST(Quest, IsRewardedOnceAndNeverBeforeItIsComplete) {
  const Quests content = quests();
  const Items items = *parse_items({"i.toml", kItems});
  Mirror mirror = with("quest:rats", 2);
  proto::Operation reward, again;
  EXPECT_EQ(quest_reward(content, "moon", mirror, items, &reward), proto::NOT_FOUND);
  EXPECT_EQ(quest_reward(content, "rats", mirror, items, &reward), proto::NOT_ENOUGH);
  EXPECT_EQ(reward.effects_size(), 0);
  mirror = with("quest:rats", 3);
  ASSERT_EQ(quest_reward(content, "rats", mirror, items, &reward), proto::OK);
  ASSERT_EQ(mirror.apply(reward), Mirror::Guard::kOk);
  EXPECT_EQ(mirror.balance("gold"), 40);
  EXPECT_EQ(mirror.balance("potion"), 2);
  EXPECT_EQ(quest_reward(content, "rats", mirror, items, &again), proto::WRONG_STATE);
  EXPECT_EQ(mirror.apply(reward), Mirror::Guard::kTaken);
  EXPECT_EQ(counts(*content.find("rats"), mirror, 0, 1), 0) << "nothing counts any more";
}

TEST(Quest, ARewardWithoutItsProgressIsRefusedByTheGuardItself) {
  const Quests content = quests();
  const Items items = *parse_items({"i.toml", kItems});
  proto::Operation reward;
  ASSERT_EQ(quest_reward(content, "rats", with("quest:rats", 3), items, &reward), proto::OK);
  Mirror less = with("quest:rats", 2);
  EXPECT_NE(less.apply(reward), Mirror::Guard::kOk);
  EXPECT_EQ(less.balance("gold"), 0);
}

TEST(Level, EachThatWasReachedIsRewardedOnceInOrder) {
  const Quests content = quests();
  const Items items;
  Mirror mirror = with(kExperience, 310);  // level 3
  std::int64_t rewards = 0;
  for (;;) {
    proto::Operation reward;
    if (!level_reward(content, mirror, items, &reward)) break;
    ASSERT_EQ(mirror.apply(reward), Mirror::Guard::kOk);
    ++rewards;
    proto::Aggregate stored;  // another owner
    mirror.store(&stored);
    mirror = Mirror();
    mirror.load(stored);
  }
  EXPECT_EQ(rewards, 2);
  EXPECT_EQ(mirror.balance("gold"), 20 + 30);
  EXPECT_TRUE(mirror.flag("level:2"));
  EXPECT_TRUE(mirror.flag("level:3"));
}

}  // namespace
}  // namespace dure::sample
