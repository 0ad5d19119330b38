// Any text as a content file, beside good ones: read, or refused with its place.
#include "common/game/content.h"

#include <fstream>
#include <sstream>

#include "common/base/check.h"
#include "common/game/sample/guards.h"
#include "common/game/sample/quest.h"
#include "common/game/sample/run_content.h"
#include "common/game/sample/shop.h"
#include "common/proto/content.pb.h"
#include "tests/fuzz/input.h"

namespace {

dure::ContentFile good(const std::string& name) {
  std::ifstream in(std::string(DURE_SOURCE_DIR) + "/configs/content/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return {name, text.str()};
}
template <class T>
void expect_word(const dure::Result<T>& result) {
  CHECK(result.has_value() || !result.error().detail.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const dure::ContentFile zones = good("zones.toml"), dungeons = good("dungeons.toml");
  static const auto items = dure::sample::parse_items(good("items.toml"));
  static const auto shops = dure::sample::parse_shops(good("shops.toml"), *items);
  static const auto runs = dure::sample::parse_runs(good("dungeons.toml"));
  static const auto quests = dure::sample::parse_quests(good("quests.toml"), *runs, *items);
  dure::fuzz::Input input(data, size);
  const int kind = input.byte() % 7;
  const dure::ContentFile file{"fuzz.toml", std::string(input.rest())};
  if (kind == 0) expect_word(dure::parse_content(file, dungeons));
  if (kind == 1) expect_word(dure::parse_content(zones, file));
  if (kind == 2) expect_word(dure::sample::parse_items(file));
  if (kind == 3) expect_word(dure::sample::parse_shops(file, *items));
  if (kind == 4) expect_word(dure::sample::parse_runs(file));
  if (kind == 5) expect_word(dure::sample::parse_quests(file, *runs, *items));
  if (kind == 6) expect_word(dure::sample::parse_sample_guards(file, *items, *shops, *quests));
  return 0;
}
