#include "tests/sim/ledger_replay.h"

#include <algorithm>
#include <utility>

#include "common/proto/content.pb.h"
#include "dbagent/store/schema.h"
#include "tests/sim/stores.h"

namespace dure::sim {
namespace {

using store::Query;

// As CONTRACT.md names them, not as the store's own constants do.
enum Kind { kPlayer = 0, kFaucet = 1, kSink = 2, kTransit = 3, kInbox = 4, kHold = 5, kElsewhere = 6, kEnvelope = 3 };
constexpr std::size_t kFindingsMost = 20;

std::string text(std::int64_t number) { return std::to_string(number); }

std::string title(const std::string& currency, std::int64_t kind, std::int64_t owner, const std::string& name) {
  static constexpr const char* kKinds[] = {"player", "faucet", "sink", "transit", "letter", "hold"};
  return currency + " of " + (kind >= 0 && kind < 6 ? kKinds[kind] : "?") + " " + text(owner) + " '" + name + "'";
}

bool may_owe(std::int64_t kind) { return kind == kFaucet || kind == kTransit; }

}  // namespace

void LedgerReplay::find(const std::string& what) {
  if (findings_.size() < kFindingsMost) findings_.push_back(where_ + what);
}

void LedgerReplay::read(std::uint32_t number, store::Database& database) {
  Shard& shard = shards_[number];
  shard = {};
  where_ = "shard " + std::to_string(number) + ": ";
  read_accounts(&shard, database);
  read_entries(&shard, database);
  for (auto& [id, account] : shard.accounts) replay(&account);
  read_reasons(database);
  replay_items(&shard, database);
  compare_items(&shard, database);
  const auto any = [&](const char* sql) { return database.number(sql).has_value(); };
  shard.halfway = any("SELECT 1 FROM account_move WHERE state IN (1, 2)") ||
                  any("SELECT 1 FROM hold WHERE finished = 0") || !shard.pending.empty();
  shard.restored = any("SELECT 1 FROM restored");
  where_.clear();
}

void LedgerReplay::read_accounts(Shard* shard, store::Database& database) {
  {
    Query row(database, "SELECT id, kind, owner, name, currency, amount, last_txn, last_line FROM account");
    while (row.row()) {
      Account& account = shard->accounts[row.i64(0)];
      account.kind = row.i64(1);
      account.owner = row.i64(2);
      account.name = row.text(3);
      account.currency = row.text(4);
      account.amount = row.i64(5);
      account.last = {row.i64(6), row.i64(7)};
    }
  }
  Query row(database, "SELECT account, day, amount FROM ledger_opening");
  while (row.row()) {
    const auto account = shard->accounts.find(row.i64(0));
    if (account == shard->accounts.end())
      find("an opening of account " + text(row.i64(0)) + ", which does not exist");
    else
      account->second.openings[row.i64(1)] = row.i64(2);
  }
}

void LedgerReplay::read_entries(Shard* shard, store::Database& database) {
  std::map<std::int64_t, std::int64_t> days;
  {
    Query row(database, "SELECT txn, reason, day FROM ledger_txn");
    while (row.row()) {
      shard->reasons[row.i64(0)] = row.text(1);
      days[row.i64(0)] = row.i64(2);
    }
  }
  std::map<std::string, std::int64_t> sums;
  std::int64_t txn = 0;
  Query entry(database,
              "SELECT txn, line, account, amount, before_txn, before_line, day FROM ledger_entry ORDER BY txn, line");
  for (; entry.row(); ++entries_) {
    if (entry.i64(0) != txn) end_transaction(txn, &sums);
    txn = entry.i64(0);
    if (const auto day = days.find(txn); day == days.end() || day->second != entry.i64(6))
      find("an entry of transaction " + text(txn) + ", which does not exist on its day");
    read_entry(shard, entry, &sums);
  }
  end_transaction(txn, &sums);
}

void LedgerReplay::read_entry(Shard* shard, const Query& entry, std::map<std::string, std::int64_t>* sums) {
  const Place here{entry.i64(0), entry.i64(1)};
  const auto at = shard->accounts.find(entry.i64(2));
  const std::string what = "transaction " + text(here.first) + ", line " + text(here.second) + ": ";
  if (at == shard->accounts.end()) return find(what + "account " + text(entry.i64(2)) + " does not exist");
  Account& account = at->second;
  account.entries[here] = {entry.i64(3), entry.i64(6), {entry.i64(4), entry.i64(5)}};
  (*sums)[account.currency] += entry.i64(3);
  if (account.kind != kFaucet && account.kind != kSink) return;
  // Named by what was done, or by what took it: somebody who is gone, a restore.
  const std::string& reason = shard->reasons[here.first];
  if (account.name.empty() || (account.name != reason && account.name != "deleted" && account.name != "reconcile"))
    find(what + title(account.currency, account.kind, account.owner, account.name) + " is moved by reason '" + reason +
         "'");
}

void LedgerReplay::end_transaction(std::int64_t txn, std::map<std::string, std::int64_t>* sums) {
  for (const auto& [currency, sum] : *sums)
    if (sum != 0) find("transaction " + text(txn) + " makes " + text(sum) + " " + currency);
  sums->clear();
}

// From its last entry back to its first, in the order in which they were written.
std::vector<const LedgerReplay::Entry*> LedgerReplay::chain_of(const Account& account, const std::string& whose) {
  std::vector<const Entry*> chain;
  for (Place at = account.last; at != Place{};) {
    const auto entry = account.entries.find(at);
    if (entry == account.entries.end() || chain.size() > account.entries.size()) {
      find(whose + " has no entry in transaction " + text(at.first) + ", line " + text(at.second));
      break;
    }
    chain.push_back(&entry->second);
    at = entry->second.before;
  }
  if (chain.size() != account.entries.size())
    find(whose + " knows " + std::to_string(chain.size()) + " of its " + std::to_string(account.entries.size()) +
         " entries");
  std::reverse(chain.begin(), chain.end());
  return chain;
}

void LedgerReplay::replay(Account* account) {
  const std::string whose = title(account->currency, account->kind, account->owner, account->name);
  std::int64_t today = -1;
  for (const Entry* entry : chain_of(*account, whose)) {
    if (entry->day < today) find(whose + " goes back to day " + text(entry->day));
    if (entry->day != std::exchange(today, entry->day)) {
      const auto opening = account->openings.find(today);
      if (opening == account->openings.end() || opening->second != account->replayed)
        find(whose + " opens day " + text(today) + " with " +
             (opening == account->openings.end() ? "nothing" : text(opening->second)) + ", by its entries it has " +
             text(account->replayed));
    }
    if (__builtin_add_overflow(account->replayed, entry->amount, &account->replayed)) find(whose + " overflows");
    if (account->replayed < 0 && !may_owe(account->kind)) find(whose + " falls to " + text(account->replayed));
  }
  if (account->amount != account->replayed)
    find(whose + " is " + text(account->amount) + ", by its entries " + text(account->replayed));
}

// Of any version that was installed here: what was created by one that is gone was created rightly.
void LedgerReplay::read_reasons(store::Database& database) {
  Query row(database, "SELECT guards FROM content_guard");
  while (row.row()) {
    proto::ContentGuards guards;
    guards.ParseFromString(row.text(0));
    any_reason_ = any_reason_ || !guards.closed();
    for (const auto& reason : guards.reasons())
      if (reason.creates_size() + reason.sells_size() + reason.buys_size() > 0) reasons_.insert(reason.name());
  }
}

void LedgerReplay::replay_items(Shard* shard, store::Database& database) {
  Query row(database, "SELECT txn, line, item_id, kind, owner FROM item_history ORDER BY txn, line");
  while (row.row()) {
    if (!shard->reasons.contains(row.i64(0)))
      find("the life of an item names transaction " + text(row.i64(0)) + ", which does not exist");
    const store::Key16 item = row.key(2);
    const Holder now{row.i64(3), row.i64(4)};
    const auto [at, first] = shard->held.try_emplace(item);
    if (now.kind == kElsewhere && (first || at->second.kind == kElsewhere))
      find("item " + hex(item) + " leaves without having been here");
    if (!first && at->second.kind == kSink) find("item " + hex(item) + " comes back from a sink");
    at->second = now;
  }
}

// An envelope is empty once its letter is there, which is no movement of this shard.
void LedgerReplay::compare_items(Shard* shard, store::Database& database) {
  {
    Query row(database, "SELECT message_id FROM outbox WHERE state = 0");
    while (row.row()) shard->pending.insert(row.i64(0));
  }
  for (auto at = shard->held.begin(); at != shard->held.end();) {
    const bool left =
        at->second.kind == kElsewhere || (at->second.kind == kEnvelope && !shard->pending.contains(at->second.owner));
    at = left ? shard->held.erase(at) : std::next(at);
  }
  std::set<store::Key16> there;
  {
    Query row(database, "SELECT item_id, kind, owner FROM item_holder");
    while (row.row()) {
      const store::Key16 item = row.key(0);
      const Holder holder{row.i64(1), row.i64(2)};
      there.insert(item);
      if (const auto at = shard->held.find(item); at == shard->held.end())
        find("item " + hex(item) + " is held, by its history it is not here");
      else if (at->second != holder)
        find("item " + hex(item) + " is held by " + text(holder.kind) + " " + text(holder.owner) +
             ", by its history by " + text(at->second.kind) + " " + text(at->second.owner));
    }
  }
  for (const auto& [item, holder] : shard->held)
    if (!there.contains(item)) find("item " + hex(item) + " is held by nobody, by its history it is here");
}

void LedgerReplay::judge_faucets() {
  if (any_reason_ || reasons_.empty()) return;
  for (const auto& [number, shard] : shards_)
    for (const auto& [id, account] : shard.accounts)
      if (account.kind == kFaucet && !reasons_.contains(account.name) && account.name != "gm.give" &&
          account.name != "reconcile")
        find("no content knows a faucet '" + account.name + "' of " + account.currency);
}

// Only when nothing is on its way: then it is over all shards as if nothing had been.
void LedgerReplay::judge_transit() {
  std::map<std::pair<std::string, std::string>, std::int64_t> sums;
  for (const auto& [number, shard] : shards_) {
    if (shard.halfway || shard.restored) return;
    for (const auto& [id, account] : shard.accounts)
      if (account.kind == kTransit) sums[{account.name, account.currency}] += account.replayed;
  }
  for (const auto& [what, sum] : sums)
    if (sum != 0)
      find(text(sum) + " " + what.second + " is between shards (" + (what.first.empty() ? "letters" : what.first) +
           "), and nothing is on its way");
}

// Which shards an item is on, by what happened on each.
void LedgerReplay::judge_items() {
  for (const auto& [number, shard] : shards_)
    if (shard.halfway) return;
  std::map<store::Key16, std::uint32_t> on;
  for (const auto& [number, shard] : shards_)
    for (const auto& [item, holder] : shard.held)
      if (const auto [at, first] = on.emplace(item, number); !first)
        find("item " + hex(item) + " is on shard " + std::to_string(at->second) + " and on shard " +
             std::to_string(number));
}

// What an owner is told is what the ledgers say.
void LedgerReplay::judge_grants(const Stored& stored) {
  std::map<std::uint64_t, std::map<std::string, std::int64_t>> has;
  std::map<std::uint64_t, std::set<store::Key16>> holds;
  for (const auto& [number, shard] : shards_) {
    for (const auto& [id, account] : shard.accounts)
      if (account.kind == kPlayer && account.replayed != 0)
        has[static_cast<std::uint64_t>(account.owner)][account.currency] += account.replayed;
    for (const auto& [item, holder] : shard.held)
      if (holder.kind == kPlayer) holds[static_cast<std::uint64_t>(holder.owner)].insert(item);
  }
  for (const auto& [player, row] : stored.players) {
    std::map<std::string, std::int64_t> told;
    std::set<store::Key16> bag;
    for (const auto& amount : row.balances())
      if (amount.value() != 0) told[amount.name()] = amount.value();
    for (const auto& item : row.items()) bag.insert(store::key_of(item.id()));
    if (told != has[player] || bag != holds[player])
      find("what player " + std::to_string(player) +
           " is granted is not what happened to it: " + row.ShortDebugString());
  }
}

void LedgerReplay::judge(const Stored& stored, Verdict* verdict) {
  judge_faucets();
  judge_transit();
  judge_items();
  // Whoever is on the move is on two shards.
  if (std::none_of(shards_.begin(), shards_.end(), [](const auto& one) { return one.second.halfway; }))
    judge_grants(stored);
  for (const auto& line : findings_) verdict->push_back({law::kLedgerReplays, line});
}

}  // namespace dure::sim
