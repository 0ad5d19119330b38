#include "common/host/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace dure {
namespace {

Result<sockaddr_in> parse(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return fail(Trouble::kInvalid, "'" + address + "' is not host:port");
  sockaddr_in parsed{};
  parsed.sin_family = AF_INET;
  std::uint16_t port = 0;
  const char* end = address.data() + address.size();
  const auto [at, error] = std::from_chars(address.data() + colon + 1, end, port);
  std::string host = address.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host == "*" || host.empty()) host = "0.0.0.0";
  if (error != std::errc() || at != end || inet_pton(AF_INET, host.c_str(), &parsed.sin_addr) != 1)
    return fail(Trouble::kInvalid, "'" + address + "' is not an IPv4 address and a port");
  parsed.sin_port = htons(port);
  return parsed;
}

Result<int> open_one(const sockaddr_in& at, bool share, int backlog) {
  const int made = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (made < 0) return fail(Trouble::kIo, std::strerror(errno));
  const int on = 1;
  setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (share) setsockopt(made, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(made, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 &&
      (backlog == 0 || listen(made, backlog) == 0))
    return made;
  const int error = errno;
  close(made);
  return fail(Trouble::kIo, std::strerror(error));
}

}  // namespace

Result<std::vector<int>> listen_on(const std::string& address, std::size_t count) {
  auto at = parse(address);
  if (!at) return tl::unexpected<Error>(at.error());
  if (at->sin_port != 0) {
    const auto probe = open_one(*at, false, 0);
    if (!probe) return fail(Trouble::kIo, address + ": " + probe.error().detail);
    close(*probe);
  }
  std::vector<int> sockets;
  while (sockets.size() < count) {
    const auto made = open_one(*at, true, 4096);
    if (!made) {
      for (const int socket : sockets) close(socket);
      return fail(Trouble::kIo, address + ": " + made.error().detail);
    }
    sockets.push_back(*made);
    socklen_t size = sizeof *at;
    getsockname(*made, reinterpret_cast<sockaddr*>(&*at), &size);  // the others share the port that was chosen
  }
  return sockets;
}

std::string local_address(int socket) {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) != 0) return {};
  char host[INET_ADDRSTRLEN] = {};
  inet_ntop(AF_INET, &at.sin_addr, host, sizeof host);
  return std::string(host) + ":" + std::to_string(ntohs(at.sin_port));
}

}  // namespace dure
