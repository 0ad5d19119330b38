// The history of a run as one reads it: a line an event, its columns named once above. Heartbeats, pings and steps of
// movement are left out. Writes to a stream as the run goes on. One thread.
#pragma once
#include <cstdio>

#include "common/proto/routes.h"
#include "tests/sim/cluster.h"

namespace dure::sim {

class History {
 public:
  // Both outlive it.
  History(const Routes& routes, std::FILE* out);
  void take(const Moment& moment);

 private:
  void line(const Moment& moment, const std::string& text);
  void bus(const Moment& moment);
  void frame(const Moment& moment);
  std::string name_of(std::uint32_t message_id) const;
  const Routes& routes_;
  std::FILE* out_;
};

}  // namespace dure::sim
