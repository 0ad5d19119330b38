// The disk of a simulated machine, as SQLite sees it: files with a live plane, which is what the kernel's cache shows
// to whoever reads, and a durable one, which is what a power cut leaves. What was written and not synced is between the
// two: at a power cut it is lost, torn at 512 bytes, or there without what was written before it. A write never harms
// bytes beside it, which is what SQLite believes of Linux. A failed sync is told once; what it should have made durable
// then counts as clean, as on Linux since 4.13: never written any more, read back until it is evicted. One thread;
// outlives every connection on it. Draws come from a stream of its own.
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/random.h"

namespace dure::sim {

enum class DiskFault {
  kFull,       // what would make a file longer is refused, after a part of it
  kErrors,     // a read or write in fifty fails
  kSyncFails,  // a sync in three fails
  kFlips,      // a read in 300, of a database or a log, has one bit wrong; the next one of the same has not
};

class Disk {
 public:
  explicit Disk(std::uint64_t seed);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  const std::string& vfs() const { return vfs_name_; }  // the name under which SQLite knows it
  // Whoever had files open is dead: its handles are void, what it wrote stays. Before its connections are closed.
  void process_died();
  // Of the whole machine, which has no living process: the live plane is what came through.
  void power_cut();
  // A file that somebody put into the place of a database, durable and with no log beside it. Nobody has it open.
  void replace(const std::string& name, std::string bytes);
  void set(DiskFault fault, bool on);
  bool ails() const { return !faults_.empty(); }
  void heal() { faults_.clear(); }
  // Who only looks on is no part of the world: none of its reads fails while this lives.
  class Calm {
   public:
    explicit Calm(Disk& disk) : disk_(disk) { disk_.calm_ = true; }
    ~Calm() { disk_.calm_ = false; }
    Calm(const Calm&) = delete;

   private:
    Disk& disk_;
  };
  // A deliberate bug: of a sync that fails, nobody is told.
  void be_silent_about_syncs() { silent_ = true; }

  struct Figures {
    std::uint64_t syncs = 0, failed_syncs = 0, refused = 0, errors = 0, power_cuts = 0;
    std::uint64_t flips = 0;
    std::uint64_t lost = 0, torn = 0;  // writes, at power cuts
  };
  const Figures& figures() const { return figures_; }

  // ── what the VFS asks ─────────────────────────────────────────────────────────────────────────────────────
  struct Change {
    std::uint64_t at = 0;
    std::string bytes;
    bool cuts = false;  // the file ends at `at`
  };
  struct File {
    std::string name, live, durable;
    bool entry_durable = false;  // its name is in the folder after a power cut
    std::vector<Change> unsynced;
    std::map<const void*, int> locks;  // level, by handle
  };
  std::uint32_t life() const { return life_; }
  File* open(const std::string& name, bool create);  // nullptr: not there
  bool exists(const std::string& name) const { return files_.count(name) != 0; }
  void remove(const std::string& name, bool synced);
  int read(const File& file, std::uint64_t at, std::string_view* bytes, std::size_t length);
  int write(File& file, std::uint64_t at, std::string_view bytes);
  void truncate(File& file, std::uint64_t size);
  int sync(File& file);

 private:
  void flip_a_bit(const File& file, std::string_view* bytes);
  static void apply(const Change& change, std::string* plane);
  void put(File& file, Change change);
  void lose_some(File& file);
  void sync_folder();
  sqlite3_vfs vfs_{};
  std::string vfs_name_;
  Rng rng_;
  std::uint32_t life_ = 1;
  std::map<std::string, std::unique_ptr<File>> files_;
  std::map<std::string, std::unique_ptr<File>> removed_;  // the folder was not synced since
  std::vector<std::unique_ptr<File>> closed_;             // handles of the dead may still point at them
  std::set<DiskFault> faults_;
  bool silent_ = false, calm_ = false;
  std::string flipped_;  // what the last read with a bit wrong gave
  Figures figures_;
};

// Fills in what SQLite calls. `vfs` and `disk` outlive the registration.
void make_vfs(Disk* disk, const char* name, sqlite3_vfs* vfs);

}  // namespace dure::sim
