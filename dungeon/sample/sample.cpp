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

Result<FightContent> parse_fight_content(const std::vector<ContentFile>& files) {
  ContentFile named[3];
  const char* names[] = {"items.toml", "dungeons.toml", "quests.toml"};
  for (int i = 0; i < 3; ++i) {
    auto file = find_content_file(files, names[i]);
    if (!file) return tl::unexpected<Error>(file.error());
    named[i] = std::move(*file);
  }
  auto items = parse_items(named[0]);
  if (!items) return tl::unexpected<Error>(items.error());
  auto runs = parse_runs(named[1]);
  if (!runs) return tl::unexpected<Error>(runs.error());
  auto quests = parse_quests(named[2], *runs, *items);
  if (!quests) return tl::unexpected<Error>(quests.error());
  return FightContent{std::move(*runs), std::move(*items), std::move(*quests)};
}

std::shared_ptr<LiveContent<FightContent>> live_fight_content(const FightContent& first, std::uint64_t hash) {
  return std::make_shared<LiveContent<FightContent>>(
      first, hash, &parse_fight_content,
      [](const FightContent& content, const std::string& name) { return content.items.cap(name); });
}

DungeonSample::DungeonSample(Dungeon& dungeon, const FightContent& content)
    : DungeonSample(dungeon, content,
                    [&content] { return std::shared_ptr<const FightContent>(std::shared_ptr<void>(), &content); }) {}

DungeonSample::DungeonSample(Dungeon& dungeon, std::shared_ptr<LiveContent<FightContent>> content)
    : DungeonSample(dungeon, content->now(), [content] { return content->kept(); }) {}

DungeonSample::DungeonSample(Dungeon& dungeon, const FightContent& content, Kept kept)
    : dungeon_(dungeon),
      use_(dungeon, content.items, [this](const Player& player) { show_hit_points(player); }),
      trades_(dungeon, content.items),
      blocks_(dungeon) {
  dungeon.on_leaving([this](Player& player) { trades_.player_left(player); });
  dungeon.add_handler("waves", [kept](Dungeon& node, Instance& instance) {
    return std::make_unique<WaveRun>(node, instance, kept());
  });
  dungeon.on_player(this, &DungeonSample::attack);
  dungeon.on_claimed([&dungeon](Player& player, const proto::InboxEntry& entry) { tell_mail(dungeon, player, entry); });
  add_auction(dungeon);
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
