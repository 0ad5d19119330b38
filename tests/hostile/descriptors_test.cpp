// No file descriptor left: a stranger is sent away, whoever is in plays on, and nothing spins.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>

#include "common/host/bus.h"
#include "common/host/io_thread.h"
#include "common/host/listener.h"
#include "tests/common/host/client_socket.h"
#include "tests/common/host/echo_io.h"
#include "tests/common/host/waiting.h"

namespace dure {
namespace {

// Takes every descriptor below the limit until it ends; meanwhile there are none above it.
class NoDescriptors {
 public:
  explicit NoDescriptors(rlim_t limit = 256) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = limit;
    ::setrlimit(RLIMIT_NOFILE, &few);
    for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
  }
  ~NoDescriptors() {
    for (const int fd : taken_) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }
  void give_one_back() {
    ::close(taken_.back());
    taken_.pop_back();
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

bool is_closed(const ClientSocket& client) {
  char byte = 0;
  return ::recv(client.fd(), &byte, 1, 0) == 0;
}

// Counts how often its thread came round.
class RoundsIo : public EchoIo {
 public:
  void take_events(std::vector<Inbound>* events) override {
    ++rounds;
    EchoIo::take_events(events);
  }
  std::atomic<int> rounds{0};
};

TEST(HostileDescriptors, WithNoneLeftAStrangerIsSentAwayAndTheOthersPlayOn) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own checks need descriptors";
#endif
  CountingLog log;
  Mailbox box("test", 100, log);
  RoundsIo io;
  const int listener = listen_on("127.0.0.1:0", 1).value().front();
  const std::string address = local_address(listener);
  IoThread thread(0, listener, io, box, log);
  thread.start();
  ClientSocket inside(address);
  inside.send("a");
  ASSERT_EQ(inside.receive(1), "a");
  {
    NoDescriptors gone;
    gone.give_one_back();
    ClientSocket stranger(address);  // the last one; the kernel accepts it, we cannot
    EXPECT_TRUE(is_closed(stranger));
    ASSERT_TRUE(eventually([&] { return log.count("io.descriptors_gone") >= 1; }));
    const int before = io.rounds;
    const MonoTime begun = mono_now();
    inside.send("b");
    EXPECT_EQ(inside.receive(1), "b");
    ASSERT_TRUE(eventually([&] { return mono_now() - begun > milliseconds(300); }));
    EXPECT_EQ(log.count("io.descriptors_gone"), 1) << "one line a second";
    EXPECT_LE(io.rounds - before, 100) << "it spins";
  }
  ClientSocket later(address);
  later.send("c");
  EXPECT_EQ(later.receive(1), "c");
  thread.stop();
}

TEST(HostileDescriptors, AReserveThatWasLostIsThereAgainWhenThereAreDescriptorsAgain) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own checks need descriptors";
#endif
  constexpr int kLow = 64;
  CountingLog log;
  Mailbox box("test", 100, log);
  EchoIo io;
  std::vector<int> low;
  while (low.empty() || low.back() < kLow) low.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int listener = listen_on("127.0.0.1:0", 1).value().front();
  const std::string address = local_address(listener);
  IoThread thread(0, listener, io, box, log);
  thread.start();
  for (const int fd : low) ::close(fd);
  std::optional<ClientSocket> patient;
  {
    NoDescriptors gone(kLow);  // the reserve is above: once given up, it cannot be taken again
    gone.give_one_back();
    patient.emplace(address);
    ASSERT_TRUE(eventually([&] { return log.count("io.descriptors_gone") >= 1; }));
  }
  patient->send("a");
  EXPECT_EQ(patient->receive(1), "a");
  {
    NoDescriptors gone;
    gone.give_one_back();
    const ClientSocket stranger(address);
    EXPECT_TRUE(is_closed(stranger));
  }
  thread.stop();
}

TEST(HostileDescriptors, ClientsLeaveSomeToTheRestOfTheProcess) {
  CountingLog log;
  Mailbox box("test", 100, log);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  rlimit few = before;
  few.rlim_cur = 256;
  ::setrlimit(RLIMIT_NOFILE, &few);
  RoundsIo io;
  const int listener = listen_on("127.0.0.1:0", 1).value().front();
  const std::string address = local_address(listener);
  IoThread thread(0, listener, io, box, log);
  ::setrlimit(RLIMIT_NOFILE, &before);  // ours is the clients' process, too
  thread.start();
  std::vector<std::unique_ptr<ClientSocket>> clients;
  while (log.count("io.descriptors_gone") == 0 && clients.size() < 300) {
    clients.push_back(std::make_unique<ClientSocket>(address));
    clients.back()->send("a");
    if (clients.back()->receive(1) != "a") break;
  }
  EXPECT_LT(clients.size(), 256u - 32u);
  EXPECT_TRUE(eventually([&] { return log.count("io.descriptors_gone") == 1; }));
  clients.front()->send("b");
  EXPECT_EQ(clients.front()->receive(1), "b");
  thread.stop();
}

// Clients have them all: a peer that is found then is waited for, and the bus goes on.
TEST(HostileDescriptors, APeerThatIsFoundWhenNoneIsLeftIsConnectedOnceThereIsOne) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer's own checks need descriptors";
#endif
  CountingLog log;
  Mailbox box("test", 100, log), other_box("other", 100, log);
  const NodeId one(Role::kChat, 1), two(Role::kChat, 2);
  Bus bus(log), other(log);
  ASSERT_TRUE(bus.bind(one, "chat-1", Incarnation{1, 1}, "127.0.0.1:0", box));
  ASSERT_TRUE(other.bind(two, "chat-2", Incarnation{2, 1}, "127.0.0.1:0", other_box));
  bus.start();
  other.start();
  {
    NoDescriptors gone;
    bus.submit({one, 0, {BusConnect{two, other.bound_address(two)}}});
    ASSERT_TRUE(eventually([&] { return log.count("bus.no_socket") >= 1; }));
  }
  std::vector<Inbound> in;
  EXPECT_TRUE(eventually([&] {
    box.take(&in, mono_now());
    return std::any_of(in.begin(), in.end(), [](const Inbound& inbound) { return std::get_if<BusUp>(&inbound); });
  }));
}

}  // namespace
}  // namespace dure
