// The sample's run: waves of monsters that walk to the nearest player and hit it. Loot is decided in memory by the
// instance and told when SAVED; its key is (run, number), so a resumed run pays once. Logic thread only, inside the
// instance's fault boundary.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/game/sample/items.h"
#include "common/game/sample/loot_split.h"
#include "common/game/sample/quest.h"
#include "common/game/sample/run_content.h"
#include "dungeon/dungeon.h"

namespace dure::proto {
class Operation;
class RunNotice;
}  // namespace dure::proto

namespace dure::sample {

struct FightContent {
  RunsContent runs;
  Items items;
  Quests quests;
};

enum class Strike { kHit, kNoTarget, kTooFar, kTooFast, kDead };
struct StrikeResult {
  Strike strike = Strike::kNoTarget;
  std::uint32_t amount = 0;  // damage, or how many were hurt
  std::uint32_t wait_ms = 0;
};

class WaveRun : public RunHandler {
 public:
  // `content`: as it was when the run began; it goes on by that, whatever is played elsewhere.
  WaveRun(Dungeon& dungeon, Instance& instance, std::shared_ptr<const FightContent> content);

  void start() override;
  void tick(std::uint64_t tick) override;
  void joined(Player& player) override;
  void left(PlayerId) override {}
  void show_again(Player& player) override;
  void walks_out(Player& player) override;

  StrikeResult attack(Player& player, EntityId target);
  StrikeResult whirl(Player& player);

 private:
  struct Monster {
    const MonsterKind* kind = nullptr;
    std::uint32_t hit_points = 0;
    Cooldown attack;
  };
  struct Hero {
    Cooldown attack, whirl;
    MonoTime rises{};  // while dead: when it stands up again
    bool dead = false;
  };
  bool commit(Player& player, proto::Operation& operation);
  void spawn_wave();
  void hurt_monster(EntityId id, std::uint32_t amount, Player& by);
  void killed(EntityId id, const Monster& monster, Player& by);
  void split(EntityId from, const Monster& monster, PlayerId killer);
  // Gold and stacks up to their caps, as stacks; no items.
  std::vector<LootEntry> what_fits(const Player& player, std::int64_t gold, const std::vector<LootEntry>& loot) const;
  // False: nothing was proposed, for instance because it does not fit.
  bool pay(Player& player, std::int64_t gold, const std::vector<LootEntry>& loot, const std::string& source,
           EntityId from);
  void progress(Player& player, Quest::Task task, const std::string& object);
  void reward_levels();
  Task<void> tell_when_saved(PlayerRef ref, std::string encoded_notice);
  void gain(Player& player, std::int64_t experience);
  void monster_acts(EntityId id, Monster& monster);
  void hurt_player(Player& player, std::uint32_t amount, EntityId by);
  void raise_the_dead();
  void checkpoint();
  void tell_run();
  proto::RunNotice run_notice() const;
  Fighter fighter(const Player& player) const;

  Dungeon& dungeon_;
  Instance& instance_;
  const std::shared_ptr<const FightContent> kept_;
  const FightContent& content_;
  const RunContent& run_;
  std::map<EntityId, Monster> monsters_;
  std::map<PlayerId, Hero> heroes_;  // of everybody who ever joined; only members of the instance are here
  LootSplit split_;
  std::size_t wave_ = 0;
};

}  // namespace dure::sample
