#include "common/game/sample/entry_fee.h"

#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

void set_counter(const Mirror& mirror, const char* name, std::int64_t value, proto::Operation* operation) {
  auto* count = operation->add_effects()->mutable_count();
  count->set_counter(name);
  count->set_delta(value - mirror.counter(name));
}

void set_claim(const Mirror& mirror, std::int64_t run, std::int64_t fee, proto::Operation* operation) {
  set_counter(mirror, kEntryRun, run, operation);
  set_counter(mirror, kEntryFee, fee, operation);
}

void key(std::int64_t run, const char* source, proto::Operation* operation) {
  auto* drop_key = operation->add_effects()->mutable_drop_key();
  drop_key->set_run(static_cast<std::uint64_t>(run));
  drop_key->set_source(source);
}

}  // namespace

proto::Code pay_entry(const Mirror& mirror, std::int64_t fee, std::uint64_t run, proto::Operation* operation) {
  if (fee <= 0) return proto::OK;
  if (mirror.counter(kEntryRun) != 0) return proto::WRONG_STATE;
  if (mirror.balance("gold") < fee) return proto::NOT_ENOUGH;
  const auto number = static_cast<std::int64_t>(run);
  operation->set_reason("dungeon.fee");
  key(number, "fee", operation);
  auto* gold = operation->add_effects()->mutable_balance();
  gold->set_currency("gold");
  gold->set_delta(-fee);
  set_claim(mirror, number, fee, operation);
  return proto::OK;
}

bool refund_entry(const Mirror& mirror, const Items& items, proto::Operation* operation) {
  const std::int64_t run = mirror.counter(kEntryRun), fee = mirror.counter(kEntryFee);
  if (run == 0) return false;
  operation->set_reason("dungeon.refund");
  key(run, "refund", operation);
  auto* gold = operation->add_effects()->mutable_balance();
  gold->set_currency("gold");
  gold->set_delta(fee);
  gold->set_cap(items.cap("gold"));
  set_claim(mirror, 0, 0, operation);
  return true;
}

bool use_entry(const Mirror& mirror, std::uint64_t run, proto::Operation* operation) {
  if (mirror.counter(kEntryRun) == 0 || mirror.counter(kEntryRun) != static_cast<std::int64_t>(run)) return false;
  set_claim(mirror, 0, 0, operation);
  return true;
}

}  // namespace dure::sample
