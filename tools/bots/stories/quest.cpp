#include "tools/bots/stories/quest.h"

#include "common/game/sample/sample.pb.h"
#include "tools/bots/bot.h"

namespace dure {

namespace {

constexpr Duration kAnswerWithin = seconds(3), kAway = seconds(2), kSettled = seconds(2);

// What configs/content/quests.toml promises.
struct Promised {
  std::int64_t gold = 0;
  std::map<std::string, std::int64_t> stacks;
};
const std::map<std::string, Promised>& promises() {
  static const std::map<std::string, Promised> all{
      {"rats", {40, {{"potion", 2}}}}, {"ogres", {150, {}}}, {"cellar", {100, {{"bread", 10}}}}};
  return all;
}

}  // namespace

QuestHabit::QuestHabit() : DungeonHabit(milliseconds(500)) {}

bool QuestHabit::claim(Bot& bot, const std::string& quest) {
  const auto promised = promises().find(quest);
  if (promised == promises().end()) return false;
  Change change;
  change.balances["gold"] = promised->second.gold;
  for (const auto& [stack, count] : promised->second.stacks) change.balances[stack] = count;
  sample::QuestClaimRequest request;
  request.set_quest(quest);
  claims_[bot.next_creq()] = quest;
  return bot.ask_value(request, std::move(change));
}

// In a zone, in no queue: looks, takes what is complete, asks once more for what was paid, and goes on.
Duration QuestHabit::idle(Bot& bot) {
  if (bot.now() - back_at_ < kSettled || bot.value_open() || !claims_.empty()) return milliseconds(200);
  if (waits_ && bot.now() - looked_at_ < kAnswerWithin) return milliseconds(100);
  if (look_ || waits_) {
    look_ = false;
    if (bot.ask(sample::QuestListRequest())) waits_ = true, looked_at_ = bot.now();
    return milliseconds(100);
  }
  for (const auto& [quest, known] : quests_)
    if (!known.done && known.progress >= known.needed && promises().count(quest) != 0) {
      if (claim(bot, quest)) look_ = true;
      return milliseconds(100);
    }
  for (const auto& quest : paid_)
    if (int& again = asked_again_[quest]; again < (napped_ ? 2 : 1)) {
      ++again;
      claim(bot, quest);
      return milliseconds(100);
    }
  if (!paid_.empty() && !napped_ && bot.all_saved()) {
    napped_ = away_ = look_ = true;
    bot.nap(kAway);
    return seconds(1);
  }
  return DungeonHabit::idle(bot);
}

void QuestHabit::on_place(Bot& bot) {
  DungeonHabit::on_place(bot);
  waits_ = away_ = false;
  claims_.clear();
  if (!bot.in_instance()) look_ = true, back_at_ = bot.now();
}

void QuestHabit::on_quests(Bot& bot, const sample::QuestListReply& reply) {
  waits_ = false;
  for (const auto& quest : reply.quests()) {
    Known& known = quests_[quest.quest()];
    if (known.done && !quest.done())
      bot.shared().report.mismatch(bot.name(), "quest " + quest.quest(), "rewarded", "open again");
    if (paid_.count(quest.quest()) != 0 && !quest.done())
      bot.shared().report.mismatch(bot.name(), "quest " + quest.quest(), "rewarded", "not");
    known = {quest.progress(), quest.needed(), quest.done()};
  }
}

void QuestHabit::on_quest(Bot& bot, const sample::QuestNotice& notice) {
  const auto& quest = notice.quest();
  Known& known = quests_[quest.quest()];
  if (quest.progress() > quest.needed())
    bot.shared().report.mismatch(bot.name(), "progress of " + quest.quest(),
                                 "at most " + std::to_string(quest.needed()), std::to_string(quest.progress()));
  if (known.done)
    bot.shared().report.mismatch(bot.name(), "progress of " + quest.quest(), "none after its reward",
                                 std::to_string(quest.progress()));
  known.progress = quest.progress();
  known.needed = quest.needed();
}

void QuestHabit::on_value(Bot& bot, std::uint64_t creq, std::uint32_t code) {
  const auto at = claims_.find(creq);
  if (at == claims_.end()) return;
  const std::string quest = at->second;
  claims_.erase(at);
  if (code == proto::BUSY) return;
  const bool again = paid_.count(quest) != 0;
  if (again && code == proto::OK) {
    bot.shared().report.mismatch(bot.name(), "reward of " + quest, "once", "twice");
  } else if (again) {
    bot.shared().report.story("quest again", code == proto::WRONG_STATE);
  } else if (code == proto::OK) {
    paid_.insert(quest);
    quests_[quest].done = true;
    bot.shared().report.story("quest", true);
  }
}

void QuestHabit::close(Bot& bot) {
  if (bot.played_s() >= 90) bot.shared().report.story("quest taken", !paid_.empty());
}

}  // namespace dure
