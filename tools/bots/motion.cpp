#include "tools/bots/motion.h"

#include <algorithm>
#include <cmath>

namespace dure {

namespace {

constexpr double kOfLegalSpeed = 0.8;
constexpr Duration kLongestStep = milliseconds(600);

}  // namespace

std::int64_t distance_cm(Spot a, Spot b) {
  const double dx = static_cast<double>(a.x_cm) - b.x_cm, dy = static_cast<double>(a.y_cm) - b.y_cm;
  return static_cast<std::int64_t>(std::sqrt(dx * dx + dy * dy));
}

void Motion::put(Spot spot, MonoTime now) {
  here_ = goal_ = spot;
  stepped_at_ = now;
  remember(spot);
}

void Motion::remember(Spot spot) { asked_[asked_count_++ % asked_.size()] = spot; }

std::optional<Spot> Motion::step(MonoTime now) {
  const Duration passed = std::min<Duration>(now - stepped_at_, kLongestStep);
  stepped_at_ = now;
  const double reach = kOfLegalSpeed * speed_max_cm_s_ * static_cast<double>(to_us(passed)) / 1e6;
  const double dx = static_cast<double>(goal_.x_cm) - here_.x_cm, dy = static_cast<double>(goal_.y_cm) - here_.y_cm;
  const double distance = std::sqrt(dx * dx + dy * dy);
  if (distance < 1 || reach < 1) return std::nullopt;
  const double share = std::min(1.0, reach / distance);
  here_ = share >= 1 ? goal_
                     : Spot{here_.x_cm + static_cast<std::int32_t>(dx * share),
                            here_.y_cm + static_cast<std::int32_t>(dy * share)};
  remember(here_);
  return here_;
}

bool Motion::asked_for(Spot spot) const {
  const std::size_t count = std::min(asked_count_, asked_.size());
  return std::find(asked_.begin(), asked_.begin() + static_cast<std::ptrdiff_t>(count), spot) !=
         asked_.begin() + static_cast<std::ptrdiff_t>(count);
}

}  // namespace dure
