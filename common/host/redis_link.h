// What a process has to do with Redis: finds the other nodes by their leases, publishes monitor values, hears game
// masters. One thread; bounded in time; Redis away changes nothing else, the last known map stays.
//
//   <prefix>node:<name>     "<address> <incarnation>", EX 5, set anew each second
//   <prefix>monitor:<name>  a hash, EX 5
//   <prefix>gm              pub/sub: SignedGmCommand     <prefix>gm:reply:<id>  pub/sub: GmAnswer
//
// monitor(), answer(), connected(), refused(): any thread. The rest: main thread. Mailboxes are borrowed until stop().
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/host/gm_gate.h"
#include "common/host/mailbox.h"
#include "common/host/redis_connection.h"
#include "common/host/wake.h"
#include "common/logic/log_limit.h"

namespace dure {

struct RedisOptions {
  std::string address;  // "127.0.0.1:6379" or "unix:/path"
  std::string prefix = "dure:";
  std::string cluster_id = "dure";
  std::map<std::string, GmPublicKey> gm_keys;
  GmRights gm_rights;
};
// A node of this process. Without an address it takes no lease.
struct RegistryNode {
  NodeId id;
  std::string name, address, incarnation;
  Mailbox* mailbox = nullptr;
};

class RedisLink {
 public:
  RedisLink(RedisOptions options, std::vector<RegistryNode> nodes, EventLog& log);
  ~RedisLink();
  void start();
  // Gives the leases back.
  void stop();
  bool connected() const { return connected_; }
  std::uint64_t refused() const { return refused_; }  // GM messages that were not let through

  void monitor(MonitorValues values);
  void answer(GmAnswerOut answer);

 private:
  void run();
  void lost(const Error& error);
  [[nodiscard]] Result<> open();
  // Null: refused (Redis is full, a replica, still loading). It is said and left out; the connection is good.
  [[nodiscard]] Result<RedisConnection::Reply> ask(const std::vector<std::string>& arguments);
  [[nodiscard]] Result<> refresh();
  [[nodiscard]] Result<> find_nodes();
  [[nodiscard]] Result<> found(const std::string& key);
  [[nodiscard]] Result<> send_queued();
  [[nodiscard]] Result<> hear();
  void gm(std::string_view payload);
  void refuse(std::size_t bytes, const std::string& why);

  const RedisOptions options_;
  const std::vector<RegistryNode> nodes_;
  const GmGate gate_;
  EventLog& log_;
  Wake wake_;
  std::mutex mutex_;
  std::map<std::string, MonitorValues> values_;  // the newest of each node
  std::vector<GmAnswerOut> answers_;
  std::atomic<bool> stopping_{false}, connected_{false};
  std::atomic<std::uint64_t> refused_{0};
  std::thread thread_;
  // Redis thread
  std::unique_ptr<RedisConnection> commands_, messages_;
  std::map<std::string, std::string> known_;
  Duration back_off_{};
  LogLimit log_limit_;
};

}  // namespace dure
