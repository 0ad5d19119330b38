// A habit is one thing that a bot does again and again; a story is a handful of habits. The bot calls act() when the
// habit asked to be called, only while it stands in the world, and the on_… for what it hears meanwhile.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/time.h"

namespace dure {

namespace proto {
class ChangeZoneReply;
class ContentChanged;
class MatchNotice;
class PartyInvited;
class PartyQueueNotice;
class PartyState;
class QueueReply;
class RunNotice;
}  // namespace proto
namespace sample {
class AttackReply;
class AuctionBrowseReply;
class EntityDied;
class LootNotice;
class QuestListReply;
class QuestNotice;
class AuctionListReply;
class AuctionNotice;
class GuildNotice;
class GuildReply;
class MailArrived;
class MailListReply;
class ShopListReply;
class SkillReply;
class TradeTable;
}  // namespace sample

class Bot;

class Habit {
 public:
  virtual ~Habit() = default;
  // Does the next thing; returns when to be asked again.
  virtual Duration act(Bot& bot) = 0;
  // The run is over for everybody: what is unfinished is no failure, what never began is.
  virtual void close(Bot&) {}
  // A new place, or the same one again.
  virtual void on_place(Bot&) {}
  // Prices and rules may be others than those that were read.
  virtual void on_content(Bot&, const proto::ContentChanged&) {}
  virtual void on_shop_list(Bot&, const sample::ShopListReply&) {}
  virtual void on_attack(Bot&, const sample::AttackReply&) {}
  virtual void on_skill(Bot&, const sample::SkillReply&) {}
  virtual void on_match(Bot&, const proto::MatchNotice&) {}
  virtual void on_queue(Bot&, const proto::QueueReply&) {}
  virtual void on_run(Bot&, const proto::RunNotice&) {}
  virtual void on_loot(Bot&, const sample::LootNotice&) {}
  virtual void on_died(Bot&, const sample::EntityDied&) {}
  virtual void on_quests(Bot&, const sample::QuestListReply&) {}
  virtual void on_quest(Bot&, const sample::QuestNotice&) {}
  virtual void on_party_invited(Bot&, const proto::PartyInvited&) {}
  virtual void on_party(Bot&, const proto::PartyState&) {}
  virtual void on_party_queue(Bot&, const proto::PartyQueueNotice&) {}
  // Every word of a table one sits at; and that something asked there was refused.
  virtual void on_trade_table(Bot&, const sample::TradeTable&) {}
  virtual void on_trade_refused(Bot&) {}
  // A value request was answered (code 0: APPLIED), and: everything up to this number is SAVED.
  virtual void on_value(Bot&, std::uint64_t, std::uint32_t) {}
  virtual void on_saved(Bot&, std::uint64_t) {}
  virtual void on_letter(Bot&, const sample::MailArrived&) {}
  virtual void on_letters(Bot&, const sample::MailListReply&) {}
  virtual void on_lots(Bot&, const sample::AuctionBrowseReply&) {}
  virtual void on_listed(Bot&, const sample::AuctionListReply&) {}
  virtual void on_auction(Bot&, const sample::AuctionNotice&) {}
  // A request to the guild got its number (0: it was done before). Then what comes of it.
  virtual void on_requested(Bot&, std::uint64_t, std::uint64_t) {}
  virtual void on_guild(Bot&, const sample::GuildReply&) {}
  virtual void on_guild_notice(Bot&, const sample::GuildNotice&) {}
  virtual void on_said_to_guild(Bot&, const std::string&, bool) {}
  virtual void on_guild_line(Bot&, const std::string&) {}
  virtual void on_change_zone(Bot&, const proto::ChangeZoneReply&) {}
};

// The habits of a story for the bot of this number; empty: no such story.
std::vector<std::unique_ptr<Habit>> habits_of(const std::string& story, std::uint32_t number);
bool known_story(const std::string& story);

}  // namespace dure
