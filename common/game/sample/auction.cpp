#include "common/game/sample/auction.h"

#include <algorithm>
#include <vector>

#include "common/game/sample/mail.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

constexpr int kExpiredAtOnce = 10;
// Whose goods are gone has been sold, to somebody whose letter may still be under way, after a restore: longer than any
// relay takes.
constexpr std::int64_t kGoneStaysMs = 600'000;

std::string key_of(std::uint64_t lot) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string key = "lot/";
  for (int shift = 60; shift >= 0; shift -= 4) key += kDigits[(lot >> shift) & 15];
  return key;
}

// The house's messages follow from what brings them about: asked again, a rule names the same.
enum Answer : std::uint64_t { kToAsker = 1, kToSeller = 2, kExpired = 4 };
std::uint64_t message_after(std::uint64_t cause, Answer number) { return (mix64(mix64(cause) + number) >> 1) | 1; }

proto::Effect::Send* send_to_house(proto::Operation* operation, std::uint64_t house, std::uint64_t message_id,
                                   const AuctionMemo& memo) {
  operation->set_reason(kAuctionReason);
  auto* send = operation->add_effects()->mutable_send();
  send->set_message_id(message_id);
  send->set_to_player(house);
  send->set_memo(memo.SerializeAsString());
  return send;
}

proto::Effect::Send* send_out(proto::OwnerlessApply* operation, std::uint64_t to, std::uint64_t message_id,
                              AuctionMemo::Kind kind, std::uint64_t lot, bool asked = false) {
  AuctionMemo memo;
  memo.set_kind(kind);
  memo.set_lot(lot);
  memo.set_asked(asked);
  auto* send = operation->add_sends();
  send->set_message_id(message_id);
  send->set_to_player(to);
  send->set_memo(memo.SerializeAsString());
  return send;
}

void add_goods(const AuctionLot& lot, proto::Effect::Send* send) {
  if (lot.has_item())
    *send->add_items() = lot.item().id();
  else
    *send->add_balances() = lot.stack();
}

void count_asked(std::int64_t delta, proto::Operation* operation) {
  auto* count = operation->add_effects()->mutable_count();
  count->set_counter(kAuctionAskedCounter);
  count->set_delta(delta);
  count->set_cap(kAuctionAskedMost);
}

// Bids and cancellations that come back are answered, too, whoever sends them back.
bool answers(const AuctionMemo& memo) {
  return memo.kind() == AuctionMemo::BOUGHT || memo.kind() == AuctionMemo::BUY || memo.kind() == AuctionMemo::CANCEL ||
         (memo.kind() == AuctionMemo::RETURNED && memo.asked());
}

void add_to_claim(const Mirror& mirror, const proto::InboxEntry& entry, proto::Operation* operation) {
  AuctionMemo memo;
  if (entry.reason() != kAuctionReason || !memo.ParseFromString(entry.memo()) || !answers(memo)) return;
  // A restore may have taken the question back, and not the answer.
  if (mirror.counter(kAuctionAskedCounter) > 0) count_asked(-1, operation);
}

void tell_auction(OwnerNode& owner, const Player& player, const proto::InboxEntry& entry) {
  AuctionMemo memo;
  if (entry.reason() != kAuctionReason || !memo.ParseFromString(entry.memo())) return;
  AuctionNotice notice;
  notice.set_epoch(player.epoch);
  notice.set_lot(memo.lot());
  const bool ours =
      memo.kind() == AuctionMemo::LIST || memo.kind() == AuctionMemo::BUY || memo.kind() == AuctionMemo::CANCEL;
  notice.set_what(ours ? AuctionMemo::REFUSED : memo.kind());
  *notice.mutable_amounts() = entry.balances();
  *notice.mutable_items() = entry.items();
  owner.tell(player, notice);
}

// Goods may have gone home or to a buyer and the lot be here all the same: after a restore. Of stacks nobody can tell
// whose they are when there are too few for all lots.
enum class Goods { kHere, kDoubtful, kGone };
Goods goods_of(const LedgerClerk::Book& book, const AuctionLot& lot) {
  if (lot.has_item()) {
    const auto same = [&](const auto& item) { return item_id_of(item.id()) == item_id_of(lot.item().id()); };
    return std::any_of(book.items.begin(), book.items.end(), same) ? Goods::kHere : Goods::kGone;
  }
  const auto at = book.balances.find(lot.stack().name());
  std::int64_t left = at == book.balances.end() ? 0 : at->second;
  if (left < lot.stack().value()) return Goods::kGone;
  AuctionLot other;
  for (const auto& [key, record] : book.records)
    if (read_lot(record, &other) && other.has_stack() && other.stack().name() == lot.stack().name())
      left -= other.stack().value();
  return left >= 0 ? Goods::kHere : Goods::kDoubtful;
}

// Something waits in the inbox that is about this lot.
bool asked_for(const LedgerClerk::Book& book, std::uint64_t lot) {
  return std::any_of(book.inbox.begin(), book.inbox.end(), [&](const auto& entry) {
    AuctionMemo memo;
    return memo.ParseFromString(entry.memo()) && memo.lot() == lot;
  });
}

bool find_lot(const LedgerClerk::Book& book, std::uint64_t number, AuctionLot* lot) {
  const auto at = book.records.find(key_of(number));
  return at != book.records.end() && read_lot(at->second, lot);
}

bool list_it(const LedgerClerk::Book& book, const proto::InboxEntry& entry, const AuctionMemo& memo,
             proto::OwnerlessApply* operation) {
  if (entry.items_size() + entry.balances_size() != 1) return false;
  if (!has_room(book, auction_sellers(book), entry.from_player())) return false;
  if (memo.price() < 1 || memo.price() > kAuctionPriceMost) return false;
  AuctionLot lot;
  lot.set_lot(entry.message_id());
  lot.set_seller(entry.from_player());
  lot.set_seller_name(memo.seller_name());
  lot.set_price(memo.price());
  lot.set_until_unix_ms(book.shard_time_ms + memo.duration_s() * 1000);
  if (entry.items_size() == 1)
    *lot.mutable_item() = entry.items(0);
  else
    *lot.mutable_stack() = entry.balances(0);
  LedgerClerk::put_record(book, key_of(lot.lot()), lot.SerializeAsString(), operation);
  return true;
}

bool sell_it(const LedgerClerk::Book& book, const proto::InboxEntry& entry, const AuctionMemo& memo,
             proto::OwnerlessApply* operation) {
  AuctionLot lot;
  if (!find_lot(book, memo.lot(), &lot)) return false;
  // What is not here any more may have been sold to this very buyer, in time: the database knows, and refuses the other
  // answer.
  const bool in_time = lot.until_unix_ms() > book.shard_time_ms || goods_of(book, lot) == Goods::kGone;
  if (in_time == book.refused) return false;
  const bool paid = entry.items_size() == 0 && entry.balances_size() == 1 && entry.balances(0).name() == "gold" &&
                    entry.balances(0).value() == lot.price();
  if (!paid || lot.seller() == entry.from_player()) return false;
  add_goods(lot, send_out(operation, entry.from_player(), message_after(entry.message_id(), kToAsker),
                          AuctionMemo::BOUGHT, lot.lot()));
  *send_out(operation, lot.seller(), message_after(entry.message_id(), kToSeller), AuctionMemo::SOLD, lot.lot())
       ->add_balances() = entry.balances(0);
  LedgerClerk::remove_record(book, key_of(lot.lot()), operation);
  return true;
}

bool cancel_it(const LedgerClerk::Book& book, const proto::InboxEntry& entry, const AuctionMemo& memo,
               proto::OwnerlessApply* operation) {
  AuctionLot lot;
  if (book.refused || entry.items_size() + entry.balances_size() != 0) return false;
  if (!find_lot(book, memo.lot(), &lot) || lot.seller() != entry.from_player()) return false;
  add_goods(lot, send_out(operation, lot.seller(), message_after(entry.message_id(), kToAsker), AuctionMemo::RETURNED,
                          lot.lot(), true));
  LedgerClerk::remove_record(book, key_of(lot.lot()), operation);
  return true;
}

}  // namespace

proto::Code check_listing(const Items& items, const Mirror& mirror, const AuctionListRequest& request) {
  if (request.price() < 1 || request.price() > kAuctionPriceMost) return proto::INVALID;
  if (request.duration_s() < kAuctionSecondsLeast || request.duration_s() > kAuctionSecondsMost) return proto::INVALID;
  google::protobuf::RepeatedPtrField<proto::Amount> amounts;
  google::protobuf::RepeatedPtrField<proto::Uid> uids;
  if (request.has_stack()) *amounts.Add() = request.stack();
  if (request.has_item()) *uids.Add() = request.item();
  if (amounts.empty() && uids.empty()) return proto::INVALID;
  if (request.has_stack() && request.stack().name() == "gold") return proto::INVALID;
  return check_attachments(items, mirror, amounts, uids, 1);
}

proto::Operation list_lot(const AuctionListRequest& request, const std::string& seller, std::uint64_t house,
                          std::uint64_t message_id) {
  proto::Operation operation;
  auto* fee = operation.add_effects()->mutable_balance();
  fee->set_currency("gold");
  fee->set_delta(-kAuctionFeeGold);
  AuctionMemo memo;
  memo.set_kind(AuctionMemo::LIST);
  memo.set_price(request.price());
  memo.set_duration_s(request.duration_s());
  memo.set_seller_name(seller);
  auto* send = send_to_house(&operation, house, message_id, memo);
  if (request.has_item()) *send->add_items() = request.item();
  if (request.has_stack()) *send->add_balances() = request.stack();
  return operation;
}

proto::Operation buy_lot(const AuctionBuyRequest& request, std::uint64_t house, std::uint64_t message_id) {
  proto::Operation operation;
  AuctionMemo memo;
  memo.set_kind(AuctionMemo::BUY);
  memo.set_lot(request.lot());
  auto* gold = send_to_house(&operation, house, message_id, memo)->add_balances();
  gold->set_name("gold");
  gold->set_value(request.price());
  count_asked(1, &operation);
  return operation;
}

proto::Operation cancel_lot(std::uint64_t lot, std::uint64_t house, std::uint64_t message_id) {
  proto::Operation operation;
  AuctionMemo memo;
  memo.set_kind(AuctionMemo::CANCEL);
  memo.set_lot(lot);
  send_to_house(&operation, house, message_id, memo);
  count_asked(1, &operation);
  return operation;
}

bool read_lot(const proto::OwnerlessRecord& record, AuctionLot* lot) {
  return record.key().rfind("lot/", 0) == 0 && lot->ParseFromString(record.body());
}

AuctionSellers auction_sellers(const LedgerClerk::Book& book) {
  AuctionSellers sellers;
  AuctionLot lot;
  for (const auto& [key, record] : book.records)
    if (read_lot(record, &lot)) ++sellers[lot.seller()];
  return sellers;
}

bool has_room(const LedgerClerk::Book& book, const AuctionSellers& sellers, std::uint64_t seller) {
  const auto mine = sellers.find(seller);
  return book.records.size() < kAuctionLotsMost && (mine == sellers.end() || mine->second < kAuctionLotsOfOne);
}

void settle_auction(const LedgerClerk::Book& book, const proto::InboxEntry& entry, proto::OwnerlessApply* operation) {
  AuctionMemo memo;
  bool settled = false;
  if (entry.returned_from() == 0 && entry.from_player() != 0 && memo.ParseFromString(entry.memo())) {
    if (memo.kind() == AuctionMemo::LIST) settled = list_it(book, entry, memo, operation);
    if (memo.kind() == AuctionMemo::BUY) settled = sell_it(book, entry, memo, operation);
    if (memo.kind() == AuctionMemo::CANCEL) settled = cancel_it(book, entry, memo, operation);
  }
  if (!settled) LedgerClerk::send_back(entry, message_after(entry.message_id(), kToAsker), operation);
}

int expire_lots(const LedgerClerk::Book& book, proto::OwnerlessApply* operation) {
  const std::int64_t now = book.shard_time_ms;
  int expired = 0;
  std::vector<AuctionLot> doubtful;
  const auto go_home = [&](const AuctionLot& lot) {
    add_goods(lot,
              send_out(operation, lot.seller(), message_after(lot.lot(), kExpired), AuctionMemo::RETURNED, lot.lot()));
  };
  for (const auto& [key, record] : book.records) {
    AuctionLot lot;
    if (expired == kExpiredAtOnce || !read_lot(record, &lot) || lot.until_unix_ms() > now) continue;
    const Goods goods = goods_of(book, lot);
    if (goods != Goods::kHere && lot.until_unix_ms() + kGoneStaysMs > now) continue;
    if (goods == Goods::kDoubtful || (goods == Goods::kGone && asked_for(book, lot.lot()))) {
      doubtful.push_back(lot);
      continue;
    }
    if (goods == Goods::kHere) go_home(lot);
    LedgerClerk::remove_record(book, key, operation);
    ++expired;
  }
  // One alone, in turn: it is refused unless they went home before, or are here.
  if (expired == 0 && !doubtful.empty()) {
    const AuctionLot& lot = doubtful[static_cast<std::size_t>(now / 1000) % doubtful.size()];
    go_home(lot);
    LedgerClerk::remove_record(book, key_of(lot.lot()), operation);
    ++expired;
  }
  return expired > 0 ? 0 : 1;
}

void add_auction(OwnerNode& owner) {
  owner.with_claims(add_to_claim);
  owner.on_claimed([&owner](Player& player, const proto::InboxEntry& entry) { tell_auction(owner, player, entry); });
}

}  // namespace dure::sample
