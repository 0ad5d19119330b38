#include "dbagent/store/trade_terms.h"

#include "common/proto/value.pb.h"

namespace dure::store {
namespace {

constexpr int kGoodsMax = 256;  // currencies, or items, of a side
constexpr std::size_t kNameMax = 64;

bool sorted_amounts(const google::protobuf::RepeatedPtrField<proto::Amount>& amounts) {
  const std::string* last = nullptr;
  for (const auto& amount : amounts) {
    if (amount.value() <= 0 || amount.name().empty() || amount.name().size() > kNameMax) return false;
    if (last != nullptr && *last >= amount.name()) return false;
    last = &amount.name();
  }
  return amounts.size() <= kGoodsMax;
}

bool sorted_items(const proto::TradeSide& side) {
  Key16 last;
  for (const auto& item : side.items()) {
    const Key16 key = key_of(item.item());
    if (key <= last) return false;  // the zero id is nobody's
    last = key;
  }
  return side.items_size() <= kGoodsMax;
}

}  // namespace

Leg::Leg(const proto::Operation& sent)
    : operation(sent), terms(sent.trade().terms()), txn(key_of(terms.txn())), side(sent.trade().side()) {}

const char* what_is_wrong(const proto::Operation& operation, std::uint64_t player_id) {
  const proto::TradeTerms& terms = operation.trade().terms();
  if (operation.effects_size() != 0) return "a leg with effects";
  if (operation.reason().empty() || operation.reason().size() > kNameMax) return "reason";
  if (key_of(terms.txn()).zero() || terms.sides_size() != 2 || operation.trade().side() > 1) return "terms";
  if (terms.sides(0).player_id() == terms.sides(1).player_id()) return "a trade with oneself";
  if (terms.sides(static_cast<int>(operation.trade().side())).player_id() != player_id) return "another's leg";
  for (const auto& side : terms.sides())
    if (!sorted_amounts(side.give()) || !sorted_amounts(side.caps()) || !sorted_items(side)) return "goods";
  return nullptr;
}

const proto::TradeSide& mine(const Leg& leg) { return leg.terms.sides(static_cast<int>(leg.side)); }
const proto::TradeSide& others(const Leg& leg) { return leg.terms.sides(static_cast<int>(leg.other())); }

std::string encoded(const proto::TradeTerms& terms) { return terms.SerializeAsString(); }

std::map<std::string, Exchange> exchange_of(const proto::TradeTerms& terms, std::uint32_t side) {
  std::map<std::string, Exchange> exchange;
  const proto::TradeSide& me = terms.sides(static_cast<int>(side));
  for (const auto& amount : me.give()) exchange[amount.name()].give = amount.value();
  for (const auto& amount : terms.sides(static_cast<int>(1 - side)).give())
    exchange[amount.name()].get = amount.value();
  for (const auto& cap : me.caps())
    if (const auto at = exchange.find(cap.name()); at != exchange.end()) at->second.cap = cap.value();
  return exchange;
}

}  // namespace dure::store
