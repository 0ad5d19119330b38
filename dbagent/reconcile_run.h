// One round of the desk over one shard, and how it asks. For the desk's own files. Logic thread only.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "dbagent/agent.h"
#include "dbagent/reconcile_desk.h"
#include "dbagent/reconcile_rounds.h"

namespace dure {

struct ReconcileDesk::Run {
  static constexpr std::size_t kLinesKept = 500;
  explicit Run(std::uint32_t number) : shard(number), rounds(number) {}
  std::uint32_t shard;
  std::vector<std::uint32_t> others;
  ReconcileRounds rounds;
  std::uint64_t redone = 0;
  bool settled = false;                                          // what its own register has not decided
  std::vector<std::pair<std::uint32_t, proto::TradeFact>> held;  // legs of others that hold items; from which shard
  // The move by which an account that is here by the map came here last: source and number. A later one may have been
  // turned back.
  std::map<std::uint64_t, std::pair<std::uint32_t, std::uint64_t>> came;
  std::uint64_t moves_begun = 0;  // of all accounts, when it began to hear
  std::vector<std::string> notes, open;
  void note(const std::string& line) {
    if (notes.size() < kLinesKept) notes.push_back(line);
  }
  void leave_open(const std::string& line) {
    if (open.size() < kLinesKept) open.push_back(line);
  }
};

struct ReconcileDesk::Trace {
  bool here = false;                        // on one of them, or about to come there
  std::uint64_t changes = 0;                // of its holders there
  std::vector<proto::LetterTrace> letters;  // that wait in an outbox there, and have brought it if they are delivered
};

template <class Reply, class Request>
Task<Result<Reply>> ReconcileDesk::ask(NodeId to, Request request, Duration deadline) {
  constexpr Duration kBetweenTries = milliseconds(200);
  constexpr int kTries = 10;
  for (int tries = 1;; ++tries) {
    const Result<Reply> reply = co_await agent_.call<Reply>(to, request, deadline);
    if (reply && reply->code() != proto::RETRY) co_return reply;
    if (!reply && deadline > kDeadline) co_return reply;
    if (tries == kTries || agent_.stopping()) co_return fail(Trouble::kBusy, "no answer");
    co_await agent_.wait(kBetweenTries);
  }
}

}  // namespace dure
