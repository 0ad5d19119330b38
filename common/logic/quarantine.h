// Inputs of clients whose handler faulted, by fingerprint. What faulted twice, or ended the process twice, is set
// aside: nobody reads it again in this life of the node, and whoever sends it is disconnected. Bounded: the oldest are
// forgotten first, an input whose bytes differ in anything is another input. Logic thread only.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <string_view>

#include "common/base/hash.h"

namespace dure {

class Quarantine {
 public:
  static std::uint64_t fingerprint(std::uint32_t message_id, std::string_view body) {
    return fnv1a(body, mix64(message_id));
  }
  bool holds(std::uint64_t fingerprint) const {
    const auto at = faults_.find(fingerprint);
    return at != faults_.end() && at->second >= kFaultsMax;
  }
  void set_aside(std::uint64_t fingerprint) { count(fingerprint, kFaultsMax); }
  // True: it is set aside from now on.
  bool faulted(std::uint64_t fingerprint) { return count(fingerprint, 1) >= kFaultsMax; }

 private:
  std::uint32_t count(std::uint64_t fingerprint, std::uint32_t faults) {
    const auto [at, fresh] = faults_.try_emplace(fingerprint, 0);
    if (fresh) order_.push_back(fingerprint);
    const std::uint32_t counted = at->second += faults;
    if (order_.size() > kKept) {
      faults_.erase(order_.front());
      order_.pop_front();
    }
    return counted;
  }

  static constexpr std::uint32_t kFaultsMax = 2;
  static constexpr std::size_t kKept = 1024;
  std::map<std::uint64_t, std::uint32_t> faults_;
  std::deque<std::uint64_t> order_;  // oldest first
};

}  // namespace dure
