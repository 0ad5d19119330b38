// Asks again, byte for byte, what was answered STORED, at once or much later, across moves, crashes and other owners:
// every transition may be asked for again at any time, and then changes nothing. One thread.
#pragma once
#include "tests/sim/rogue/persona.h"

namespace dure::sim {

class Echo : public Persona {
 public:
  std::optional<Step> next(const std::string& queue, const Known& known, Rng& rng) override;
  static std::vector<std::string> rules();
};

}  // namespace dure::sim
