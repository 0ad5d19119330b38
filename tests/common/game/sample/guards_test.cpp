#include "common/game/sample/guards.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "common/proto/content.pb.h"

namespace dure::sample {
namespace {

ContentFile file(const std::string& name) {
  std::ifstream in(std::string(DURE_SOURCE_DIR) + "/configs/content/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return {name, text.str()};
}

Result<proto::ContentGuards> parse(const ContentFile& guards) {
  const auto items = parse_items(file("items.toml"));
  const auto shops = parse_shops(file("shops.toml"), *items);
  const auto runs = parse_runs(file("dungeons.toml"));
  const auto quests = parse_quests(file("quests.toml"), *runs, *items);
  return parse_sample_guards(guards, *items, *shops, *quests);
}

std::string trouble(const std::string& text) {
  const auto guards = parse({"guards.toml", text});
  return guards ? "" : guards.error().detail;
}

std::string reason(const std::string& rest) { return trouble("[[reason]]\nname = \"loot\"\n" + rest); }

const proto::ContentReason* find(const proto::ContentGuards& guards, const std::string& name) {
  for (const auto& one : guards.reasons())
    if (one.name() == name) return &one;
  return nullptr;
}

TEST(SampleGuards, TheFilesOfTheSampleSayWhatFollowsFromThem) {
  const auto guards = parse(file("guards.toml"));
  ASSERT_TRUE(guards) << guards.error().detail;
  EXPECT_TRUE(guards->closed());
  for (const char* thing : {"gold", "bread", "iron_sword"})
    EXPECT_EQ(std::count(guards->things().begin(), guards->things().end(), thing), 1) << thing;
  const auto* buy = find(*guards, "shop.buy");
  ASSERT_NE(buy, nullptr);
  EXPECT_EQ(buy->sells_size(), 4);
  EXPECT_EQ(buy->currency(), "gold");
  EXPECT_EQ(find(*guards, "shop.sell")->buys_size(), 5);
  EXPECT_EQ(find(*guards, "starter")->creates(0).operation_max(), 500);
  EXPECT_TRUE(find(*guards, "quest.reward")->unique_key());
  EXPECT_TRUE(find(*guards, "level.reward")->unique_key());
  EXPECT_EQ(find(*guards, "level.reward")->creates(0).operation_max(), 1000);
  EXPECT_EQ(find(*guards, "loot")->creates(0).day_max(), 20'000'000);
  EXPECT_EQ(find(*guards, "trade"), nullptr);
}

TEST(SampleGuards, TroubleNamesFileLineColumnKeyAndWhatIsAllowed) {
  EXPECT_NE(trouble("[[reason]]\nname = \"looot\"\n")
                .find("guards.toml:2:8: name: no operation has the reason 'looot'; allowed: "),
            std::string::npos);
  EXPECT_NE(trouble("[[reason]]\nname = \"shop.buy\"\n").find("guards.toml:2:8: name: no operation"), std::string::npos)
      << "its prices are in items.toml";
  EXPECT_NE(trouble("[[reason]]\nname = \"kill\"\n[[reason]]\nname = \"kill\"\n")
                .find("guards.toml:4:8: name: a second guard"),
            std::string::npos);
  EXPECT_NE(reason("creates = [{ name = \"silver\", operation_max = 1 }]\n")
                .find("guards.toml:3:21: name: 'silver' is not known; allowed: bread, gold, potion, rat_tail"),
            std::string::npos)
      << reason("creates = [{ name = \"silver\", operation_max = 1 }]\n");
  EXPECT_NE(reason("mints = [{ name = \"gold\", operation_max = 1 }]\n").find("'gold' is not known"),
            std::string::npos);
  EXPECT_NE(
      reason("mints = [{ name = \"iron_*\", operation_max = 0 }]\n").find("operation_max: a whole number from 1 to "),
      std::string::npos);
  EXPECT_NE(reason("creates = [{ name = \"gold\" }]\n").find("operation_max: is missing"), std::string::npos);
  EXPECT_NE(reason("creates = [{ name = \"gold\", operation_max = 9, day_max = 8 }]\n")
                .find("day_max: a whole number from 9 to "),
            std::string::npos);
  EXPECT_NE(reason("creates = [{ name = \"zink*\", operation_max = 9 }]\n").find("'zink*' is not known"),
            std::string::npos);
  EXPECT_NE(reason("creates = [{ name = \"gold\", operation_max = 9 }, { name = \"gold\", operation_max = 9 }]\n")
                .find("a second guard of 'gold'"),
            std::string::npos);
  EXPECT_NE(
      reason("create = []\n").find("guards.toml:3:10: create: unknown key; allowed here: buys, counts, creates, "),
      std::string::npos)
      << reason("create = []\n");
  EXPECT_EQ(reason("unique_key = 1\n"), "guards.toml:3:14: unique_key: true or false is needed");
  EXPECT_EQ(trouble("[[reason]\n").substr(0, 12), "guards.toml:");
  EXPECT_NE(reason("mints = [{ name = \"\", operation_max = 1 }]\n").find("a text that is not empty is needed"),
            std::string::npos);
  EXPECT_EQ(reason("counts = [{ name = \"*\", operation_max = 9 }]\n"), "") << "of everything";
}

}  // namespace
}  // namespace dure::sample
