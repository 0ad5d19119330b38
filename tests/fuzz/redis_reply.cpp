// Whatever stands where Redis should: its bytes are an answer or an error, at once, and never more than is allowed.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "common/base/check.h"
#include "common/host/redis_connection.h"
#include "tests/fuzz/input.h"

namespace {

// Listens on a socket file of this process; each run is one connection.
class Server {
 public:
  Server()
      : path_((std::filesystem::temp_directory_path() / ("dure_fuzz_redis_" + std::to_string(::getpid()))).string()),
        fd_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path_.copy(at.sun_path, sizeof at.sun_path - 1);
    ::unlink(path_.c_str());
    CHECK(::bind(fd_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 && ::listen(fd_, 8) == 0);
  }
  ~Server() {
    ::close(fd_);
    ::unlink(path_.c_str());
  }
  void run(std::string_view bytes) {
    auto connection = dure::RedisConnection::open("unix:" + path_);
    CHECK(connection.has_value());
    const int peer = ::accept(fd_, nullptr, nullptr);
    CHECK(peer >= 0);
    if (!bytes.empty()) (void)!::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    ::shutdown(peer, SHUT_WR);  // what is not whole by now never will be
    (void)(*connection)->command({"PING"});
    (void)(*connection)->poll_reply();
    ::close(peer);
  }

 private:
  std::string path_;
  int fd_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Server server;
  server.run({reinterpret_cast<const char*>(data), size});
  return 0;
}
