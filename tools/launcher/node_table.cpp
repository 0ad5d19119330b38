#include "tools/launcher/node_table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace dure {
namespace {

constexpr std::size_t kColumns = 9;
using Cells = std::array<std::string, kColumns>;
constexpr const char* kUnknown = "–";

std::size_t width_of(const std::string& text) {  // code points: our cells have no wide ones
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}
std::string number(const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : kUnknown; }
std::string duration(const std::optional<std::int64_t>& us) { return us ? format_us(*us) : kUnknown; }

Cells cells_of(const NodeRow& row) {
  return {row.node,
          row.role,
          row.pid ? std::to_string(row.pid) : kUnknown,
          row.state.empty() ? kUnknown : row.state,
          number(row.values.players),
          duration(row.values.input_wait_p99_us),
          duration(row.values.turn_p99_us),
          duration(row.values.turn_max_us),
          number(row.values.sent_per_s)};
}

nlohmann::json json_of(const std::optional<std::int64_t>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

}  // namespace

std::string format_us(std::int64_t us) {
  char text[32];
  if (us < 1000)
    std::snprintf(text, sizeof text, "%lld µs", static_cast<long long>(us));
  else if (us < 1'000'000)
    std::snprintf(text, sizeof text, "%.1f ms", static_cast<double>(us) / 1e3);
  else
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(us) / 1e6);
  return text;
}

std::string format_table(const std::vector<NodeRow>& rows) {
  std::vector<Cells> lines = {
      {"node", "role", "pid", "state", "players", "input wait p99", "turn p99", "turn max", "sent/s"}};
  for (const NodeRow& row : rows) lines.push_back(cells_of(row));
  std::array<std::size_t, kColumns> widths{};
  for (const Cells& line : lines)
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], width_of(line[i]));
  std::string text;
  for (const Cells& line : lines) {
    std::string one;
    for (std::size_t i = 0; i < kColumns; ++i) {
      const std::string blanks(widths[i] - width_of(line[i]), ' ');
      const bool words = i < 2 || i == 3;  // words to the left, numbers to the right
      one += (i ? "  " : "") + (words ? line[i] + blanks : blanks + line[i]);
    }
    one.erase(one.find_last_not_of(' ') + 1);
    text += one + "\n";
  }
  return text;
}

std::string format_json(const std::vector<NodeRow>& rows) {
  nlohmann::json list = nlohmann::json::array();
  for (const NodeRow& row : rows)
    list.push_back({{"node", row.node},
                    {"role", row.role},
                    {"pid", row.pid ? nlohmann::json(row.pid) : nlohmann::json(nullptr)},
                    {"state", row.state},
                    {"players", json_of(row.values.players)},
                    {"input_wait_p99_us", json_of(row.values.input_wait_p99_us)},
                    {"turn_p99_us", json_of(row.values.turn_p99_us)},
                    {"turn_max_us", json_of(row.values.turn_max_us)},
                    {"sent_per_s", json_of(row.values.sent_per_s)},
                    {"figures", row.values.figures}});
  return list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace dure
