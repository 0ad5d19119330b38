#include "dbagent/store/books.h"

#include <algorithm>

#include "common/proto/operator.pb.h"
#include "dbagent/store/history.h"

namespace dure::store {
namespace {

constexpr std::size_t kFindingsKept = 20;
constexpr std::int64_t kStuckMs = 60'000;
constexpr std::int64_t kPendingMost = 100;

std::string number(__int128 value) {
  constexpr __int128 kMost = INT64_MAX;
  return std::to_string(static_cast<std::int64_t>(std::clamp<__int128>(value, -kMost, kMost)));
}

}  // namespace

proto::BooksReply Books::answer(Shard& shard, const proto::BooksQuery& request) {
  proto::BooksReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  if (request.step()) {
    wanted_ = true;
    now_ = shard.file.shard_time();
    fold_economy(shard.db, now_);
  }
  reply.set_more(more_);
  reply.set_passes(passes_);
  reply.set_entries(entries_);
  reply.set_accounts(accounts_);
  reply.set_items(items_);
  reply.set_pass_ended_unix_ms(pass_ended_);
  reply.set_stuck_holds(stuck_holds_);
  reply.set_late_messages(late_messages_);
  reply.set_finding_count(finding_count_);
  if (behind_since_ != 0) {
    reply.set_transactions_behind(static_cast<std::uint64_t>(transactions_behind_));
    reply.set_behind_ms(static_cast<std::uint64_t>(std::max<std::int64_t>(1, shard.file.shard_time() - behind_since_)));
  }
  for (const auto& line : findings_) reply.add_findings(line);
  return reply;
}

void Books::between_commits(Database& db) {
  if (!std::exchange(wanted_, false)) return;
  if (!started_ || (!passing_ && now_ - pass_began_ >= kPassEveryMs)) begin_pass(db);
  const bool caught_up = read_entries(db);
  if (passing_ && caught_up) {
    // Only now is every account read so far where its entries say.
    if (!accounts_done_ && read_accounts(db)) {
      compare(db);
      accounts_done_ = true;
    }
    if (!items_done_) items_done_ = read_items(db);
    if (accounts_done_ && items_done_) {
      passing_ = false;
      ++passes_;
      accounts_ = accounts_seen_;
      items_ = items_seen_;
      pass_ended_ = now_;
    }
  }
  look_at_waiting(db);
  look_how_far(db, caught_up);
  more_ = passing_ || !caught_up;
}

void Books::begin_pass(Database& db) {
  if (!started_) {
    Query last(db, "SELECT day, txn, line FROM ledger_entry ORDER BY day DESC, txn DESC, line DESC LIMIT 1");
    if (last.row()) {
      day_ = last.i64(0);
      txn_ = last.i64(1);
      line_ = last.i64(2);
    }
    started_ = true;
  }
  passing_ = true;
  pass_began_ = now_;
  account_ = item_row_ = 0;
  accounts_done_ = items_done_ = false;
  accounts_seen_ = items_seen_ = 0;
  sums_.clear();
  if (!db.number("SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'item_one_holder'"))
    find("the index item_one_holder is missing: nothing keeps items from having two holders");
}

bool Books::read_entries(Database& db) {
  std::int64_t rows = 0;
  Query entry(db,
              "SELECT ledger_entry.day, txn, line, account, ledger_entry.amount, kind, currency FROM ledger_entry "
              "LEFT JOIN account ON account.id = account "
              "WHERE (ledger_entry.day, txn, line) > (?1, ?2, ?3) ORDER BY ledger_entry.day, txn, line LIMIT ?4",
              day_, txn_, line_, kRowsMax);
  for (; entry.row(); ++rows) {
    if (entry.i64(1) != txn_) end_transaction();
    day_ = entry.i64(0);
    txn_ = entry.i64(1);
    line_ = entry.i64(2);
    ++entries_;
    if (entry.type(5) == Query::Type::kNull) {
      find("ledger transaction " + std::to_string(txn_) + " names an account that does not exist");
      continue;
    }
    open_[entry.text(6)] += entry.i64(4);
    if (passing_ && !accounts_done_ && entry.i64(3) <= account_) sums_[{entry.i64(5), entry.text(6)}] += entry.i64(4);
  }
  // What is committed is whole.
  const bool caught_up = rows < kRowsMax;
  if (caught_up) end_transaction();
  return caught_up;
}

void Books::end_transaction() {
  for (const auto& [currency, sum] : open_)
    if (sum != 0)
      find("ledger transaction " + std::to_string(txn_) + " does not balance: " + currency + " sums to " + number(sum));
  open_.clear();
}

bool Books::read_accounts(Database& db) {
  std::int64_t rows = 0;
  Query row(db, "SELECT id, kind, currency, amount FROM account WHERE id > ?1 ORDER BY id LIMIT ?2", account_,
            kRowsMax);
  for (; row.row(); ++rows) {
    account_ = row.i64(0);
    sums_[{row.i64(1), row.text(2)}] += row.i64(3);
    const auto kind = static_cast<AccountKind>(row.i64(1));
    if (row.i64(3) < 0 && kind != AccountKind::kFaucet && kind != AccountKind::kTransit)
      find("balance below zero: account " + std::to_string(account_));
  }
  accounts_seen_ += static_cast<std::uint64_t>(rows);
  return rows < kRowsMax;
}

void Books::compare(Database& db) {
  std::map<std::string, Wide> zero;
  Query row(db, "SELECT kind, currency, amount FROM total");
  while (row.row()) {
    const Whose whose{row.i64(0), row.text(1)};
    zero[whose.second] += row.i64(2);
    sums_[whose] -= row.i64(2);
  }
  // By how much, not what they hold: that changes as they are used, and it would be another finding in each pass.
  for (const auto& [whose, difference] : sums_)
    if (difference != 0)
      find("total of " + whose.second + " in accounts of kind " + std::to_string(whose.first) + " is off by " +
           number(difference));
  for (const auto& [currency, sum] : zero)
    if (sum != 0) find("ledger of " + currency + " sums to " + number(sum));
  sums_.clear();
}

bool Books::read_items(Database& db) {
  std::int64_t rows = 0;
  Query row(db,
            "SELECT item_holder.rowid, item_id, kind, CASE kind "
            "WHEN 0 THEN EXISTS(SELECT 1 FROM player WHERE pid = owner) "
            "WHEN 3 THEN EXISTS(SELECT 1 FROM outbox WHERE message_id = owner AND state = 0) "
            "WHEN 4 THEN EXISTS(SELECT 1 FROM inbox WHERE message_id = owner AND state = 0) "
            "WHEN 5 THEN EXISTS(SELECT 1 FROM hold WHERE pid = owner AND finished = 0) "
            "ELSE 1 END, EXISTS(SELECT 1 FROM item WHERE item.item_id = item_holder.item_id) "
            "FROM item_holder WHERE item_holder.rowid > ?1 ORDER BY item_holder.rowid LIMIT ?2",
            item_row_, kRowsMax);
  for (; row.row(); ++rows) {
    item_row_ = row.i64(0);
    if (row.i64(3) == 0) find("orphan: item " + hex(row.key(1)) + " has a holder that does not exist or is done");
    if (row.i64(4) == 0) find("orphan: item " + hex(row.key(1)) + " has no row of its own");
  }
  items_seen_ += static_cast<std::uint64_t>(rows);
  return rows < kRowsMax;
}

void Books::look_at_waiting(Database& db) {
  stuck_holds_ = static_cast<std::uint64_t>(
      db.number("SELECT count(*) FROM hold WHERE finished = 0 AND at < ?1", now_ - kStuckMs).value_or(0));
  // A message has no time of its own, and its number says only between which ledger transactions it was sent: one
  // without value may be the first for hours.
  std::map<std::uint64_t, std::int64_t> pending;
  late_messages_ = 0;
  Query row(db, "SELECT message_id FROM outbox WHERE state = 0 ORDER BY number LIMIT ?1", kPendingMost);
  while (row.row()) {
    const std::uint64_t message = row.u64(0);
    const auto before = pending_.find(message);
    const std::int64_t since = before == pending_.end() ? now_ : before->second;
    pending.emplace(message, since);
    if (since < now_ - kStuckMs) ++late_messages_;
  }
  pending_ = std::move(pending);
}

void Books::look_how_far(Database& db, bool caught_up) {
  if (caught_up) {
    behind_since_ = transactions_behind_ = 0;
    return;
  }
  if (behind_since_ == 0) behind_since_ = now_;
  const auto last = db.number("SELECT txn FROM ledger_entry ORDER BY day DESC, txn DESC LIMIT 1");
  transactions_behind_ = std::max<std::int64_t>(0, last.value_or(0) - txn_);
}

void Books::find(const std::string& line) {
  // Each pass comes across the same damage again.
  if (found_.size() >= kFoundMax || !found_.insert(line).second) return;
  ++finding_count_;
  if (findings_.size() < kFindingsKept) findings_.push_back(line);
}

}  // namespace dure::store
