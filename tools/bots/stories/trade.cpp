#include "tools/bots/stories/trade.h"

#include <algorithm>

#include "common/game/sample/sample.pb.h"
#include "tools/bots/bot.h"

namespace dure {

namespace {

constexpr std::int64_t kNearCm = 800;
constexpr std::int32_t kAroundCm = 300;
constexpr Duration kWait = seconds(3), kPatience = seconds(8), kSettlePatience = seconds(20);
constexpr std::int64_t kGoldMost = 20;
constexpr const char* kGold = "gold";
constexpr const char* kStack = "bread";

}  // namespace

void TradeHabit::go(Bot& bot, State state) {
  state_ = state;
  since_ = bot.now();
  if (state != State::kIdle) return;
  table_ = locked_ = confirmed_ = 0;
  laid_ = false;
  next_ = bot.now() + bot.shared().jitter(about_);
}

void TradeHabit::on_place(Bot& bot) {
  bot.shared().fair.leave(bot.entity());
  housed_ = false;
  go(bot, State::kIdle);
}

Duration TradeHabit::act(Bot& bot) {
  if (bot.in_instance() || bot.raiding) return seconds(1);
  if (live_near_npc_ && !housed_) {
    const Thing* npc = bot.surroundings().nearest(bot.motion().here(), false);
    if (npc == nullptr) return milliseconds(300);
    const auto offset = [&] { return static_cast<std::int32_t>(bot.shared().rng.below(2 * kAroundCm)) - kAroundCm; };
    bot.motion().home({npc->spot.x_cm + offset(), npc->spot.y_cm + offset()});
    bot.motion().goal(bot.motion().home());
    housed_ = true;
  }
  const Duration spent = bot.now() - since_;
  switch (state_) {
    case State::kIdle: {
      if (bot.now() < next_ || bot.value_open()) return milliseconds(200);
      const std::uint64_t other =
          bot.shared().fair.meet(bot.entity(), bot.place(), bot.motion().here(), kNearCm, bot.now());
      if (other == 0) {
        bot.shared().fair.wait(bot.entity(), bot.place(), bot.motion().here(), bot.now() + kWait);
        go(bot, State::kWaiting);
        return milliseconds(500);
      }
      sample::TradeInviteRequest invite;
      invite.set_player(other);
      if (bot.ask(invite)) go(bot, State::kAtTable);
      break;
    }
    case State::kWaiting:
      if (spent > kWait) {
        bot.shared().fair.leave(bot.entity());
        go(bot, State::kIdle);
      }
      break;
    case State::kAtTable:
      if (spent <= kPatience) break;
      if (table_ != 0) {
        sample::TradeCancelRequest cancel;
        cancel.set_table(table_);
        bot.ask(cancel);
      }
      go(bot, State::kIdle);
      break;
    case State::kSettling:
      if (spent > kSettlePatience) go(bot, State::kIdle);
      break;
  }
  return milliseconds(200);
}

// One thing: a piece, a stack, or gold. False: there is nothing, or it could not be sent.
bool TradeHabit::lay(Bot& bot) {
  const Belongings& own = bot.model().now();
  sample::TradeOfferRequest offer;
  offer.set_table(table_);
  const std::uint64_t draw = bot.shared().rng.below(4);
  if (draw == 0 && !own.items.empty()) {
    auto* item = offer.add_items();
    item->set_high(own.items.begin()->first.high);
    item->set_low(own.items.begin()->first.low);
  } else if (draw == 1 && own.balance(kStack) > 0) {
    offer.add_amounts()->set_name(kStack);
    offer.mutable_amounts(0)->set_value(1);
  } else if (own.balance(kGold) > 0) {
    offer.add_amounts()->set_name(kGold);
    const auto most = static_cast<std::uint64_t>(std::min(kGoldMost, own.balance(kGold)));
    offer.mutable_amounts(0)->set_value(1 + static_cast<std::int64_t>(bot.shared().rng.below(most)));
  } else {
    return false;
  }
  return bot.ask(offer);
}

void TradeHabit::on_trade_refused(Bot& bot) {
  // What was refused left the table as it was; it is given up.
  if (state_ != State::kAtTable) return;
  if (table_ != 0) {
    sample::TradeCancelRequest cancel;
    cancel.set_table(table_);
    bot.ask(cancel);
  }
  go(bot, State::kIdle);
}

void TradeHabit::on_trade_table(Bot& bot, const sample::TradeTable& table) {
  if (table.phase() == sample::TradeTable::CLOSED) {
    if (table.table() == table_) go(bot, State::kIdle);
    return;
  }
  if (table.sides_size() != 2) return;
  const int me = table.sides(0).player() == bot.entity() ? 0 : 1;
  if (table.phase() == sample::TradeTable::INVITED) {
    table_ = table.table();
    if (me == 0) return;
    bot.shared().fair.leave(bot.entity());
    sample::TradeAnswerRequest answer;
    answer.set_table(table_);
    answer.set_accept(!bot.raiding);
    bot.ask(answer);
    go(bot, State::kAtTable);
    table_ = table.table();
    return;
  }
  if (table.table() != table_) return;
  if (table.phase() == sample::TradeTable::SETTLING) return go(bot, State::kSettling);
  const auto &mine = table.sides(me), &theirs = table.sides(1 - me);
  const auto lies = [](const auto& side) { return side.amounts_size() + side.items_size() > 0; };
  if (!laid_) {
    laid_ = lay(bot);
    if (!laid_) on_trade_refused(bot);  // the poor leave
  } else if (!mine.locked() && locked_ != table.revision() && lies(mine) && lies(theirs)) {
    locked_ = table.revision();
    sample::TradeLockRequest lock;
    lock.set_table(table_);
    lock.set_revision(table.revision());
    bot.ask(lock);
  } else if (mine.locked() && theirs.locked() && !mine.confirmed() && confirmed_ != table.revision()) {
    confirmed_ = table.revision();
    bot.agree(table);
  }
}

void TradeHabit::close(Bot& bot) {
  if (live_near_npc_ && bot.played_s() >= 30) bot.shared().report.story("trade", bot.trades() > 0);
}

}  // namespace dure
