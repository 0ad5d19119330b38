// The trading half of Mirror: what is given leaves at once, what is got comes when the database has written it.
#include <algorithm>

#include "common/base/check.h"
#include "common/game/mirror.h"
#include "common/proto/value.pb.h"

namespace dure {
namespace {

std::int64_t named(const std::map<std::string, std::int64_t>& in, const std::string& name, std::int64_t otherwise) {
  const auto at = in.find(name);
  return at == in.end() ? otherwise : at->second;
}

}  // namespace

std::vector<TradeId> Mirror::open_trades() const {
  std::vector<TradeId> open;
  for (const auto& [txn, leg] : legs_) open.push_back(txn);
  return open;
}

std::uint32_t Mirror::register_of(const TradeId& txn) const {
  const auto leg = legs_.find(txn);
  proto::OpenHold hold;
  return leg != legs_.end() && hold.ParseFromString(leg->second.hold) ? hold.terms().register_shard() : 0;
}

std::size_t Mirror::items_on_their_way() const {
  std::size_t items = 0;
  for (const auto& [txn, leg] : legs_) {
    proto::OpenHold hold;
    hold.ParseFromString(leg.hold);
    int most = 0;
    for (const auto& side : hold.terms().sides()) most = std::max(most, side.items_size());
    items += static_cast<std::size_t>(most);
  }
  return items;
}

// The guards of PREPARE, which are not weaker than those of SWAP: funds, holder, versions, room for either end.
Mirror::Guard Mirror::give(const proto::TradeLeg& leg) {
  const proto::TradeTerms& terms = leg.terms();
  if (!well_formed(terms) || leg.side() > 1) return Guard::kInvalid;
  const TradeId txn = trade_id_of(terms.txn());
  if (legs_.count(txn)) return Guard::kTaken;
  const proto::TradeSide& side = terms.sides(static_cast<int>(leg.side()));

  std::map<std::string, std::int64_t> left = balances_, caps;
  for (const auto& amount : side.give()) {
    if (balance(amount.name()) < amount.value()) return Guard::kNotEnough;
    left[amount.name()] -= amount.value();
  }
  Leg taken;
  for (const auto& one : side.items()) {
    const OwnedItem* mine = item(item_id_of(one.item()));
    if (mine == nullptr || mine->version != one.version()) return Guard::kNoItem;
    if (!mine->reserved.empty()) return Guard::kBusy;
    taken.given[mine->id] = *mine;
  }
  for (const auto& cap : side.caps()) caps[cap.name()] = cap.value();
  taken.room = room_of(terms);
  for (const auto& [name, room] : taken.room) {
    std::int64_t all = named(left, name, 0);
    if (__builtin_add_overflow(all, named(reserved_, name, 0), &all) || __builtin_add_overflow(all, room, &all))
      return Guard::kCap;
    if (const auto cap = caps.find(name); cap != caps.end() && all > cap->second) return Guard::kCap;
  }

  proto::OpenHold hold;
  *hold.mutable_terms() = terms;
  hold.set_side(leg.side());
  taken.hold = hold.SerializeAsString();
  balances_ = std::move(left);
  for (const auto& [id, mine] : taken.given) items_.erase(id);
  for (const auto& [name, room] : taken.room) reserved_[name] += room;
  legs_.emplace(txn, std::move(taken));
  return Guard::kOk;
}

std::optional<Mirror::Settled> Mirror::settle(const proto::LegOutcome& outcome) {
  const auto at = legs_.find(trade_id_of(outcome.txn()));
  if (at == legs_.end()) return std::nullopt;
  if (outcome.state() == proto::LEG_HELD) at->second.held = true;
  if (outcome.state() != proto::LEG_COMMITTED && outcome.state() != proto::LEG_ABORTED) return std::nullopt;
  if (at->second.held && outcome.settle_seq() == 0) return std::nullopt;  // its FINISH is still to come
  Leg leg = std::move(at->second);
  legs_.erase(at);
  for (const auto& [name, room] : leg.room) {
    const auto kept = reserved_.find(name);
    if (kept != reserved_.end() && (kept->second -= room) <= 0) reserved_.erase(kept);
  }
  Settled settled;
  const auto credit = [&](const proto::Amount& amount) {
    std::int64_t& mine = balances_[amount.name()];
    CHECK_MSG(amount.value() >= 0 && !__builtin_add_overflow(mine, amount.value(), &mine), amount.name());
    settled.balances.insert(amount.name());
  };
  if (outcome.state() == proto::LEG_ABORTED && outcome.settle_seq() == 0) {
    proto::OpenHold hold;
    hold.ParseFromString(leg.hold);
    for (const auto& amount : hold.terms().sides(static_cast<int>(hold.side())).give()) credit(amount);
    for (const auto& [id, item] : leg.given) settled.items.push_back(id);
    items_.merge(leg.given);
    return settled;
  }
  for (const auto& amount : outcome.credited()) credit(amount);
  for (const auto& item : outcome.items()) {
    items_[item_id_of(item.id())] = owned(item);
    settled.items.push_back(item_id_of(item.id()));
  }
  return settled;
}

}  // namespace dure
