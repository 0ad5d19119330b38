#include "lobby/sample/bag.h"

#include <algorithm>

#include "common/game/sample/combat.h"
#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"
#include "common/game/sample/shop.h"

namespace dure::sample {

Bag::Bag(Lobby& lobby, const Items& items)
    : lobby_(lobby),
      items_(items),
      use_(lobby, items, [&lobby](const Player& player) { lobby.show_hit_points(player); }) {
  lobby.on_player(this, &Bag::attack);
  lobby.on_player(this, &Bag::skill);
}

void Bag::player_arrived(Player& player) {
  const bool fresh = !player.mirror.flag(kStarterFlag);
  player.hit_points_max = player_hit_points(level_of(player.mirror.counter("experience")));
  player.hit_points =
      fresh ? player.hit_points_max : std::clamp<std::uint32_t>(player.hit_points, 1, player.hit_points_max);
  if (!fresh) return;
  proto::Operation kit;
  starter_kit(items_, &kit);
  if (const auto guard = lobby_.commit(player, kit); guard != Mirror::Guard::kOk)
    lobby_.log().event(LogLevel::kWarning, "starter.refused",
                       {{"player", player.id}, {"code", static_cast<int>(code_of(guard))}});
}

AttackReply Bag::attack(Player&, const AttackRequest&) {
  AttackReply reply;
  reply.set_code(proto::WRONG_STATE);
  return reply;
}

SkillReply Bag::skill(Player&, const SkillRequest&) {
  SkillReply reply;
  reply.set_code(proto::WRONG_STATE);
  return reply;
}

}  // namespace dure::sample
