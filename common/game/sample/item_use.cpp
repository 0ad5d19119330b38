#include "common/game/sample/item_use.h"

#include <algorithm>

#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"
#include "common/game/sample/shop.h"

namespace dure::sample {

ItemUse::ItemUse(OwnerNode& node, const Items& items, Shown shown)
    : node_(node), items_(items), shown_(std::move(shown)) {
  node.on_player(this, &ItemUse::use);
}

UseItemReply ItemUse::use(Player& player, const UseItemRequest& request) {
  UseItemReply reply;
  proto::Operation operation;
  std::int64_t heal = 0;
  proto::Code code = request.has_item() ? use_item(items_, item_id_of(request.item()), player.mirror, &heal, &operation)
                                        : use_stack(items_, request.stack(), &heal, &operation);
  if (code == proto::OK && player.hit_points == 0) code = proto::WRONG_STATE;
  if (code == proto::OK) code = code_of(node_.commit(player, operation));
  if (code == proto::OK) {
    player.hit_points =
        static_cast<std::uint32_t>(std::min<std::int64_t>(player.hit_points_max, player.hit_points + heal));
    shown_(player);
    tell_touched(player.mirror, operation, reply.mutable_touched());
  }
  reply.set_code(code);
  reply.set_hit_points(player.hit_points);
  return reply;
}

}  // namespace dure::sample
