#include "dungeon/sample/sample.h"

#include "common/game/sample/auction.h"
#include "common/game/sample/guild.h"
#include "common/game/sample/mail.h"
#include "common/game/sample/sample.pb.h"

namespace dure::sample {
namespace {

proto::Code code_of(Strike strike) {
  switch (strike) {
    case Strike::kHit:
      return proto::OK;
    case Strike::kNoTarget:
      return proto::NOT_FOUND;
    case Strike::kTooFar:
      return proto::TOO_FAR;
    case Strike::kTooFast:
      return proto::TOO_FAST;
    case Strike::kDead:
      return proto::WRONG_STATE;
  }
  return proto::INTERNAL;
}

template <class Reply>
Reply no_npc() {
  Reply reply;
  reply.set_code(proto::NOT_FOUND);
  return reply;
}

}  // namespace

DungeonSample::DungeonSample(Dungeon& dungeon, const FightContent& content)
    : dungeon_(dungeon), use_(dungeon, content.items, [this](const Player& player) { show_hit_points(player); }),
      trades_(dungeon, content.items), blocks_(dungeon) {
  dungeon.on_leaving([this](Player& player) { trades_.player_left(player); });
  dungeon.add_handler("waves", [&content](Dungeon& node, Instance& instance) {
    return std::make_unique<WaveRun>(node, instance, content);
  });
  dungeon.on_player(this, &DungeonSample::attack);
  dungeon.on_claimed([&dungeon](Player& player, const proto::InboxEntry& entry) {
    tell_mail(dungeon, player, entry);
    tell_auction(dungeon, player, entry);
  });
  add_guild(dungeon);
  dungeon.on_player(this, &DungeonSample::mail);
  dungeon.on_player(this, &DungeonSample::skill);
  dungeon.on_player(this, &DungeonSample::shop_list);
  dungeon.on_player(this, &DungeonSample::buy);
  dungeon.on_player(this, &DungeonSample::sell);
}

WaveRun* DungeonSample::run_of(const Player& player) {
  Instance* instance = dungeon_.instance_of(player);
  return instance == nullptr ? nullptr : dynamic_cast<WaveRun*>(instance->handler.get());
}

void DungeonSample::show_hit_points(const Player& player) {
  Instance* instance = dungeon_.instance_of(player);
  if (instance == nullptr) return;
  instance->area().hit_points(EntityId(player.id.value), player.hit_points);
  EntityHurt now;
  now.set_entity_id(player.id.value);
  now.set_hit_points(player.hit_points);
  dungeon_.tell_instance(*instance, now);
}

Task<MailListReply> DungeonSample::mail(PlayerRef ref, MailListRequest request) {
  return list_mail(dungeon_, ref, request);
}

AttackReply DungeonSample::attack(Player& player, const AttackRequest& request) {
  AttackReply reply;
  WaveRun* run = run_of(player);
  const StrikeResult result = run != nullptr ? run->attack(player, EntityId(request.target())) : StrikeResult{};
  reply.set_code(code_of(result.strike));
  reply.set_damage(result.amount);
  reply.set_wait_ms(result.wait_ms);
  return reply;
}

SkillReply DungeonSample::skill(Player& player, const SkillRequest& request) {
  SkillReply reply;
  WaveRun* run = run_of(player);
  if (run == nullptr || request.skill() != "whirl") return no_npc<SkillReply>();
  const StrikeResult result = run->whirl(player);
  reply.set_code(code_of(result.strike));
  reply.set_hit(result.amount);
  reply.set_wait_ms(result.wait_ms);
  return reply;
}

ShopListReply DungeonSample::shop_list(Player&, const ShopListRequest&) { return no_npc<ShopListReply>(); }
BuyReply DungeonSample::buy(Player&, const BuyRequest&) { return no_npc<BuyReply>(); }
SellReply DungeonSample::sell(Player&, const SellRequest&) { return no_npc<SellReply>(); }

}  // namespace dure::sample
