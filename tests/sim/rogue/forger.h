// Asks for what is forbidden: by the tables of forgery.h. One thread.
#pragma once
#include "tests/sim/rogue/forgery.h"
#include "tests/sim/rogue/persona.h"

namespace dure::sim {

class Forger : public Persona {
 public:
  std::optional<Step> next(const std::string& queue, const Known& known, Rng& rng) override;
  std::vector<Step> ahead(const std::string& queue, const proto::StoreBatch& batch, const Known& known,
                          Rng& rng) override;
  std::vector<Step> behind(const std::string& queue, const std::vector<Exchange>& batch, const Known& known,
                           Rng& rng) override;
  static std::vector<std::string> rules();
};

}  // namespace dure::sim
