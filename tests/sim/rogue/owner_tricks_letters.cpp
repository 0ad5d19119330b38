// Letters that are another's, claimed, too much, or sent already; to nobody, or with nothing right in them.
#include "tests/sim/rogue/owner_trick.h"

namespace dure::sim {
namespace {

using Made = std::optional<OwnerDeed>;

constexpr std::int64_t kPotionsMost = 9999;

void put(proto::Effect::Send* letter, const std::string& currency, std::int64_t amount) {
  auto* balance = letter->add_balances();
  balance->set_name(currency);
  balance->set_value(amount);
}

OwnerDeed send(const proto::Effect::Send& letter) { return OwnerDeed("rogue").send(letter); }

Made claim_the_others(const Scene& scene, Rng& rng) {
  const auto* letter = any_letter(scene.other.has, rng);
  if (letter == nullptr) return std::nullopt;
  return OwnerDeed("rogue").claim(letter->message_id());
}

Made claim_a_strangers(const Scene& scene, Rng& rng) {
  const auto* stranger = any_of(scene.strangers, rng);
  const auto* letter = stranger == nullptr ? nullptr : any_of(stranger->letters, rng);
  if (letter == nullptr) return std::nullopt;
  return OwnerDeed("rogue").claim(*letter);
}

Made claim_again(const Scene& scene, Rng& rng) {
  const auto* letter = any_of(scene.self.claimed, rng);
  if (letter == nullptr) return std::nullopt;
  return OwnerDeed("rogue").claim(*letter);
}

Made claim_nothing(const Scene& scene, Rng&) { return OwnerDeed("rogue").claim(scene.numbers.next()); }

Made claim_twice(const Scene& scene, Rng& rng) {
  const auto* letter = any_letter(scene.self.has, rng);
  if (letter == nullptr) return std::nullopt;
  return OwnerDeed("rogue").claim(letter->message_id()).claim(letter->message_id());
}

Made claim_over_own_cap(const Scene& scene, Rng&) {
  for (const auto& [id, letter] : scene.self.has.inbox)
    for (const auto& amount : letter.balances())
      if (const std::int64_t cap = scene.self.has.balance(amount.name()) + amount.value() - 1; cap > 0)
        return OwnerDeed("rogue").claim(id, amount.name(), cap);
  return std::nullopt;
}

Made claim_over_content_cap(const Scene& scene, Rng&) {
  for (const auto& [id, letter] : scene.self.has.inbox)
    for (const auto& amount : letter.balances())
      if (amount.name() == "potion" && scene.self.has.balance("potion") + amount.value() > kPotionsMost)
        return OwnerDeed("rogue").claim(id);
  return std::nullopt;
}

// The very same.
Made letter_again(const Scene& scene, Rng& rng) {
  const auto* sent = any_of(scene.self.sends, rng);
  if (sent == nullptr) return std::nullopt;
  OwnerDeed deed(sent->reason());
  for (const auto& effect : sent->effects())
    if (effect.has_send()) deed.send(effect.send());
  return deed;
}

Made letter_of_the_same_number(const Scene& scene, Rng& rng) {
  const auto* sent = any_of(rng.chance(0.5) ? scene.self.sends : scene.other.sends, rng);
  if (sent == nullptr) return std::nullopt;
  for (const auto& effect : sent->effects())
    if (effect.has_send()) {
      auto letter = scene.letter(scene.other.id);
      letter.set_message_id(effect.send().message_id());
      letter.set_memo("another");
      return send(letter);
    }
  return std::nullopt;
}

Made long_memo(const Scene& scene, Rng&) {
  auto letter = scene.letter(scene.other.id);
  letter.set_memo(std::string(257, 'm'));
  return send(letter);
}

Made to_nobody(const Scene& scene, Rng&) { return send(scene.letter(0)); }

Made without_number(const Scene& scene, Rng&) {
  auto letter = scene.letter(scene.other.id);
  letter.clear_message_id();
  return send(letter);
}

Made below_zero(const Scene& scene, Rng&) {
  auto letter = scene.letter(scene.other.id);
  put(&letter, "gold", -5);
  return send(letter);
}

Made zero(const Scene& scene, Rng&) {
  auto letter = scene.letter(scene.other.id);
  put(&letter, "gold", 0);
  return send(letter);
}

Made send_too_much(const Scene& scene, Rng&) {
  auto letter = scene.letter(scene.other.id);
  put(&letter, "gold", scene.self.has.balance("gold"));
  put(&letter, "gold", 1);
  return send(letter);
}

}  // namespace

std::vector<OwnerTrick> letter_tricks() {
  const auto judged = [](const char* rule, Made (*deed)(const Scene&, Rng&)) {
    return refused(rule, Stage::kJudged, deed);
  };
  return {
      judged("own.claim-the-others", claim_the_others),
      judged("own.claim-a-strangers", claim_a_strangers),
      judged("own.claim-again", claim_again),
      judged("own.claim-nothing", claim_nothing),
      judged("own.claim-twice", claim_twice),
      judged("own.claim-over-own-cap", claim_over_own_cap),
      judged("own.claim-over-content-cap", claim_over_content_cap),
      judged("own.letter-again", letter_again),
      judged("own.letter-of-the-same-number", letter_of_the_same_number),
      judged("own.long-memo", long_memo),
      judged("own.to-nobody", to_nobody),
      judged("own.letter-without-number", without_number),
      judged("own.letter-below-zero", below_zero),
      judged("own.letter-of-zero", zero),
      judged("own.send-too-much", send_too_much),
  };
}

}  // namespace dure::sim
