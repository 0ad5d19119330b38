// Backups of single shards, taken and put back by the very code of `dure backup` and `dure restore --shard`: a copy by
// SQLite's backup interface on the connection of the shard's store, the marks that a restore writes, and then the file
// in the place of the one on the simulated disk, durable, with no log beside it. The copies are real files in a folder
// of their own, gone with this. One thread. Throws runtime_error where production would say what is wrong.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "dbagent/store/statement.h"
#include "tests/sim/disk.h"

namespace dure::sim {

class Backups {
 public:
  explicit Backups(Disk& disk) : disk_(disk) {}
  ~Backups();
  Backups(const Backups&) = delete;
  Backups& operator=(const Backups&) = delete;

  // What is committed now, between two commits. A later one takes its place.
  void take(std::uint32_t shard, store::Database& database);
  bool has(std::uint32_t shard) const { return taken_.contains(shard); }
  // Of a shard whose agent is dead: it starts closed (dbagent/store/reconcile.h).
  void put_back(std::uint32_t shard, const std::string& file);

 private:
  std::string path(const std::string& name);
  Disk& disk_;
  std::filesystem::path folder_;
  std::map<std::uint32_t, std::string> taken_;  // where, by shard
  std::uint64_t number_ = 0;
};

}  // namespace dure::sim
