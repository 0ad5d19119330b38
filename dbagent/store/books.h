// The audit that never ends: between two commits it looks at a bounded number of rows, so that a shard of any size is
// proved while it works. Three cursors:
//
//   entries    every ledger transaction once, as it is committed: it sums to 0
//   accounts   a pass adds up all accounts by kind and currency. An account that was added already and changes then is
//              followed by its entries, so at the end of the pass the sums must be those of `total`, which the
//              movements themselves keep, and those of a currency must be 0 together
//   items      each holder exists and still holds; the index that allows one holder only is there
//
// A slice that did not come up with the entries says so, by how many transactions and since when: the next one is due
// at once (Bookkeeper).
//
// What is found is counted once, however often it is seen, and said; nothing is mended. Lives with one shard file;
// reads committed rows only, on the file's connection, outside of any transaction. Forgets everything when the agent
// ends.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dbagent/store/shard.h"

namespace dure::proto {
class BooksQuery;
class BooksReply;
}  // namespace dure::proto

namespace dure::store {

class Books {
 public:
  // A new pass over accounts and items begins so long after the one before it began.
  static constexpr std::int64_t kPassEveryMs = kMinuteMs;
  // Rows of each kind in a slice: some tenths of a millisecond, at most 2 ms.
  static constexpr std::int64_t kRowsMax = 1000;
  // So many different findings are told from one another; what is found beyond them is not counted.
  static constexpr std::size_t kFoundMax = 10'000;

  // Inside a batch: how it stands; with `step` the next between_commits() takes a slice.
  proto::BooksReply answer(Shard& shard, const proto::BooksQuery& request);
  // After the batch was committed.
  void between_commits(Database& db);

 private:
  using Whose = std::pair<std::int64_t, std::string>;  // kind, currency
  using Wide = __int128;
  void begin_pass(Database& db);
  bool read_entries(Database& db);  // true: caught up
  bool read_accounts(Database& db);
  bool read_items(Database& db);
  void compare(Database& db);
  void end_transaction();
  void look_at_waiting(Database& db);
  void look_how_far(Database& db, bool caught_up);
  void find(const std::string& line);

  bool wanted_ = false, passing_ = false, more_ = false;
  std::int64_t now_ = 0, pass_began_ = 0, pass_ended_ = 0;
  bool started_ = false;
  std::int64_t day_ = 0, txn_ = 0, line_ = 0;  // the last entry that was read
  std::map<std::string, Wide> open_;           // what that transaction sums to so far, by currency
  std::int64_t account_ = 0, item_row_ = 0;    // up to here this pass has come
  bool accounts_done_ = false, items_done_ = false;
  std::map<Whose, Wide> sums_;
  std::map<std::uint64_t, std::int64_t> pending_;  // message → when it was first seen waiting; the oldest ones
  std::uint64_t passes_ = 0, entries_ = 0, accounts_ = 0, items_ = 0, stuck_holds_ = 0, late_messages_ = 0;
  std::uint64_t accounts_seen_ = 0, items_seen_ = 0;
  std::int64_t behind_since_ = 0, transactions_behind_ = 0;  // 0: it is not
  std::set<std::string> found_;
  std::uint64_t finding_count_ = 0;
  std::vector<std::string> findings_;
};

}  // namespace dure::store
