// The asking half of `dure shards`, as conversations with the directory's agent and with each shard's. Main thread.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/logic/node.h"
#include "tools/shards/progress_bar.h"
#include "tools/shards/run_shards.h"

namespace dure {

namespace proto {
class ShardsReply;
}

class ShardsNode : public Node {
 public:
  ShardsNode(NodeIdentity identity, const Routes& routes, Seams seams, const ShardsOptions& options)
      : Node(std::move(identity), routes, seams), options_(options) {}
  ~ShardsNode() override;
  bool done() const { return done_; }
  int result() const { return result_; }

 protected:
  void on_start() override;

 private:
  Task<void> converse();
  // The shard `to` is served, and the directory has heard of it.
  Task<void> until_known();
  Task<void> is_served();
  Task<void> list();
  Task<void> move_one();
  Task<void> move_many();
  Task<void> move_next();
  Task<void> watch(std::uint64_t account);
  // 0: no such account.
  Task<std::uint64_t> account_of(std::string text);
  void end(int result);
  void show_many();

  const ShardsOptions& options_;
  bool done_ = false;
  int result_ = 0;
  ProgressBar bar_;
  std::deque<std::uint64_t> accounts_;  // still to be moved
  std::uint64_t wanted_ = 0, moved_ = 0, stayed_ = 0, going_on_ = 0, movers_ = 0;
  std::vector<std::uint64_t> pauses_us_;
  std::string why_stayed_;
};

}  // namespace dure
