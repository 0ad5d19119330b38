// Where a bot goes, and what it sees of others there.
#include <fmt/format.h>

#include "common/base/bytes.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/lobby.pb.h"
#include "tools/bots/bot.h"

namespace dure {
namespace {
constexpr Duration kAfterSwitch = seconds(3);  // moves of the old place may still be answered
constexpr Duration kAfterDeath = seconds(15);  // the fallen are put elsewhere
}  // namespace

void Bot::step() {
  if (const auto spot = motion_.step(now())) {
    proto::MoveTo move;
    move.set_x_cm(spot->x_cm);
    move.set_y_cm(spot->y_cm);
    if (session_.send(move) == 0) return;
    ++moves_;
    shared_.sightings.moved(entity_, spot->x_cm, spot->y_cm, now());
  }
}

bool Bot::put_elsewhere() const {
  return now() - routed_at_ < kAfterSwitch || (died_at_ != MonoTime::min() && now() - died_at_ < kAfterDeath);
}

void Bot::corrected(const proto::MoveCorrected& notice, std::uint32_t) {
  const Spot spot{notice.x_cm(), notice.y_cm()};
  if (!put_elsewhere())
    shared_.report.mismatch(name(), "move corrected in " + place_,
                            fmt::format("{},{}", motion_.here().x_cm, motion_.here().y_cm),
                            fmt::format("{},{}", spot.x_cm, spot.y_cm));
  motion_.put(spot, now());
}

// Positions are most of what a crowd is told. Few bots measure how fast they see the others; the rest look only for
// themselves (an entity id stands in a frame as eight fixed bytes).
bool Bot::wants(std::string_view body) const {
  if (watches_ || in_instance()) return true;
  char own[8];
  store_le(own, entity_);
  return body.find(std::string_view(own, sizeof own)) != std::string_view::npos;
}

void Bot::cell_update(const proto::CellUpdate& update, std::uint32_t) {
  for (const auto& moved : update.moved()) {
    const Spot spot{moved.x_cm(), moved.y_cm()};
    if (moved.entity_id() != entity_) {
      shared_.sightings.seen(moved.entity_id(), spot.x_cm, spot.y_cm, now());
      if (in_instance()) surroundings_.moved(moved.entity_id(), spot);
      continue;
    }
    if (!put_elsewhere() && !motion_.asked_for(spot))
      shared_.report.mismatch(name(), "own position in " + place_,
                              fmt::format("{},{} or shortly before", motion_.here().x_cm, motion_.here().y_cm),
                              fmt::format("{},{}", spot.x_cm, spot.y_cm));
  }
}

void Bot::cell_changed(const proto::CellChanged& change, std::uint32_t) {
  for (const auto& seen : change.entered())
    if (seen.kind() != "player")
      surroundings_.put({seen.entity_id(), seen.name(), seen.kind() == "monster", {seen.x_cm(), seen.y_cm()}});
  // A monster that crosses into a neighbour cell leaves one and enters another, in either order: gone only if it was
  // here. What is gone for good says so itself (EntityDied), or a request for it is answered NOT_FOUND.
}

void Bot::died(const sample::EntityDied& notice, std::uint32_t) {
  for (const auto& habit : habits_) habit->on_died(*this, notice);
  if (notice.entity_id() == entity_) died_at_ = now();
  surroundings_.erase(notice.entity_id());
}

}  // namespace dure
