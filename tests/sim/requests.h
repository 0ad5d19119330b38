// What one simulated client asked for that changes value, and what it knows of each request: one is open at a time. An
// applied one whose owner died, and one without an answer, may have been done or not. Plain.
#pragma once
#include <cstdint>
#include <map>

#include "tests/sim/player.h"

namespace dure::sim {

class Requests {
 public:
  struct Count {
    int saved = 0, unknown = 0;
    void operator+=(const Count& more) {
      saved += more.saved;
      unknown += more.unknown;
    }
  };
  // `kind`: the asker's own.
  void ask(std::uint64_t creq, int kind = 0);
  bool open() const { return open_ != 0; }
  // Nothing will be heard of what is open: whom it asked is not its owner any more, or it got lost.
  void unheard() { open_ = 0; }
  void answered(std::uint64_t creq, bool done, std::uint64_t epoch);
  // As SavedNotice says: all up to `creq`.
  void saved(std::uint64_t creq, std::uint64_t epoch);
  // The character is as it was in a backup: what it asked for may be undone.
  void went_back();
  // Every one that its owner still speaks of is SAVED.
  bool all_saved(std::uint64_t epoch) const;
  bool is_saved(std::uint64_t creq) const;
  Count count(int kind = 0) const;
  std::size_t size() const { return requests_.size(); }

 private:
  struct Request {
    int kind = 0;
    RequestFate fate = RequestFate::kSent;
    std::uint64_t epoch = 0;  // that it was applied in
  };
  std::map<std::uint64_t, Request> requests_;  // by creq
  std::uint64_t open_ = 0;
};

}  // namespace dure::sim
