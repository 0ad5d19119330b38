#include "dbagent/reconcile_rounds.h"

#include <set>
#include <utility>

#include "common/base/ids.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"

namespace dure {
namespace {

constexpr int kAtOnce = 200;
using ItemKey = std::pair<std::uint64_t, std::uint64_t>;

ItemKey key_of(const proto::Uid& uid) { return {uid.high(), uid.low()}; }

}  // namespace

struct ReconcileRounds::Fact {
  std::uint32_t from_shard = 0;
  proto::FactKind kind = proto::FACT_LEGS;
  proto::TradeFact trade;
  proto::DeliverRequest letter;
  std::string why;
  std::vector<ItemKey> missing;
  bool force = false, make_room = false;  // likewise, if it was already: that did not help

  // What it would bring to the restored shard.
  void brings(std::uint32_t restored, std::set<ItemKey>* items) const {
    for (const auto& leg : trade.legs())
      if (leg.shard() != restored)
        for (const auto& item : leg.items()) items->insert(key_of(item.id()));
    if (kind == proto::FACT_SENT)
      for (const auto& item : letter.items()) items->insert(key_of(item.id()));
  }
};

ReconcileRounds::ReconcileRounds(std::uint32_t restored) : restored_(restored) {}
ReconcileRounds::~ReconcileRounds() = default;

void ReconcileRounds::heard(const proto::Reconcile& request, const proto::ReconcileReply& reply) {
  if (reply.redone() > 0) progress_ = true;
  for (const auto& waits : reply.waiting()) {
    const int index = static_cast<int>(waits.index());
    auto fact = std::make_unique<Fact>();
    fact->from_shard = request.from_shard();
    fact->kind = waits.kind();
    fact->why = waits.why();
    fact->force = request.force();
    fact->make_room = request.make_room();
    for (const auto& item : waits.missing()) fact->missing.push_back(key_of(item));
    if (waits.kind() == proto::FACT_LEGS)
      fact->trade = request.trades(index);
    else if (waits.kind() == proto::FACT_RECEIVED)
      fact->letter = request.received(index);
    else if (waits.kind() == proto::FACT_SENT)
      fact->letter = request.sent(index);
    else
      continue;
    later_.push_back(std::move(fact));
  }
}

void ReconcileRounds::begin_round() {
  if (std::exchange(progress_, false)) {
    now_ = std::move(later_);
    later_.clear();
    for (auto& fact : now_) fact->force = fact->make_room = false;
    return;
  }
  std::set<ItemKey> coming;
  for (const auto& fact : later_) fact->brings(restored_, &coming);
  std::unique_ptr<Fact>* first = nullptr;
  std::unique_ptr<Fact>* in_the_way = nullptr;
  for (auto& fact : later_) {
    const bool lacks = !fact->force && !fact->missing.empty();
    if (!lacks && !fact->make_room && in_the_way == nullptr) in_the_way = &fact;
    if (!lacks) continue;
    if (first == nullptr) first = &fact;
    bool free = true;
    for (const ItemKey& item : fact->missing) free = free && !coming.contains(item);
    if (!free) continue;
    fact->force = true;
    now_.push_back(std::move(fact));
  }
  // Each waits for another one: somewhere the circle has to be cut.
  if (now_.empty() && in_the_way != nullptr) {
    (*in_the_way)->make_room = true;
    now_.push_back(std::move(*in_the_way));
  } else if (now_.empty() && first != nullptr) {
    (*first)->force = true;
    now_.push_back(std::move(*first));
  }
  std::erase(later_, nullptr);
}

std::optional<proto::Reconcile> ReconcileRounds::next() {
  if (now_.empty()) begin_round();
  if (now_.empty()) return std::nullopt;
  proto::Reconcile request;
  request.set_from_shard(now_.front()->from_shard);
  request.set_force(now_.front()->force);
  request.set_make_room(now_.front()->make_room);
  std::vector<std::unique_ptr<Fact>> rest;
  int count = 0;
  for (auto& fact : now_) {
    const bool fits = fact->from_shard == request.from_shard() && fact->force == request.force() &&
                      fact->make_room == request.make_room() && count < kAtOnce;
    if (!fits) {
      rest.push_back(std::move(fact));
      continue;
    }
    ++count;
    if (fact->kind == proto::FACT_LEGS)
      *request.add_trades() = fact->trade;
    else if (fact->kind == proto::FACT_RECEIVED)
      *request.add_received() = fact->letter;
    else
      *request.add_sent() = fact->letter;
  }
  now_ = std::move(rest);
  return request;
}

std::size_t ReconcileRounds::waiting() const { return now_.size() + later_.size(); }

std::vector<std::string> ReconcileRounds::stuck() const {
  std::vector<std::string> lines;
  for (const auto& fact : later_) {
    const proto::Uid& txn = fact->trade.terms().txn();
    lines.push_back((fact->kind == proto::FACT_LEGS ? "trade " + hex128(txn.high(), txn.low())
                                                    : "letter " + std::to_string(fact->letter.message_id())) +
                    " of shard " + std::to_string(fact->from_shard) + ": " + fact->why);
  }
  return lines;
}

}  // namespace dure
