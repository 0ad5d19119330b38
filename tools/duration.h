// "60s", "10m", "500ms", "2h", "1d" as one types them. Pure.
#pragma once
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"

namespace dure {

[[nodiscard]] inline Result<Duration> parse_duration(const std::string& text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::string unit = text.substr(digits);
  if (digits == 0 || digits > 9) return fail(Trouble::kInvalid, "a number with ms, s, m, h or d is wanted, like 60s");
  const auto count = std::stoll(text.substr(0, digits));
  if (unit == "ms") return Duration(milliseconds(count));
  if (unit == "s" || unit.empty()) return Duration(seconds(count));
  if (unit == "m") return Duration(std::chrono::minutes(count));
  if (unit == "h") return Duration(std::chrono::hours(count));
  if (unit == "d") return Duration(std::chrono::hours(24 * count));
  return fail(Trouble::kInvalid, "'" + unit + "' is no unit: ms, s, m, h or d");
}

}  // namespace dure
