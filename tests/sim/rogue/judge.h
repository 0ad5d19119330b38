// Judges what a store answered to requests that must change nothing. No model of the server is needed: each is built to
// be forbidden, or a repeat, in whatever state the store is. One thread.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "tests/sim/broken.h"
#include "tests/sim/rogue/tap.h"

namespace dure::sim {

// The part of an answer that is the same for ever once it is STORED: a verdict, a fate, what became of a leg. Empty:
// none.
std::string what_stays(std::uint32_t message_id, const std::string& answer);
// Of any reply; a notice's is STORED.
int code_of(const std::string& answer);

class Judge {
 public:
  void judge(const Step& step, const std::string& answer, std::optional<bool> changed);
  const Verdict& broken() const { return broken_; }
  // How often each rule was answered as it must be, RETRY aside unless it is what must be.
  const std::map<std::string, std::uint64_t>& held() const { return held_; }

 private:
  void report(const Step& step, const std::string& what);
  Verdict broken_;
  std::map<std::string, std::uint64_t> held_;
};

}  // namespace dure::sim
