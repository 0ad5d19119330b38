// What the content of the sample game lets nobody create, whatever its owner computed (configs/content).
#include "tests/sim/rogue/owner_trick.h"

namespace dure::sim {
namespace {

using Made = std::optional<OwnerDeed>;

constexpr std::int64_t kExperienceMax = 495'000;
constexpr std::int64_t kExperienceAtOnce = 100'000;

Made unknown_reason(const Scene& scene, Rng&) { return OwnerDeed("rogue").key(scene.fresh_key()).balance("gold", 5); }

Made too_much(const Scene& scene, Rng&) { return scene.loot().balance("gold", 10'001); }

Made too_much_together(const Scene& scene, Rng&) { return scene.loot().balance("gold", 6000).balance("gold", 4001); }

Made without_key(const Scene&, Rng&) { return OwnerDeed("loot").balance("gold", 5); }

Made unknown_thing(const Scene& scene, Rng&) { return scene.loot().balance("rogue stone", 1); }

Made unknown_item(const Scene& scene, Rng&) { return scene.loot().mint(scene.numbers.uid(), "rogue sword"); }

// Six gold a loaf.
Made too_cheap(const Scene& scene, Rng&) {
  if (scene.self.has.balance("gold") < 17) return std::nullopt;
  return OwnerDeed("shop.buy").balance("gold", -17).balance("bread", 3);
}

Made not_sold(const Scene& scene, Rng&) {
  if (scene.self.has.balance("gold") < 20) return std::nullopt;
  return OwnerDeed("shop.buy").balance("gold", -20).balance("rat_tail", 1);
}

Made nothing_bought(const Scene& scene, Rng&) {
  if (scene.self.has.balance("gold") < 1) return std::nullopt;
  return OwnerDeed("shop.buy").balance("gold", -1);
}

// A shop pays eight.
Made too_dear(const Scene& scene, Rng&) {
  if (scene.self.has.balance("potion") < 1) return std::nullopt;
  return OwnerDeed("shop.sell").balance("potion", -1).balance("gold", 9);
}

Made learnt_by_selling(const Scene& scene, Rng&) {
  if (scene.self.has.balance("potion") < 1) return std::nullopt;
  return OwnerDeed("shop.sell").balance("potion", -1).balance("gold", 8).count("experience", 1);
}

Made learnt_for_nothing(const Scene&, Rng&) { return OwnerDeed("rogue").count("experience", 1); }

Made learnt_too_much(const Scene& scene, Rng&) {
  if (scene.self.has.counter("experience") + kExperienceAtOnce <= kExperienceMax) return std::nullopt;
  return OwnerDeed("kill").count("experience", kExperienceAtOnce);
}

Made learnt_at_once(const Scene&, Rng&) { return OwnerDeed("kill").count("experience", kExperienceAtOnce + 1); }

Made enough_for_a_day(const Scene& scene, Rng&) { return scene.loot().balance("gold", 10'000); }

Made content_not_known(const Scene& scene, Rng& rng) {
  return scene.loot().balance("gold", 1).content(scene.content + 1000 + static_cast<std::uint32_t>(rng.below(1000)));
}

// Made by no content at all.
std::optional<proto::ApplyRequest> no_content(const Scene& scene, Rng&) {
  auto request = scene.apply(scene.loot().balance("gold", 1).take());
  request.mutable_operations(0)->clear_content_version();
  return request;
}

}  // namespace

std::vector<OwnerTrick> content_tricks() {
  const auto judged = [](const char* rule, Made (*deed)(const Scene&, Rng&)) {
    return refused(rule, Stage::kJudged, deed);
  };
  return {
      judged("own.unknown-reason", unknown_reason),
      judged("own.too-much", too_much),
      judged("own.too-much-together", too_much_together),
      judged("own.without-key", without_key),
      judged("own.unknown-thing", unknown_thing),
      judged("own.unknown-item", unknown_item),
      judged("own.too-cheap", too_cheap),
      judged("own.not-sold", not_sold),
      judged("own.nothing-bought", nothing_bought),
      judged("own.too-dear", too_dear),
      judged("own.learnt-by-selling", learnt_by_selling),
      judged("own.learnt-for-nothing", learnt_for_nothing),
      judged("own.learnt-too-much", learnt_too_much),
      judged("own.learnt-at-once", learnt_at_once),
      refused("own.enough-for-a-day", Stage::kSated, enough_for_a_day),
      refused("own.content-not-known", Stage::kJudged, content_not_known, {proto::RETRY}),
      trick<proto::ApplyRequest>("own.no-content", Stage::kJudged, {proto::OTHER_CONTENT}, no_content),
  };
}

}  // namespace dure::sim
