// A simulated process: what it is made of, and the incarnation of it that runs now. Killing it mutes its effects from
// that moment and then destroys it as any object, so that leaks stay visible.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/logic/client_io.h"
#include "common/logic/node.h"
#include "common/logic/worker.h"
#include "tests/sim/luck.h"

namespace dure::sim {

// What production's main would compose: the role, its IO threads' objects, its workers by queue.
struct Parts {
  std::unique_ptr<Node> node;
  std::shared_ptr<void> shared;  // by the ports
  std::vector<std::unique_ptr<ClientIo>> ports;
  std::map<std::string, std::unique_ptr<Worker>> workers;
};

class CannotStart : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Blueprint {
  NodeIdentity identity;  // incarnation and seed are drawn anew for each life
  // Throws CannotStart if the world is against it: the supervisor tries again.
  std::function<Parts(const NodeIdentity&, const Seams&)> build;
  std::function<void()> died = [] {};  // before its parts are destroyed, if it did not end by itself
};

// Keeps the lines; every one is part of the trace.
class SimLog : public EventLog {
 public:
  explicit SimLog(std::function<void(const std::string&)> told) : told_(std::move(told)) {}
  void event(LogLevel level, std::string_view name, std::initializer_list<LogField> fields) override {
    std::string line(name);
    for (const auto& field : fields) {
      line += " " + std::string(field.key) + "=";
      if (const auto* text = std::get_if<std::string>(&field.value)) line += *text;
      if (const auto* number = std::get_if<std::int64_t>(&field.value)) line += std::to_string(*number);
    }
    if (level == LogLevel::kError) errors.push_back(line);
    told_(line);
    lines.push_back(std::move(line));
  }
  std::vector<std::string> lines, errors;

 private:
  std::function<void(const std::string&)> told_;
};

struct Process {
  Blueprint blueprint;
  std::unique_ptr<SimLog> log;  // of all its lives
  std::unique_ptr<SeededEntropy> entropy;
  std::unique_ptr<SimLuck> luck;
  Parts parts;
  std::uint32_t life = 0;  // counted; events of an earlier life are void
  bool alive = false;
  bool asked_to_end = false;
  Rng rng{0};  // of what is drawn about it: how long a turn or a piece of work takes
  std::vector<Inbound> inbox;
  MonoTime wake_at = MonoTime::max();  // the turn that is scheduled
  MonoTime pump_at = MonoTime::max();  // the writing of what its ports let wait
  MonoTime not_before{};               // busy with a turn
  MonoTime paused_until{};
  Duration clock_offset{};  // its monotonic clock began elsewhere
  Duration wall_offset{};   // its machine's wall clock is wrong by so much
  std::map<std::string, MonoTime> worker_free_at;
  MonoTime stalled_until{};  // its workers
  std::uint64_t next_client = 0;
  std::uint64_t turns = 0;

  NodeId id() const { return blueprint.identity.id; }
};

}  // namespace dure::sim
