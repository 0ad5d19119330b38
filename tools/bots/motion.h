// Where a bot stands and where it wants to go. It keeps the last positions it asked for, since the server may show each
// of them a little later. Plain values, centimetres.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "common/base/time.h"

namespace dure {

struct Spot {
  std::int32_t x_cm = 0, y_cm = 0;
  friend bool operator==(const Spot&, const Spot&) = default;
};
std::int64_t distance_cm(Spot a, Spot b);

class Motion {
 public:
  // The server's word: we stand here.
  void put(Spot spot, MonoTime now);
  void speed_max(std::uint32_t cm_s) { speed_max_cm_s_ = cm_s; }
  // Steps towards the goal at no more than 80 % of the legal speed; nothing when already there.
  std::optional<Spot> step(MonoTime now);
  void goal(Spot spot) { goal_ = spot; }
  bool arrived() const { return goal_ == here_; }
  Spot here() const { return here_; }
  Spot home() const { return home_; }
  void home(Spot spot) { home_ = spot; }
  // Whether the server may show us at this place.
  bool asked_for(Spot spot) const;

 private:
  void remember(Spot spot);
  Spot here_, home_, goal_;
  std::uint32_t speed_max_cm_s_ = 500;
  MonoTime stepped_at_{};
  std::array<Spot, 16> asked_{};
  std::size_t asked_count_ = 0;
};

}  // namespace dure
