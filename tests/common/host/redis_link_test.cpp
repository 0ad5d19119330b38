#include "common/host/redis_link.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <sodium.h>

#include <thread>

#include "common/host/clock.h"
#include "common/host/os_entropy.h"
#include "common/host/process.h"
#include "common/proto/cluster.pb.h"
#include "tests/common/host/private_redis.h"
#include "tests/common/host/waiting.h"

namespace dure {
namespace {

struct Side {
  Side(const RedisOptions& options, NodeId id, const std::string& name)
      : link(options, {{id, name, "127.0.0.1:7001", "abc", &box}}, log) {
    link.start();
  }
  void look() {
    std::vector<Inbound> batch;
    box.take(&batch, mono_now());
    for (auto& inbound : batch) {
      if (auto* peer = std::get_if<PeerFound>(&inbound)) found.push_back(peer->name + " " + peer->address);
      if (auto* command = std::get_if<GmCommandIn>(&inbound)) commands.push_back(*command);
    }
  }
  CountingLog log;
  Mailbox box{"test", 10, log};
  std::vector<std::string> found;
  std::vector<GmCommandIn> commands;
  RedisLink link;
};

class RedisLinkTest : public testing::Test {
 protected:
  RedisLinkTest() {
    crypto_sign_keypair(public_key_.data(), secret_key_.data());
    options_.address = redis_.address();
    options_.gm_keys["master"] = public_key_;
  }
  std::string sealed(const std::string& cluster, std::int64_t not_after) {
    proto::GmCommand command;
    command.set_id(9);
    command.set_issuer("master");
    command.set_cluster_id(cluster);
    command.set_not_after_unix_ms(not_after);
    proto::SignedGmCommand out;
    out.set_command(command.SerializeAsString());
    out.set_key_name("master");
    std::string signature(crypto_sign_BYTES, 0);
    crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                         reinterpret_cast<const unsigned char*>(out.command().data()), out.command().size(),
                         secret_key_.data());
    out.set_signature(signature);
    return out.SerializeAsString();
  }
  OsEntropy entropy_;
  PrivateRedis redis_;
  RedisOptions options_;
  GmPublicKey public_key_{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_key_{};
};

TEST_F(RedisLinkTest, nodes_find_each_other_and_again_after_redis_was_away) {
  Side one(options_, NodeId(Role::kChat, 1), "chat-1");
  ASSERT_TRUE(eventually([&] { return one.link.connected(); }));
  redis_.stop();
  ASSERT_TRUE(eventually([&] { return !one.link.connected(); }));
  redis_.start();
  Side two(options_, NodeId(Role::kChat, 2), "chat-2");
  ASSERT_TRUE(eventually([&] { return one.look(), two.look(), !one.found.empty() && !two.found.empty(); }));
  EXPECT_EQ(one.found.front(), "chat-2 127.0.0.1:7001");
  EXPECT_EQ(two.found.front(), "chat-1 127.0.0.1:7001");
}

TEST_F(RedisLinkTest, shows_monitor_values) {
  Side one(options_, NodeId(Role::kChat, 1), "chat-1");
  ASSERT_TRUE(eventually([&] { return one.link.connected(); }));
  one.link.monitor(MonitorValues{"chat-1", {{"players", "3"}}});
  auto other = RedisConnection::open(options_.address);
  ASSERT_TRUE(other);
  EXPECT_TRUE(eventually([&] {
    const auto value = (*other)->command({"HGET", "dure:monitor:chat-1", "players"});
    return value && (*value)->type == REDIS_REPLY_STRING && std::string((*value)->str) == "3";
  }));
}

// Ten of its turns a second are long ones, until it is told to stop that.
class SlowNode : public Node {
 public:
  using Node::Node;
  static constexpr Duration kLong = milliseconds(300);
  std::atomic<bool> slow{true};

 protected:
  void on_start() override {
    every(milliseconds(100), [this] {
      for (const MonoTime end = mono_now() + kLong; slow && mono_now() < end;) {
      }
    });
  }
};

TEST_F(RedisLinkTest, the_longest_turn_is_told_and_forgotten_then) {
  NodeIdentity identity;
  identity.id = NodeId(Role::kChat, 1);
  identity.name = "chat-1";
  identity.incarnation = {entropy_.u64(), 1};
  CountingLog log;
  const Routes routes;
  SlowNode chat(identity, routes, Seams{&log, &entropy_, nullptr, nullptr});
  NodeParts parts;
  parts.node = &chat;
  ProcessOptions options;
  options.redis = options_;
  Process process(options, log);
  process.add_node(parts);
  auto other = RedisConnection::open(options_.address);
  ASSERT_TRUE(eventually([&] { return other || (other = RedisConnection::open(options_.address)); }));
  std::thread main([&] { process.run(); });
  const auto longest = [&]() -> std::int64_t {
    const auto value = (*other)->command({"HGET", "dure:monitor:chat-1", "turn_max_us"});
    return value && (*value)->type == REDIS_REPLY_STRING ? std::atoll((*value)->str) : -1;
  };
  EXPECT_TRUE(eventually([&] { return longest() >= to_us(SlowNode::kLong); }));
  chat.slow = false;
  EXPECT_TRUE(eventually([&] {
    const std::int64_t now = longest();
    return now >= 0 && now < to_us(SlowNode::kLong);
  }));
  process.request_stop();
  main.join();
}

TEST_F(RedisLinkTest, lets_only_rightly_signed_commands_through_and_carries_the_answer) {
  Side one(options_, NodeId(Role::kChat, 1), "chat-1");
  ASSERT_TRUE(eventually([&] { return one.link.connected(); }));
  auto other = RedisConnection::open(options_.address);
  ASSERT_TRUE(other);
  const std::int64_t soon = unix_ms(wall_now()) + 60'000;
  std::string forged = sealed("dure", soon);
  forged.back() ^= 1;
  const std::vector<std::string> bad{"noise", std::string(kGmBytesMax + 1, 'x'), sealed("another", soon),
                                     sealed("dure", soon - 120'000), forged};
  for (const auto& payload : bad) ASSERT_TRUE((*other)->command({"PUBLISH", "dure:gm", payload}));
  ASSERT_TRUE((*other)->command({"PUBLISH", "dure:gm", sealed("dure", soon)}));
  ASSERT_TRUE(eventually([&] { return one.look(), !one.commands.empty(); }));
  EXPECT_EQ(one.link.refused(), bad.size());
  EXPECT_EQ(one.commands.size(), 1u);
  EXPECT_EQ(one.commands.front().reply_channel, "dure:gm:reply:9");
  ASSERT_TRUE((*other)->command({"SUBSCRIBE", "dure:gm:reply:9"}));
  one.link.answer(GmAnswerOut{"dure:gm:reply:9", Bytes(std::string("done"))});
  EXPECT_TRUE(eventually([&] {
    const auto reply = (*other)->poll_reply();
    return reply && *reply && std::string((*reply)->element[2]->str) == "done";
  }));
}

TEST_F(RedisLinkTest, hears_game_masters_though_redis_refuses_writes) {
  auto other = RedisConnection::open(options_.address);
  ASSERT_TRUE(eventually([&] { return other || (other = RedisConnection::open(options_.address)); }));
  ASSERT_TRUE((*other)->command({"CONFIG", "SET", "maxmemory", "1"}));
  ASSERT_FALSE((*other)->command({"SET", "more", "bytes"}));
  Side one(options_, NodeId(Role::kChat, 1), "chat-1");
  EXPECT_TRUE(eventually([&] { return one.log.count("redis.refused") > 0; }));
  const std::string command = sealed("dure", unix_ms(wall_now()) + 60'000);
  EXPECT_TRUE(eventually([&] {
    EXPECT_TRUE((*other)->command({"PUBLISH", "dure:gm", command}));
    return one.look(), !one.commands.empty();
  }));
  ASSERT_TRUE((*other)->command({"CONFIG", "SET", "maxmemory", "0"}));
  EXPECT_TRUE(eventually([&] {
    const auto lease = (*other)->command({"GET", "dure:node:chat-1"});
    return lease && (*lease)->type == REDIS_REPLY_STRING;
  }));
}

TEST_F(RedisLinkTest, leaves_a_redis_that_is_a_replica_by_now_and_looks_for_the_master_at_its_address) {
  Side one(options_, NodeId(Role::kChat, 1), "chat-1");
  ASSERT_TRUE(eventually([&] { return one.log.count("redis.connected") == 1; }));
  auto other = RedisConnection::open(options_.address);
  ASSERT_TRUE(other);
  const auto away = one.log.count("redis.away");
  ASSERT_TRUE((*other)->command({"REPLICAOF", "127.0.0.1", "1"}));
  EXPECT_TRUE(eventually([&] { return one.log.count("redis.away") > away; }));
  ASSERT_TRUE((*other)->command({"REPLICAOF", "NO", "ONE"}));
  EXPECT_TRUE(eventually([&] { return one.log.count("redis.connected") >= 2; }));
}

}  // namespace
}  // namespace dure
