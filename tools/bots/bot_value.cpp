// What a bot changes of value, its trades, and what each of them came to.
#include "common/game/sample/sample.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/value.pb.h"
#include "tools/bots/bot.h"

namespace dure {

bool Bot::note_value(std::uint32_t message_id, std::string body, Change expected) {
  const std::uint64_t creq = expected.creq;
  const std::uint32_t seq = session_.send_again(static_cast<std::uint16_t>(message_id), body);
  if (!note(seq, "#" + std::to_string(creq))) return false;
  open_values_[creq] = {static_cast<std::uint16_t>(message_id), std::move(body), now(), false};
  shared_.history.asked(who(), expected);
  model_.asked(std::move(expected));
  return true;
}

void Bot::value_reply(std::uint64_t creq, std::uint32_t code, const sample::Touched& touched) {
  const auto open = open_values_.find(creq);
  if (open == open_values_.end()) return;  // asked twice, answered twice
  if (!open->second.again) shared_.report.rtt.add(now() - open->second.sent);
  open_values_.erase(open);
  count_code(code);
  shared_.history.told(who(), creq, proto::Code_Name(static_cast<proto::Code>(code)));
  for (const auto& habit : habits_) habit->on_value(*this, creq, code);
  if (code != proto::OK) return model_.refused(creq);
  ++values_;
  if (creq > last_saved_creq_) applied_[creq] = now();
  OwnModel::Told told;
  for (const auto& amount : touched.balances()) told.balances[amount.name()] = amount.value();
  proto::Aggregate items;
  *items.mutable_items() = touched.items_added();
  told.added = belongings_of(items).items;
  for (const auto& uid : touched.items_removed()) told.removed.push_back({uid.high(), uid.low()});
  const auto verdict = model_.granted(creq, told, may_gain());
  report(verdict.differences);
  if (awaits_gains_) gains_.came(verdict.gained);
  shared_.report.untold_gains += verdict.untold_gains;
}

// ── trades ──────────────────────────────────────────────────────────────────────────────────────────────────────

// Agreed to; what becomes of it is told apart (SETTLED), so no SAVED is waited for.
void Bot::agreed(const sample::TradeConfirmReply& reply, std::uint32_t seq) {
  take_asked(seq);
  if (open_values_.erase(reply.creq()) == 0) return;
  shared_.history.told(who(), reply.creq(), proto::Code_Name(reply.code()));
  count_code(reply.code());
  model_.refused(reply.creq());  // it changes nothing by itself
  if (reply.code() == proto::OK) return;
  for (const auto& habit : habits_) habit->on_trade_refused(*this);
}

bool Bot::agree(const sample::TradeTable& table) {
  sample::TradeConfirmRequest confirm;
  confirm.set_table(table.table());
  confirm.set_revision(table.revision());
  if (!ask_value(confirm, Change())) return false;
  shared_.history.agreed(who(), last_creq_, table);
  agreement_ = {last_creq_, epoch_, table.table(), table.revision()};
  return true;
}

// What was agreed to comes to nothing when its table is changed or closed first. Under another owner nobody knows.
void Bot::look_at_agreement(const sample::TradeTable& table) {
  if (agreement_.creq == 0 || table.table() != agreement_.table) return;
  if (agreement_.epoch != epoch_) {
    agreement_ = {};
  } else if (table.phase() == sample::TradeTable::SETTLING) {
    shared_.history.settling(who(), agreement_.creq, {table.txn().high(), table.txn().low()});
    agreement_ = {};
  } else if (table.phase() == sample::TradeTable::CLOSED || table.revision() != agreement_.revision) {
    shared_.history.came_to_nothing(who(), agreement_.creq);
    agreement_ = {};
  }
}

void Bot::table(const sample::TradeTable& table, std::uint32_t) {
  if (stale(table.epoch(), "TradeTable")) return;
  look_at_agreement(table);
  if (table.phase() == sample::TradeTable::SETTLING) {
    settling_[{table.txn().high(), table.txn().low()}] = now();
    OwnModel::Told told;
    for (const auto& amount : table.touched().balances()) told.balances[amount.name()] = amount.value();
    for (const auto& uid : table.touched().items_removed()) told.removed.push_back({uid.high(), uid.low()});
    model_.set(told);
  }
  for (const auto& habit : habits_) habit->on_trade_table(*this, table);
}

void Bot::settled(const proto::SettledNotice& notice, std::uint32_t) {
  if (stale(notice.epoch(), "SettledNotice")) return;
  const ItemId txn{notice.txn().high(), notice.txn().low()};
  shared_.history.settled(who(), notice.creq(), txn, notice.committed());
  const auto open = settling_.find(txn);
  if (open == settling_.end()) return;  // told again
  shared_.report.trade_settled.add(now() - open->second);
  settling_.erase(open);
  ++(notice.committed() ? shared_.report.trades_committed : shared_.report.trades_aborted);
  if (notice.committed()) ++trades_;
  OwnModel::Told told;
  for (const auto& amount : notice.aggregate().balances()) told.balances[amount.name()] = amount.value();
  told.added = belongings_of(notice.aggregate()).items;
  model_.set(told, true);
}

void Bot::loot(const sample::LootNotice& notice, std::uint32_t) {
  if (stale(notice.epoch(), "LootNotice")) return;
  for (const auto& habit : habits_) habit->on_loot(*this, notice);
  last_fight_ = now();
  // What there is, not what came: a reply or a state may have shown it already.
  OwnModel::Told told;
  for (const auto& amount : notice.balances()) told.balances[amount.name()] = amount.value();
  proto::Aggregate items;
  *items.mutable_items() = notice.items();
  told.added = belongings_of(items).items;
  model_.set(told);
}

}  // namespace dure
