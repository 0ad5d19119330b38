#include "tests/sim/rogue/hoard_tricks.h"

namespace dure::sim {
namespace {

using Made = std::optional<proto::OwnerlessApply>;

void put(google::protobuf::RepeatedPtrField<proto::Amount>* amounts, const std::string& name, std::int64_t value) {
  auto* amount = amounts->Add();
  amount->set_name(name);
  amount->set_value(value);
}

void set(proto::OwnerlessApply* request, const std::string& key, std::int64_t expected) {
  auto* change = request->add_records();
  change->set_key(key);
  change->set_expected_version(expected);
  change->set_body("rogue");
}

Made number_used(const HoardScene& on, Rng& rng) {
  const auto* done = any_of(on.hoard.done(), rng);
  if (done == nullptr) return std::nullopt;
  auto request = on.apply();
  *request.mutable_operation_id() = done->operation_id();
  request.set_reason("rogue.other");
  return request;
}

Made again(const HoardScene& on, Rng& rng) {
  const auto* done = any_of(on.hoard.done(), rng);
  if (done == nullptr) return std::nullopt;
  proto::OwnerlessApply request = *done;
  request.set_shard(on.scene.shard);
  return request;
}

Made other_version(const HoardScene& on, Rng& rng) {
  if (on.hoard.now.records.empty()) return std::nullopt;
  const auto& [key, record] = *on.hoard.now.records.begin();
  auto request = on.apply();
  set(&request, key, rng.chance(0.7) ? record.version - 1 : 0);
  return request;
}

Made not_there(const HoardScene& on, Rng&) {
  auto request = on.apply();
  set(&request, "never", 1);
  return request;
}

Made key_twice(const HoardScene& on, Rng&) {
  auto request = on.apply();
  set(&request, "twice", 0);
  set(&request, "twice", 0);
  return request;
}

Made without_key(const HoardScene& on, Rng&) {
  auto request = on.apply();
  set(&request, "", 0);
  return request;
}

Made long_body(const HoardScene& on, Rng&) {
  auto request = on.apply();
  set(&request, "long", 0);
  request.mutable_records(0)->set_body(std::string(4097, 'b'));
  return request;
}

Made without_number(const HoardScene& on, Rng&) {
  auto request = on.apply();
  request.clear_operation_id();
  set(&request, "numberless", 0);
  return request;
}

Made without_reason(const HoardScene& on, Rng&) {
  auto request = on.apply();
  request.clear_reason();
  return request;
}

Made overspend(const HoardScene& on, Rng&) {
  auto request = on.apply();
  put(request.mutable_spends(), "gold", on.hoard.now.has.balance("gold") + 1);
  return request;
}

Made spend_nothing(const HoardScene& on, Rng& rng) {
  auto request = on.apply();
  put(request.mutable_spends(), "gold", rng.chance(0.5) ? 0 : -5);
  return request;
}

Made claim_the_others(const HoardScene& on, Rng& rng) {
  const auto* letter = any_letter(on.scene.self.has, rng);
  if (letter == nullptr) return std::nullopt;
  auto request = on.apply();
  request.add_claims(letter->message_id());
  return request;
}

Made half_good(const HoardScene& on, Rng& rng) {
  const auto* letter = any_letter(on.hoard.now.has, rng);
  if (letter == nullptr) return std::nullopt;
  auto request = on.apply();
  request.add_claims(letter->message_id());
  auto* send = request.add_sends();
  *send = on.scene.letter(on.scene.self.id);
  put(send->mutable_balances(), "rogue stone", 1);
  return request;
}

Made half_a_change(const HoardScene& on, Rng&) {
  if (on.hoard.now.has.balance("gold") == 0) return std::nullopt;
  auto request = on.apply();
  put(request.mutable_spends(), "gold", 1);
  put(request.mutable_spends(), "gold", on.hoard.now.has.balance("gold"));
  set(&request, "half", 0);
  return request;
}

// One that is sent, once more under another number.
Made letter_again(const HoardScene& on, Rng& rng) {
  const auto* sent = any_of(on.hoard.sends(), rng);
  if (sent == nullptr) return std::nullopt;
  auto request = on.apply();
  request.set_reason(sent->reason());
  *request.add_sends() = sent->sends(0);
  return request;
}

Made letter_with_other_memo(const HoardScene& on, Rng& rng) {
  auto request = letter_again(on, rng);
  if (request) request->mutable_sends(0)->set_memo(request->sends(0).memo() + "!");
  return request;
}

Made letter_with_other_amount(const HoardScene& on, Rng& rng) {
  auto request = letter_again(on, rng);
  if (request) put(request->mutable_sends(0)->mutable_balances(), "gold", 1);
  return request;
}

Made letter_with_other_item(const HoardScene& on, Rng& rng) {
  auto request = letter_again(on, rng);
  if (request) *request->mutable_sends(0)->add_items() = on.scene.numbers.uid();
  return request;
}

Made letter_to_another(const HoardScene& on, Rng& rng) {
  auto request = letter_again(on, rng);
  if (!request) return std::nullopt;
  auto* send = request->mutable_sends(0);
  send->set_to_player(send->to_player() == on.scene.self.id ? on.scene.other.id : on.scene.self.id);
  return request;
}

Made letter_for_another_reason(const HoardScene& on, Rng& rng) {
  auto request = letter_again(on, rng);
  if (request) request->set_reason("rogue.other");
  return request;
}

}  // namespace

proto::OwnerlessApply HoardScene::apply() const {
  proto::OwnerlessApply request;
  request.set_shard(scene.shard);
  request.set_aggregate_id(hoard.id);
  *request.mutable_operation_id() = scene.numbers.uid();
  request.set_reason("rogue");
  request.set_content_version(scene.content);
  request.set_asked_at_ms(hoard.time());
  return request;
}

const std::vector<HoardTrick>& hoard_tricks() {
  using namespace proto;  // NOLINT: codes
  static const std::vector<HoardTrick> all = {
      {"own.hoard-number-used", {REJECTED}, number_used},
      {"own.hoard-again", {STORED}, again, Leaves::kNothing},
      {"own.hoard-other-version", {EXPECTED_OTHER}, other_version},
      {"own.hoard-not-there", {EXPECTED_OTHER}, not_there},
      {"own.hoard-key-twice", {REJECTED}, key_twice},
      {"own.hoard-without-key", {REJECTED}, without_key},
      {"own.hoard-long-body", {REJECTED}, long_body},
      {"own.hoard-without-number", {REJECTED}, without_number},
      {"own.hoard-without-reason", {REJECTED}, without_reason},
      {"own.hoard-overspend", {REJECTED}, overspend},
      {"own.hoard-spend-nothing", {REJECTED}, spend_nothing},
      {"own.hoard-claim-the-others", {REJECTED}, claim_the_others},
      {"own.hoard-half-good", {REJECTED}, half_good},
      {"own.hoard-half-a-change", {REJECTED}, half_a_change},
      {"own.hoard-letter-again", {STORED}, letter_again},
      {"own.hoard-letter-other-memo", {REJECTED}, letter_with_other_memo},
      {"own.hoard-letter-other-amount", {REJECTED}, letter_with_other_amount},
      {"own.hoard-letter-other-item", {REJECTED}, letter_with_other_item},
      {"own.hoard-letter-to-another", {REJECTED}, letter_to_another},
      {"own.hoard-letter-other-reason", {REJECTED}, letter_for_another_reason},
  };
  return all;
}

proto::OwnerlessApply hoard_deed(const HoardScene& on, Rng& rng) {
  auto request = on.apply();
  if (const auto* letter = any_letter(on.hoard.now.has, rng); letter != nullptr && rng.chance(0.7))
    request.add_claims(letter->message_id());
  std::int64_t gold = on.hoard.now.has.balance("gold");
  if (gold > 0 && rng.chance(0.2)) {
    put(request.mutable_spends(), "gold", 1);
    --gold;
  }
  if (rng.chance(0.5)) {
    auto* send = request.add_sends();
    *send = on.scene.letter(rng.chance(0.5) ? on.scene.self.id : on.scene.other.id);
    send->set_memo("from the hoard");
    if (gold > 0) put(send->mutable_balances(), "gold", 1 + static_cast<std::int64_t>(rng.below(2)) * (gold / 2));
    if (const auto* item = any_item(on.hoard.now.has, rng); item != nullptr && rng.chance(0.5))
      *send->add_items() = item->id();
  }
  static constexpr const char* kKeys[] = {"amber", "beryl", "coral"};
  const std::string key = kKeys[rng.below(std::size(kKeys))];
  const auto record = on.hoard.now.records.find(key);
  set(&request, key, record == on.hoard.now.records.end() ? 0 : record->second.version);
  auto* change = request.mutable_records(0);
  change->set_body("of " + std::to_string(rng.below(1000)));
  if (record != on.hoard.now.records.end() && rng.chance(0.5)) change->set_remove(true);
  if (rng.chance(0.1)) change->set_only_expect(true);
  return request;
}

}  // namespace dure::sim
