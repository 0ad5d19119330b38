#include "lobby/sample/bag.h"

#include <algorithm>

#include "common/game/sample/combat.h"
#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"

namespace dure::sample {

Bag::Bag(Lobby& lobby, const Items& items) : lobby_(lobby), items_(items) {
  lobby.on_player(this, &Bag::use);
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

UseItemReply Bag::use(Player& player, const UseItemRequest& request) {
  UseItemReply reply;
  proto::Operation operation;
  std::int64_t heal = 0;
  proto::Code code = request.has_item() ? use_item(items_, item_id_of(request.item()), player.mirror, &heal, &operation)
                                        : use_stack(items_, request.stack(), &heal, &operation);
  if (code == proto::OK && player.hit_points == 0) code = proto::WRONG_STATE;
  if (code == proto::OK) code = code_of(lobby_.commit(player, operation));
  if (code == proto::OK) {
    player.hit_points =
        static_cast<std::uint32_t>(std::min<std::int64_t>(player.hit_points_max, player.hit_points + heal));
    lobby_.show_hit_points(player);
    tell_touched(player.mirror, operation, reply.mutable_touched());
  }
  reply.set_code(code);
  reply.set_hit_points(player.hit_points);
  return reply;
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
