// Letters from nobody to the rogue's own, which the content of the sample game does not let anybody create, and such as
// have come before.
#include "common/proto/reasons.h"
#include "tests/sim/rogue/owner_trick.h"

namespace dure::sim {
namespace {

using proto::DeliverRequest;
using Made = std::optional<DeliverRequest>;

DeliverRequest deliver(const Scene& scene, const std::string& reason, const std::string& thing, std::int64_t amount) {
  DeliverRequest request;
  request.set_shard(scene.shard);
  request.set_player_id(scene.self.id);
  request.set_message_id(scene.numbers.next());
  request.set_reason(reason);
  auto* balance = request.add_balances();
  balance->set_name(thing);
  balance->set_value(amount);
  return request;
}

DeliverRequest give(const Scene& scene, const std::string& thing, std::int64_t amount) {
  return deliver(scene, std::string(kGrantReason), thing, amount);
}

Made unknown_reason(const Scene& scene, Rng&) { return deliver(scene, "rogue", "gold", 5); }
Made too_much(const Scene& scene, Rng&) { return deliver(scene, "loot", "gold", 10'001); }
Made unknown_thing(const Scene& scene, Rng&) { return give(scene, "rogue stone", 1); }
Made over_cap(const Scene& scene, Rng&) { return give(scene, "potion", 10'000); }
Made zero(const Scene& scene, Rng&) { return give(scene, "gold", 0); }
Made below_zero(const Scene& scene, Rng&) { return give(scene, "gold", -5); }

Made unknown_item(const Scene& scene, Rng&) {
  auto request = give(scene, "gold", 1);
  auto* item = request.add_items();
  *item->mutable_id() = scene.numbers.uid();
  item->set_template_("rogue sword");
  return request;
}

Made existing_item(const Scene& scene, Rng& rng) {
  const auto* item = any_item(scene.other.has, rng);
  if (item == nullptr) return std::nullopt;
  auto request = give(scene, "gold", 1);
  *request.add_items() = *item;
  return request;
}

Made without_number(const Scene& scene, Rng&) {
  auto request = give(scene, "gold", 1);
  request.clear_message_id();
  return request;
}

Made long_memo(const Scene& scene, Rng&) {
  auto request = give(scene, "gold", 1);
  request.set_memo(std::string(257, 'm'));
  return request;
}

Made enough_for_a_day(const Scene& scene, Rng&) { return deliver(scene, "loot", "gold", 10'000); }

// Anything under the number of a letter that came, claimed or not.
Made number_again(const Scene& scene, Rng& rng) {
  const auto* claimed = any_of(scene.self.claimed, rng);
  const auto* letter = any_letter(scene.self.has, rng);
  if (claimed == nullptr && letter == nullptr) return std::nullopt;
  auto request = give(scene, "gold", 1);
  request.set_message_id(letter == nullptr || (claimed != nullptr && rng.chance(0.5)) ? *claimed
                                                                                      : letter->message_id());
  return request;
}

}  // namespace

std::vector<OwnerTrick> delivery_tricks() {
  const auto judged = [](const char* rule, Made (*make)(const Scene&, Rng&)) {
    return trick<DeliverRequest>(rule, Stage::kJudged, {proto::REJECTED}, make);
  };
  return {
      judged("own.deliver-unknown-reason", unknown_reason),
      judged("own.deliver-too-much", too_much),
      judged("own.deliver-unknown-thing", unknown_thing),
      judged("own.deliver-unknown-item", unknown_item),
      judged("own.deliver-existing-item", existing_item),
      judged("own.deliver-over-cap", over_cap),
      judged("own.deliver-zero", zero),
      judged("own.deliver-below-zero", below_zero),
      judged("own.deliver-without-number", without_number),
      judged("own.deliver-long-memo", long_memo),
      trick<DeliverRequest>("own.deliver-enough-for-a-day", Stage::kSated, {proto::REJECTED}, enough_for_a_day),
      trick<DeliverRequest>("own.deliver-again", Stage::kJudged, {proto::STORED}, number_again, Leaves::kNothing),
  };
}

}  // namespace dure::sim
