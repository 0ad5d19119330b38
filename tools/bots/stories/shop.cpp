#include "tools/bots/stories/shop.h"

#include <algorithm>

#include "common/game/sample/sample.pb.h"
#include "tools/bots/bot.h"

namespace dure {

namespace {

constexpr std::int32_t kAroundCm = 300;  // bots live this far from the npc's feet
constexpr const char* kGold = "gold";
constexpr const char* kDrink = "potion";
constexpr std::int64_t kStackMost = 5;

}  // namespace

void ShopHabit::on_place(Bot&) {
  npc_.clear();
  read_again();
}

void ShopHabit::read_again() {
  offers_.clear();
  dear_.clear();
  listed_ = false;
}

void ShopHabit::on_content(Bot&, const proto::ContentChanged&) { read_again(); }

// A price that was true when it was asked for; or something else was in the way, and reading again does no harm.
void ShopHabit::on_value(Bot&, std::uint64_t, std::uint32_t code) {
  if (code == proto::ABORTED) read_again();
}

Duration ShopHabit::act(Bot& bot) {
  if (bot.value_open()) return milliseconds(200);
  if (bot.in_instance()) return milliseconds(500);
  const Thing* npc = bot.surroundings().nearest(bot.motion().here(), false, dear_);
  if (npc == nullptr) return use(bot) ? bot.shared().jitter(about_) : milliseconds(500);
  if (distance_cm(bot.motion().here(), npc->spot) > near_cm_) {
    // Lives near the shop from now on, a different step away for each bot.
    const auto offset = [&] { return static_cast<std::int32_t>(bot.shared().rng.below(2 * kAroundCm)) - kAroundCm; };
    bot.motion().home({npc->spot.x_cm + offset(), npc->spot.y_cm + offset()});
    bot.motion().goal(bot.motion().home());
    return use(bot) ? bot.shared().jitter(about_) : milliseconds(300);
  }
  if (!listed_ || npc_ != npc->name) {
    npc_ = npc->name;
    listed_ = true;
    sample::ShopListRequest request;
    request.set_npc(npc_);
    bot.ask(request);
    return milliseconds(200);
  }
  if (offers_.empty()) return milliseconds(500);
  const std::uint64_t draw = bot.shared().rng.below(10);
  const bool done = draw < 5   ? buy(bot) || sell(bot) || use(bot)
                    : draw < 9 ? sell(bot) || buy(bot)
                               : use(bot) || buy(bot);
  return done ? bot.shared().jitter(about_) : milliseconds(500);
}

void ShopHabit::on_shop_list(Bot&, const sample::ShopListReply& reply) {
  if (reply.code() == proto::TOO_FAR) near_cm_ = std::max<std::int64_t>(200, near_cm_ / 2);
  bool cheap = false;
  for (const auto& offer : reply.offers()) cheap = cheap || (offer.stack() && offer.buy_price() > 0);
  if (!reply.offers().empty() && !cheap) {
    dear_.insert(npc_);
    return;
  }
  offers_.clear();
  for (const auto& offer : reply.offers())
    offers_[offer.template_()] = {offer.buy_price(), offer.sell_price(), offer.stack()};
  if (offers_.empty()) listed_ = false;
}

// The cheapest thing that is not plentiful yet; one unique item at most, and only out of plenty.
bool ShopHabit::buy(Bot& bot) {
  const Belongings& own = bot.model().now();
  const std::string* best = nullptr;
  for (const auto& [name, offer] : offers_) {
    if (offer.buy_price <= 0 || own.balance(kGold) < offer.buy_price * (offer.stack ? 1 : 4)) continue;
    if (offer.stack ? own.balance(name) >= kStackMost : !own.items.empty()) continue;
    if (best == nullptr || offer.buy_price < offers_.at(*best).buy_price) best = &name;
  }
  if (best == nullptr) return false;
  const Offer& offer = offers_.at(*best);
  sample::BuyRequest request;
  request.set_npc(npc_);
  request.set_template_(*best);
  request.set_count(1);
  request.set_price(offer.buy_price);
  Change expected;
  expected.balances[kGold] = -offer.buy_price;
  if (offer.stack)
    expected.balances[*best] = 1;
  else
    expected.fresh[*best] = 1;
  return bot.ask_value(std::move(request), std::move(expected));
}

bool ShopHabit::sell(Bot& bot) {
  const Belongings& own = bot.model().now();
  sample::SellRequest request;
  request.set_npc(npc_);
  request.set_count(1);
  Change expected;
  for (const auto& [id, item] : own.items) {
    const auto offer = offers_.find(item.name);
    if (offer == offers_.end() || offer->second.sell_price <= 0) continue;
    request.mutable_item()->set_high(id.high);
    request.mutable_item()->set_low(id.low);
    request.set_price(offer->second.sell_price);
    expected.balances[kGold] = offer->second.sell_price;
    expected.removed.push_back(id);
    return bot.ask_value(std::move(request), std::move(expected));
  }
  for (const auto& [name, offer] : offers_) {
    if (!offer.stack || offer.sell_price <= 0 || own.balance(name) <= 1) continue;
    request.set_stack(name);
    request.set_price(offer.sell_price);
    expected.balances[kGold] = offer.sell_price;
    expected.balances[name] = -1;
    return bot.ask_value(std::move(request), std::move(expected));
  }
  return false;
}

bool ShopHabit::use(Bot& bot) {
  if (bot.model().now().balance(kDrink) <= 0) return false;
  sample::UseItemRequest request;
  request.set_stack(kDrink);
  Change expected;
  expected.balances[kDrink] = -1;
  return bot.ask_value(std::move(request), std::move(expected));
}

void ShopHabit::close(Bot& bot) {
  if (bot.played_s() >= 20) bot.shared().report.story("shop", bot.values() > 0);
}

}  // namespace dure
