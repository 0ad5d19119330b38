// The table of `dure up` and `dure status` as text. Plain values.
#pragma once
#include <string>
#include <vector>

#include "tools/launcher/monitor_table.h"

namespace dure {

struct NodeRow {
  std::string node, role, state;
  std::int64_t pid = 0;  // 0: none known
  MonitorValue values;
};

// A heading and a line a row; "–" where nothing is known. Ends with a newline.
std::string format_table(const std::vector<NodeRow>& rows);
// 812 → "812 µs", 12300 → "12.3 ms", 2000000 → "2.0 s".
std::string format_us(std::int64_t us);
// An array of objects; unknown values are null.
std::string format_json(const std::vector<NodeRow>& rows);

}  // namespace dure
