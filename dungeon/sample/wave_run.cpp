#include "dungeon/sample/wave_run.h"

#include <algorithm>
#include <cmath>

#include "common/base/ordered_id.h"
#include "common/game/sample/entry_fee.h"
#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/dungeon.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {
constexpr std::int64_t kAttackRangeCm = 400, kWhirlRangeCm = 500, kMonsterRangeCm = 250;
constexpr Duration kAttackInterval = milliseconds(600), kWhirlInterval = seconds(4), kRiseAfter = seconds(3);
constexpr Position kEntrance{3200, 600}, kLair{3200, 4200};

std::int64_t pending(const Player& player, const std::string& counter) {
  std::int64_t sum = 0;
  for (const auto& [reason, sums] : player.soft_counters)
    if (const auto at = sums.find(counter); at != sums.end()) sum += at->second;
  return sum;
}
}  // namespace

WaveRun::WaveRun(Dungeon& dungeon, Instance& instance, std::shared_ptr<const FightContent> content)
    : dungeon_(dungeon),
      instance_(instance),
      kept_(std::move(content)),
      content_(*kept_),
      run_(content_.runs.runs.at(instance.dungeon())),
      split_(run_.loot) {}

bool WaveRun::commit(Player& player, proto::Operation& operation) {
  operation.set_content_version(instance_.content_version);
  return dungeon_.commit(player, operation) == Mirror::Guard::kOk;
}

void WaveRun::start() {
  tell_run();
  spawn_wave();
}

void WaveRun::tell_run() { dungeon_.tell_instance(instance_, run_notice()); }

void WaveRun::show_again(Player& player) {
  if (instance_.state == Instance::State::kRunning) dungeon_.tell(player, run_notice());
}

proto::RunNotice WaveRun::run_notice() const {
  proto::RunNotice notice;
  notice.set_run_id(instance_.id().value);
  notice.set_wave(static_cast<std::uint32_t>(std::min(wave_ + 1, run_.waves.size())));
  notice.set_waves(static_cast<std::uint32_t>(run_.waves.size()));
  notice.set_finished(instance_.finished);
  notice.set_failed(instance_.failed);
  return notice;
}

void WaveRun::spawn_wave() {
  for (const auto& [name, count] : run_.waves.at(wave_).monsters)
    for (std::uint32_t i = 0; i < count; ++i) {
      const MonsterKind& kind = content_.runs.monsters.at(name);
      const EntityId id(instance_.next_entity++);
      const Position at{kLair.x_cm + static_cast<std::int32_t>(instance_.rng().below(1200)) - 600,
                        kLair.y_cm + static_cast<std::int32_t>(instance_.rng().below(800)) - 400};
      monsters_[id] = Monster{&kind, kind.hit_points, {}};
      instance_.area().enter({id, name, "monster", at, kind.hit_points, kind.hit_points});
    }
}

// Who comes back, by another socket for instance, is as it went: dead, tired, hurt.
void WaveRun::joined(Player& player) {
  const Hero& hero = heroes_[player.id];
  player.hit_points_max = player_hit_points(level_of(player.mirror.counter(kExperience)));
  player.hit_points = hero.dead ? 0 : std::clamp<std::uint32_t>(player.hit_points, 1, player.hit_points_max);
  if (instance_.state == Instance::State::kRunning) tell_run();
}

// Who goes before the first wave is cleared, or is beaten, has used what it paid.
void WaveRun::walks_out(Player& player) {
  proto::Operation operation;
  operation.set_reason("run.left");
  if (player.state != Player::State::kActive || !use_entry(player.mirror, instance_.id().value, &operation)) return;
  if (commit(player, operation)) tell_changed(dungeon_, player, operation);
}

Fighter WaveRun::fighter(const Player& player) const {
  std::int64_t power = 0;
  for (const auto& [id, item] : player.mirror.items())
    if (const ItemTemplate* weapon = content_.items.find(item.template_name); weapon != nullptr && weapon->power > 0) {
      const auto enchanted = item.attributes.find("power");
      power = std::max(power, weapon->power + (enchanted == item.attributes.end() ? 0 : enchanted->second));
    }
  return player_fighter(level_of(player.mirror.counter(kExperience)), power);
}

// ── the players' turn ───────────────────────────────────────────────────────────────────────────────────────

StrikeResult WaveRun::attack(Player& player, EntityId target) {
  Hero& hero = heroes_[player.id];
  if (hero.dead) return {Strike::kDead, 0, wait_ms({hero.rises}, dungeon_.now())};
  const auto at = monsters_.find(target);
  const AreaEntity* there = instance_.area().find(target);
  if (at == monsters_.end() || there == nullptr) return {Strike::kNoTarget, 0, 0};
  if (distance_cm(player.position, there->position) > kAttackRangeCm) return {Strike::kTooFar, 0, 0};
  if (!use(&hero.attack, kAttackInterval, dungeon_.now()))
    return {Strike::kTooFast, 0, wait_ms(hero.attack, dungeon_.now())};
  const std::uint32_t amount = damage(fighter(player), at->second.kind->fighter, instance_.rng());
  hurt_monster(target, amount, player);
  return {Strike::kHit, amount, wait_ms(hero.attack, dungeon_.now())};
}

StrikeResult WaveRun::whirl(Player& player) {
  Hero& hero = heroes_[player.id];
  if (hero.dead) return {Strike::kDead, 0, wait_ms({hero.rises}, dungeon_.now())};
  if (!use(&hero.whirl, kWhirlInterval, dungeon_.now()))
    return {Strike::kTooFast, 0, wait_ms(hero.whirl, dungeon_.now())};
  std::vector<EntityId> near;
  for (const auto& [id, monster] : monsters_)
    if (const AreaEntity* there = instance_.area().find(id);
        there != nullptr && distance_cm(player.position, there->position) <= kWhirlRangeCm)
      near.push_back(id);
  for (const EntityId id : near)
    hurt_monster(id, damage(fighter(player), monsters_.at(id).kind->fighter, instance_.rng()), player);
  return {Strike::kHit, static_cast<std::uint32_t>(near.size()), wait_ms(hero.whirl, dungeon_.now())};
}

void WaveRun::hurt_monster(EntityId id, std::uint32_t amount, Player& by) {
  Monster& monster = monsters_.at(id);
  monster.hit_points -= std::min(monster.hit_points, amount);
  instance_.area().hit_points(id, monster.hit_points);
  EntityHurt hurt;
  hurt.set_entity_id(id.value);
  hurt.set_hit_points(monster.hit_points);
  hurt.set_by(by.id.value);
  dungeon_.tell_instance(instance_, hurt);
  if (monster.hit_points > 0) return;
  EntityDied died;
  died.set_entity_id(id.value);
  died.set_by(by.id.value);
  dungeon_.tell_instance(instance_, died);
  const Monster dead = monster;
  monsters_.erase(id);
  instance_.area().leave(id);
  killed(id, dead, by);
}

void WaveRun::killed(EntityId id, const Monster& monster, Player& by) {
  for (const PlayerId member : instance_.members)
    if (Player* player = dungeon_.find(member)) {
      gain(*player, monster.kind->experience);
      progress(*player, Quest::Task::kKill, monster.kind->name);
    }
  split(id, monster, by.id);
}

// One receiver, decided here. The next in order gets it only if nothing was proposed to the one before: what has left
// this function may be in the database, whatever is heard of it, and is never given to another.
void WaveRun::split(EntityId from, const Monster& monster, PlayerId killer) {
  const std::vector<LootEntry> loot = roll_loot(monster.kind->loot, instance_.rng());
  const std::vector<PlayerId> present(instance_.members.begin(), instance_.members.end());
  const std::vector<PlayerId> group = sharers(present, killer, [this](PlayerId player) {
    const HeldParty* party = dungeon_.parties().of(player);
    return party == nullptr ? 0 : party->id;
  });
  const std::vector<Roll> order = split_.order(group, killer, instance_.rng());
  if (run_.loot == Split::kRoll && order.size() > 1) {
    LootRolled rolled;
    rolled.set_from(from.value);
    for (const Roll& one : order) {
      auto* roll = rolled.add_rolls();
      roll->set_player(one.player.value);
      roll->set_roll(one.roll);
    }
    dungeon_.tell_instance(instance_, rolled);
  }
  for (const Roll& next : order) {
    Player* player = dungeon_.find(next.player);
    if (player == nullptr || !pay(*player, monster.kind->gold, loot, "kill", from)) continue;
    split_.gave(next.player);
    return;
  }
  dungeon_.log().event(LogLevel::kInfo, "loot.lost", {{"run", instance_.id()}, {"monster", monster.kind->name}});
  // Nobody has room for all of it: what does not fit is not to take the rest with it.
  for (const Roll& next : order) {
    Player* player = dungeon_.find(next.player);
    if (player == nullptr) continue;
    const std::vector<LootEntry> part = what_fits(*player, monster.kind->gold, loot);
    if (part.empty() || !pay(*player, 0, part, "kill", from)) continue;
    split_.gave(next.player);
    return;
  }
}

std::vector<LootEntry> WaveRun::what_fits(const Player& player, std::int64_t gold,
                                          const std::vector<LootEntry>& loot) const {
  std::map<std::string, std::int64_t> stacks{{"gold", gold}};
  for (const auto& entry : loot)
    if (entry.stack) stacks[entry.template_name] += entry.count;
  std::vector<LootEntry> part;
  for (const auto& [name, count] : stacks)
    if (const std::int64_t fits = std::min(count, player.mirror.room(name, content_.items.cap(name))); fits > 0)
      part.push_back({name, true, fits});
  return part;
}

// One operation: the key that makes it unique, the gold, and what was drawn.
bool WaveRun::pay(Player& player, std::int64_t gold, const std::vector<LootEntry>& loot, const std::string& source,
                  EntityId from) {
  if (player.state != Player::State::kActive) return false;
  const auto pieces = std::count_if(loot.begin(), loot.end(), [](const LootEntry& entry) { return !entry.stack; });
  const std::size_t carried = player.mirror.items().size() + player.mirror.items_on_their_way();
  if (pieces > 0 && carried + static_cast<std::size_t>(pieces) > content_.items.bag_slots) return false;
  const std::uint64_t number = instance_.next_drop++;
  proto::Operation operation;
  operation.set_reason("loot");
  auto* key = operation.add_effects()->mutable_drop_key();
  key->set_run(instance_.id().value);
  key->set_number(number);
  key->set_source(source);
  LootNotice notice;
  notice.set_epoch(player.epoch);
  notice.set_run_id(instance_.id().value);
  notice.set_number(number);
  notice.set_from(from.value);
  const auto stack = [&](const std::string& name, std::int64_t count) {
    if (count <= 0) return;
    auto* balance = operation.add_effects()->mutable_balance();
    balance->set_currency(name);
    balance->set_delta(count);
    balance->set_cap(content_.items.cap(name));
    auto* amount = notice.add_amounts();
    amount->set_name(name);
    amount->set_value(count);
  };
  stack("gold", gold);
  for (const auto& entry : loot) {
    if (entry.stack) {
      stack(entry.template_name, entry.count);
      continue;
    }
    proto::Item item;
    *item.mutable_id() = uid_of(ordered_id(dungeon_.wall_now(), dungeon_.entropy()));
    item.set_template_(entry.template_name);
    item.set_version(1);
    *operation.add_effects()->mutable_mint()->mutable_item() = item;
    *notice.add_items() = item;
  }
  if (!commit(player, operation)) return false;
  player.scope->spawn(tell_when_saved({player.id, player.epoch}, notice.SerializeAsString()));
  return true;
}

Task<void> WaveRun::tell_when_saved(PlayerRef ref, std::string encoded_notice) {
  Dungeon& dungeon = dungeon_;  // the run may be gone when this goes on
  // However long the database is away: what it saved must be told while its player is here.
  const bool saved = co_await dungeon.saved_or_gone(ref);
  if (!saved) co_return;
  Player* player = dungeon.find(ref);
  LootNotice notice;
  if (player == nullptr || !notice.ParseFromString(encoded_notice)) co_return;
  for (const auto& amount : notice.amounts()) {
    auto* balance = notice.add_balances();
    balance->set_name(amount.name());
    balance->set_value(player->mirror.balance(amount.name()));
  }
  dungeon.tell(*player, notice);
}

// What is coalesced for who is being handed over already would not be saved before another owner has it.
void WaveRun::gain(Player& player, std::int64_t experience) {
  if (player.state != Player::State::kActive) return;
  std::int64_t total = player.mirror.counter(kExperience) + pending(player, kExperience);
  const std::int64_t gained = gains(content_.quests, total, experience);
  dungeon_.commit_soft(player, "kill", kExperience, gained, true, instance_.content_version);
  total += gained;
  LevelNotice notice;
  notice.set_epoch(player.epoch);
  notice.set_level(level_of(total));
  notice.set_experience(total);
  dungeon_.tell(player, notice);
}

void WaveRun::progress(Player& player, Quest::Task task, const std::string& object) {
  if (player.state != Player::State::kActive) return;
  for (const Quest& quest : content_.quests.quests) {
    if (quest.task != task || quest.object != object) continue;
    const std::int64_t before = pending(player, quest.counter());
    const std::int64_t counted = counts(quest, player.mirror, before, 1);
    if (counted == 0) continue;
    dungeon_.commit_soft(player, "quest", quest.counter(), counted, true, instance_.content_version);
    QuestNotice notice;
    notice.set_epoch(player.epoch);
    notice.mutable_quest()->set_quest(quest.name);
    notice.mutable_quest()->set_progress(player.mirror.counter(quest.counter()) + before + counted);
    notice.mutable_quest()->set_needed(quest.needed);
    dungeon_.tell(player, notice);
  }
}

// By the experience that is numbered already: the reward stands behind it in the window. Whom this does not reach any
// more (a fault, the end of the run) the next owner rewards: lobby/sample/quest_log.h.
void WaveRun::reward_levels() {
  for (const PlayerId member : instance_.members) {
    Player* player = dungeon_.find(member);
    if (player == nullptr || player->state != Player::State::kActive) continue;
    proto::Operation operation;
    if (!level_reward(content_.quests, player->mirror, content_.items, &operation)) continue;
    LootNotice notice;
    notice.set_epoch(player->epoch);
    notice.set_run_id(instance_.id().value);
    notice.set_number(instance_.next_drop++);
    for (const auto& effect : operation.effects())
      if (effect.has_balance()) {
        auto* amount = notice.add_amounts();
        amount->set_name(effect.balance().currency());
        amount->set_value(effect.balance().delta());
      }
    if (!commit(*player, operation)) continue;
    player->scope->spawn(tell_when_saved({player->id, player->epoch}, notice.SerializeAsString()));
  }
}

// ── the monsters' turn ──────────────────────────────────────────────────────────────────────────────────────

void WaveRun::tick(std::uint64_t tick) {
  raise_the_dead();
  if (tick % dungeon_.tick_rate_hz() == 0) reward_levels();
  std::vector<EntityId> acting;
  for (const auto& [id, monster] : monsters_) acting.push_back(id);
  for (const EntityId id : acting) monster_acts(id, monsters_.at(id));
  const auto& here = instance_.members;
  if (std::all_of(here.begin(), here.end(), [this](PlayerId member) { return heroes_[member].dead; })) {
    for (const PlayerId member : here)
      if (Player* player = dungeon_.find(member)) walks_out(*player);
    instance_.failed = true;
    tell_run();
    dungeon_.finish(instance_, false);
    return;
  }
  if (!monsters_.empty()) return;
  checkpoint();
  ++wave_;
  if (wave_ < run_.waves.size()) {
    spawn_wave();
    tell_run();
    return;
  }
  for (const PlayerId member : instance_.members)
    if (Player* player = dungeon_.find(member)) {
      pay(*player, run_.reward_gold, {}, "reward", {});
      gain(*player, run_.reward_experience);
      progress(*player, Quest::Task::kFinish, instance_.dungeon());
    }
  instance_.finished = true;
  tell_run();
  dungeon_.finish(instance_, true);
}

void WaveRun::checkpoint() {
  for (const PlayerId member : instance_.members) {
    Player* player = dungeon_.find(member);
    if (player == nullptr || player->state != Player::State::kActive) continue;
    proto::Operation operation;
    operation.set_reason("run.checkpoint");
    auto* key = operation.add_effects()->mutable_drop_key();
    key->set_run(instance_.id().value);
    key->set_number(wave_);
    key->set_source("wave");
    auto* count = operation.add_effects()->mutable_count();
    count->set_counter("waves_cleared");
    count->set_delta(1);
    use_entry(player->mirror, instance_.id().value, &operation);
    if (!commit(*player, operation))
      dungeon_.log().event(LogLevel::kWarning, "run.checkpoint_twice", {{"run", instance_.id()}, {"player", member}});
  }
}

void WaveRun::monster_acts(EntityId id, Monster& monster) {
  const AreaEntity* self = instance_.area().find(id);
  Player* nearest = nullptr;
  std::int64_t nearest_cm = 0;
  for (const PlayerId member : instance_.members) {
    Player* player = dungeon_.find(member);
    if (player == nullptr || heroes_[member].dead || player->state != Player::State::kActive) continue;
    const std::int64_t distance = distance_cm(self->position, player->position);
    if (nearest == nullptr || distance < nearest_cm) nearest = player, nearest_cm = distance;
  }
  if (nearest == nullptr) return;
  if (nearest_cm <= kMonsterRangeCm) {
    if (use(&monster.attack, milliseconds(monster.kind->attack_interval_ms), dungeon_.now()))
      hurt_player(*nearest, damage(monster.kind->fighter, fighter(*nearest), instance_.rng()), id);
    return;
  }
  const double step = static_cast<double>(monster.kind->speed_cm_s) / dungeon_.tick_rate_hz();
  const double share = std::min(1.0, step / static_cast<double>(nearest_cm));
  instance_.area().move(
      id, {self->position.x_cm + static_cast<std::int32_t>((nearest->position.x_cm - self->position.x_cm) * share),
           self->position.y_cm + static_cast<std::int32_t>((nearest->position.y_cm - self->position.y_cm) * share)});
}

void WaveRun::hurt_player(Player& player, std::uint32_t amount, EntityId by) {
  player.hit_points -= std::min(player.hit_points, amount);
  const EntityId self(player.id.value);
  instance_.area().hit_points(self, player.hit_points);
  EntityHurt hurt;
  hurt.set_entity_id(self.value);
  hurt.set_hit_points(player.hit_points);
  hurt.set_by(by.value);
  dungeon_.tell_instance(instance_, hurt);
  if (player.hit_points > 0) return;
  Hero& hero = heroes_[player.id];
  hero.dead = true;
  hero.rises = dungeon_.now() + kRiseAfter;
  EntityDied died;
  died.set_entity_id(self.value);
  died.set_by(by.value);
  dungeon_.tell_instance(instance_, died);
}

void WaveRun::raise_the_dead() {
  for (const PlayerId member : instance_.members) {
    Hero& hero = heroes_[member];
    Player* player = dungeon_.find(member);
    if (!hero.dead || dungeon_.now() < hero.rises || player == nullptr) continue;
    hero.dead = false;
    player->hit_points = player->hit_points_max;
    player->position = kEntrance;
    const EntityId self(member.value);
    instance_.area().hit_points(self, player->hit_points);
    instance_.area().move(self, kEntrance);
    EntityHurt healed;
    healed.set_entity_id(self.value);
    healed.set_hit_points(player->hit_points);
    dungeon_.tell_instance(instance_, healed);
    proto::MoveCorrected corrected;
    corrected.set_x_cm(kEntrance.x_cm);
    corrected.set_y_cm(kEntrance.y_cm);
    dungeon_.tell(*player, corrected);
  }
}

}  // namespace dure::sample
