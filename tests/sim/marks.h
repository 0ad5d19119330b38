// What a batch of seeds must have met at least once, or it proves nothing: every class of fault in every situation, and
// what processes and clients do only when things go wrong. Counted by name in Outcome::reached: log lines of production
// code, its unlucky sites that fired, what clients came to, and faults in situations. Plain functions.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dure::sim {

std::vector<std::string> required_marks();
// Those that were never reached.
std::vector<std::string> missing_marks(const std::map<std::string, std::uint64_t>& reached);

}  // namespace dure::sim
