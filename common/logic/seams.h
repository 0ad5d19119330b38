// The seams of a logic thread that are neither events nor effects: where it reports. Each has a real and a simulated
// implementation. Called from the logic thread only.
#pragma once
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/logic/unlucky.h"

namespace dure {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// A log line is a named event with fields: log.event(LogLevel::kInfo, "player.acquired", {{"player", pid}, …}).
struct LogField {
  std::string_view key;
  std::variant<std::int64_t, std::string> value;
  LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(std::string_view k, std::string_view v) : key(k), value(std::string(v)) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string(v)) {}
  template <std::integral T>
  LogField(std::string_view k, T v) : key(k), value(static_cast<std::int64_t>(v)) {}
  template <class Tag>
  LogField(std::string_view k, Id<Tag> v) : key(k), value(static_cast<std::int64_t>(v.value)) {}
  LogField(std::string_view k, NodeId v) : key(k), value(to_text(v)) {}
};

class EventLog {
 public:
  virtual ~EventLog() = default;
  virtual void event(LogLevel level, std::string_view name, std::initializer_list<LogField> fields) = 0;
};

// Where the exception that was caught last was thrown: one "function file:line" a line. May be empty.
class ThrowStack {
 public:
  virtual ~ThrowStack() = default;
  virtual std::string last() = 0;
};

// Measured on monotonic time by whoever runs the turn, since logic's own clock stands still inside one.
struct TurnFigures {
  std::uint64_t input_wait_p99_us = 0;
  std::uint64_t turn_p99_us = 0;
};

struct Seams {
  EventLog* log = nullptr;
  Entropy* entropy = nullptr;
  ThrowStack* throw_stack = nullptr;     // may be null
  const TurnFigures* figures = nullptr;  // may be null
  // For who looks after the process died: the fingerprint (common/logic/quarantine.h) of the client's input whose
  // handler runs, 0 when none does. May be null.
  std::uint64_t* reading = nullptr;
  std::vector<std::uint64_t> set_aside = {};  // the fingerprints that ended earlier lives: not read
  Luck* luck = nullptr;                       // of the simulation alone; null: never unlucky
};

}  // namespace dure
