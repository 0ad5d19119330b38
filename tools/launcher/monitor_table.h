// What the processes say of themselves in Redis: a hash <prefix>monitor:<node>, written once a second, gone after 5 s.
// Of one that it left down the launcher says so.
// Blocking with short time limits; one thread. Redis being away is no failure: values are then unknown.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/time.h"

struct redisContext;

namespace dure {

struct MonitorValue {
  std::optional<std::int64_t> pid, players, input_wait_p99_us, turn_p99_us, turn_max_us, sent_per_s;
  std::string state;
  std::map<std::string, std::int64_t> figures;  // every other number that the node tells
};

class MonitorTable {
 public:
  // `address`: host:port, unix:path, or empty for none.
  MonitorTable(std::string address, std::string prefix, Duration timeout);
  ~MonitorTable();
  // One value a name, in order; empty ones where nothing is known.
  std::vector<MonitorValue> read(const std::vector<std::string>& nodes);
  void write_state(const std::string& node, const std::string& state);
  // True if Redis answers now.
  bool ping();

 private:
  struct Close {
    void operator()(redisContext* context) const;
  };
  bool connect();
  MonitorValue read_one(const std::string& node);
  const std::string address_, prefix_;
  const Duration timeout_;
  std::unique_ptr<redisContext, Close> redis_;
};

}  // namespace dure
