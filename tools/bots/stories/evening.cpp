#include "tools/bots/stories/evening.h"

#include "tools/bots/bot.h"
#include "tools/bots/stories/auction.h"
#include "tools/bots/stories/chat.h"
#include "tools/bots/stories/dungeon.h"
#include "tools/bots/stories/guild.h"
#include "tools/bots/stories/mail.h"
#include "tools/bots/stories/party.h"
#include "tools/bots/stories/quest.h"
#include "tools/bots/stories/shop.h"
#include "tools/bots/stories/trade.h"
#include "tools/bots/stories/walk.h"
#include "tools/bots/stories/zone.h"

namespace dure {

namespace {

constexpr std::int64_t kPoor = 60;

}  // namespace

void EveningHabit::close(Bot& bot) {
  const double played = bot.played_s();
  bot.shared().report.story("evening",
                            played > 0 && (played < 20 || (bot.moves() > 0 && bot.lines() > 0 && bot.values() > 0)));
}

bool known_story(const std::string& story) { return story == "idle" || !habits_of(story, 1).empty(); }

std::vector<std::unique_ptr<Habit>> habits_of(const std::string& story, std::uint32_t number) {
  std::vector<std::unique_ptr<Habit>> habits;
  const bool evening = story == "evening";
  if (evening) habits.push_back(std::make_unique<EveningHabit>());
  if (evening || story == "walk" || story == "shop" || story == "dungeon" || story == "zone" || story == "chat" ||
      story == "trade" || story == "market" || story == "mail" || story == "auction" || story == "guild" ||
      story == "party" || story == "quest")
    habits.push_back(std::make_unique<WalkHabit>());
  if (evening || story == "chat") habits.push_back(std::make_unique<ChatHabit>(evening ? seconds(6) : seconds(2)));
  if (evening || story == "shop")
    habits.push_back(std::make_unique<ShopHabit>(evening ? milliseconds(2500) : milliseconds(800)));
  if (story == "market") {  // value of all kinds, all the time
    habits.push_back(std::make_unique<ShopHabit>(seconds(1)));
    habits.push_back(std::make_unique<TradeHabit>(milliseconds(400), true));
    if (number % 4 == 0) habits.push_back(std::make_unique<DungeonHabit>(seconds(3)));
  }
  if (story == "dungeon" || (evening && number % 4 == 0))
    habits.push_back(std::make_unique<DungeonHabit>(evening ? seconds(20) : seconds(1)));
  else if (evening)  // who has spent everything goes hunting
    habits.push_back(std::make_unique<DungeonHabit>(seconds(10), kPoor));
  if (story == "mail" || story == "auction" || story == "guild")  // so that there are things to send
    habits.push_back(std::make_unique<ShopHabit>(seconds(2)));
  if (story == "mail") habits.push_back(std::make_unique<MailHabit>(milliseconds(1500), number % 2 == 0));
  if (story == "auction") habits.push_back(std::make_unique<AuctionHabit>(milliseconds(1200)));
  if (story == "guild") habits.push_back(std::make_unique<GuildHabit>(number - 1, milliseconds(1200)));
  if (story == "party") habits.push_back(std::make_unique<PartyHabit>(number));
  if (story == "quest") habits.push_back(std::make_unique<QuestHabit>());
  if (story == "trade") habits.push_back(std::make_unique<TradeHabit>(seconds(1), true));
  if (evening && number % 4 == 2) habits.push_back(std::make_unique<TradeHabit>(seconds(10), false));
  if (story == "zone" || (evening && number % 5 == 1))
    habits.push_back(std::make_unique<ZoneHabit>(evening ? seconds(15) : seconds(4)));
  return habits;
}

}  // namespace dure
