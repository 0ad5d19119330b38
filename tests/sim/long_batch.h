// What long batches have come to, in a SQLite file: figures add up over calls and days, by the hash of the program that
// ran them, so that nothing that was seen of other code counts. Several processes may work on one file: each takes
// pieces of its own; a piece whose process died is not counted, nor run again. One thread an object. A file that cannot
// be used throws store::SqlTrouble.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "dbagent/store/statement.h"
#include "tests/sim/table.h"

namespace dure::sim {

class LongBatch {
 public:
  static constexpr std::uint64_t kSeedsOfAPiece = 100;

  // `code`: of the program that runs (code_hash).
  [[nodiscard]] static Result<std::unique_ptr<LongBatch>> open(const std::string& path, std::string code);
  // The first seed of the next piece, from 1 on; nobody gets it twice.
  std::uint64_t take_piece();
  // `failures`: the arguments that run it again, and the law it broke.
  struct Failure {
    std::string replay, law;
  };
  void put(const Table::Counts& counts, const std::vector<Failure>& failures);
  Table::Counts counts();
  std::vector<Failure> failures();

 private:
  LongBatch(std::unique_ptr<store::Database> file, std::string code) : file_(std::move(file)), code_(std::move(code)) {}
  std::unique_ptr<store::Database> file_;
  std::string code_;
};

// Of the program that runs, every byte of it.
[[nodiscard]] Result<std::string> code_hash();

}  // namespace dure::sim
