// Puts the sample game into a dungeon node: its run handler, the client's fighting messages, items in use. The shop's
// messages are answered NOT_FOUND: no npc stands in a dungeon.
#pragma once
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

class DungeonSample {
 public:
  // `content` outlives the node.
  DungeonSample(Dungeon& dungeon, const FightContent& content);

 private:
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
