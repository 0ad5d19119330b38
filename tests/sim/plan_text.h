// A plan as text, one line an entry, and back. Reading names the file and the line of what it does not understand and
// what would be allowed there. The words are in README.md. Pure.
#pragma once
#include <string>

#include "common/base/result.h"
#include "tests/sim/plan.h"

namespace dure::sim {

std::string to_text(const Fault& fault);
std::string to_text(const Plan& plan);
// kInvalid: "FILE:LINE: …".
[[nodiscard]] Result<Plan> parse_plan(const std::string& text, const std::string& file);
[[nodiscard]] Result<Plan> read_plan(const std::string& path);
// A client's name: one small letter.
inline bool is_client(const std::string& word) { return word.size() == 1 && word[0] >= 'a' && word[0] <= 'z'; }

}  // namespace dure::sim
