#include "tools/bots/bot.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "common/game/sample/guild.pb.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/chat.pb.h"
#include "common/proto/content.pb.h"
#include "common/proto/dungeon.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/party.pb.h"
#include "common/proto/value.pb.h"

namespace dure {
namespace {

constexpr std::uint32_t kWatchers = 8;  // one bot in so many measures how fast it sees the others
constexpr Duration kCheckInterval = seconds(1);
constexpr std::size_t kAskedMost = 64;

std::uint32_t cell_update_id() {
  static const std::uint32_t id = route_id(proto::CellUpdate::descriptor());
  return id;
}

}  // namespace

Bot::Bot(Shared& shared, std::uint32_t number)
    : shared_(shared),
      session_(shared, *this, number),
      watches_(number % kWatchers == 0 || shared.options.count < 10 * kWatchers),
      habits_(habits_of(shared.options.story, number)) {}

template <class Notice, void (Habit::*hear)(Bot&, const Notice&)>
void Bot::tell_habits(const Notice& notice, std::uint32_t seq) {
  take_asked(seq);
  if constexpr (requires { notice.code(); }) count_code(notice.code());
  for (const auto& habit : habits_) (habit.get()->*hear)(*this, notice);
}

template <class Reply>
void Bot::answered(const Reply& reply, std::uint32_t seq) {
  take_asked(seq);
  count_code(reply.code());
}

void Bot::fill(FrameTable<Bot>* table) {
  table->on(&Bot::route);
  table->on(&Bot::state);
  table->on(&Bot::saved);
  table->on(&Bot::changed);
  table->on(&Bot::corrected);
  table->on(&Bot::cell_update);
  table->on(&Bot::cell_changed);
  table->on(&Bot::line);
  table->on(&Bot::said);
  table->on(&Bot::whispered);
  table->on(&Bot::echoed);
  table->on(&Bot::error);
  table->on(&Bot::granted<sample::BuyReply>);
  table->on(&Bot::granted<sample::SellReply>);
  table->on(&Bot::granted<sample::UseItemReply>);
  table->on(&Bot::granted<sample::MailSendReply>);
  table->on(&Bot::granted<sample::AuctionBuyReply>);
  table->on(&Bot::listed);
  table->on(&Bot::cancelled);
  table->on(&Bot::letter);
  table->on(&Bot::auction);
  table->on(&Bot::guild_reply<sample::GuildFoundReply>);
  table->on(&Bot::guild_reply<sample::GuildChangeReply>);
  table->on(&Bot::guild_reply<sample::GuildDepositReply>);
  table->on(&Bot::guild_reply<sample::GuildWithdrawReply>);
  table->on(&Bot::guild_notice);
  table->on(&Bot::tell_habits<sample::GuildReply, &Habit::on_guild>);
  table->on(&Bot::tell_habits<sample::MailListReply, &Habit::on_letters>);
  table->on(&Bot::tell_habits<sample::AuctionBrowseReply, &Habit::on_lots>);
  table->on(&Bot::table);
  table->on(&Bot::agreed);
  table->on(&Bot::settled);
  table->on(&Bot::trade_reply<sample::TradeInviteReply>);
  table->on(&Bot::trade_reply<sample::TradeAnswerReply>);
  table->on(&Bot::trade_reply<sample::TradeOfferReply>);
  table->on(&Bot::trade_reply<sample::TradeLockReply>);
  table->on(&Bot::trade_reply<sample::TradeCancelReply>);
  table->on(&Bot::loot);
  table->on(&Bot::level);
  table->on(&Bot::died);
  table->on(&Bot::tell_habits<proto::ContentChanged, &Habit::on_content>);
  table->on(&Bot::tell_habits<sample::ShopListReply, &Habit::on_shop_list>);
  table->on(&Bot::tell_habits<sample::AttackReply, &Habit::on_attack>);
  table->on(&Bot::tell_habits<sample::SkillReply, &Habit::on_skill>);
  table->on(&Bot::tell_habits<proto::MatchNotice, &Habit::on_match>);
  table->on(&Bot::tell_habits<proto::QueueReply, &Habit::on_queue>);
  table->on(&Bot::tell_habits<proto::RunNotice, &Habit::on_run>);
  table->on(&Bot::tell_habits<proto::ChangeZoneReply, &Habit::on_change_zone>);
  table->on(&Bot::tell_habits<proto::PartyInvited, &Habit::on_party_invited>);
  table->on(&Bot::tell_habits<proto::PartyState, &Habit::on_party>);
  table->on(&Bot::tell_habits<proto::PartyQueueNotice, &Habit::on_party_queue>);
  table->on(&Bot::answered<proto::PartyInviteReply>);
  table->on(&Bot::answered<proto::PartyAnswerReply>);
  table->on(&Bot::answered<proto::PartyChangeReply>);
  table->on(&Bot::tell_habits<sample::QuestListReply, &Habit::on_quests>);
  table->on(&Bot::tell_habits<sample::QuestNotice, &Habit::on_quest>);
  table->on(&Bot::granted<sample::QuestClaimReply>);
}

// ── session ─────────────────────────────────────────────────────────────────────────────────────────────────────

void Bot::on_world_frame(const ClientFrame& frame) {
  using Taken = FrameTable<Bot>::Taken;
  if (frame.message_id == cell_update_id()) {
    place_heard_at_ = now();
    if (!wants(frame.body)) return;
  }
  const Taken taken = shared_.bot_frames.take(*this, frame.message_id, frame.body, frame.seq);
  if (taken == Taken::kUnreadable)
    shared_.report.mismatch(name(), "frame", "readable", fmt::format("message {}", frame.message_id));
}

void Bot::on_link_lost() {
  stop_playing();
  asked_.clear();
}

void Bot::on_resumed(bool replayed) {
  if (replayed) {
    playing_ = true;
    playing_since_ = now();
    return;
  }
  in_doubt_ = true;
  world_lines_.reset();
  place_lines_.reset();
}

void Bot::stop_playing() {
  if (playing_) played_ += std::max<Duration>(clock() - playing_since_, {});
  playing_ = false;
}

double Bot::played_s() const {
  const Duration all = played_ + (playing_ ? std::max<Duration>(clock() - playing_since_, {}) : Duration{});
  return static_cast<double>(to_us(all)) / 1e6;
}

bool Bot::stale(std::uint64_t epoch, const char* what) {
  if (epoch >= epoch_) return false;
  shared_.report.mismatch(name(), fmt::format("epoch of {}", what), fmt::format("{} or later", epoch_),
                          std::to_string(epoch));
  return true;
}

void Bot::report(const std::vector<Difference>& differences) {
  for (const Difference& difference : differences)
    shared_.report.mismatch(name(), difference.what, difference.expected, difference.seen);
}

// Loot is told when it is SAVED: while fighting, and shortly after, more may be there than was told.
bool Bot::may_gain() const {
  return awaits_gains_ || in_instance() || (last_fight_ != MonoTime{} && now() - last_fight_ < seconds(10));
}

// ── places and state ────────────────────────────────────────────────────────────────────────────────────────────

void Bot::route(const proto::RouteNotice& notice, std::uint32_t) {
  if (stale(notice.epoch(), "RouteNotice")) return;
  if (in_instance()) last_fight_ = now();
  if (!notice.returned_because().empty()) {
    returned_ = true;
    ++shared_.report.returned_to_lobby;
    world_lines_.moved();  // who has no owner for a while hears nothing
    place_lost_at_ = place_heard_at_;
  }
  epoch_ = notice.epoch();
  if (place_ != notice.place()) place_lines_.moved();
  place_ = notice.place();
  place_kind_ = notice.place_kind();
  route_is_new_ = true;
  routed_at_ = now();
  surroundings_.clear();
}

void Bot::state(const proto::PlayerState& state, std::uint32_t) {
  if (stale(state.epoch(), "PlayerState")) return;
  if (state.epoch() > epoch_) {
    shared_.report.mismatch(name(), "epoch of PlayerState", std::to_string(epoch_), std::to_string(state.epoch()));
    epoch_ = state.epoch();
  }
  auto arrival = OwnModel::Arrival::kSame;
  if (returned_ || in_doubt_)
    arrival = OwnModel::Arrival::kFault;
  else if (route_is_new_)
    arrival = OwnModel::Arrival::kMoved;
  // The outcome of a trade may have been decided, and its word lost, with the owner.
  if ((!settling_.empty() || agreement_.creq != 0) && arrival != OwnModel::Arrival::kSame) model_.forget();
  if (arrival != OwnModel::Arrival::kSame) agreement_ = {};
  settling_.clear();
  for (const auto& hold : state.aggregate().holds())
    settling_[{hold.terms().txn().high(), hold.terms().txn().low()}] = now();
  const auto verdict =
      model_.state(belongings_of(state.aggregate()), state.last_creq(), arrival, may_gain() || in_doubt_);
  report(verdict.differences);
  if (awaits_gains_) gains_.came(verdict.gained);
  if (arrival == OwnModel::Arrival::kFault) gains_.give_up();
  shared_.report.untold_gains += verdict.untold_gains;
  shared_.report.applied_lost += verdict.applied_lost;
  if (arrival != OwnModel::Arrival::kSame) applied_.clear();  // what was read from the database is SAVED
  guild_ = 0;
  guild_member_ = false;
  for (const auto& counter : state.aggregate().counters()) {
    if (counter.name() == "guild") guild_ = static_cast<std::uint64_t>(counter.value());
    if (counter.name() == "guild.member") guild_member_ = counter.value() != 0;
  }
  last_creq_ = std::max(last_creq_, state.last_creq());
  entity_ = state.entity_id();
  motion_.speed_max(state.speed_max_cm_s());
  const Spot spot{state.x_cm(), state.y_cm()};
  motion_.put(spot, now());
  motion_.home(spot);
  if (returned_ && place_lost_at_ != MonoTime{}) shared_.report.lobby_return.add(now() - place_lost_at_);
  route_is_new_ = returned_ = in_doubt_ = false;
  if (!playing_) playing_since_ = now();
  playing_ = true;
  session_.entered();
  // Numbers without an answer are asked again, unchanged: at most one of the two has an effect.
  for (auto& [creq, open] : open_values_) {
    open.again = true;
    session_.send_again(open.message_id, open.body);
  }
  for (const auto& habit : habits_) habit->on_place(*this);
  if (habits_started_) return;
  habits_started_ = true;
  for (std::uint32_t i = 0; i < habits_.size(); ++i)
    shared_.reactor.wake_in(shared_.jitter(milliseconds(500)), this, i);
  shared_.reactor.wake_in(kCheckInterval, this, kCheck);
}

void Bot::saved(const proto::SavedNotice& notice, std::uint32_t) {
  if (stale(notice.epoch(), "SavedNotice")) return;
  model_.saved(notice.creq());
  for (const auto& habit : habits_) habit->on_saved(*this, notice.creq());
  shared_.history.saved(who(), notice.creq());
  last_saved_creq_ = std::max(last_saved_creq_, notice.creq());
  while (!applied_.empty() && applied_.begin()->first <= notice.creq()) {
    shared_.report.applied_to_saved.add(now() - applied_.begin()->second);
    applied_.erase(applied_.begin());
  }
}

void Bot::changed(const proto::AggregateChanged& notice, std::uint32_t) {
  if (stale(notice.epoch(), "AggregateChanged")) return;
  const Belongings seen = belongings_of(notice.aggregate());
  OwnModel::Told told;
  for (const auto& amount : notice.aggregate().balances()) told.balances[amount.name()] = amount.value();
  told.added = seen.items;
  const Change made = model_.set(told);
  // A game master's gift is announced by nothing else, and may be told together with what others sent.
  if (notice.reason() == "gm.give") gains_.give_up();
  if (awaits_gains_) gains_.came(made);
}

// ── requests and value ──────────────────────────────────────────────────────────────────────────────────────────

bool Bot::note(std::uint32_t seq, std::string text) {
  if (seq == 0) return false;
  if (asked_.size() >= kAskedMost) asked_.erase(asked_.begin());
  asked_.push_back({seq, now(), std::move(text)});
  return true;
}

Bot::Asked Bot::take_asked(std::uint32_t seq) {
  const auto found = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& asked) { return asked.seq == seq; });
  if (seq == 0 || found == asked_.end()) return {};
  Asked asked = std::move(*found);
  asked_.erase(found);
  return asked;
}

void Bot::count_code(std::uint32_t code) {
  if (code != proto::OK) shared_.report.error(proto::Code_Name(static_cast<proto::Code>(code)));
}

void Bot::echo() {
  proto::Echo request;
  request.set_stamp(static_cast<std::uint64_t>(now().time_since_epoch().count()));
  note(session_.send(request), "echo");
}

void Bot::echoed(const proto::EchoReply& reply, std::uint32_t seq) {
  count_code(reply.code());
  if (const Asked asked = take_asked(seq); asked.seq != 0 && reply.code() == proto::OK)
    shared_.report.rtt.add(now() - asked.sent);
}

// Somebody on the way could not answer: what was asked was not done.
void Bot::error(const proto::ErrorReply& reply, std::uint32_t seq) {
  shared_.report.error(proto::Code_Name(reply.code()) + " (message " + std::to_string(reply.message_id()) + ")");
  const Asked asked = take_asked(seq);
  if (!asked.text.empty() && (asked.text.front() == 'w' || asked.text.front() == 'p'))
    (asked.text.front() == 'w' ? world_lines_ : place_lines_).refused(asked.text.substr(1));
  if (!asked.text.empty() && asked.text.front() == '#') {
    const std::uint64_t creq = std::stoull(asked.text.substr(1));
    if (const auto open = open_values_.find(creq); open != open_values_.end() && !open->second.again) {
      open_values_.erase(open);
      shared_.history.told(who(), creq, "ERROR");
      model_.refused(creq);
    }
  }
}

template <class Reply>
void Bot::granted(const Reply& reply, std::uint32_t seq) {
  take_asked(seq);
  value_reply(reply.creq(), reply.code(), reply.touched());
}

template <class Reply>
void Bot::trade_reply(const Reply& reply, std::uint32_t seq) {
  take_asked(seq);
  count_code(reply.code());
  if (reply.code() == proto::OK) return;
  // A lock of what the other has changed meanwhile: the table as it is now follows.
  if (std::is_same_v<Reply, sample::TradeLockReply> && reply.code() == proto::WRONG_STATE) return;
  for (const auto& habit : habits_) habit->on_trade_refused(*this);
}

// ── what others send ────────────────────────────────────────────────────────────────────────────────────────────

template <class Notice>
void Bot::announced(const Notice& notice) {
  Change told;
  for (const auto& amount : notice.amounts()) told.balances[amount.name()] += amount.value();
  proto::Aggregate items;
  *items.mutable_items() = notice.items();
  told.added = belongings_of(items).items;
  gains_.announced(told);
}

void Bot::letter(const sample::MailArrived& letter, std::uint32_t) {
  if (stale(letter.epoch(), "MailArrived")) return;
  announced(letter);
  for (const auto& habit : habits_) habit->on_letter(*this, letter);
}

void Bot::auction(const sample::AuctionNotice& notice, std::uint32_t) {
  if (stale(notice.epoch(), "AuctionNotice")) return;
  announced(notice);
  for (const auto& habit : habits_) habit->on_auction(*this, notice);
}

template <class Reply>
void Bot::guild_reply(const Reply& reply, std::uint32_t seq) {
  if (reply.code() == proto::OK)
    for (const auto& habit : habits_) habit->on_requested(*this, reply.creq(), reply.request());
  if constexpr (requires { reply.touched(); }) {
    granted(reply, seq);
  } else {
    take_asked(seq);
    value_reply(reply.creq(), reply.code(), sample::Touched());
  }
}

void Bot::guild_notice(const sample::GuildNotice& notice, std::uint32_t) {
  if (stale(notice.epoch(), "GuildNotice")) return;
  announced(notice);
  if (notice.what() == sample::GuildMemo::WELCOME) {
    guild_ = notice.guild();
    guild_member_ = true;
  } else if (notice.what() == sample::GuildMemo::LEFT) {
    guild_ = 0;
    guild_member_ = false;
  }
  for (const auto& habit : habits_) habit->on_guild_notice(*this, notice);
}

void Bot::listed(const sample::AuctionListReply& reply, std::uint32_t seq) {
  for (const auto& habit : habits_) habit->on_listed(*this, reply);
  granted(reply, seq);
}

void Bot::cancelled(const sample::AuctionCancelReply& reply, std::uint32_t seq) {
  take_asked(seq);
  value_reply(reply.creq(), reply.code(), sample::Touched());
}

void Bot::level(const sample::LevelNotice& notice, std::uint32_t) { stale(notice.epoch(), "LevelNotice"); }

// ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────

void Bot::on_time(std::uint32_t what) {
  if (what == kCheck) {
    if (session_.state() == ClientSession::State::kGone) return;
    check_overdue();
    return shared_.reactor.wake_in(kCheckInterval, this, kCheck);
  }
  if (resting_) return;
  const Duration next = playing_ && !route_is_new_ ? habits_[what]->act(*this) : milliseconds(100);
  shared_.reactor.wake_in(next, this, what);
}

void Bot::check_overdue() {
  if (!playing_) return;
  report(world_lines_.overdue(now()));
  report(place_lines_.overdue(now()));
  const Duration deadline = shared_.options.reply_deadline;
  for (auto& [creq, open] : open_values_)
    if (now() - open.sent > deadline) {
      shared_.report.error("NO_REPLY");
      open.sent = now();
      open.again = true;
      session_.send_again(open.message_id, open.body);
    }
  std::erase_if(settling_, [&](const auto& entry) {
    if (now() - entry.second <= deadline) return false;
    shared_.report.mismatch(name(), "SETTLED", fmt::format("within {} s", to_ms(deadline) / 1000), "nothing");
    return true;
  });
  while (!applied_.empty() && now() - applied_.begin()->second > deadline) {
    shared_.report.mismatch(name(), "SAVED",
                            fmt::format("creq {} within {} s", applied_.begin()->first, to_ms(deadline) / 1000),
                            fmt::format("saved up to {}", last_saved_creq_));
    applied_.erase(applied_.begin());
  }
}

void Bot::rest() {
  rested_at_ = now();
  rested_playing_ = playing_;
  resting_ = true;
}

void Bot::close(Report* report) {
  stop_playing();
  for (const auto& habit : habits_) habit->close(*this);
  this->report(gains_.left());
  session_.collect(report);
  report->moves += moves_;
  report->chat_lines += lines_;
  report->value_operations += values_;
  report->played_bot_s += played_s();
}

}  // namespace dure
