// A worker: work that would stall a logic thread (a database commit, a password hash). The host gives each its own
// thread and queue; the simulator calls it inline. Requests come one at a time.
#pragma once
#include <string>
#include <string_view>

namespace dure {

class Worker {
 public:
  virtual ~Worker() = default;
  // Never throws for bad bytes: answers with an error in its own reply format.
  virtual std::string run(std::string_view request) = 0;
};

}  // namespace dure
