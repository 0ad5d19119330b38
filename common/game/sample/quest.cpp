#include "common/game/sample/quest.h"

#include <algorithm>

#include "common/game/sample/combat.h"
#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

void credit(const std::string& currency, std::int64_t amount, const Items& items, proto::Operation* operation) {
  if (amount <= 0) return;
  auto* balance = operation->add_effects()->mutable_balance();
  balance->set_currency(currency);
  balance->set_delta(amount);
  balance->set_cap(items.cap(currency));
}

Quest read_quest(ContentTable& in, const RunsContent& runs, const Items& items) {
  Quest quest;
  quest.name = in.text("name");
  if (quest.name.size() > 40) in.refuse("name", "at most 40 bytes");
  if (in.has("kill") == in.has("finish")) in.refuse("kill", "either kill or finish is needed");
  if (in.has("kill")) {
    quest.object = in.text("kill");
    if (runs.monsters.count(quest.object) == 0) in.refuse("kill", "no monster is named '" + quest.object + "'");
  } else if (in.has("finish")) {
    quest.task = Quest::Task::kFinish;
    quest.object = in.text("finish");
    if (runs.runs.count(quest.object) == 0) in.refuse("finish", "no dungeon is named '" + quest.object + "'");
  }
  quest.needed = in.number("needed", 1, 1'000'000);
  quest.reward_gold = in.number("reward_gold", 0, 1'000'000, 0);
  for (auto& stack : in.tables("reward_stacks")) {
    const std::string name = stack.text("template");
    const ItemTemplate* item = items.find(name);
    if (item == nullptr || !item->stack) stack.refuse("template", "no stack is named '" + name + "'");
    const std::int64_t count = stack.number("count", 1, 1000, 1);
    quest.reward_stacks.emplace_back(name, count);
  }
  return quest;
}

}  // namespace

const Quest* Quests::find(const std::string& name) const {
  const auto at = std::find_if(quests.begin(), quests.end(), [&](const Quest& quest) { return quest.name == name; });
  return at == quests.end() ? nullptr : &*at;
}

Result<Quests> parse_quests(const ContentFile& file, const RunsContent& runs, const Items& items) {
  auto root = ContentTable::parse(file);
  if (!root) return tl::unexpected<Error>(root.error());
  Quests content;
  if (root->has("level")) {
    ContentTable level = root->table("level");
    content.level_gold = level.number("reward_gold", 0, 1'000'000, content.level_gold);
    content.experience_max = level.number("experience_max", 1, 1'000'000'000'000, content.experience_max);
  }
  for (auto& table : root->tables("quest")) {
    Quest quest = read_quest(table, runs, items);
    if (content.find(quest.name) != nullptr) table.refuse("name", "a second quest of that name");
    content.quests.push_back(std::move(quest));
  }
  if (auto whole = root->finish(); !whole) return tl::unexpected<Error>(whole.error());
  return content;
}

std::int64_t counts(const Quest& quest, const Mirror& mirror, std::int64_t pending, std::int64_t delta) {
  if (mirror.flag(quest.flag())) return 0;
  return std::clamp<std::int64_t>(quest.needed - mirror.counter(quest.counter()) - pending, 0, delta);
}

std::int64_t gains(const Quests& quests, std::int64_t experience, std::int64_t delta) {
  return std::clamp<std::int64_t>(quests.experience_max - experience, 0, delta);
}

proto::Code quest_reward(const Quests& quests, const std::string& name, const Mirror& mirror, const Items& items,
                         proto::Operation* operation) {
  const Quest* quest = quests.find(name);
  if (quest == nullptr) return proto::NOT_FOUND;
  if (mirror.flag(quest->flag())) return proto::WRONG_STATE;
  if (mirror.counter(quest->counter()) < quest->needed) return proto::NOT_ENOUGH;
  operation->set_reason("quest.reward");
  operation->add_effects()->mutable_set_once()->set_flag(quest->flag());
  // Taken, not read: the database refuses a reward whose progress it does not have.
  auto* progress = operation->add_effects()->mutable_count();
  progress->set_counter(quest->counter());
  progress->set_delta(-quest->needed);
  credit("gold", quest->reward_gold, items, operation);
  for (const auto& [stack, count] : quest->reward_stacks) credit(stack, count, items, operation);
  return proto::OK;
}

bool level_reward(const Quests& quests, const Mirror& mirror, const Items& items, proto::Operation* operation) {
  const std::uint32_t reached = level_of(mirror.counter(kExperience));
  for (std::uint32_t level = 2; level <= reached; ++level) {
    const std::string flag = "level:" + std::to_string(level);
    if (mirror.flag(flag)) continue;
    operation->set_reason("level.reward");
    operation->add_effects()->mutable_set_once()->set_flag(flag);
    credit("gold", quests.level_gold * level, items, operation);
    return true;
  }
  return false;
}

}  // namespace dure::sample
