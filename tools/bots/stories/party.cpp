#include "tools/bots/stories/party.h"

#include "common/game/sample/sample.pb.h"
#include "common/proto/chat.pb.h"
#include "common/proto/dungeon.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/party.pb.h"
#include "tools/bots/bot.h"

namespace dure {

namespace {
constexpr Duration kRest = milliseconds(500), kAgain = seconds(3), kPatience = seconds(40), kEnough = seconds(25);
}

PartyHabit::PartyHabit(std::uint32_t number)
    : DungeonHabit(kRest), number_(number), joins_(Raids::joins(number)), leads_(Raids::leads(number)) {}

void PartyHabit::enter(Bot& bot, Phase phase) {
  phase_ = phase;
  phase_since_ = asked_at_ = bot.now();
  invited_.clear();
}

bool PartyHabit::complete(Bot& bot) const {
  const auto& seats = bot.shared().raids.seats(number_);
  std::size_t sitting = 0;
  for (const auto& [number, seat] : seats)
    if (Raids::joins(number) && members_.count(seat.entity) != 0) ++sitting;
  return sitting == Raids::size_of(Raids::pack_of(number_)) && members_.size() == sitting;
}

Duration PartyHabit::act(Bot& bot) {
  if (phase_since_ == MonoTime{}) enter(bot, Phase::kForming);
  bot.shared().raids.here(number_, bot.session().character(), bot.entity());
  if (joins_ && phase_ != Phase::kTogether && bot.now() - phase_since_ > kPatience) {
    bot.shared().report.story("party", false);
    bot.shared().report.error(phase_ == Phase::kForming ? "PARTY: never complete" : "PARTY: never left");
    enter(bot, Phase::kForming);
  }
  return DungeonHabit::act(bot);
}

// In a zone, in no queue.
Duration PartyHabit::idle(Bot& bot) {
  if (!joins_) return DungeonHabit::idle(bot);
  if (phase_ == Phase::kForming) return form(bot);
  if (phase_ == Phase::kLeaving) return leave(bot);
  if (party_ == 0) enter(bot, Phase::kForming);
  return leads_ ? DungeonHabit::idle(bot) : milliseconds(200);
}

Duration PartyHabit::form(Bot& bot) {
  if (complete(bot)) {
    enter(bot, Phase::kTogether);
    return milliseconds(200);
  }
  if (!leads_) return milliseconds(200);
  for (const auto& [number, seat] : bot.shared().raids.seats(number_)) {
    if (!Raids::joins(number) || seat.entity == bot.entity() || members_.count(seat.entity) != 0) continue;
    MonoTime& asked = invited_[seat.entity];
    if (asked != MonoTime{} && bot.now() - asked < kAgain) continue;
    proto::PartyInviteRequest invite;
    invite.set_name(seat.character);
    if (bot.ask(invite)) asked = bot.now();
    break;
  }
  return milliseconds(200);
}

// The leader last: with it alone the party is over.
Duration PartyHabit::leave(Bot& bot) {
  if (party_ == 0) {
    ++rounds_;
    bot.shared().report.story("party", true);
    ran_ = false;
    enter(bot, Phase::kForming);
    return bot.shared().jitter(seconds(1));
  }
  if (!leads_ && bot.now() >= asked_at_) {
    asked_at_ = bot.now() + kAgain;
    proto::PartyChangeRequest request;
    request.set_what(proto::PartyChangeRequest::LEAVE);
    bot.ask(request);
  }
  return milliseconds(200);
}

void PartyHabit::on_place(Bot& bot) {
  DungeonHabit::on_place(bot);
  bot.shared().raids.here(number_, bot.session().character(), bot.entity());
  if (joins_ && !bot.in_instance() && ran_) enter(bot, Phase::kLeaving);
}

void PartyHabit::on_match(Bot& bot, const proto::MatchNotice& notice) {
  DungeonHabit::on_match(bot, notice);
  if (notice.code() != proto::OK || party_ == 0) return;
  std::set<std::uint64_t> matched(notice.players().begin(), notice.players().end());
  for (const std::uint64_t member : members_)
    if (matched.count(member) == 0)
      bot.shared().report.mismatch(bot.name(), "party in run " + std::to_string(notice.run_id()), "all of it",
                                   "without " + std::to_string(member));
}

void PartyHabit::on_run(Bot& bot, const proto::RunNotice& notice) {
  DungeonHabit::on_run(bot, notice);
  if (notice.finished() || notice.failed()) ran_ = party_ != 0;
}

void PartyHabit::on_party_invited(Bot& bot, const proto::PartyInvited& invited) {
  proto::PartyAnswerRequest answer;
  answer.set_party(invited.party());
  answer.set_accept(joins_ && phase_ == Phase::kForming && !bot.in_instance());
  bot.ask(answer);
}

void PartyHabit::on_party(Bot& bot, const proto::PartyState& state) {
  if (state.members().empty()) {
    if (state.party() != party_) return;
    party_ = 0;
    members_.clear();
  } else {
    if (state.party() == party_ && state.version() < version_)
      bot.shared().report.mismatch(bot.name(), "party version", std::to_string(version_),
                                   std::to_string(state.version()));
    party_ = state.party();
    members_.clear();
    for (const auto& member : state.members()) members_.insert(member.player());
    if (members_.count(bot.entity()) == 0)
      bot.shared().report.mismatch(bot.name(), "party", "a seat of one's own", "none");
  }
  version_ = state.version();
  bot.shared().raids.sits(bot.entity(), party_);
}

void PartyHabit::on_party_queue(Bot& bot, const proto::PartyQueueNotice& notice) {
  if (notice.code() == proto::OK)
    queued(bot);
  else if (notice.code() == proto::ABORTED)
    unqueued(bot);
}

void PartyHabit::on_loot(Bot& bot, const sample::LootNotice& notice) {
  if (notice.from() == 0) return;
  const std::string place = "run/" + std::to_string(notice.run_id());
  if (const std::string wrong = bot.shared().raids.dropped(place, notice.from(), bot.entity()); !wrong.empty())
    bot.shared().report.mismatch(bot.name(), "drop of " + std::to_string(notice.from()) + " in " + place,
                                 "one receiver of the killer's party", wrong);
}

void PartyHabit::on_died(Bot& bot, const sample::EntityDied& notice) {
  bot.shared().raids.died(bot.place(), notice.entity_id(), notice.by());
}

void PartyHabit::close(Bot& bot) {
  if (joins_ && bot.played_s() >= static_cast<double>(to_ms(kEnough)) / 1000 && rounds_ == 0 && !bot.in_instance())
    bot.shared().report.error("PARTY: no round in time");
}

}  // namespace dure
