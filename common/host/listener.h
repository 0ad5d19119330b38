// The sockets that clients knock at. Main thread, before the IO threads start.
#pragma once
#include <string>
#include <vector>

#include "common/base/result.h"

namespace dure {

// `count` listening, non-blocking sockets on one address ("127.0.0.1:7000"; port 0: any free one), among which the
// kernel spreads the connections (SO_REUSEPORT). Refused if anybody else listens there, ourselves included: a second
// server that silently took half of the clients would be worse than one that does not start. The caller closes them.
[[nodiscard]] Result<std::vector<int>> listen_on(const std::string& address, std::size_t count);
// "127.0.0.1:7000", with the port that was chosen.
std::string local_address(int socket);

}  // namespace dure
