// A Redis that lies: a made-up server on loopback that answers every connection with the same bytes.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <thread>

#include "common/host/clock.h"
#include "common/host/redis_connection.h"

namespace dure {
namespace {

// Answers one connection, then goes on sending `filler` until the other end closes.
class LyingRedis {
 public:
  LyingRedis(std::string answer, std::string filler) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listener_, 4), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
    thread_ = std::thread([this, answer = std::move(answer), filler = std::move(filler)] { serve(answer, filler); });
  }
  ~LyingRedis() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  const std::string& address() const { return address_; }

 private:
  void serve(const std::string& answer, const std::string& filler) {
    const int fd = ::accept(listener_, nullptr, nullptr);
    if (fd < 0) return;
    char request[256];
    bool open = ::recv(fd, request, sizeof request, 0) > 0;
    open = open && ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) >= 0;
    while (open && !filler.empty()) open = ::send(fd, filler.data(), filler.size(), MSG_NOSIGNAL) >= 0;
    while (open && ::recv(fd, request, sizeof request, 0) > 0) continue;
    ::close(fd);
  }
  int listener_ = -1;
  std::string address_;
  std::thread thread_;
};

Error trouble(const std::string& answer, const std::string& filler = "") {
  LyingRedis redis(answer, filler);
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
