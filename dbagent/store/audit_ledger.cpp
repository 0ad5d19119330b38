#include "dbagent/store/audit_ledger.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "common/base/ids.h"

namespace dure::store {
namespace {

using Wide = __int128;

std::string text(Wide value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  std::string digits;
  for (Wide rest = negative ? -value : value; rest != 0; rest /= 10) digits += static_cast<char>('0' + int(rest % 10));
  if (negative) digits += '-';
  return {digits.rbegin(), digits.rend()};
}

std::int64_t narrow(Wide value) {
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::clamp<Wide>(value, -kMost, kMost));
}

struct AccountRow {
  std::string title;  // "gold of player 7"
  std::int64_t kind = 0;
  std::string currency;
  std::int64_t amount = 0;
  bool opened = false;  // an opening was read; `proven` is meaningful
  Wide proven = 0;      // first opening + entries
};

std::string title_of(const Query& row) {
  static constexpr const char* kKinds[] = {"player", "faucet", "sink", "transit", "inbox", "hold"};
  const auto kind = row.i64(1);
  std::string title = row.text(4) + " of " + (kind >= 0 && kind < 6 ? kKinds[kind] : "?");
  if (row.i64(2) != 0) title += " " + std::to_string(row.u64(2));
  if (!row.bytes(3).empty()) title += " " + row.text(3);
  return title;
}

struct LedgerAudit {
  Database& db;
  const AddFinding& finding;
  std::unordered_map<std::int64_t, AccountRow, NumberHash> accounts;
  std::map<std::pair<std::int64_t, std::int64_t>, Wide> by_day;  // (account, day) → its entries
  std::map<std::string, Wide> by_currency;

  void read_accounts() {
    Query row(db, "SELECT id, kind, owner, name, currency, amount FROM account ORDER BY id");
    while (row.row()) {
      AccountRow& account = accounts[row.i64(0)];
      account.title = title_of(row);
      account.kind = row.i64(1);
      account.currency = row.text(4);
      account.amount = row.i64(5);
      if (account.amount < 0 && row.i64(1) != 1 && row.i64(1) != 3)
        finding("balance below zero: " + account.title + " is " + std::to_string(account.amount));
    }
  }

  void close_transaction(std::int64_t txn, std::map<std::string, Wide>& sums) {
    for (const auto& [currency, sum] : sums)
      if (sum != 0)
        finding("ledger transaction " + std::to_string(txn) + " does not balance: " + currency + " sums to " +
                text(sum));
    sums.clear();
  }

  void read_entries() {
    std::map<std::string, Wide> sums;
    std::int64_t txn = 0;
    Query entry(db, "SELECT txn, account, day, amount FROM ledger_entry ORDER BY day, txn, line");
    while (entry.row()) {
      if (entry.i64(0) != txn) close_transaction(txn, sums);
      txn = entry.i64(0);
      const auto account = accounts.find(entry.i64(1));
      if (account == accounts.end()) {
        finding("ledger transaction " + std::to_string(txn) + " names account " + std::to_string(entry.i64(1)) +
                ", which does not exist");
        by_currency["?"] += entry.i64(3);
        continue;
      }
      sums[account->second.currency] += entry.i64(3);
      by_day[{entry.i64(1), entry.i64(2)}] += entry.i64(3);
    }
    close_transaction(txn, sums);
  }

  // Each opening must be where the days before it ended.
  void prove_accounts() {
    Query opening(db, "SELECT account, day, amount FROM ledger_opening ORDER BY account, day");
    while (opening.row()) {
      const auto at = accounts.find(opening.i64(0));
      if (at == accounts.end()) continue;
      AccountRow& account = at->second;
      if (account.opened && account.proven != opening.i64(2))
        finding("opening of day " + std::to_string(opening.i64(1)) +
                " is not where the ledger ended: " + account.title + " opens with " + std::to_string(opening.i64(2)) +
                ", ledger says " + text(account.proven));
      if (!account.opened) account.proven = opening.i64(2);
      account.opened = true;
      if (const auto day = by_day.find({opening.i64(0), opening.i64(1)}); day != by_day.end()) {
        account.proven += day->second;
        by_day.erase(day);
      }
    }
    for (const auto& [account_and_day, sum] : by_day) {
      accounts[account_and_day.first].proven += sum;
      finding("entries without an opening: " + accounts[account_and_day.first].title + " on day " +
              std::to_string(account_and_day.second));
    }
  }

  // What the movements kept beside the accounts.
  void prove_totals() {
    std::map<std::pair<std::int64_t, std::string>, Wide> sums;
    for (const auto& [id, account] : accounts) sums[{account.kind, account.currency}] += account.amount;
    Query total(db, "SELECT kind, currency, amount FROM total");
    while (total.row()) sums[{total.i64(0), total.text(1)}] -= total.i64(2);
    for (const auto& [whose, difference] : sums)
      if (difference != 0)
        finding("total of " + whose.second + " in accounts of kind " + std::to_string(whose.first) + " is off by " +
                text(difference));
  }

  std::int64_t sum_up() {
    std::vector<std::int64_t> ids;
    for (const auto& [id, account] : accounts) ids.push_back(id);
    std::sort(ids.begin(), ids.end());
    for (const auto id : ids) {
      const AccountRow& account = accounts[id];
      by_currency[account.currency] += account.proven;
      if (account.proven != account.amount)
        finding("balance is not its ledger's: " + account.title + " is " + std::to_string(account.amount) +
                ", ledger says " + text(account.proven));
    }
    Wide total = 0;
    for (const auto& [currency, sum] : by_currency) {
      if (sum != 0) finding("ledger of " + currency + " sums to " + text(sum));
      total += sum;
    }
    return narrow(total);
  }
};

}  // namespace

std::int64_t audit_ledger(Database& database, const AddFinding& finding) {
  LedgerAudit ledger{database, finding, {}, {}, {}};
  ledger.read_accounts();
  ledger.read_entries();
  ledger.prove_accounts();
  ledger.prove_totals();
  return ledger.sum_up();
}

}  // namespace dure::store
