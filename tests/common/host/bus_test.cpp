#include "common/host/bus.h"

#include <gtest/gtest.h>
#include <zmq.h>

#include "tests/common/host/waiting.h"

namespace dure {
namespace {

const NodeId kOne(Role::kChat, 1), kTwo(Role::kChat, 2);

// One process with one node, as seen by its mailbox.
struct Side {
  Side(NodeId node, const std::string& name, const std::string& address, std::uint64_t life) : id(node) {
    const auto bound = bus.bind(node, name, Incarnation{life, 1}, address, box);
    EXPECT_TRUE(bound) << bound.error().detail;
    bus.start();
  }
  void look() {
    std::vector<Inbound> batch;
    box.take(&batch, mono_now());
    for (auto& inbound : batch) {
      if (std::holds_alternative<BusUp>(inbound)) ++ups;
      if (std::holds_alternative<BusDown>(inbound)) ++downs;
      if (auto* m = std::get_if<BusMessage>(&inbound)) messages.emplace_back(m->message.view());
    }
  }
  void connect(NodeId peer, const std::string& address) { bus.submit({id, downs, {BusConnect{peer, address}}}); }
  void send(NodeId peer, std::vector<std::string> texts) {
    BusBatch batch{id, downs, {}};
    for (auto& text : texts) batch.effects.push_back(BusSend{peer, Bytes(std::move(text))});
    bus.submit(std::move(batch));
  }
  NodeId id;
  CountingLog log;
  Mailbox box{"test", 100, log};
  Bus bus{log};
  std::uint64_t ups = 0, downs = 0;
  std::vector<std::string> messages;
};

TEST(Bus, carries_messages_in_order_and_names_a_peer_that_dies_and_comes_back) {
  Side one(kOne, "chat-1", "127.0.0.1:0", 1);
  auto two = std::make_unique<Side>(kTwo, "chat-2", "127.0.0.1:0", 2);
  const std::string address = two->bus.bound_address(kTwo);
  one.connect(kTwo, address);
  ASSERT_TRUE(eventually([&] { return one.look(), one.ups == 1; }));

  std::vector<std::string> texts;
  for (int i = 0; i < 5000; ++i) texts.push_back(std::to_string(i));
  one.send(kTwo, texts);
  ASSERT_TRUE(eventually([&] { return two->look(), two->messages.size() == texts.size(); }));
  EXPECT_EQ(two->messages, texts);

  two.reset();
  ASSERT_TRUE(eventually([&] { return one.look(), one.downs == 1; }));
  one.send(kTwo, {"lost with the connection"});
  two = std::make_unique<Side>(kTwo, "chat-2", address, 3);
  ASSERT_TRUE(eventually([&] { return one.look(), one.ups == 2; }));
  one.send(kTwo, {"heard"});
  ASSERT_TRUE(eventually([&] { return two->look(), !two->messages.empty(); }));
  EXPECT_EQ(two->messages, std::vector<std::string>{"heard"});
}

TEST(Bus, drops_what_was_written_before_its_node_knew_that_the_connection_ended) {
  Side one(kOne, "chat-1", "127.0.0.1:0", 1);
  auto two = std::make_unique<Side>(kTwo, "chat-2", "127.0.0.1:0", 2);
  const std::string address = two->bus.bound_address(kTwo);
  one.connect(kTwo, address);
  ASSERT_TRUE(eventually([&] { return one.look(), one.ups == 1; }));
  two = nullptr;
  two = std::make_unique<Side>(kTwo, "chat-2", address, 3);
  ASSERT_TRUE(eventually([&] { return one.look(), one.ups == 2; }));
  BusBatch stale{kOne, 0, {BusSend{kTwo, Bytes(std::string("stale"))}}};
  one.bus.submit(std::move(stale));
  one.send(kTwo, {"fresh"});
  ASSERT_TRUE(eventually([&] { return two->look(), !two->messages.empty(); }));
  EXPECT_EQ(two->messages.front(), "fresh");
}

TEST(Bus, ends_a_connection_that_takes_nothing_before_its_outbox_grows_without_bound) {
  // A peer that shakes hands and never reads.
  void* context = zmq_ctx_new();
  void* deaf = zmq_socket(context, ZMQ_ROUTER);
  const int few = 1, at_once = 0;
  zmq_setsockopt(deaf, ZMQ_RCVHWM, &few, sizeof few);
  zmq_setsockopt(deaf, ZMQ_LINGER, &at_once, sizeof at_once);
  ASSERT_EQ(zmq_bind(deaf, "tcp://127.0.0.1:*"), 0);
  char address[64];
  std::size_t size = sizeof address;
  ASSERT_EQ(zmq_getsockopt(deaf, ZMQ_LAST_ENDPOINT, address, &size), 0);

  Side one(kOne, "chat-1", "127.0.0.1:0", 1);
  one.connect(kTwo, address);
  ASSERT_TRUE(eventually([&] { return one.look(), one.ups == 1; }));
  const Bytes page(std::string(64u << 10, 'x'));
  BusBatch much{kOne, 0, {}};
  // What the sockets of both ends hold, and twice the outbox.
  for (std::size_t i = 0; i < 1200 + 2 * kOutboxBytesMax / page.size(); ++i)
    much.effects.push_back(BusSend{kTwo, page});
  one.bus.submit(std::move(much));
  EXPECT_TRUE(eventually([&] { return one.look(), one.downs == 1; }));
  EXPECT_EQ(one.log.count("bus.outbox_full"), 1);
  EXPECT_TRUE(eventually([&] { return one.look(), one.ups == 2; })) << "opened anew, empty";
  zmq_close(deaf);
  zmq_ctx_term(context);
}

TEST(Bus, says_which_address_is_taken) {
  Side one(kOne, "chat-1", "127.0.0.1:0", 1);
  CountingLog log;
  Mailbox box("test", 1, log);
  Bus other(log);
  const auto bound = other.bind(kTwo, "chat-2", {1, 2}, one.bus.bound_address(kOne), box);
  ASSERT_FALSE(bound);
  EXPECT_NE(bound.error().detail.find("in use"), std::string::npos) << bound.error().detail;
}

}  // namespace
}  // namespace dure
