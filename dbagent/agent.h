// The dbagent role: the door to the shard and directory databases. It gathers requests into groups, one queue a
// database file ("shard-0", "directory"), hands each group to that file's worker and answers when the worker says that
// it is synced. Knows no SQL and no game rule. Logic thread only.
//
//   not served here        WRONG_SHARD in the request's own reply
//   group not done         RETRY to every asker; never a refusal
//   file failed for good   RETRY to what waits, the other queues finish, then stopped(): to be started anew
//   TERM                   as that; what comes in meanwhile is answered RETRY
//
// The directory's agent also drives the moves of accounts between shards (move_desk.h), tells everybody the switches
// (switch_desk.h) and the active content (content_desk.h), fences displaced sessions, and executes `ban`, `feature`,
// `maintenance`, `give` and `content` of game masters (gm_desk.h).
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/logic/node.h"
#include "dbagent/bookkeeper.h"
#include "dbagent/commit_queue.h"
#include "dbagent/move_desk.h"

namespace dure {

namespace proto {
class BanSet;
class PasswordSet;
class CommitPause;
class ContentNotice;
class CommitPauseReply;
class SessionBegin;
class SessionReply;
class SessionResume;
class ShardLoad;
class ShardLoadQuery;
class StoreEvent;
}  // namespace proto

class ContentDesk;
class GmDesk;
class Housekeeper;
class OutboxRelay;
class ReconcileDesk;
class SwitchDesk;
class TradeDesk;

struct AgentOptions {
  GroupLimits group;
  // What `give` may name, of the game's content: balances (currencies, stacks) and item templates.
  std::vector<std::string> balances, items;
  std::int64_t give_balance_max = 1'000'000;
  std::int64_t give_items_max = 100;
  // As with an OwnerNode: what a character may never have would wait in its inbox for ever. None: any.
  std::function<std::int64_t(const std::string& balance)> cap = {};
  std::size_t items_max = 0;
  MoveLimits moves = {};
  BooksLimits books = {};
  std::string content = {};  // an encoded ContentLoad: what this program came with, for the directory; empty: nothing
};

class Agent : public Node {
 public:
  // Shards and directory are those of the identity, since peers learn them from its hello.
  Agent(NodeIdentity identity, const Routes& routes, Seams seams, AgentOptions options);
  ~Agent() override;

  static std::string shard_queue(std::uint32_t shard) { return "shard-" + std::to_string(shard); }
  static constexpr const char* kDirectoryQueue = "directory";

  const OutboxRelay& relay() const { return *relay_; }
  const ContentDesk& content_desk() const { return *content_desk_; }
  const TradeDesk& trade_desk() const { return *trade_desk_; }
  const Bookkeeper& bookkeeper() const { return bookkeeper_; }
  const ReconcileDesk& reconcile_desk() const { return *reconcile_desk_; }
  const AgentOptions& options() const { return options_; }
  void check_invariants() const override;

 protected:
  void on_start() override;
  void on_peer_up(NodeId peer) override;
  void on_gm(const GmCommandIn& command) override;
  void on_stop(bool at_once) override;
  Duration tick_interval() const override { return seconds(1); }
  void on_tick(std::uint64_t tick) override;
  void on_turn_end() override;
  void monitor(std::vector<std::pair<std::string, std::string>>* fields) const override;

 private:
  template <class Request, class Reply>
  void serve_shard(bool load = false);
  // It reads much: a slice of such goes with each group (commit_queue.h).
  template <class Request, class Reply>
  void serve_load() {
    serve_shard<Request, Reply>(true);
  }
  template <class Request, class Reply>
  void serve_directory(void (Agent::*then)(const From&, const Request&, const Reply&) = nullptr);
  template <class Request>
  void serve_shard_notice();
  template <class Request>
  void serve_directory_notice();

  void enqueue(const From& from, const std::string& queue, const StoreKind& kind, std::string_view body);
  // A backup's step: a group of its own, at once, also during a pause.
  template <class Request, class Reply>
  void serve_backup(std::string (*queue)(const Request&));
  Task<void> commit_alone(std::string name, Asked asked);
  void answer(const Asked& asked, std::string_view body);
  Task<void> commit(std::string name);
  // False: the file has failed for good.
  bool finish(const std::string& queue, const std::vector<Asked>& group, const std::string& encoded);
  // What a store said besides its replies.
  void hear(const std::string& queue, const proto::StoreEvent& event);
  void give_up(const std::string& why);
  bool idle() const;

  struct Fence {
    std::uint64_t account = 0;
    std::uint32_t session_epoch = 0;  // sessions up to it end
    std::string reason;
    MonoTime at;
    std::uint64_t goes_on = 0;  // the session that another gateway has now
  };
  void session_began(const From& from, const proto::SessionBegin& request, const proto::SessionReply& reply);
  void session_resumed(const From& from, const proto::SessionResume& request, const proto::SessionReply& reply);
  void banned(const From& from, const proto::BanSet& request, const proto::SessionReply& reply);
  void password_changed(const From& from, const proto::PasswordSet& request, const proto::SessionReply& reply);
  void fence(const Fence& fence, NodeId except);
  void tell_fence(NodeId gateway, const Fence& fence);
  Task<proto::CommitPauseReply> pause(From from, proto::CommitPause request);
  bool paused() const { return pause_ != 0 && now() < paused_until_; }
  proto::ShardLoad shard_load(const From& from, const proto::ShardLoadQuery& query);
  void content_notice(const From& from, const proto::ContentNotice& notice);

  AgentOptions options_;
  std::map<std::string, CommitQueue> queues_;  // made at construction; never changes
  std::map<std::uint32_t, StoreKind> kinds_;   // by message id; likewise
  MonoTime wake_at_{};
  std::uint64_t pause_ = 0;  // the backup that asked for it
  MonoTime paused_until_{};
  bool draining_ = false, failed_ = false;
  std::deque<Fence> fences_;  // of the last minutes: told again to a gateway that comes back
  std::uint64_t committed_reported_ = 0, committed_per_s_ = 0, retries_ = 0;
  Bookkeeper bookkeeper_;
  std::unique_ptr<SwitchDesk> switch_desk_;
  std::unique_ptr<ContentDesk> content_desk_;
  std::unique_ptr<GmDesk> gm_desk_;
  std::unique_ptr<MoveDesk> move_desk_;
  std::unique_ptr<OutboxRelay> relay_;
  std::unique_ptr<Housekeeper> housekeeper_;
  std::unique_ptr<TradeDesk> trade_desk_;
  std::unique_ptr<ReconcileDesk> reconcile_desk_;
};

}  // namespace dure
