// What a file says once and for ever, and what in it only rises: registers of trades, fates of moves, epochs and map
// versions of the directory; and that who is purged has nothing. Read again as a whole when a file is opened, and now
// and then between its commits: a change is there to stay, so it is seen a little later. What a shard's file says is
// only remembered until a backup of it is put back. Reads only, and no fault of the disk meets its reads. One thread.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "dbagent/store/statement.h"
#include "tests/sim/broken.h"
#include "tests/sim/disk.h"

namespace dure::sim {

class RegisterLaws {
 public:
  explicit RegisterLaws(Disk& disk) : disk_(disk) {}
  RegisterLaws(const RegisterLaws&) = delete;
  void look_at_shard(std::uint32_t shard, store::Database& database);
  void look_at_directory(store::Database& database);
  // Its file is an older one from now on: what came after that may be decided anew.
  void went_back(std::uint32_t shard);

  const Verdict& broken() const { return broken_; }
  std::uint64_t remembered() const;  // rows

 private:
  // Rows of `what`, each under a key, as `sql` reads them: key, value.
  void same_for_ever(const std::string& file, const char* what, store::Database& database, const char* sql);
  void only_rises(const char* law, const std::string& file, const char* what, store::Database& database,
                  const char* sql);
  // Rows that there must not be: key, what is wrong with it.
  void none(const char* law, const std::string& file, store::Database& database, const char* sql);

  void report(const char* law, const std::string& what);

  Disk& disk_;
  std::map<std::string, std::map<std::string, std::string>> lasting_;  // by file and what, by key
  std::map<std::string, std::map<std::string, std::int64_t>> rising_;
  std::set<std::string> told_;  // once each
  Verdict broken_;
};

}  // namespace dure::sim
