#include "tests/sim/requests.h"

#include <algorithm>

namespace dure::sim {

void Requests::ask(std::uint64_t creq, int kind) { requests_[open_ = creq].kind = kind; }

void Requests::answered(std::uint64_t creq, bool done, std::uint64_t epoch) {
  if (creq == open_) open_ = 0;
  const auto at = requests_.find(creq);
  if (at == requests_.end() || at->second.fate != RequestFate::kSent) return;
  at->second.fate = done ? RequestFate::kApplied : RequestFate::kRefused;
  at->second.epoch = epoch;
}

void Requests::saved(std::uint64_t creq, std::uint64_t epoch) {
  for (auto& [number, request] : requests_)
    if (number <= creq && request.fate == RequestFate::kApplied && request.epoch == epoch)
      request.fate = RequestFate::kSaved;
}

void Requests::went_back() {
  open_ = 0;
  for (auto& [creq, request] : requests_)
    if (request.fate != RequestFate::kRefused) request.fate = RequestFate::kSent;
}

bool Requests::all_saved(std::uint64_t epoch) const {
  return std::none_of(requests_.begin(), requests_.end(), [epoch](const auto& one) {
    return one.second.fate == RequestFate::kApplied && one.second.epoch == epoch;
  });
}

bool Requests::is_saved(std::uint64_t creq) const {
  const auto at = requests_.find(creq);
  return at != requests_.end() && at->second.fate == RequestFate::kSaved;
}

Requests::Count Requests::count(int kind) const {
  Count count;
  for (const auto& [creq, request] : requests_) {
    if (request.kind != kind) continue;
    count.saved += request.fate == RequestFate::kSaved;
    count.unknown += request.fate == RequestFate::kSent || request.fate == RequestFate::kApplied;
  }
  return count;
}

}  // namespace dure::sim
