// A rogue that trades with itself: it owns two characters that nobody else plays (rogue_pair.h), and tries with them
// what only their owner could try (pair_tricks.h). It hears exactly what it must have, or reports it. One thread.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/rogue/pair_tricks.h"
#include "tests/sim/rogue/persona.h"

namespace dure::sim {

class Dealer : public Persona {
 public:
  std::optional<Step> next(const std::string& queue, const Known& known, Rng& rng) override;
  std::vector<Step> behind(const std::string& queue, const std::vector<Exchange>& batch, const Known& known,
                           Rng& rng) override;
  void answered(const std::string& queue, const Step& step, const std::string& answer) override;
  std::optional<Step> then(const std::string& queue, bool heard) override;
  const Verdict& broken() const override;
  // Tricks that ended as they must.
  std::map<std::string, std::uint64_t> held() const override { return held_; }
  static std::vector<std::string> rules();

 private:
  Task<void> live();
  Task<void> play();
  const Trick* draw() const;
  std::unique_ptr<Pair> pair_;  // from its first turn on
  std::map<std::uint32_t, std::uint32_t> contents_;
  std::map<std::string, std::uint64_t> held_;
  Scope story_;
};

}  // namespace dure::sim
