#include "common/logic/gm_outcomes.h"

#include <utility>

#include "common/base/check.h"

namespace dure {

void GmOutcomes::begin(std::uint64_t command) {
  if (latest_.size() >= kKept) forget(latest_.front());
  CHECK(by_command_.try_emplace(command).second);
  latest_.push_back(command);
}

void GmOutcomes::end(std::uint64_t command, Outcome outcome) {
  if (const auto at = by_command_.find(command); at != by_command_.end()) at->second = std::move(outcome);
}

void GmOutcomes::forget(std::uint64_t command) {
  if (by_command_.erase(command) != 0) std::erase(latest_, command);
}

const GmOutcomes::Outcome* GmOutcomes::find(std::uint64_t command) const {
  const auto at = by_command_.find(command);
  return at == by_command_.end() ? nullptr : &at->second;
}

}  // namespace dure
