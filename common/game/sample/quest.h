// Quests and levels: what earns them, and the one operation that pays each. Progress is a counter that stops at what is
// needed; a quest's reward takes that progress and sets the flag of the quest, a level's sets the flag of the level, so
// that each is paid once, whoever owns the character then. Read from configs/content/quests.toml. Pure functions.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "common/game/mirror.h"
#include "common/game/sample/items.h"
#include "common/game/sample/run_content.h"
#include "common/proto/route.pb.h"

namespace dure::sample {

inline constexpr const char* kExperience = "experience";

struct Quest {
  enum class Task { kKill, kFinish };
  std::string name;
  Task task = Task::kKill;
  std::string object;  // the kind of monster, or the dungeon
  std::int64_t needed = 1;
  std::int64_t reward_gold = 0;
  std::vector<std::pair<std::string, std::int64_t>> reward_stacks;

  std::string counter() const { return "quest:" + name; }
  std::string flag() const { return "quest:" + name; }
};

struct Quests {
  std::vector<Quest> quests;
  std::int64_t level_gold = 0;  // for each level reached, times the level
  std::int64_t experience_max = 1'000'000'000;

  const Quest* find(const std::string& name) const;
};

// Errors name file, line, column, key and what is allowed. Monsters, dungeons and stacks exist.
[[nodiscard]] Result<Quests> parse_quests(const ContentFile& file, const RunsContent& runs, const Items& items);

// How much of `delta` still counts, `pending` of it not being in the mirror yet.
std::int64_t counts(const Quest& quest, const Mirror& mirror, std::int64_t pending, std::int64_t delta);
std::int64_t gains(const Quests& quests, std::int64_t experience, std::int64_t delta);

// NOT_FOUND; WRONG_STATE: paid already; NOT_ENOUGH: progress is missing.
proto::Code quest_reward(const Quests& quests, const std::string& name, const Mirror& mirror, const Items& items,
                         proto::Operation* operation);
// For the lowest level that was reached and not paid. False: there is none.
bool level_reward(const Quests& quests, const Mirror& mirror, const Items& items, proto::Operation* operation);

}  // namespace dure::sample
