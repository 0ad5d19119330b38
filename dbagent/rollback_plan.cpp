#include "dbagent/rollback_plan.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "common/base/debt.h"
#include "common/base/ids.h"
#include "common/proto/operator.pb.h"
#include "common/proto/rollback.pb.h"
#include "common/proto/shard_map.pb.h"
#include "dbagent/rollback_reading.h"

namespace dure {
namespace {

constexpr Duration kDeadline = seconds(5);
// LedgerParty.kind, of money.
enum class AccountKind { kFaucet = 1, kSink = 2 };

std::string plus(std::int64_t amount) { return (amount > 0 ? "+" : "") + std::to_string(amount); }

void owe(RollbackShare* share, const std::string& debt, std::int64_t amount) {
  auto* balance = share->operation->add_effects()->mutable_balance();
  balance->set_currency(debt);
  balance->set_delta(amount);
}

// How it came that so much is not there, for people.
std::string missing(std::int64_t amount, std::int64_t waiting, const std::string& gone) {
  const std::int64_t in_letters = std::min(amount, waiting);
  if (in_letters <= 0) return gone;
  return std::to_string(in_letters) + " in unopened letters of their own" +
         (in_letters < amount ? ", the rest " + gone : "");
}

}  // namespace

RollbackShare::RollbackShare() : operation(std::make_unique<proto::Operation>()) {
  operation->set_reason(kRollbackReason);
}
RollbackShare::RollbackShare(RollbackShare&&) noexcept = default;
RollbackShare& RollbackShare::operator=(RollbackShare&&) noexcept = default;
RollbackShare::~RollbackShare() = default;

Task<bool> RollbackPlanner::find_shards(RollbackPlan* plan) {
  const proto::ShardsQuery query;
  const NodeId directory = node_.directory_agent();
  const Result<proto::ShardsReply> known = co_await node_.call<proto::ShardsReply>(directory, query, kDeadline);
  shards_.clear();
  if (known && known->code() == proto::STORED)
    for (const auto& shard : known->shards()) shards_.push_back(shard.shard());
  plan->away = shards_.empty();
  if (plan->away) plan->refusal = "the directory does not answer";
  co_return !plan->away;
}

Task<bool> RollbackPlanner::locate(std::string name, RollbackPlan* plan, RollbackShare* share) {
  proto::PlayerLocate locate;
  std::uint64_t number = 0;
  const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error == std::errc() && last == name.data() + name.size())
    locate.set_player_id(number);
  else
    locate.set_name(name);
  const NodeId directory = node_.directory_agent();
  const Result<proto::PlayerLocateReply> found =
      co_await node_.call<proto::PlayerLocateReply>(directory, locate, kDeadline);
  if (!found || found->code() != proto::STORED) {
    plan->away = !found || found->code() == proto::RETRY;
    plan->refusal = !plan->away ? "nobody is called " + name : "the directory does not answer";
    co_return false;
  }
  share->player_id = found->player_id();
  share->shard = found->shard();
  share->name = found->name();
  co_return true;
}

Task<std::string> RollbackPlanner::name_of(std::uint64_t player) {
  proto::PlayerLocate locate;
  locate.set_player_id(player);
  locate.set_any_state(true);
  const NodeId directory = node_.directory_agent();
  const Result<proto::PlayerLocateReply> found =
      co_await node_.call<proto::PlayerLocateReply>(directory, locate, kDeadline);
  const bool known = found && found->code() == proto::STORED && !found->name().empty();
  co_return known ? found->name() : "player " + std::to_string(player);
}

Task<bool> RollbackPlanner::already(RollbackPlan* plan, RollbackShare* share) {
  proto::RollbackDoneQuery query;
  query.set_player_id(share->player_id);
  *query.mutable_key() = share->operation->effects(0).drop_key();
  const Result<proto::RollbackDone> done = co_await ask<proto::RollbackDone>(share->shard, query);
  if (!done || done->code() != proto::STORED) {
    plan->away = true;
    plan->refusal = done ? "it is on the move" : done.error().detail;
    co_return false;
  }
  share->done = done->done();
  co_return true;
}

// ── a player ────────────────────────────────────────────────────────────────────────────────────────────────

Task<bool> RollbackPlanner::read_money(RollbackPlan* plan, const RollbackShare& share, std::int64_t to,
                                       std::shared_ptr<Money> money) {
  const std::uint64_t player = share.player_id;
  for (const std::uint32_t shard : shards_) {
    proto::PlayerLedgerQuery query;
    query.set_player_id(player);
    const Result<proto::PlayerLedgerReply> accounts = co_await ask<proto::PlayerLedgerReply>(shard, query);
    if (!accounts) {
      plan->away = true;
      plan->refusal = accounts.error().detail;
      co_return false;
    }
    for (const auto& amount : accounts->waiting()) money->by_name[amount.name()].waiting += amount.value();
    for (const auto& account : accounts->accounts()) {
      const std::string name = account.name();
      // What is owed is no possession; what was owed then, or is for another reason, stays owed.
      const bool is_debt = name.rfind("debt:", 0) == 0;
      (is_debt ? money->debts[name].now : money->by_name[name].now) += account.value();
      proto::PlayerLedgerQuery movements;
      movements.set_player_id(player);
      movements.set_currency(name);
      movements.set_since_unix_ms(to + 1);
      for (bool more = true; more;) {
        const Result<proto::PlayerLedgerReply> page = co_await ask<proto::PlayerLedgerReply>(shard, movements);
        if (!page) {
          plan->away = true;
          plan->refusal = page.error().detail;
          co_return false;
        }
        for (const auto& movement : page->movements()) {
          if (is_debt) {
            if (movement.reason() == kRollbackReason) money->debts[name].since += movement.amount();
            continue;
          }
          Money::Of& of = money->by_name[name];
          of.since += movement.amount();
          const auto kind = static_cast<AccountKind>(movement.other().kind());
          if (kind == AccountKind::kFaucet || kind == AccountKind::kSink)
            (movement.reason() == kReconcileReason ? of.restored : of.system) += movement.amount();
        }
        money->cut = money->cut || page->cut();
        more = page->next().txn() != 0;
        *movements.mutable_from() = page->next();
        movements.set_balance_after(page->next_balance());
      }
    }
  }
  co_return true;
}

Task<RollbackPlan> RollbackPlanner::player(std::string name, std::int64_t to_unix_ms) {
  RollbackPlan plan;
  RollbackShare share;
  if (to_unix_ms > unix_ms(node_.wall_now())) {
    plan.refusal = "that time has not come yet";
    co_return plan;
  }
  bool good = co_await find_shards(&plan);
  if (good) good = co_await locate(name, &plan, &share);
  if (!good) co_return plan;
  auto* key = share.operation->add_effects()->mutable_drop_key();
  key->set_source("rollback");
  key->set_run(static_cast<std::uint64_t>(to_unix_ms));
  key->set_number(1);
  good = co_await already(&plan, &share);
  if (!good) co_return plan;
  if (share.done) {
    plan.shares.push_back(std::move(share));
    co_return plan;
  }
  const auto money = std::make_shared<Money>();
  std::int64_t first_kept = 0;
  good = co_await read_money(&plan, share, to_unix_ms, money);
  if (good) good = co_await undo_items(&plan, &share, to_unix_ms, money, &first_kept);
  if (good && (first_kept == 0 || to_unix_ms < first_kept)) {
    good = false;
    plan.refusal = first_kept == 0 ? "there is no ledger" : "the ledger begins later than that";
  }
  if (good && money->cut) {
    good = false;
    plan.refusal = "movements of that time are not kept any more";
  }
  if (!good) co_return plan;
  for (const auto& [currency, of] : money->by_name) {
    const std::int64_t wanted = of.now - of.system, after = std::max<std::int64_t>(0, wanted);
    if (of.since == 0 && of.system == 0 && of.restored == 0) continue;
    std::string causes = "the system " + plus(of.system);
    if (of.restored != 0) causes += ", a restore " + plus(of.restored) + " that is owed already";
    causes += ", trades and letters " + plus(of.since - of.system - of.restored);
    share.lines.push_back(currency + ": then " + std::to_string(of.now - of.since) + ", now " + std::to_string(of.now) +
                          " (" + causes + "), afterwards " + std::to_string(after));
    if (after != of.now) {
      auto* balance = share.operation->add_effects()->mutable_balance();
      balance->set_currency(currency);
      balance->set_delta(after - of.now);
    }
    if (wanted >= 0) continue;
    money->debts[debt_of(currency)].due -= wanted;
    share.lines.push_back(currency + ": " + std::to_string(-wanted) +
                          " of it is owed: " + missing(-wanted, of.waiting, "given away"));
  }
  for (const auto& [owed, debt] : money->debts) {
    const std::int64_t change = std::max(debt.due - debt.since, -debt.now);
    if (change != 0) owe(&share, owed, change);
    if (change < 0) share.lines.push_back(owed + ": " + std::to_string(-change) + " is owed no longer");
  }
  if (share.operation->effects_size() == 1) share.lines.push_back("nothing is to be undone");
  share.lines.push_back("experience, quests and flags have no history, and stay");
  plan.shares.push_back(std::move(share));
  co_return plan;
}

// ── a trade ─────────────────────────────────────────────────────────────────────────────────────────────────

Task<bool> RollbackPlanner::undo_side(RollbackPlan* plan, RollbackShare* share, std::uint64_t to_player,
                                      std::string to_name, std::shared_ptr<const std::string> given,
                                      std::uint64_t message_id) {
  proto::TradeSide got;
  got.ParseFromString(*given);
  proto::PlayerLedgerQuery query;
  query.set_player_id(share->player_id);
  const Result<proto::PlayerLedgerReply> accounts = co_await ask<proto::PlayerLedgerReply>(share->shard, query);
  if (!accounts) {
    plan->away = true;
    plan->refusal = accounts.error().detail;
    co_return false;
  }
  std::map<std::string, std::int64_t> has, waiting;
  for (const auto& account : accounts->accounts()) has[account.name()] = account.value();
  for (const auto& in_letters : accounts->waiting()) waiting[in_letters.name()] = in_letters.value();
  proto::Effect::Send send;
  send.set_message_id(message_id);
  send.set_to_player(to_player);
  for (const auto& amount : got.give()) {
    const std::int64_t back = std::min(amount.value(), has[amount.name()]);
    if (back > 0) {
      auto* sent = send.add_balances();
      sent->set_name(amount.name());
      sent->set_value(back);
      share->lines.push_back(std::to_string(back) + " " + amount.name() + " goes back to " + to_name);
    }
    if (back == amount.value()) continue;
    owe(share, debt_of(amount.name()), amount.value() - back);
    share->lines.push_back(std::to_string(amount.value() - back) + " " + amount.name() +
                           " is owed: " + missing(amount.value() - back, waiting[amount.name()], "spent"));
  }
  for (const auto& item : got.items()) {
    const std::uint64_t high = item.item().high(), low = item.item().low();
    const std::string number = hex128(high, low);
    const auto life = std::make_shared<Life>();
    const bool read = co_await item_life(plan, high, low, life);
    if (!read) co_return false;
    if (life->held(Life::Holder::kPlayer) && life->holder_player == share->player_id) {
      *send.add_items() = item.item();
      share->lines.push_back("item " + number + " " + life->item.template_() + " goes back to " + to_name);
      continue;
    }
    const std::string where = co_await whereabouts(life, share->player_id);
    owe(share, debt_of_item(life->here ? life->item.template_() : number), 1);
    share->lines.push_back("item " + number + " " + life->item.template_() + " is owed: " + where);
  }
  if (send.balances_size() > 0 || send.items_size() > 0) *share->operation->add_effects()->mutable_send() = send;
  co_return true;
}

Task<RollbackPlan> RollbackPlanner::trade(std::uint64_t high, std::uint64_t low) {
  RollbackPlan plan;
  bool good = co_await find_shards(&plan);
  if (!good) co_return plan;
  proto::TradeQuery query;
  query.mutable_txn()->set_high(high);
  query.mutable_txn()->set_low(low);
  bool known = false, aborted = false;
  proto::TradeRecord record;
  for (const std::uint32_t shard : shards_) {
    const Result<proto::TradeRecord> said = co_await ask<proto::TradeRecord>(shard, query);
    if (!said) {
      plan.away = true;
      plan.refusal = said.error().detail;
      co_return plan;
    }
    if (said->code() != proto::STORED) continue;
    known = true;
    aborted = aborted || said->aborted();
    if (said->committed() && said->sides_size() == 2) record = *said;
  }
  if (record.sides_size() != 2) {
    plan.refusal = !known    ? "no shard knows such a trade"
                   : aborted ? "that trade did not happen: there is nothing to undo"
                             : "that trade is not decided yet";
    co_return plan;
  }
  for (const int side : {0, 1}) {
    RollbackShare share;
    const std::uint64_t me = record.sides(side).player_id(), other = record.sides(1 - side).player_id();
    const std::string number = std::to_string(me);
    good = co_await locate(number, &plan, &share);
    if (!good) co_return plan;
    share.operation->set_reason(kTradeRollbackReason);
    auto* key = share.operation->add_effects()->mutable_drop_key();
    key->set_source("rollback.trade");
    key->set_run(high);
    key->set_number(low);
    good = co_await already(&plan, &share);
    if (!good) co_return plan;
    if (!share.done) {
      const std::string to_name = co_await name_of(other);
      const auto given = std::make_shared<const std::string>(record.sides(1 - side).SerializeAsString());
      const std::uint64_t message = (mix64(high ^ mix64(low + static_cast<std::uint64_t>(side))) >> 1) | 1;
      good = co_await undo_side(&plan, &share, other, to_name, given, message);
      if (!good) co_return plan;
    }
    plan.shares.push_back(std::move(share));
  }
  co_return plan;
}

}  // namespace dure
