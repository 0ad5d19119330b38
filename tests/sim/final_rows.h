// What all shards together say when a run is over, and no single one can: one ACTIVE row a character, each letter at
// its sender's and at its receiver's, each leg of a trade as its register decided. Judged of the rows alone, of files
// that nobody has open; shares no code with the store. One thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/proto/value.pb.h"
#include "dbagent/store/statement.h"
#include "tests/sim/broken.h"

namespace dure::sim {

class FinalRows {
 public:
  // Once a shard.
  void read(std::uint32_t shard, store::Database& database);
  void judge(Verdict* verdict) const;

 private:
  struct Row {  // of a character
    std::uint32_t shard = 0;
    std::int64_t status = 0;
  };
  struct Letter {
    std::uint32_t shard = 0;
    std::uint64_t from = 0, to = 0;
    bool delivered = false;
    proto::InboxEntry content;
  };
  struct Received {
    std::uint32_t shard = 0;
    std::uint64_t player = 0, from = 0;
    proto::InboxEntry content;
  };
  struct Which {  // leg of its side
    std::uint64_t player = 0, epoch = 0, pseq = 0;
    bool yes = false;
    auto operator<=>(const Which&) const = default;
  };
  struct Leg {
    std::uint32_t shard = 0;
    Which which;
    std::int64_t verdict = 0;
    std::string terms;
  };
  struct Vote {
    Which which;
    std::string terms;
  };
  struct Decision {
    std::int64_t verdict = 0;
    bool swapped = false;
  };
  using Side = std::pair<store::Key16, std::int64_t>;
  void read_letters(std::uint32_t shard, store::Database& database);
  void read_trades(std::uint32_t shard, store::Database& database);
  void judge_rows(Verdict* verdict) const;
  void judge_letter(std::uint64_t id, const std::vector<Letter>& sent, Verdict* verdict) const;
  void judge_received(std::uint64_t id, const std::vector<Received>& received, Verdict* verdict) const;
  void judge_leg(const Side& side, const Leg& leg, Verdict* verdict) const;
  void judge_decision(const store::Key16& txn, std::uint32_t shard, const Decision& decision, Verdict* verdict) const;

  std::map<std::uint64_t, std::vector<Row>> players_;
  std::map<std::uint64_t, std::vector<Letter>> sent_;
  std::map<std::uint64_t, std::vector<Received>> received_;
  std::map<Side, std::vector<Leg>> legs_;
  std::map<std::pair<std::uint32_t, Side>, Vote> votes_;  // by register
  std::map<std::pair<std::uint32_t, store::Key16>, Decision> decisions_;
  bool restored_ = false;
};

}  // namespace dure::sim
