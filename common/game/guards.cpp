#include "common/game/guards.h"

#include <algorithm>

#include "common/proto/content.pb.h"

namespace dure {
namespace {

constexpr std::int64_t kLimitMost = 1'000'000'000'000'000;

bool matches(const std::string& name, const std::set<std::string>& known) {
  if (name.empty() || name.back() != '*') return known.contains(name);
  const std::string prefix = name.substr(0, name.size() - 1);
  return prefix.empty() ||
         std::any_of(known.begin(), known.end(), [&](const auto& one) { return one.starts_with(prefix); });
}

std::string listed(const std::set<std::string>& known) {
  std::string all;
  for (const auto& name : known) all += (all.empty() ? "" : ", ") + name;
  return all;
}

std::string read_name(ContentTable& in, const std::set<std::string>& known, std::set<std::string>* seen) {
  const std::string name = in.text("name");
  if (!matches(name, known))
    in.refuse("name",
              "'" + name + "' is not known; allowed: " + listed(known) + ", or a pattern of them that ends in *");
  if (!seen->insert(name).second) in.refuse("name", "a second guard of '" + name + "'");
  return name;
}

void read_limits(ContentTable& reason, const char* key, const std::set<std::string>& known,
                 google::protobuf::RepeatedPtrField<proto::ContentLimit>* to) {
  std::set<std::string> seen;
  for (auto& in : reason.tables(key)) {
    auto* limit = to->Add();
    limit->set_name(read_name(in, known, &seen));
    limit->set_operation_max(in.number("operation_max", 1, kLimitMost));
    limit->set_day_max(in.number("day_max", limit->operation_max(), kLimitMost, 0));
  }
}

void read_prices(ContentTable& reason, const char* key, const std::set<std::string>& known,
                 google::protobuf::RepeatedPtrField<proto::ContentPrice>* to) {
  std::set<std::string> seen;
  for (auto& in : reason.tables(key)) {
    auto* price = to->Add();
    price->set_thing(read_name(in, known, &seen));
    price->set_price(in.number("price", 1, kLimitMost));
  }
}

}  // namespace

proto::ContentReason* guards_of(proto::ContentGuards* guards, const std::string& reason) {
  for (auto& known : *guards->mutable_reasons())
    if (known.name() == reason) return &known;
  auto* fresh = guards->add_reasons();
  fresh->set_name(reason);
  return fresh;
}

Result<> parse_guards(const ContentFile& file, const GuardNames& names, proto::ContentGuards* guards) {
  auto root = ContentTable::parse(file);
  if (!root) return tl::unexpected<Error>(root.error());
  std::set<std::string> things = names.balances, seen;
  things.insert(names.items.begin(), names.items.end());
  for (auto& in : root->tables("reason")) {
    const std::string name = in.text("name");
    if (!names.reasons.contains(name))
      in.refuse("name", "no operation has the reason '" + name + "'; allowed: " + listed(names.reasons));
    if (!seen.insert(name).second) in.refuse("name", "a second guard of '" + name + "'");
    auto* reason = guards_of(guards, name);
    reason->set_unique_key(in.flag("unique_key", reason->unique_key()));
    read_limits(in, "creates", names.balances, reason->mutable_creates());
    read_limits(in, "mints", names.items, reason->mutable_mints());
    read_limits(in, "counts", names.counters, reason->mutable_counts());
    reason->set_currency(in.text("currency", ""));
    read_prices(in, "sells", things, reason->mutable_sells());
    read_prices(in, "buys", things, reason->mutable_buys());
    if (reason->sells_size() + reason->buys_size() > 0 && !names.balances.contains(reason->currency()))
      in.refuse("currency", "of the prices, a balance; allowed: " + listed(names.balances));
  }
  return root->finish();
}

}  // namespace dure
