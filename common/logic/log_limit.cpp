#include "common/logic/log_limit.h"

#include <utility>

namespace dure {

std::uint64_t LogLimit::due(std::string_view cause, MonoTime now) {
  auto at = causes_.find(cause);
  if (at == causes_.end() && causes_.size() >= kCausesMax)
    std::erase_if(causes_, [&](const auto& known) {
      if (!quiet(known.second, now)) return false;
      others_.unsaid += known.second.unsaid;
      return true;
    });
  if (at == causes_.end() && causes_.size() < kCausesMax) at = causes_.try_emplace(std::string(cause)).first;
  Cause& counted = at == causes_.end() ? others_ : at->second;
  ++counted.unsaid;
  if (counted.said && !quiet(counted, now)) return 0;
  counted.said = true;
  counted.said_at = now;
  return std::exchange(counted.unsaid, 0);
}

}  // namespace dure
