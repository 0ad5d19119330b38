// A simulated process: what it is made of, and the incarnation of it that runs now. Killing it mutes its effects from
// that moment and then destroys it as any object, so that leaks stay visible.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/logic/client_io.h"
#include "common/logic/node.h"
#include "common/logic/worker.h"

namespace dure::sim {

// What production's main would compose: the role, its IO threads' objects, its workers by queue.
struct Parts {
  std::unique_ptr<Node> node;
  std::shared_ptr<void> shared;  // by the ports
  std::vector<std::unique_ptr<ClientIo>> ports;
  std::map<std::string, std::unique_ptr<Worker>> workers;
};

struct Blueprint {
  NodeIdentity identity;  // incarnation and seed are drawn anew for each life
  std::function<Parts(const NodeIdentity&, const Seams&)> build;
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
  Parts parts;
  std::uint32_t life = 0;  // counted; events of an earlier life are void
  bool alive = false;
  std::vector<Inbound> inbox;
  MonoTime wake_at = MonoTime::max();  // the turn that is scheduled
  MonoTime not_before{};               // busy with a turn
  MonoTime paused_until{};
  Duration clock_offset{};  // its monotonic clock began elsewhere
  std::map<std::string, MonoTime> worker_free_at;
  std::uint64_t next_client = 0;
  std::uint64_t turns = 0;

  NodeId id() const { return blueprint.identity.id; }
};

}  // namespace dure::sim
