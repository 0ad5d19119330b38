// A Redis that lies: a made-up server on loopback that answers whatever it is asked with the same bytes.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "common/host/clock.h"
#include "common/host/redis_connection.h"
#include "common/host/redis_link.h"
#include "tests/common/host/waiting.h"

namespace dure {
namespace {

// Answers the requests of the first connection by the first lie, and so on. One with a filler answers the first request
// only, then goes on sending it until the other end closes.
class LyingRedis {
 public:
  struct Lie {
    std::string answer, filler;
  };
  explicit LyingRedis(std::vector<Lie> lies) : lies_(std::move(lies)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    door_ = std::thread([this] {
      for (const Lie& lie : lies_) {
        const int fd = ::accept(listener_, nullptr, nullptr);
        if (fd < 0) return;
        connections_.push_back(fd);
        serving_.emplace_back([fd, &lie] { serve(fd, lie); });
      }
    });
  }
  ~LyingRedis() { hang_up(); }
  void hang_up() {
    if (!door_.joinable()) return;
    ::shutdown(listener_, SHUT_RDWR);
    door_.join();
    for (const int fd : connections_) ::shutdown(fd, SHUT_RDWR);
    for (auto& thread : serving_) thread.join();
    for (const int fd : connections_) ::close(fd);
    ::close(listener_);
  }
  const std::string& address() const { return address_; }

 private:
  static void serve(int fd, const Lie& lie) {
    const auto said = [&](const std::string& text) { return ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) >= 0; };
    char request[256];
    while (::recv(fd, request, sizeof request, 0) > 0 && said(lie.answer))
      while (!lie.filler.empty() && said(lie.filler)) continue;
  }
  const std::vector<Lie> lies_;
  int listener_ = -1;
  std::string address_;
  std::vector<int> connections_;
  std::vector<std::thread> serving_;
  std::thread door_;
};

Error trouble(const std::string& answer, const std::string& filler = "") {
  LyingRedis redis({{answer, filler}});
  auto connection = RedisConnection::open(redis.address());
  if (!connection) return connection.error();
  const MonoTime begun = mono_now();
  const auto reply = (*connection)->command({"PING"});
  EXPECT_FALSE(reply) << "believed";
  EXPECT_LT(mono_now() - begun, seconds(5)) << "held up";
  const Error error = reply ? Error{} : reply.error();
  connection->reset();
  return error;
}

TEST(HostileRedis, GarbageIsAnError) {
  EXPECT_EQ(trouble("HTTP/1.1 400 Bad Request\r\n").trouble, Trouble::kIo);
  EXPECT_EQ(trouble("$-5\r\n").trouble, Trouble::kIo);
  EXPECT_EQ(trouble("*99999999999999999999\r\n").trouble, Trouble::kIo);
}

TEST(HostileRedis, ABulkOfHalfAGibibyteIsCutOffAtTheCap) {
  EXPECT_EQ(trouble("$536870912\r\n", std::string(65536, 'x')).trouble, Trouble::kInvalid);
}

TEST(HostileRedis, SilenceIsATimeout) {
  const Error error = trouble("$5\r\nab");
  EXPECT_TRUE(error.trouble == Trouble::kTimeout || error.trouble == Trouble::kIo);
}

TEST(HostileRedis, AFullRedisIsRefusedAndTheConnectionStaysUsable) {
  EXPECT_EQ(trouble("-OOM command not allowed when used memory > 'maxmemory'.\r\n").trouble, Trouble::kRefused);
}

TEST(HostileRedis, OneThatNeverStopsTalkingIsLeftWhenWeStop) {
  const std::string nothing_found = "*2\r\n$1\r\n0\r\n*0\r\n";
  const std::string subscribed = "*3\r\n$9\r\nsubscribe\r\n$7\r\ndure:gm\r\n:1\r\n";
  std::string noise;
  for (int i = 0; i < 1000; ++i) noise += "*3\r\n$7\r\nmessage\r\n$7\r\ndure:gm\r\n$5\r\nnoise\r\n";
  LyingRedis redis({{nothing_found, ""}, {subscribed, noise}});
  CountingLog log;
  Mailbox box("chat-1", 10, log);
  RedisOptions options;
  options.address = redis.address();
  RedisLink link(options, {{NodeId(Role::kChat, 1), "chat-1", "", "", &box}}, log);
  link.start();
  EXPECT_TRUE(eventually([&] { return link.refused() > 1000; }));
  std::atomic<bool> stopped{false};
  std::thread stopping([&] {
    link.stop();
    stopped = true;
  });
  EXPECT_TRUE(eventually([&] { return stopped.load(); }));
  redis.hang_up();
  stopping.join();
}

TEST(HostileRedis, OneThatHangsUpIsAnErrorAndEndsNobody) {
  const std::string path = testing::TempDir() + "dure_hangs_up_" + std::to_string(::getpid());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof at.sun_path);
  path.copy(at.sun_path, path.size());
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  auto connection = RedisConnection::open("unix:" + path);
  ASSERT_TRUE(connection);
  ::close(::accept(listener, nullptr, nullptr));
  EXPECT_FALSE((*connection)->command({"PING"}));  // a write into a closed socket: SIGPIPE, were it not ignored
  ::close(listener);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace dure
