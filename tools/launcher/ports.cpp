#include "tools/launcher/ports.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace dure {

bool port_free(const std::string& address) {
  const std::string plain = address.starts_with("tcp://") ? address.substr(6) : address;
  const auto colon = plain.rfind(':');
  if (colon == std::string::npos) return true;
  std::string host = plain.substr(0, colon);
  if (host.starts_with("[") && host.ends_with("]")) host = host.substr(1, host.size() - 2);
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  if (getaddrinfo(host.c_str(), plain.c_str() + colon + 1, &hints, &found) != 0) return true;
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  bool free = true;
  if (fd >= 0) {
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);  // connections of an earlier run do not count
    free = bind(fd, found->ai_addr, found->ai_addrlen) == 0 || errno != EADDRINUSE;
    close(fd);
  }
  freeaddrinfo(found);
  return free;
}

}  // namespace dure
