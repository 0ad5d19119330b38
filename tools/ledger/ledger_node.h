// The asking half of the ledger's commands: conversations with the directory's agent and with each shard's. A shard
// that does not answer ends the command: a history with a hole in it is none. Main thread.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "common/logic/node.h"
#include "tools/ledger/run_ledger.h"

namespace dure {

class LedgerNode : public Node {
 public:
  LedgerNode(NodeIdentity identity, const Routes& routes, Seams seams, const LedgerOptions& options)
      : Node(std::move(identity), routes, seams), options_(options) {}
  ~LedgerNode() override;
  bool done() const { return done_; }
  int result() const { return result_; }

 protected:
  void on_start() override;

 private:
  static constexpr int kWrong = 4, kRetry = 5;  // proto::StoreCode
  Task<void> converse();
  // Waits until every shard that the directory knows is linked. False: one is away.
  Task<bool> find_shards();
  Task<void> item_life();      // item_life.cpp
  Task<void> player_ledger();  // player_ledger.cpp
  Task<void> economy_table();  // economy_table.cpp
  Task<void> books_watch();    // books_watch.cpp
  // Asks a shard's agent until it is no RETRY, for some seconds.
  template <class Reply, class Request>
  Task<Result<Reply>> ask(std::uint32_t shard, Request request);
  // "Mina (7)"; the number when nobody knows it.
  Task<std::string> name_of(std::uint64_t player);
  std::int64_t since_unix_ms() const;
  void end(int result);
  void away(std::uint32_t shard);

  const LedgerOptions& options_;
  bool done_ = false;
  int result_ = 0;
  std::vector<std::uint32_t> shards_;
  std::map<std::uint64_t, std::string> names_;
};

template <class Reply, class Request>
Task<Result<Reply>> LedgerNode::ask(std::uint32_t shard, Request request) {
  request.set_shard(shard);
  Result<Reply> reply;
  for (int tries = 0; tries < 20; ++tries) {
    const NodeId agent = shard_agent(shard);
    reply = co_await call<Reply>(agent, request, seconds(5));
    const bool again = !reply || static_cast<int>(reply->code()) == kRetry || static_cast<int>(reply->code()) == kWrong;
    if (!again) co_return reply;
    co_await wait(milliseconds(100));
  }
  co_return fail(Trouble::kTimeout, "shard " + std::to_string(shard) + " does not answer");
}

}  // namespace dure
