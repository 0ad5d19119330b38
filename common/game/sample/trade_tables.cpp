#include "common/game/sample/trade_tables.h"

#include <algorithm>
#include <vector>

#include "common/game/blocks.h"
#include "common/game/movement.h"
#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"

namespace dure::sample {
namespace {
constexpr Duration kReview = milliseconds(200);
constexpr const char* kSwitch = "trade";
}  // namespace

TradeTables::TradeTables(OwnerNode& owner, const Items& items) : owner_(owner), items_(items) {
  owner.on_player(this, &TradeTables::invite);
  owner.on_player(this, &TradeTables::answer);
  owner.on_player(this, &TradeTables::offer);
  owner.on_player(this, &TradeTables::lock);
  owner.on_player(this, &TradeTables::confirm);
  owner.on_player(this, &TradeTables::cancel);
  owner.every(kReview, [this] { review(); });
}

// ── who may trade with whom ─────────────────────────────────────────────────────────────────────────────────

proto::Code TradeTables::partners(const Player& one, const Player& other) const {
  const auto fit = [](const Player& player) {
    return player.state == Player::State::kActive && player.session.linked && !player.poisoned;
  };
  if (!fit(one) || !fit(other) || one.place != other.place) return proto::NOT_FOUND;
  if (one.hit_points == 0 || other.hit_points == 0) return proto::WRONG_STATE;
  if (distance_cm(one.position, other.position) > kTradeReachCm) return proto::TOO_FAR;
  return proto::OK;
}

TradeTables::Table* TradeTables::seat(Player& player, std::uint64_t number, int* side, proto::Code* why) {
  const auto at = tables_.find(number);
  *side = at == tables_.end() ? -1 : at->second.window.side_of(player.id);
  if (*side < 0) return *why = proto::NOT_FOUND, nullptr;
  if (at->second.window.phase() == TradeWindow::Phase::kSettling) return *why = proto::WRONG_STATE, nullptr;
  if (!owner_.switched_on(kSwitch)) return *why = proto::CLOSED, nullptr;
  const Player* other = owner_.find(at->second.window.side(1 - *side).player);
  *why = other == nullptr ? proto::NOT_FOUND : partners(player, *other);
  if (*why == proto::OK) return &at->second;
  close(number, *why);
  return nullptr;
}

TradeInviteReply TradeTables::invite(Player& player, const TradeInviteRequest& request) {
  TradeInviteReply reply;
  const PlayerId guest(request.player());
  const Player* other = owner_.find(guest);
  proto::Code code = proto::OK;
  if (guest == player.id)
    code = proto::INVALID;
  else if (!owner_.switched_on(kSwitch))
    code = proto::CLOSED;
  else if (seats_.count(player.id))
    code = proto::WRONG_STATE;
  else if (other == nullptr)
    code = proto::NOT_FOUND;
  else
    code = partners(player, *other);
  if (code == proto::OK && blocks(other->mirror, player.id)) code = proto::REFUSED;
  if (code == proto::OK && seats_.count(guest)) code = proto::BUSY;
  const auto again = left_in_peace_.find({player.id, guest});
  if (code == proto::OK && again != left_in_peace_.end() && owner_.now() < again->second) code = proto::TOO_FAST;
  reply.set_code(code);
  if (code != proto::OK) return reply;
  decline_all(player.id, proto::REFUSED);
  const std::uint64_t number = next_++;
  const PlayerRef host{player.id, player.epoch}, invited{other->id, other->epoch};
  const auto [at, fresh] = tables_.emplace(number, Table{TradeWindow(host, invited), owner_.now() + kTradeInvitation});
  seats_[player.id] = number;
  reply.set_table(number);
  tell_both(number, at->second);
  return reply;
}

TradeAnswerReply TradeTables::answer(Player& player, const TradeAnswerRequest& request) {
  TradeAnswerReply reply;
  int side = 0;
  proto::Code code = proto::OK;
  if (Table* table = seat(player, request.table(), &side, &code)) {
    if (side != 1 || table->window.phase() != TradeWindow::Phase::kInvited)
      code = proto::WRONG_STATE;
    else if (!request.accept())
      close(request.table(), proto::REFUSED);
    else if ((code = table->window.accept(side)) == proto::OK) {
      seats_[player.id] = request.table();
      decline_all(player.id, proto::REFUSED);
      tell_both(request.table(), *table);
    }
  }
  reply.set_code(code);
  return reply;
}

// ── at the table ────────────────────────────────────────────────────────────────────────────────────────────

TradeOfferReply TradeTables::offer(Player& player, const TradeOfferRequest& request) {
  TradeOfferReply reply;
  int side = 0;
  proto::Code code = proto::OK;
  TradeOffer laid;
  Table* table = seat(player, request.table(), &side, &code);
  if (table != nullptr && table->window.phase() != TradeWindow::Phase::kOpen) code = proto::WRONG_STATE;
  if (code == proto::OK) code = check_offer(items_, player.mirror, request, &laid);
  if (code == proto::OK) {
    unlock(*table);
    release(table->window, side);
    for (const ItemId& item : laid.items) CHECK(player.mirror.reserve(item, kTradeReason));
    code = table->window.offer(side, std::move(laid));
    tell_both(request.table(), *table);
  }
  reply.set_code(code);
  return reply;
}

TradeLockReply TradeTables::lock(Player& player, const TradeLockRequest& request) {
  TradeLockReply reply;
  int side = 0;
  proto::Code code = proto::OK;
  if (Table* table = seat(player, request.table(), &side, &code))
    if ((code = table->window.lock(side, request.revision())) == proto::OK) tell_both(request.table(), *table);
  reply.set_code(code);
  return reply;
}

TradeConfirmReply TradeTables::confirm(Player& player, const TradeConfirmRequest& request) {
  TradeConfirmReply reply;
  int side = 0;
  proto::Code code = proto::OK;
  if (Table* table = seat(player, request.table(), &side, &code)) {
    code = table->window.confirm(side, request.revision(), owner_.running_request());
    if (code == proto::OK && table->window.agreed())
      code = settle(request.table(), *table);
    else if (code == proto::OK)
      tell_both(request.table(), *table);
  }
  reply.set_code(code);
  return reply;
}

TradeCancelReply TradeTables::cancel(Player& player, const TradeCancelRequest& request) {
  TradeCancelReply reply;
  const auto at = tables_.find(request.table());
  if (at == tables_.end() || at->second.window.side_of(player.id) < 0)
    reply.set_code(proto::NOT_FOUND);
  else if (at->second.window.phase() == TradeWindow::Phase::kSettling)
    reply.set_code(proto::WRONG_STATE);
  else
    close(request.table(), proto::ABORTED);
  return reply;
}

// ── value ───────────────────────────────────────────────────────────────────────────────────────────────────

proto::Code TradeTables::settle(std::uint64_t number, Table& table) {
  const TradeWindow::Side &host = table.window.side(0), &guest = table.window.side(1);
  Player &one = *owner_.find(host.player), &other = *owner_.find(guest.player);
  const TradeGift from_one = gift_of(items_, host.offer, guest.offer);
  const TradeGift from_other = gift_of(items_, guest.offer, host.offer);
  OwnerNode::TradeStart start;
  proto::Code code = proto::FULL;
  if (bag_has_room(items_, one.mirror, host.offer, guest.offer) &&
      bag_has_room(items_, other.mirror, guest.offer, host.offer)) {
    release(table.window, 0);
    release(table.window, 1);
    start = owner_.start_trade(kTradeReason, {one, from_one, host.agreed}, {other, from_other, guest.agreed});
    code = code_of(start.guard);
  }
  if (code != proto::OK) {
    for (int side = 0; side < 2; ++side)
      for (const ItemId& item : table.window.side(side).offer.items)
        (void)(side == 0 ? one : other).mirror.reserve(item, kTradeReason);
    unlock(table);
    tell_both(number, table);
    return code;
  }
  table.window.settle();
  TradeTable told = describe(number, table);
  *told.mutable_txn() = to_uid(start.txn);
  for (int side = 0; side < 2; ++side) {
    const Player& giver = side == 0 ? one : other;
    told.clear_touched();
    for (const auto& [name, amount] : table.window.side(side).offer.amounts) {
      auto* left = told.mutable_touched()->add_balances();
      left->set_name(name);
      left->set_value(giver.mirror.balance(name));
    }
    for (const ItemId& item : table.window.side(side).offer.items)
      *told.mutable_touched()->add_items_removed() = uid_of(item);
    tell_side(table, side, told);
  }
  owner_.spawn(see_to_the_end(number, host.player, guest.player, start.txn));
  return proto::OK;
}

// The clients are told by the engine; here only the table is cleared.
Task<void> TradeTables::see_to_the_end(std::uint64_t number, PlayerRef host, PlayerRef guest, TradeId txn) {
  const TradeOutcome one = co_await owner_.traded(host, txn);
  const TradeOutcome other = co_await owner_.traded(guest, txn);
  const bool committed = one == TradeOutcome::kCommitted || other == TradeOutcome::kCommitted;
  close(number, committed ? proto::OK : proto::ABORTED);
}

// ── endings ─────────────────────────────────────────────────────────────────────────────────────────────────

void TradeTables::player_left(const Player& player) {
  if (const auto at = seats_.find(player.id); at != seats_.end()) close(at->second, proto::NOT_FOUND);
  decline_all(player.id, proto::NOT_FOUND);
  std::erase_if(left_in_peace_, [&player](const auto& one) { return one.first.first == player.id; });
}

// Invitations that wait for this guest.
void TradeTables::decline_all(PlayerId guest, proto::Code why) {
  std::vector<std::uint64_t> waiting;
  for (const auto& [number, table] : tables_)
    if (table.window.phase() == TradeWindow::Phase::kInvited && table.window.side(1).player.id == guest)
      waiting.push_back(number);
  for (const std::uint64_t number : waiting) close(number, why);
}

bool TradeTables::trades(PlayerId player) const {
  const auto at = seats_.find(player);
  return at != seats_.end() && tables_.at(at->second).window.phase() != TradeWindow::Phase::kInvited;
}

void TradeTables::review() {
  std::map<std::uint64_t, proto::Code> over;
  for (const auto& [number, table] : tables_) {
    if (table.window.phase() == TradeWindow::Phase::kSettling) continue;
    const Player* one = owner_.find(table.window.side(0).player);
    const Player* other = owner_.find(table.window.side(1).player);
    proto::Code code = one == nullptr || other == nullptr ? proto::NOT_FOUND : partners(*one, *other);
    if (table.window.phase() == TradeWindow::Phase::kInvited && owner_.now() >= table.invited_until)
      code = proto::REFUSED;
    if (!owner_.switched_on(kSwitch)) code = proto::CLOSED;
    if (code != proto::OK) over[number] = code;
  }
  for (const auto& [number, code] : over) close(number, code);
  std::erase_if(left_in_peace_, [this](const auto& one) { return one.second <= owner_.now(); });
}

void TradeTables::close(std::uint64_t number, proto::Code why) {
  const auto at = tables_.find(number);
  if (at == tables_.end()) return;
  Table& table = at->second;
  if (table.window.phase() != TradeWindow::Phase::kSettling) {
    unlock(table);
    release(table.window, 0);
    release(table.window, 1);
  }
  TradeTable told = describe(number, table);
  told.set_phase(TradeTable::CLOSED);
  told.set_why(why);
  for (int side = 0; side < 2; ++side) tell_side(table, side, told);
  const PlayerId host = table.window.side(0).player.id, guest = table.window.side(1).player.id;
  seats_.erase(host);
  if (table.window.phase() == TradeWindow::Phase::kInvited)
    left_in_peace_[{host, guest}] = owner_.now() + kTradeInviteAgain;
  else
    seats_.erase(guest);
  tables_.erase(at);
}

// Who had confirmed alone had confirmed nothing.
void TradeTables::unlock(Table& table) {
  for (int side = 0; side < 2; ++side) {
    const TradeWindow::Side& one = table.window.side(side);
    Player* player = owner_.find(one.player);
    if (player != nullptr && one.confirmed) player->creqs.settled(one.agreed.creq, false);
  }
  table.window.unlock();
}

void TradeTables::release(const TradeWindow& window, int side) {
  if (Player* player = owner_.find(window.side(side).player))
    for (const ItemId& item : window.side(side).offer.items) player->mirror.release(item, kTradeReason);
}

TradeTable TradeTables::describe(std::uint64_t number, const Table& table) {
  TradeTable told;
  told.set_table(number);
  told.set_revision(table.window.revision());
  told.set_phase(static_cast<TradeTable::Phase>(table.window.phase()));
  for (int index = 0; index < 2; ++index) {
    const TradeWindow::Side& side = table.window.side(index);
    const Player* player = owner_.find(side.player);
    auto* shown = told.add_sides();
    shown->set_player(side.player.id.value);
    if (player != nullptr) shown->set_name(player->name);
    shown->set_locked(side.locked);
    shown->set_confirmed(side.confirmed);
    for (const auto& [name, value] : side.offer.amounts) {
      auto* amount = shown->add_amounts();
      amount->set_name(name);
      amount->set_value(value);
    }
    for (const ItemId& id : side.offer.items) {
      const OwnedItem* item = player == nullptr ? nullptr : player->mirror.item(id);
      if (item != nullptr)
        fill(*item, shown->add_items());
      else
        *shown->add_items()->mutable_id() = uid_of(id);
    }
  }
  return told;
}

void TradeTables::tell_both(std::uint64_t number, const Table& table) {
  TradeTable told = describe(number, table);
  for (int side = 0; side < 2; ++side) tell_side(table, side, told);
}

void TradeTables::tell_side(const Table& table, int side, TradeTable& told) {
  const Player* player = owner_.find(table.window.side(side).player);
  if (player == nullptr) return;
  told.set_epoch(player->epoch);
  owner_.tell(*player, told);
}

}  // namespace dure::sample
