// More than it has, more than fits, twice what happens once, and halves of what is refused.
#include <limits>

#include "tests/sim/rogue/owner_trick.h"

namespace dure::sim {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr const char* kCounter = "rogue.count";

using Made = std::optional<OwnerDeed>;

Made overspend(const Scene& scene, Rng& rng) {
  return OwnerDeed("rogue").balance("gold",
                                    -scene.self.has.balance("gold") - 1 - static_cast<std::int64_t>(rng.below(1000)));
}

Made overflowing(const Scene& scene, Rng&) { return scene.loot().balance("gold", kMost).balance("gold", kMost); }

Made least_number(const Scene& scene, Rng&) {
  return scene.loot().balance("gold", std::numeric_limits<std::int64_t>::min());
}

Made over_own_cap(const Scene& scene, Rng&) {
  const std::int64_t has = scene.self.has.balance("gold");
  if (has == 0) return std::nullopt;
  return scene.loot().balance("gold", 1, has);
}

Made counter_below_zero(const Scene& scene, Rng&) {
  return OwnerDeed("rogue").count(kCounter, -scene.self.has.counter(kCounter) - 1);
}

Made counter_over_cap(const Scene& scene, Rng&) {
  return OwnerDeed("rogue").count(kCounter, 5, scene.self.has.counter(kCounter) + 4);
}

Made same_flag(const Scene& scene, Rng&) {
  if (scene.self.has.flags.empty()) return std::nullopt;
  return OwnerDeed("rogue").flag(*scene.self.has.flags.begin());
}

Made same_drop_key(const Scene& scene, Rng& rng) {
  const auto* key = any_of(scene.self.keys, rng);
  if (key == nullptr) return std::nullopt;
  return OwnerDeed("loot").key(*key).balance("gold", 1);
}

Made half_good(const Scene& scene, Rng& rng) {
  const auto* theirs = any_item(scene.other.has, rng);
  if (theirs == nullptr) return std::nullopt;
  return scene.loot().balance("gold", 5).count(kCounter, 1).burn(theirs->id(), theirs->version());
}

Made half_a_letter(const Scene& scene, Rng&) {
  if (scene.self.has.balance("gold") < 2) return std::nullopt;
  auto letter = scene.letter(scene.other.id);
  auto* gold = letter.add_balances();
  gold->set_name("gold");
  gold->set_value(1);
  return OwnerDeed("rogue").send(letter).balance("gold", -scene.self.has.balance("gold"));
}

Made unknown_effect(const Scene&, Rng&) { return OwnerDeed("rogue").layout("half").nothing_known(); }

// 0 is no request.
Made old_request(const Scene& scene, Rng& rng) {
  const std::uint64_t last = scene.self.has.creq;
  if (last == 0) return std::nullopt;
  return OwnerDeed("rogue").layout("again").asked_by_client(last > 1 ? last - rng.below(2) : last,
                                                            scene.self.has.creq_hash);
}

}  // namespace

std::vector<OwnerTrick> value_tricks() {
  return {
      refused("own.overspend", Stage::kJudged, overspend),
      refused("own.overflowing", Stage::kJudged, overflowing),
      refused("own.least-number", Stage::kJudged, least_number),
      refused("own.over-own-cap", Stage::kJudged, over_own_cap),
      refused("own.counter-below-zero", Stage::kJudged, counter_below_zero),
      refused("own.counter-over-cap", Stage::kJudged, counter_over_cap),
      refused("own.same-flag", Stage::kJudged, same_flag),
      refused("own.same-drop-key", Stage::kJudged, same_drop_key),
      refused("own.half-good", Stage::kJudged, half_good),
      refused("own.half-a-letter", Stage::kJudged, half_a_letter),
      refused("own.unknown-effect", Stage::kJudged, unknown_effect),
      refused("own.old-request", Stage::kJudged, old_request),
  };
}

}  // namespace dure::sim
