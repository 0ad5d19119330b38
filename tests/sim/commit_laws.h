// The laws that hold after every single commit of a shard, judged as it is made: what SQLite says has been touched is
// read again, the rest is remembered, so that a look costs what its commit did. The shards are seen together, as no
// shard sees itself: ledgers that sum to 0, one ACTIVE row a player, one place an item, epochs and numbers that only
// rise, also over crashes, power cuts and restores of one shard. Reads only, and no fault of the disk meets its reads.
// One thread; outlives the connections.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "dbagent/store/statement.h"
#include "tests/sim/broken.h"
#include "tests/sim/disk.h"
#include "tests/sim/item_places.h"

namespace dure::sim {

class CommitLaws {
 public:
  explicit CommitLaws(Disk& disk);
  CommitLaws(const CommitLaws&) = delete;
  // A shard's file has a connection again, and may have come back from a power cut.
  void opened(std::uint32_t shard, store::Database& database);
  // A transaction of that connection is committed and answered so.
  void committed(std::uint32_t shard);
  // The connection is about to end, or can be asked no more.
  void closed(std::uint32_t shard, const store::Database& database);

  bool is_shut(std::uint32_t shard) const;
  // Whose value is on it, or on its way from or to it.
  std::set<std::uint64_t> players_of(std::uint32_t shard) const;

  const Verdict& broken() const { return broken_; }
  std::uint64_t looks() const { return looks_; }

 private:
  struct Row {  // of a player
    std::int64_t status = 0, epoch = 0, last_pseq = 0;
    store::Key16 owner;
    bool purged = false;
  };
  struct Account {
    std::string currency;
    std::int64_t amount = 0;
  };
  struct Touched {
    std::set<std::int64_t> players, accounts, holders;  // rows
    bool restored = false;                              // the table
  };
  struct Shard {
    store::Database* database = nullptr;
    Touched touched;
    std::map<std::int64_t, Row> players;
    std::map<std::int64_t, Account> accounts;
    std::map<std::string, std::int64_t> sums;  // of all accounts, by currency
    // Restored alone and not yet reconciled: its books hold, but what it has of players and items counts for nobody.
    bool shut = false;
  };
  static void touch(void* touched, int, const char*, const char* table, sqlite3_int64 row);
  void look(std::uint32_t shard);
  void look_whether_shut(std::uint32_t shard, Touched* touched);
  void read_account(std::uint32_t shard, std::int64_t id, std::set<std::string>* changed);
  void read_player(std::uint32_t shard, std::int64_t id, ItemPlaces::Items* items);
  void judge_row(std::uint32_t shard, std::int64_t id, const Row& row);
  bool active(std::uint32_t shard, std::int64_t player) const;
  void report(const char* law, std::uint32_t shard, const std::string& what);

  Disk& disk_;
  std::map<std::uint32_t, Shard> shards_;
  std::map<std::int64_t, Row> newest_;  // as its ACTIVE row last was, by player
  ItemPlaces items_;
  std::set<std::string> told_;  // once each
  Verdict broken_;
  std::uint64_t looks_ = 0;
};

}  // namespace dure::sim
