// The database files of a run: the disk they are on, the agent's workers that serve them as production's do, and what
// they hold when all is over. Judges by itself what no client can see: that a file whose store answered SAVED is not
// older than that answer when it is opened again. One thread; outlives the cluster.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/logic/worker.h"
#include "common/proto/value.pb.h"
#include "tests/sim/backups.h"
#include "tests/sim/broken.h"
#include "tests/sim/commit_laws.h"
#include "tests/sim/disk.h"
#include "tests/sim/register_laws.h"
#include "tests/sim/rogue/tap.h"

namespace dure::store {
class DirectoryStore;
class ShardStore;
}  // namespace dure::store

namespace dure::sim {

// What the databases say after a run.
struct Stored {
  std::map<std::uint64_t, proto::Aggregate> players;
  std::int64_t ledger_sum = 0;
  std::uint64_t items = 0, orphans = 0, doubles = 0, open_holds = 0;
  std::vector<std::string> findings, unsettled_moves;
  std::vector<std::string> shut;   // a shard that is restored and still closed: why, a line each
  std::vector<std::string> notes;  // what was redone on one that is restored
};

class Stores {
 public:
  explicit Stores(std::uint64_t seed) : disk_(seed) {}
  Disk& disk() { return disk_; }
  // A deliberate bug: SAVED is said before the sync.
  void be_unsynced() { synced_ = false; }
  // Another: what the disk gives back is believed.
  void be_trusting() { trusting_ = true; }

  // From now on `tap` hears and asks what it likes at every store that an agent opens. Outlives them.
  void tap(Tap* tap) { tap_ = tap; }
  // A deliberate bug: whatever the tap asks is answered STORED.
  void be_gullible() { gullible_ = true; }

  // The workers of an agent that serves `shards` and the directory, by queue. Throws CannotStart while the disk ails,
  // runtime_error if a file that was in order cannot be opened.
  std::map<std::string, std::unique_ptr<Worker>> open(const std::vector<std::uint32_t>& shards,
                                                      const Incarnation& incarnation);
  // A backup of a shard as it is now. False: its store cannot be asked now.
  bool back_up(std::uint32_t shard);
  // Puts it back, alone; its agent is dead. Whose value was there, and is what it was then. Not for a shard without
  // one.
  std::set<std::uint64_t> put_back(std::uint32_t shard);
  bool has_backup(std::uint32_t shard) const { return backups_.has(shard); }
  // A letter in a box, or a leg of a trade, of a store that an agent has open.
  bool something_waits() const;
  // Put back, and not open again.
  bool is_shut(std::uint32_t shard) const { return laws_.is_shut(shard); }
  // Of stores that nobody has open. Acquires each of `players` (shard, id) to read it.
  Stored read(std::uint32_t shards, const std::vector<std::uint64_t>& players);
  // Files that came back older than what was answered from them, and what was wrong after a commit.
  Verdict broken() const;
  std::uint64_t commits_judged() const { return laws_.looks(); }
  // Bits that the disk flipped and a store noticed.
  struct Noticed {
    std::uint64_t pages = 0, logs = 0;
  };
  const Noticed& noticed() const { return noticed_; }

 private:
  friend class WitnessedWorker;
  friend class JudgedWorker;
  friend class JudgedDirectory;
  Disk disk_;
  CommitLaws laws_{disk_};
  RegisterLaws register_laws_{disk_};
  Backups backups_{disk_};
  std::map<std::uint32_t, store::ShardStore*> open_;  // by an agent
  template <class Options>
  Options options_of(const std::string& queue, const Incarnation& incarnation);
  template <class Store>
  std::unique_ptr<Store> opened(Result<std::unique_ptr<Store>> store);
  std::unique_ptr<store::ShardStore> open_shard(std::uint32_t shard, const Incarnation& incarnation);
  std::unique_ptr<store::DirectoryStore> open_directory(std::uint32_t shards, const Incarnation& incarnation);
  // What its file says of its last commit: at least one of it rises with whatever is numbered or takes time.
  struct Written {
    std::int64_t time_ms = 0, next_number = 0, operations = 0;
  };
  Written written(store::Database& database);
  void saved(const std::string& queue, const Written& now);
  void witness(const std::string& queue, store::Database& database);
  void no_faults(const std::string& queue, std::uint64_t faults);
  void notice(const std::string& failure);
  // A store's worker, with what stands between it and its agent.
  std::unique_ptr<Worker> dressed(const std::string& queue, std::unique_ptr<Worker> worker, store::Database& database);
  bool synced_ = true, trusting_ = false, gullible_ = false;
  Tap* tap_ = nullptr;
  Noticed noticed_;
  std::map<std::string, Written> saved_;  // when SAVED was answered last, by queue
  std::set<std::string> faulty_;          // of which it was said
  Verdict broken_;
};

}  // namespace dure::sim
