// Connections by the thousand: those that are in are served between any two handfuls of new ones.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "common/host/io_thread.h"
#include "common/host/listener.h"
#include "tests/common/host/client_socket.h"
#include "tests/common/host/echo_io.h"
#include "tests/common/host/waiting.h"

namespace dure {
namespace {

constexpr std::size_t kFlood = 400, kBudget = 64;

// Lets the first one in and refuses the others, as a limit for each address does.
class FloodIo : public EchoIo {
 public:
  bool opened(ClientId client, std::string_view address, MonoTime now) override {
    ++seen;
    in_this_round_max = std::max<std::size_t>(in_this_round_max, ++in_this_round_);
    return seen == 1 && EchoIo::opened(client, address, now);
  }
  void received(ClientId client, std::string_view bytes, MonoTime now) override {
    if (seen_at_first_bytes == 0) seen_at_first_bytes = seen.load();
    EchoIo::received(client, bytes, now);
  }
  void take_events(std::vector<Inbound>* events) override {  // once a round
    in_this_round_ = 0;
    EchoIo::take_events(events);
  }
  std::atomic<std::size_t> seen{0}, in_this_round_max{0}, seen_at_first_bytes{0};

 private:
  std::size_t in_this_round_ = 0;
};

TEST(HostileAcceptFlood, WhoIsInIsServedBetweenTwoHandfulsOfNewOnes) {
  CountingLog log;
  Mailbox box("test", 1000, log);
  FloodIo io;
  const int listener = listen_on("127.0.0.1:0", 1).value().front();
  const std::string address = local_address(listener);
  IoThread thread(0, listener, io, box, log);
  ClientSocket inside(address);
  inside.send("a");
  std::vector<std::unique_ptr<ClientSocket>> flood;  // the kernel takes them all before the thread looks
  for (std::size_t i = 0; i < kFlood; ++i) flood.push_back(std::make_unique<ClientSocket>(address));
  thread.start();
  EXPECT_EQ(inside.receive(1), "a");
  for (const auto& stranger : flood) EXPECT_EQ(stranger->receive(1), "") << "closed";
  EXPECT_EQ(io.seen, kFlood + 1);
  EXPECT_LE(io.in_this_round_max, kBudget);
  EXPECT_LE(io.seen_at_first_bytes, 3 * kBudget) << "not after all of them";
  thread.stop();
}

}  // namespace
}  // namespace dure
