// A line of a scenario while it is read. One thread.
#pragma once
#include <charconv>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/sim/plan_text.h"

namespace dure::sim {

struct Unit {
  const char* name;
  Duration one;
};
inline constexpr Unit kUnits[] = {{"us", microseconds(1)}, {"ms", milliseconds(1)}, {"s", seconds(1)}};
inline constexpr Duration kLongest = seconds(3600);

// Read word by word; what does not fit is thrown and becomes the line's error.
class Line {
 public:
  explicit Line(const std::string& text) : in_(text) {}
  std::string word(const std::string& wanted) {
    std::string text;
    if (!(in_ >> text)) throw std::runtime_error("the line ends where " + wanted + " is wanted");
    return text;
  }
  bool more() {
    in_ >> std::ws;
    return !in_.eof();
  }
  void fixed(const std::string& wanted) {
    const std::string text = word("'" + wanted + "'");
    if (text != wanted) throw std::runtime_error("'" + text + "' where '" + wanted + "' is wanted");
  }
  std::uint64_t number(const std::string& what, std::uint64_t least, std::uint64_t most) {
    const std::string text = word(what);
    std::uint64_t value = 0;
    const auto end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || value < least || value > most)
      throw std::runtime_error("'" + text + "' is no " + what + ": " + std::to_string(least) + " to " +
                               std::to_string(most));
    return value;
  }
  Duration duration(Duration least = {}) {
    const std::string text = word("a duration, like 1500ms");
    std::int64_t count = 0;
    const auto end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, count);
    for (const Unit& unit : kUnits)
      if (read.ec == std::errc() && std::string(read.ptr, end) == unit.name && count >= least / unit.one &&
          count <= kLongest / unit.one)
        return unit.one * count;
    throw std::runtime_error("'" + text + "' is no duration: a number and us, ms or s, up to an hour");
  }
  NodeId node() {
    const std::string text = word("a process, like general-1");
    const NodeId id = node_from_text(text);
    if (!id)
      throw std::runtime_error("'" + text + "' is no process: gateway-N, general-N, dungeon-N, chat-N, dbagent-1");
    return id;
  }
  char client() {
    const std::string text = word("a client, like a");
    if (!is_client(text)) throw std::runtime_error("'" + text + "' is no client: one letter from a to z");
    return text[0];
  }

 private:
  std::istringstream in_;
};

}  // namespace dure::sim
