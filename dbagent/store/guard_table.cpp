#include "dbagent/store/guard_table.h"

#include "common/proto/content.pb.h"

namespace dure::store {
namespace {

template <class Rows>
Named<Limit> limits(const Rows& rows) {
  Named<Limit> all;
  for (const auto& row : rows) all.put(row.name(), {row.operation_max(), row.day_max()});
  return all;
}

template <class Rows>
Named<std::int64_t> prices(const Rows& rows) {
  Named<std::int64_t> all;
  for (const auto& row : rows) all.put(row.thing(), row.price());
  return all;
}

}  // namespace

GuardTable::GuardTable(const proto::ContentGuards& guards)
    : things_(guards.things().begin(), guards.things().end()), closed_(guards.closed()) {
  for (const auto& cap : guards.caps()) caps_.put(cap.name(), cap.value());
  for (const auto& cap : guards.counter_caps()) counter_caps_.put(cap.name(), cap.value());
  for (const auto& row : guards.reasons())
    reasons_[row.name()] = {row.unique_key(), limits(row.creates()), limits(row.mints()), limits(row.counts()),
                            row.currency(),   prices(row.sells()),   prices(row.buys())};
}

std::int64_t GuardTable::cap(std::string_view balance) const {
  const std::int64_t* cap = caps_.find(balance);
  return cap == nullptr ? 0 : *cap;
}

std::int64_t GuardTable::counter_cap(std::string_view counter) const {
  const std::int64_t* cap = counter_caps_.find(counter);
  return cap == nullptr ? 0 : *cap;
}

const ReasonGuards* GuardTable::reason(std::string_view name) const {
  const auto at = reasons_.find(name);
  return at == reasons_.end() ? nullptr : &at->second;
}

}  // namespace dure::store
