#include "common/game/content.h"

#include <gtest/gtest.h>

#include "common/game/content_table.h"

namespace dure {
namespace {

const std::string kTown = "[[zone]]\nname = \"town\"\n";

std::string refusal(const std::string& zones, const std::string& dungeons = "") {
  const auto content = parse_content({"zones.toml", zones}, {"dungeons.toml", dungeons});
  return content ? "" : content.error().detail;
}

TEST(Content, HomeIsTheFirstSafeZoneOrTheFirst) {
  const auto home = [](const std::string& zones) {
    const auto content = parse_content({"zones.toml", zones}, {"dungeons.toml", ""});
    EXPECT_TRUE(content) << content.error().detail;
    return content->home().name;
  };
  const std::string field = "[[zone]]\nname = \"field\"\n";
  EXPECT_EQ(home(field + kTown), "field");
  EXPECT_EQ(home(field + kTown + "safe = true\n"), "town");
}

TEST(Content, TroubleNamesThePlace) {
  EXPECT_EQ(refusal(kTown), "");
  EXPECT_EQ(refusal("[[zone]\n").substr(0, 13), "zones.toml:1:");
  EXPECT_EQ(refusal(""), "zones.toml:1:1: zone: at least one [[zone]] is needed");
  EXPECT_EQ(refusal("[[zone]]\nname = \"a/b\"\n"), "zones.toml:2:8: name: a zone's name has no '/'");
  EXPECT_EQ(refusal(kTown + kTown), "zones.toml:4:8: name: a second zone of that name");
  EXPECT_EQ(refusal(kTown + "portals = [\"moon\"]\n"), "zones.toml:3:11: portals: no zone is named 'moon'");
  EXPECT_EQ(refusal(kTown + "portals = \"town\"\n"), "zones.toml:3:11: portals: a list of texts is needed");
  EXPECT_EQ(refusal(kTown + "portals = [1]\n"), "zones.toml:3:12: portals: a list of texts is needed");
  EXPECT_EQ(refusal("[zone]\nname = \"town\"\n"), "zones.toml:1:1: zone: [[zone]] is needed");
  EXPECT_EQ(refusal("zone = [1]\n"), "zones.toml:1:9: zone: [[zone]] is needed");
  EXPECT_EQ(refusal(kTown + "channels = \"many\"\n"),
            "zones.toml:3:12: channels: a whole number from 1 to 100 is needed");
  EXPECT_EQ(refusal(kTown + "channels = 0\n"), "zones.toml:3:12: channels: a whole number from 1 to 100 is needed");
  EXPECT_EQ(refusal(kTown + "channels = 101\n"), "zones.toml:3:12: channels: a whole number from 1 to 100 is needed");
  EXPECT_EQ(refusal("[[zone]]\nname = 5\n"), "zones.toml:2:8: name: a text that is not empty is needed");
  EXPECT_EQ(refusal("[[zone]]\nname = \"\"\n"), "zones.toml:2:8: name: a text that is not empty is needed");
  EXPECT_EQ(refusal(kTown + "safe = 2026-01-01\n"), "zones.toml:3:8: safe: true or false is needed");
}

TEST(Content, DungeonsAreReadLikeZonesAndLeadBackToOne) {
  const std::string mine = "[[dungeon]]\nname = \"mine\"\nhandler = \"waves\"\nreturn_zone = \"town\"\n";
  EXPECT_EQ(refusal(kTown, mine), "");
  EXPECT_EQ(refusal(kTown, "[[dungeon]\n").substr(0, 16), "dungeons.toml:1:");
  EXPECT_EQ(refusal(kTown, mine + mine), "dungeons.toml:6:8: name: a second dungeon of that name");
  EXPECT_EQ(refusal(kTown, "[[dungeon]]\nname = \"mine\"\nhandler = \"waves\"\nreturn_zone = \"moon\"\n"),
            "dungeons.toml:4:15: return_zone: no zone is named 'moon'");
}

TEST(ContentTable, ARealNumberMayBeWrittenWhole) {
  auto table = ContentTable::parse({"x.toml", "half = 0.5\none = 1\ntext = \"2\"\nmuch = 9.5\nnothing = nan\n"});
  ASSERT_TRUE(table);
  EXPECT_EQ(table->real("half", 0, 2, 7), 0.5);
  EXPECT_EQ(table->real("one", 0, 2, 7), 1.0);
  EXPECT_EQ(table->real("absent", 0, 2, 7), 7.0);
  EXPECT_EQ(table->real("nothing", 0, 2, 7), 7.0);
  EXPECT_EQ(table->real("much", 0, 2, 7), 7.0);
  EXPECT_EQ(table->real("text", 0, 2, 7), 7.0);
  EXPECT_EQ(table->finish().error().detail, "x.toml:5:11: nothing: a number from 0 to 2 is needed") << "the first";
}

TEST(ContentTable, FilesAreFoundByNameInAnyFolder) {
  const std::vector<ContentFile> files{{"configs/content/zones.toml", "a"}, {"items.toml", "b"}};
  EXPECT_EQ(find_content_file(files, "zones.toml")->text, "a");
  EXPECT_EQ(find_content_file(files, "items.toml")->text, "b");
  EXPECT_EQ(find_content_file(files, "tems.toml").error().detail, "tems.toml: is missing");
  EXPECT_EQ(find_content_file({}, "items.toml").error().detail, "items.toml: is missing");
}

}  // namespace
}  // namespace dure
