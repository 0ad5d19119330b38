#include "common/host/process.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/host/end_guard.h"
#include "common/host/os_entropy.h"
#include "tests/common/host/client_socket.h"
#include "tests/common/host/echo_io.h"
#include "tests/common/host/last_words.h"
#include "tests/common/host/waiting.h"

namespace dure {
namespace {

class PlainNode : public Node {
 public:
  using Node::Node;
  std::atomic<int> ups{0}, downs{0}, frames{0};

 protected:
  void on_peer_up(NodeId) override { ++ups; }
  void on_peer_down(NodeId, const std::string&) override { ++downs; }
  void on_client_frame(const ClientFrameIn& frame) override {
    ++frames;
    effect(FrameCredit{frame.client, 1});
  }
};

class ProcessTest : public testing::Test {
 protected:
  NodeIdentity identity(NodeId id, std::string name, std::string address = {}) {
    NodeIdentity made;
    made.id = id;
    made.name = std::move(name);
    made.incarnation = {entropy_.u64(), 1};
    made.address = std::move(address);
    return made;
  }
  Seams seams() { return {&log_, &entropy_, nullptr, nullptr}; }
  CountingLog log_;
  OsEntropy entropy_;
  Routes routes_;
};

TEST_F(ProcessTest, two_nodes_of_one_process_link_up_serve_a_client_and_stop) {
  PlainNode gateway(identity(NodeId(Role::kGateway, 1), "all-1/gateway"), routes_, seams());
  PlainNode chat(identity(NodeId(Role::kChat, 1), "all-1/chat"), routes_, seams());
  EchoIo io_one, io_two;
  TurnFigures figures;
  NodeParts with_clients;
  with_clients.node = &gateway;
  with_clients.figures = &figures;
  with_clients.listen_address = "127.0.0.1:0";
  with_clients.client_io = {&io_one, &io_two};
  NodeParts plain;
  plain.node = &chat;
  Process process({}, log_);
  process.add_node(with_clients);
  process.add_node(plain);
  int exit_code = -1;
  std::thread main([&] { exit_code = process.run(); });
  EXPECT_TRUE(eventually([&] { return process.ready() && gateway.ups == 1 && chat.ups == 1; }));
  {
    ClientSocket client(process.client_address(gateway.id()));
    for (int i = 0; i < 20; ++i) {
      client.send("x");
      EXPECT_EQ(client.receive(1), "x");
    }
  }
  EXPECT_TRUE(eventually([&] { return gateway.frames == 20; }));
  process.request_stop();
  main.join();
  EXPECT_EQ(exit_code, 0);
  EXPECT_EQ(log_.count("process.stop_timeout"), 0);
}

TEST_F(ProcessTest, two_processes_link_up_over_the_mesh) {
  // Ports by the process id: two runs side by side do not meet.
  const int port = 20000 + getpid() % 20000;
  const std::string one = "127.0.0.1:" + std::to_string(port), two = "127.0.0.1:" + std::to_string(port + 1);
  PlainNode general(identity(NodeId(Role::kGeneral, 1), "general-1", one), routes_, seams());
  PlainNode dbagent(identity(NodeId(Role::kDbagent, 1), "dbagent-1", two), routes_, seams());
  ProcessOptions knows_one;
  knows_one.peers = {{"dbagent-1", two}};
  Process first(knows_one, log_), second({}, log_);  // the second learns of the first by its hello
  NodeParts parts_one, parts_two;
  parts_one.node = &general;
  parts_one.bus_address = one;
  parts_two.node = &dbagent;
  parts_two.bus_address = two;
  first.add_node(parts_one);
  second.add_node(parts_two);
  std::thread main_one([&] { first.run(); }), main_two([&] { second.run(); });
  EXPECT_TRUE(eventually([&] { return general.ups == 1 && dbagent.ups == 1; }));
  first.request_stop();
  EXPECT_TRUE(eventually([&] { return dbagent.downs == 1; }));
  second.request_stop();
  main_one.join();
  main_two.join();
}

class EndsByItself : public PlainNode {
 public:
  using PlainNode::PlainNode;

 protected:
  void on_start() override {
    after(milliseconds(20), [this] { stopped(); });
  }
};

TEST_F(ProcessTest, a_role_that_ends_by_itself_ends_the_others_and_all_are_to_be_started_anew) {
  PlainNode gateway(identity(NodeId(Role::kGateway, 1), "all-1/gateway"), routes_, seams());
  EndsByItself dbagent(identity(NodeId(Role::kDbagent, 1), "all-1/dbagent"), routes_, seams());
  Process process({}, log_);
  for (Node* node : std::initializer_list<Node*>{&gateway, &dbagent}) {
    NodeParts parts;
    parts.node = node;
    process.add_node(parts);
  }
  std::atomic<int> exit_code{-1};
  std::thread main([&] { exit_code = process.run(); });
  EXPECT_TRUE(eventually([&] { return exit_code >= 0; }));
  process.request_stop();
  main.join();
  EXPECT_EQ(exit_code, kExitTemporary);
  EXPECT_EQ(log_.count("process.role_ended"), 1);
}

// Answers once it is told to, as a disk that hangs.
class HangingWorker : public Worker {
 public:
  std::string run(std::string_view) override {
    for (;;) pause();
  }
};

class AsksAtOnce : public PlainNode {
 public:
  using PlainNode::PlainNode;

 protected:
  void on_start() override { effect(Work{"disk", 1, Bytes(std::string("write"))}); }
};

TEST_F(ProcessTest, a_worker_that_never_returns_does_not_keep_a_process_that_shall_end) {
  int status = 0;
  (void)last_words(
      [this] {
        AsksAtOnce chat(identity(NodeId(Role::kChat, 1), "chat-1"), routes_, seams());
        HangingWorker disk;
        NodeParts parts;
        parts.node = &chat;
        parts.workers["disk"] = &disk;
        ProcessOptions options;
        options.end_timeout = milliseconds(100);
        Process process(options, log_);
        process.add_node(parts);
        process.request_stop();
        _exit(process.run());
      },
      &status);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kExitStuck) << status;
}

TEST_F(ProcessTest, a_taken_port_is_said_once_and_ends_in_75) {
  PlainNode chat(identity(NodeId(Role::kChat, 1), "chat-1"), routes_, seams());
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(listen(taken, 1), 0);
  ASSERT_EQ(getsockname(taken, reinterpret_cast<sockaddr*>(&at), &size), 0);
  ProcessOptions options;
  options.start_timeout = milliseconds(500);
  Process process(options, log_);
  NodeParts parts;
  parts.node = &chat;
  parts.bus_address = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
  process.add_node(parts);
  EXPECT_EQ(process.run(), kExitTemporary);
  EXPECT_EQ(log_.count("start.port_taken"), 1);
  close(taken);
}

}  // namespace
}  // namespace dure
