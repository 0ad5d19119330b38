#include "common/host/io_thread.h"

#include <gtest/gtest.h>

#include "common/host/listener.h"
#include "tests/common/host/client_socket.h"
#include "tests/common/host/echo_io.h"
#include "tests/common/host/waiting.h"

namespace dure {
namespace {

class IoThreadTest : public testing::Test {
 protected:
  IoThreadTest() : listener_(listen_on("127.0.0.1:0", 1).value().front()), address_(local_address(listener_)) {
    thread_ = std::make_unique<IoThread>(0, listener_, io_, box_, log_);
    thread_->start();
  }
  void look() {
    std::vector<Inbound> batch;
    box_.take(&batch, mono_now());
    for (auto& inbound : batch) {
      if (auto* opened = std::get_if<ClientOpened>(&inbound)) last_ = opened->client;
      frames_ += std::holds_alternative<ClientFrameIn>(inbound);
      closed_ += std::holds_alternative<ClientClosed>(inbound);
    }
  }
  CountingLog log_;
  Mailbox box_{"test", 100, log_};
  EchoIo io_;
  int listener_;
  std::string address_;
  std::unique_ptr<IoThread> thread_;
  ClientId last_;
  int frames_ = 0, closed_ = 0;
};

TEST_F(IoThreadTest, brings_bytes_both_ways_and_tells_the_end_once) {
  {
    ClientSocket client(address_);
    client.send("hello");
    EXPECT_EQ(client.receive(5), "hello");
  }
  ASSERT_TRUE(eventually([&] { return look(), closed_ == 1; }));
  EXPECT_EQ(frames_, 1);
  EXPECT_EQ(IoThread::index_of(last_), 0u);
}

TEST_F(IoThreadTest, a_slow_reader_gets_everything_and_holds_up_nobody) {
  ClientSocket slow(address_), other(address_);
  slow.send("big");
  other.send("quick");
  EXPECT_EQ(other.receive(5), "quick");
  EXPECT_EQ(slow.receive(kBigBytes), std::string(kBigBytes, 'b'));
}

TEST_F(IoThreadTest, a_farewell_arrives_before_the_close) {
  ClientSocket client(address_);
  client.send("bye");
  EXPECT_EQ(client.receive(100), "bye");
}

TEST_F(IoThreadTest, reads_no_further_without_credit) {
  ClientSocket client(address_);
  for (const char* text : {"1", "2", "3", "4"}) {
    client.send(text);
    EXPECT_EQ(client.receive(1), text);
  }
  client.send("5");
  ASSERT_TRUE(eventually([&] { return look(), frames_ == 4; }));
  char byte = 0;
  EXPECT_EQ(recv(client.fd(), &byte, 1, MSG_DONTWAIT), -1);
  thread_->submit({FrameCredit{last_, 1}});
  EXPECT_EQ(client.receive(1), "5");
}

// More than one round of the poll: the last are read after deadlines would have been looked at.
TEST_F(IoThreadTest, after_a_standstill_what_was_sent_is_read_before_deadlines_are_looked_at) {
  std::vector<std::unique_ptr<ClientSocket>> clients;
  for (int i = 0; i < 300; ++i) clients.push_back(std::make_unique<ClientSocket>(address_));
  for (auto& client : clients) {
    client->send("x");
    EXPECT_EQ(client->receive(1), "x");
    look();
  }
  const MonoTime begun = mono_now();
  clients.front()->send("hold");
  for (std::size_t i = 1; i < clients.size(); ++i) clients[i]->send("y");
  ASSERT_TRUE(eventually([&] { return mono_now() - begun > milliseconds(1500); }));
  const int ticks = io_.ticks();
  io_.let_go();
  ASSERT_TRUE(eventually([&] { return look(), io_.ticks() > ticks; }));
  EXPECT_EQ(io_.heard_at_last_tick(), 300u + 4 + 299);
}

TEST(Listener, refuses_a_port_where_somebody_listens) {
  const auto first = listen_on("127.0.0.1:0", 2);
  ASSERT_TRUE(first);
  const auto second = listen_on(local_address(first->front()), 1);
  EXPECT_FALSE(second);
  EXPECT_FALSE(listen_on("nonsense", 1));
  for (const int socket : *first) close(socket);
}

}  // namespace
}  // namespace dure
