// Chance. Rng is the game's (seeded, repeatable); Entropy is a seam for what must not be guessed (tokens, ids,
// incarnations). Not thread-safe; each logic thread has its own.
#pragma once
#include <cstdint>
#include <span>

namespace dure {

// Counter-based: draw n of a stream is mix64(seed, stream, n) (splitmix64's finalizer), so that removing one draw
// does not shift the draws of other streams.
class Rng {
 public:
  explicit Rng(std::uint64_t seed, std::uint64_t stream = 0);
  std::uint64_t next();
  // 0 … bound-1 without bias (Lemire 2019, "Fast Random Integer Generation in an Interval"). CHECKs bound > 0.
  std::uint64_t below(std::uint64_t bound);
  double unit();  // [0, 1)
  bool chance(double p) { return unit() < p; }

 private:
  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
  std::uint64_t u64();
  std::uint64_t id63();  // positive, never 0: fits SQLite's signed integers
};

// Entropy for tests and simulation: repeatable.
class SeededEntropy : public Entropy {
 public:
  explicit SeededEntropy(std::uint64_t seed) : rng_(seed, 0xe47) {}
  void fill(std::span<std::uint8_t> out) override;

 private:
  Rng rng_;
};

}  // namespace dure
