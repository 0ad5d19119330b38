// Lives with accounts, characters and sessions of its own: by the stories of stories.h, a few at once, each told to its
// end. One thread.
#pragma once
#include <memory>

#include "tests/sim/rogue/persona.h"
#include "tests/sim/rogue/teller.h"

namespace dure::sim {

class Lives : public Persona {
 public:
  std::optional<Step> next(const std::string& queue, const Known& known, Rng& rng) override;
  std::vector<Step> ahead(const std::string& queue, const proto::StoreBatch& batch, const Known& known,
                          Rng& rng) override;
  // A story that has begun is gone on with more often than one begins.
  std::vector<Step> behind(const std::string& queue, const std::vector<Exchange>& batch, const Known& known,
                           Rng& rng) override;
  void answered(const std::string& queue, const Step& step, const std::string& answer) override;
  const Verdict& broken() const override { return world_.broken; }
  static std::vector<std::string> rules();

 private:
  void learn(const std::vector<Exchange>& batch);
  std::vector<Teller*> waiting(const std::string& queue);
  Teller::World world_;
  std::vector<std::unique_ptr<Teller>> tellers_;
  std::vector<Teller::Story> untold_;
};

}  // namespace dure::sim
