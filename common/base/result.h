// Result<T>: what the world answers (a peer gone, a deadline passed, a disk full). Never for our own bugs (CHECK) and
// never for a player's mistakes (an error code in the reply). Any thread.
#pragma once
#include <string>
#include <tl/expected.hpp>

namespace dure {

enum class Trouble {
  kTimeout,      // the deadline passed without an answer
  kUnreachable,  // the peer is down or its breaker is open; nothing was sent
  kPeerLost,     // the peer went down after the request left; it may or may not have been done
  kRefused,      // the peer answered with an error
  kBusy,         // a queue is full; try again later
  kCancelled,    // the scope that asked has ended
  kInvalid,      // bytes or settings that cannot be understood
  kIo,           // disk, socket, system call
};
const char* to_text(Trouble);

struct Error {
  Trouble trouble = Trouble::kIo;
  std::string detail;
};

template <class T = void>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(Trouble trouble, std::string detail = {}) {
  return tl::unexpected<Error>(Error{trouble, std::move(detail)});
}

}  // namespace dure
