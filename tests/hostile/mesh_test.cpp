// Strangers and broken peers at the mesh port: real sockets on loopback.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "common/host/bus.h"
#include "common/proto/mesh_header.h"
#include "tests/common/host/waiting.h"

namespace dure {
namespace {

const NodeId kNode(Role::kChat, 1);

class HostileMesh : public ::testing::Test {
 protected:
  HostileMesh() {
    const auto bound = bus_.bind(kNode, "chat-1", Incarnation{1, 1}, "127.0.0.1:0", box_);
    EXPECT_TRUE(bound) << bound.error().detail;
    bus_.start();
    context_ = zmq_ctx_new();
  }
  ~HostileMesh() override {
    for (void* socket : sockets_) zmq_close(socket);
    zmq_ctx_term(context_);
  }
  void* peer() {
    void* socket = zmq_socket(context_, ZMQ_DEALER);
    const int none = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
    EXPECT_EQ(zmq_connect(socket, bus_.bound_address(kNode).c_str()), 0);
    sockets_.push_back(socket);
    return socket;
  }
  static void send(void* socket, const std::string& bytes) {
    EXPECT_EQ(zmq_send(socket, bytes.data(), bytes.size(), ZMQ_DONTWAIT), static_cast<int>(bytes.size()));
  }
  bool heard(const std::string& wanted) {
    return eventually([&] {
      std::vector<Inbound> batch;
      box_.take(&batch, mono_now());
      for (auto& inbound : batch)
        if (auto* message = std::get_if<BusMessage>(&inbound)) heard_.emplace_back(message->message.view());
      return std::find(heard_.begin(), heard_.end(), wanted) != heard_.end();
    });
  }
  CountingLog log_;
  Mailbox box_{"test", 100, log_};
  Bus bus_{log_};
  void* context_ = nullptr;
  std::vector<void*> sockets_;
  std::vector<std::string> heard_;
};

TEST_F(HostileMesh, APeerThatSendsMoreThanFourMebibytesIsCutAndOthersAreHeard) {
  void* hostile = peer();
  void* honest = peer();
  void* monitor = nullptr;
  ASSERT_EQ(zmq_socket_monitor(hostile, "inproc://hostile", ZMQ_EVENT_DISCONNECTED), 0);
  monitor = zmq_socket(context_, ZMQ_PAIR);
  sockets_.push_back(monitor);
  ASSERT_EQ(zmq_connect(monitor, "inproc://hostile"), 0);
  send(hostile, "small");
  ASSERT_TRUE(heard("small"));
  send(hostile, std::string(kMeshBytesMax + 1, 'x'));
  zmq_pollitem_t item{monitor, 0, ZMQ_POLLIN, 0};
  EXPECT_EQ(zmq_poll(&item, 1, 10000), 1) << "it was not cut";
  send(honest, "honest");
  EXPECT_TRUE(heard("honest"));
  for (const auto& message : heard_) EXPECT_LE(message.size(), kMeshBytesMax);
}

TEST_F(HostileMesh, WhoDoesNotSpeakZeroMqIsNoMessageAndHoldsUpNobody) {
  const std::string address = bus_.bound_address(kNode);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
  std::vector<int> strangers;
  for (const std::string& greeting : {std::string("GET / HTTP/1.1\r\n\r\n"), std::string(4096, '\xff'), std::string(),
                                      std::string("\x16\x03\x01\x02\x00\x01", 6)}) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    (void)::send(fd, greeting.data(), greeting.size(), MSG_NOSIGNAL);
    strangers.push_back(fd);
  }
  send(peer(), "honest");
  EXPECT_TRUE(heard("honest"));
  EXPECT_EQ(heard_.size(), 1u);
  for (const int fd : strangers) ::close(fd);
}

}  // namespace
}  // namespace dure
