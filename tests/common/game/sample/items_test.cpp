#include "common/game/sample/items.h"

#include <gtest/gtest.h>

#include "common/game/content.h"
#include "common/game/sample/shop.h"

namespace dure::sample {
namespace {

std::string trouble(const std::string& text) {
  const auto items = parse_items({"items.toml", text});
  return items ? "" : items.error().detail;
}

TEST(ContentFiles, TroubleNamesFileLineColumnKeyAndWhatIsAllowed) {
  EXPECT_EQ(trouble("bag_slots = 0\n"), "items.toml:1:13: bag_slots: a whole number from 1 to 1000 is needed");
  EXPECT_EQ(trouble("[[item]]\nname = \"x\"\nprize = 1\n"),
            "items.toml:3:9: prize: unknown key; allowed here: buy_price, heal, name, power, sell_price, stack");
  EXPECT_EQ(trouble("[[item]]\nstack = true\n"), "items.toml:1:1: name: is missing; a text is needed");
  EXPECT_EQ(trouble("[[item]]\nname = \"x\"\nstack = 1\n"), "items.toml:3:9: stack: true or false is needed");
}

TEST(ContentFiles, ABrokenFileSaysWhere) {
  EXPECT_EQ(trouble("bag_slots = \n").substr(0, 13), "items.toml:1:");
  EXPECT_EQ(trouble("bag_slots = 1\nbag_slots = 2\n").substr(0, 13), "items.toml:2:");
}

TEST(ContentFiles, AShopMayNotBeASourceOfGold) {
  EXPECT_NE(trouble("[[item]]\nname = \"x\"\nbuy_price = 5\nsell_price = 6\n").find("source of gold"),
            std::string::npos);
}

TEST(ContentFiles, ATextThatTheTomlLibraryAssertsOnIsRefused) { EXPECT_EQ(trouble("[ }]\n"), "items.toml: not TOML"); }

TEST(ContentFiles, AShopSellsOnlyWhatThereIs) {
  const auto items = parse_items({"items.toml", "[[item]]\nname = \"x\"\n"});
  ASSERT_TRUE(items.has_value());
  const auto shops =
      parse_shops({"shops.toml", "[[shop]]\nnpc = \"A\"\nzone = \"t\"\nx_cm = 1\ny_cm = 1\nsells = [\"x\"]\n"}, *items);
  ASSERT_FALSE(shops.has_value());
  EXPECT_EQ(shops.error().detail, "shops.toml:6:9: sells: 'x' is no item with a buy_price");
}

TEST(ContentFiles, PortalsAndReturnZonesMustExist) {
  const ContentFile zone{"zones.toml", "[[zone]]\nname = \"town\"\n"};
  EXPECT_TRUE(parse_content(zone, {"dungeons.toml", ""}).has_value());
  EXPECT_EQ(
      parse_content({"zones.toml", "[[zone]]\nname = \"town\"\nportals = [\"moon\"]\n"}, {"d", ""}).error().detail,
      "zones.toml:3:11: portals: no zone is named 'moon'");
  EXPECT_EQ(parse_content(zone, {"dungeons.toml",
                                 "[[dungeon]]\nname = \"a\"\nhandler = \"b\"\nreturn_zone = \"moon\"\nwaves = 3\n"})
                .error()
                .detail,
            "dungeons.toml:4:15: return_zone: no zone is named 'moon'");
  EXPECT_FALSE(parse_content({"zones.toml", ""}, {"d", ""}).has_value()) << "no zone at all";
}

}  // namespace
}  // namespace dure::sample
