// Items that are others', that are not as it says, that are there already, or that are nothing.
#include "tests/sim/rogue/owner_trick.h"

namespace dure::sim {
namespace {

using Made = std::optional<OwnerDeed>;
using Deed = OwnerDeed (*)(const Scene& scene, const proto::Item& item, std::int64_t version);

OwnerDeed burn(const Scene&, const proto::Item& item, std::int64_t version) {
  return OwnerDeed("rogue").burn(item.id(), version);
}

OwnerDeed engrave(const Scene&, const proto::Item& item, std::int64_t version) {
  return OwnerDeed("rogue").attribute(item.id(), version, "engraved", 7);
}

OwnerDeed send(const Scene& scene, const proto::Item& item, std::int64_t) {
  auto letter = scene.letter(scene.other.id);
  *letter.add_items() = item.id();
  return OwnerDeed("rogue").send(letter);
}

template <Deed kDeed>
Made of_another_version(const Scene& scene, Rng& rng) {
  const auto* item = any_item(scene.self.has, rng);
  if (item == nullptr) return std::nullopt;
  return kDeed(scene, *item, item->version() + (rng.chance(0.7) ? -1 : 1));
}

template <Deed kDeed>
Made of_the_other(const Scene& scene, Rng& rng) {
  const auto* item = any_item(scene.other.has, rng);
  if (item == nullptr) return std::nullopt;
  return kDeed(scene, *item, item->version());
}

template <Deed kDeed>
Made of_what_is_burnt(const Scene& scene, Rng& rng) {
  const auto* item = any_of(scene.self.burnt, rng);
  if (item == nullptr) return std::nullopt;
  return kDeed(scene, *item, item->version());
}

Made made_again(const Scene& scene, Rng& rng) {
  const auto* item = any_item(rng.chance(0.5) ? scene.self.has : scene.other.has, rng);
  if (item == nullptr) return std::nullopt;
  return scene.loot().mint(item->id(), item->template_());
}

Made burnt_and_made_again(const Scene& scene, Rng& rng) {
  const auto* item = any_of(scene.self.burnt_here, rng);
  if (item == nullptr) return std::nullopt;
  return scene.loot().mint(item->id(), item->template_());
}

Made without_id(const Scene& scene, Rng&) { return scene.loot().mint({}, "rusty_sword"); }

}  // namespace

std::vector<OwnerTrick> item_tricks() {
  const auto judged = [](const char* rule, Made (*deed)(const Scene&, Rng&)) {
    return refused(rule, Stage::kJudged, deed);
  };
  return {
      judged("own.burn-other-version", of_another_version<burn>),
      judged("own.engrave-other-version", of_another_version<engrave>),
      judged("own.burn-the-others", of_the_other<burn>),
      judged("own.engrave-the-others", of_the_other<engrave>),
      judged("own.send-the-others", of_the_other<send>),
      judged("own.burn-again", of_what_is_burnt<burn>),
      judged("own.engrave-burnt", of_what_is_burnt<engrave>),
      judged("own.item-again", made_again),
      judged("own.burnt-item-again", burnt_and_made_again),
      judged("own.item-without-id", without_id),
  };
}

}  // namespace dure::sim
