// What every account has and who holds every item, computed anew from the history of the shards alone (transactions,
// entries, openings, the life of items) and held against what the shards say they have, and what they tell an owner.
// Shares no code with the store. Files that nobody has open; one thread.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dbagent/store/statement.h"
#include "tests/sim/broken.h"

namespace dure::sim {

struct Stored;

class LedgerReplay {
 public:
  // Once a shard. What is wrong in it by itself is found here.
  void read(std::uint32_t shard, store::Database& database);
  // All of them together.
  void judge(const Stored& stored, Verdict* verdict);
  std::uint64_t entries() const { return entries_; }

 private:
  using Place = std::pair<std::int64_t, std::int64_t>;  // of an entry: transaction, line
  struct Entry {
    std::int64_t amount = 0, day = 0;
    Place before;
  };
  struct Account {
    std::int64_t kind = 0, owner = 0;
    std::string name, currency;
    std::int64_t amount = 0, replayed = 0;
    Place last;
    std::map<std::int64_t, std::int64_t> openings;  // by day
    std::map<Place, Entry> entries;
  };
  struct Holder {
    std::int64_t kind = 0, owner = 0;
    auto operator<=>(const Holder&) const = default;
  };
  struct Shard {
    std::map<std::int64_t, Account> accounts;
    std::map<std::int64_t, std::string> reasons;  // of transactions
    std::map<store::Key16, Holder> held;          // by history
    std::set<std::int64_t> pending;               // letters of its outbox
    bool halfway = false;                         // an account, a trade or a letter is between shards
    bool restored = false;
  };
  void read_accounts(Shard* shard, store::Database& database);
  void read_entries(Shard* shard, store::Database& database);
  void read_entry(Shard* shard, const store::Query& entry, std::map<std::string, std::int64_t>* sums);
  void end_transaction(std::int64_t txn, std::map<std::string, std::int64_t>* sums);
  std::vector<const Entry*> chain_of(const Account& account, const std::string& whose);
  void replay(Account* account);
  void read_reasons(store::Database& database);
  void replay_items(Shard* shard, store::Database& database);
  void compare_items(Shard* shard, store::Database& database);
  void judge_faucets();
  void judge_transit();
  void judge_items();
  void judge_grants(const Stored& stored);
  void find(const std::string& what);

  std::string where_;
  std::map<std::uint32_t, Shard> shards_;
  std::set<std::string> reasons_;  // that some content lets create
  bool any_reason_ = false;
  std::uint64_t entries_ = 0;
  std::vector<std::string> findings_;
};

}  // namespace dure::sim
