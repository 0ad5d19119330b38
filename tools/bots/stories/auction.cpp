#include "tools/bots/stories/auction.h"

#include <algorithm>

#include "common/game/sample/sample.pb.h"
#include "tools/bots/bot.h"

namespace dure {

namespace {

constexpr std::int64_t kFee = 5, kPriceMost = 20, kDurationS = 3600;
constexpr std::size_t kOwnMost = 3;
constexpr Duration kQuiet = seconds(3), kOutcomeWithin = seconds(10);
constexpr const char* kGold = "gold";
constexpr const char* kGoods[] = {"potion", "bread"};

Change goods_of(const sample::AuctionLot& lot) {
  Change goods;
  proto::Aggregate aggregate;
  if (lot.has_item()) *aggregate.add_items() = lot.item();
  if (lot.has_stack()) goods.balances[lot.stack().name()] = lot.stack().value();
  goods.added = belongings_of(aggregate).items;
  return goods;
}

}  // namespace

void AuctionHabit::wrong(Bot& bot, std::uint64_t lot, const std::string& what) {
  if (!what.empty()) bot.shared().report.mismatch(bot.name(), "lot " + std::to_string(lot), "one end", what);
}

void AuctionHabit::on_place(Bot& bot) {
  bot.await_gains();
  arrived_ = bot.now();
}

Duration AuctionHabit::act(Bot& bot) {
  if (!begun_) {
    if (bot.now() - arrived_ < kQuiet) return milliseconds(200);
    begun_ = true;
    bot.gains().start();
  }
  if (offer_ != 0 && bot.now() - offered_at_ > kOutcomeWithin) {
    bot.shared().report.mismatch(bot.name(), "lot " + std::to_string(offer_), "bought or the gold back", "nothing");
    offer_ = 0;
  }
  if (bot.value_open() || bot.in_instance()) return milliseconds(100);
  const std::uint64_t draw = bot.shared().rng.below(10);
  const bool done = draw < 4 ? list(bot) : draw < 5 ? cancel(bot) : buy(bot);
  if (!done) bot.ask(sample::AuctionBrowseRequest());
  return bot.shared().jitter(about_);
}

bool AuctionHabit::list(Bot& bot) {
  const Belongings& own = bot.model().now();
  if (own.balance(kGold) < kFee || own_.size() + listing_.size() >= kOwnMost) return false;
  sample::AuctionListRequest request;
  Change expected;
  expected.balances[kGold] = -kFee;
  for (const char* name : kGoods) {
    if (request.has_stack() || own.balance(name) <= 0) continue;
    request.mutable_stack()->set_name(name);
    request.mutable_stack()->set_value(1);
    expected.balances[name] = -1;
  }
  if (!own.items.empty() && (!request.has_stack() || bot.shared().rng.below(2) == 0)) {
    const ItemId id = own.items.begin()->first;
    request.mutable_item()->set_high(id.high);
    request.mutable_item()->set_low(id.low);
    expected.balances = {{kGold, -kFee}};
    expected.removed.push_back(id);
  }
  if (request.goods_case() == sample::AuctionListRequest::GOODS_NOT_SET) return false;
  request.set_price(1 + static_cast<std::int64_t>(bot.shared().rng.below(kPriceMost)));
  request.set_duration_s(kDurationS);
  const std::uint64_t creq = bot.next_creq();
  const std::int64_t price = request.price();
  if (!bot.ask_value(std::move(request), std::move(expected))) return false;
  listing_[creq] = price;
  return true;
}

bool AuctionHabit::buy(Bot& bot) {
  if (offer_ != 0) return false;
  for (const auto& [lot, offer] : seen_) {
    if (offer.price > bot.model().now().balance(kGold)) continue;
    sample::AuctionBuyRequest request;
    request.set_lot(lot);
    request.set_price(offer.price);
    Change expected;
    expected.balances[kGold] = -offer.price;
    const std::uint64_t creq = bot.next_creq();
    if (!bot.ask_value(std::move(request), std::move(expected))) return false;
    offer_ = lot;
    buying_ = creq;
    offered_ = offer.price;
    goods_ = offer.goods;
    offered_at_ = bot.now();
    seen_.erase(lot);
    return true;
  }
  return false;
}

bool AuctionHabit::cancel(Bot& bot) {
  if (own_.empty()) return false;
  sample::AuctionCancelRequest request;
  request.set_lot(*own_.begin());
  own_.erase(own_.begin());
  return bot.ask_value(std::move(request), Change());
}

void AuctionHabit::on_value(Bot&, std::uint64_t creq, std::uint32_t code) {
  if (code == proto::OK) return;
  if (creq == buying_) offer_ = 0;
  listing_.erase(creq);
}

void AuctionHabit::on_listed(Bot& bot, const sample::AuctionListReply& reply) {
  const auto asked = listing_.find(reply.creq());
  if (asked == listing_.end() || reply.code() != proto::OK) return;
  // A repeat after a change of owner is answered without details: then nothing is known of the lot.
  if (reply.lot() != 0) {
    bot.shared().market.listed(reply.lot(), bot.session().character(), asked->second);
    own_.insert(reply.lot());
  }
  listing_.erase(asked);
}

// In an order of one's own, so that not all go for the same.
void AuctionHabit::on_lots(Bot& bot, const sample::AuctionBrowseReply& reply) {
  seen_.clear();
  const auto size = static_cast<std::uint64_t>(reply.lots_size());
  for (std::uint64_t i = 0, left = std::min<std::uint64_t>(size, 5); i < left; ++i) {
    const auto& lot = reply.lots(static_cast<int>(bot.shared().rng.below(size)));
    if (lot.seller_name() == bot.session().character() || lot.price() > 10 * kPriceMost) continue;
    seen_[lot.lot()] = {lot.price(), goods_of(lot)};
  }
}

void AuctionHabit::on_auction(Bot& bot, const sample::AuctionNotice& notice) {
  Market& market = bot.shared().market;
  const std::uint64_t lot = notice.lot();
  const std::int64_t gold =
      notice.amounts_size() == 1 && notice.amounts(0).name() == kGold ? notice.amounts(0).value() : 0;
  switch (notice.what()) {
    case sample::AuctionMemo::BOUGHT: {
      wrong(bot, lot, market.bought(lot));
      if (offer_ != lot) return wrong(bot, lot, begun_ ? "bought unasked" : "");
      Change came;
      for (const auto& amount : notice.amounts()) came.balances[amount.name()] += amount.value();
      const bool whole =
          came.balances == goods_.balances && static_cast<std::size_t>(notice.items_size()) == goods_.added.size();
      if (!whole) wrong(bot, lot, "other goods than were shown");
      offer_ = 0;
      ++done_;
      return;
    }
    case sample::AuctionMemo::SOLD:
      wrong(bot, lot, market.sold(lot, bot.session().character(), gold));
      own_.erase(lot);
      ++done_;
      return;
    case sample::AuctionMemo::RETURNED:
      wrong(bot, lot, market.returned(lot, bot.session().character()));
      own_.erase(lot);
      return;
    case sample::AuctionMemo::REFUSED:
      if (lot == 0 || lot != offer_ || notice.amounts_size() == 0) return;  // a cancel that came too late
      if (gold != offered_) wrong(bot, lot, "another sum came back");
      offer_ = 0;
      return;
    default:
      return;
  }
}

void AuctionHabit::close(Bot& bot) {
  if (bot.played_s() >= 20) bot.shared().report.story("auction", done_ > 0);
}

}  // namespace dure
