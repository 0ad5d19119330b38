// Puts the sample game into a dungeon node: its run handler, the client's fighting messages, items in use, trades,
// blocks. The shop's messages are answered NOT_FOUND: no npc stands in a dungeon.
#pragma once
#include <functional>
#include <memory>

#include "common/game/sample/block_list.h"
#include "common/game/sample/item_use.h"
#include "common/game/sample/trade_tables.h"
#include "dungeon/sample/wave_run.h"

namespace dure::sample {

class AttackReply;
class AttackRequest;
class BuyReply;
class BuyRequest;
class MailListReply;
class MailListRequest;
class SellReply;
class SellRequest;
class ShopListReply;
class ShopListRequest;
class SkillReply;
class SkillRequest;

// From the files of a version.
[[nodiscard]] Result<FightContent> parse_fight_content(const std::vector<ContentFile>& files);
// What a node begins with, until it is told which version is active.
std::shared_ptr<LiveContent<FightContent>> live_fight_content(const FightContent& first, std::uint64_t hash);

class DungeonSample {
 public:
  // Plays what `content` says now, and each run what it said when the run began.
  DungeonSample(Dungeon& dungeon, std::shared_ptr<LiveContent<FightContent>> content);
  // One version for ever. `content` outlives the node.
  DungeonSample(Dungeon& dungeon, const FightContent& content);

 private:
  // What is played at this moment, for a run that begins.
  using Kept = std::function<std::shared_ptr<const FightContent>()>;
  DungeonSample(Dungeon& dungeon, const FightContent& content, Kept kept);
  AttackReply attack(Player& player, const AttackRequest& request);
  SkillReply skill(Player& player, const SkillRequest& request);
  ShopListReply shop_list(Player& player, const ShopListRequest& request);
  BuyReply buy(Player& player, const BuyRequest& request);
  SellReply sell(Player& player, const SellRequest& request);
  Task<MailListReply> mail(PlayerRef ref, MailListRequest request);
  WaveRun* run_of(const Player& player);
  void show_hit_points(const Player& player);
  Dungeon& dungeon_;
  ItemUse use_;
  TradeTables trades_;
  BlockList blocks_;
};

}  // namespace dure::sample
