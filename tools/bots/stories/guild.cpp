#include "tools/bots/stories/guild.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/game/sample/guild.pb.h"
#include "tools/bots/bot.h"

namespace dure {

namespace {

using sample::GuildChangeRequest;
using sample::GuildMemo;

constexpr std::int64_t kFee = 100, kGoldMost = 8, kGoldLeast = 30;
constexpr Duration kQuiet = seconds(3), kOutcomeWithin = seconds(10), kInviteAgain = seconds(8);
constexpr Duration kLookEvery = milliseconds(1500), kLineWithin = seconds(6);
constexpr const char* kGold = "gold";
constexpr const char* kStack = "potion";

Change gold_and_items(const google::protobuf::RepeatedPtrField<proto::Amount>& amounts,
                      const google::protobuf::RepeatedPtrField<proto::Item>& items) {
  Change change;
  for (const auto& amount : amounts) change.balances[amount.name()] += amount.value();
  proto::Aggregate aggregate;
  *aggregate.mutable_items() = items;
  change.added = belongings_of(aggregate).items;
  return change;
}

bool same(const Change& a, const Change& b) {
  if (a.balances != b.balances || a.added.size() != b.added.size()) return false;
  return std::all_of(a.added.begin(), a.added.end(), [&](const auto& one) { return b.added.count(one.first) != 0; });
}

}  // namespace

void GuildHabit::on_place(Bot& bot) {
  bot.await_gains();
  bot.shared().packs.join(number_, bot.session().character());
  arrived_ = bot.now();
  state_ = bot.guild() == 0 ? State::kOutside : bot.guild_member() ? State::kMember : State::kEntering;
  since_ = bot.now();
}

template <class Message>
bool GuildHabit::ask(Bot& bot, Message message, What what, Change moved, Change expected) {
  const std::uint64_t creq = bot.next_creq();
  if (!bot.ask_value(std::move(message), std::move(expected))) return false;
  requests_[creq] = {what, std::move(moved), 0, bot.now(), false};
  return true;
}

Duration GuildHabit::act(Bot& bot) {
  if (!begun_) {
    if (bot.now() - arrived_ < kQuiet) return milliseconds(200);
    begun_ = true;
    bot.gains().start();
  }
  check_overdue(bot);
  if (bot.in_instance() || bot.value_open()) return milliseconds(100);
  if (state_ == State::kOutside) {
    if (leads()) return found(bot) ? about_ : seconds(1);
    if (invited_to_ == 0) return milliseconds(300);
    GuildChangeRequest accept;
    accept.set_what(GuildChangeRequest::ACCEPT);
    accept.set_guild(std::exchange(invited_to_, 0));
    if (ask(bot, accept, What::kEnter, {}, {})) state_ = State::kEntering, since_ = bot.now();
    return milliseconds(300);
  }
  if (state_ == State::kEntering) return milliseconds(200);
  if (bot.now() - looked_ >= kLookEvery) {
    looked_ = bot.now();
    bot.ask(sample::GuildRequest());
    return milliseconds(200);
  }
  const std::uint64_t draw = bot.shared().rng.below(20);
  const bool done = (leads() && invite(bot)) || (draw < 9    ? deposit(bot)
                                                 : draw < 16 ? withdraw(bot)
                                                 : draw < 17 ? leave(bot)
                                                             : false);
  if (!done) say(bot);
  return bot.shared().jitter(about_);
}

bool GuildHabit::found(Bot& bot) {
  if (bot.model().now().balance(kGold) < kFee) return false;
  sample::GuildFoundRequest request;
  if (founds_.empty()) {
    founds_ = bot.session().character() + "s";
    if (founds_.size() > 12) founds_.resize(12);
    for (int i = 0; i < 3; ++i) founds_ += static_cast<char>('a' + bot.shared().rng.below(26));
  }
  request.set_name(founds_);
  Change expected;
  expected.balances[kGold] = -kFee;
  if (!ask(bot, request, What::kEnter, {}, std::move(expected))) return false;
  state_ = State::kEntering;
  since_ = bot.now();
  return true;
}

bool GuildHabit::invite(Bot& bot) {
  if (members_.empty()) return false;
  for (const auto& name : bot.shared().packs.of(number_)) {
    if (members_.count(name) != 0) continue;
    const auto before = invited_.find(name);
    if (before != invited_.end() && bot.now() - before->second < kInviteAgain) continue;
    invited_[name] = bot.now();
    GuildChangeRequest request;
    request.set_what(GuildChangeRequest::INVITE);
    request.set_name(name);
    return ask(bot, request, What::kOther, {}, {});
  }
  return false;
}

bool GuildHabit::deposit(Bot& bot) {
  const Belongings& own = bot.model().now();
  sample::GuildDepositRequest request;
  Change moved, expected;
  const std::uint64_t draw = bot.shared().rng.below(4);
  if (draw == 0 && !own.items.empty()) {
    const auto& [id, item] = *own.items.begin();
    request.add_items()->set_high(id.high);
    request.mutable_items(0)->set_low(id.low);
    moved.added[id] = item;
    expected.removed.push_back(id);
  } else if (draw == 1 && own.balance(kStack) > 0) {
    request.add_amounts()->set_name(kStack);
    request.mutable_amounts(0)->set_value(1);
    moved.balances[kStack] = 1;
    expected.balances[kStack] = -1;
  } else if (own.balance(kGold) >= kGoldLeast) {
    const std::int64_t gold = 1 + static_cast<std::int64_t>(bot.shared().rng.below(kGoldMost));
    request.add_amounts()->set_name(kGold);
    request.mutable_amounts(0)->set_value(gold);
    moved.balances[kGold] = gold;
    expected.balances[kGold] = -gold;
  } else {
    return false;
  }
  return ask(bot, request, What::kDeposit, std::move(moved), std::move(expected));
}

// Also what may be gone by now, or beyond the day's limit: it is refused then.
bool GuildHabit::withdraw(Bot& bot) {
  sample::GuildWithdrawRequest request;
  Change moved;
  const std::uint64_t draw = bot.shared().rng.below(3);
  if (draw == 0 && !items_.empty()) {
    const auto& [id, item] = *items_.begin();
    request.add_items()->set_high(id.high);
    request.mutable_items(0)->set_low(id.low);
    moved.added[id] = item;
  } else if (!bank_.empty()) {
    auto at = bank_.begin();
    std::advance(at, bot.shared().rng.below(bank_.size()));
    const auto most = static_cast<std::uint64_t>(std::min(kGoldMost, at->second));
    request.add_amounts()->set_name(at->first);
    request.mutable_amounts(0)->set_value(1 + static_cast<std::int64_t>(bot.shared().rng.below(most)));
    moved.balances[at->first] = request.amounts(0).value();
  } else {
    return false;
  }
  return ask(bot, request, What::kWithdraw, std::move(moved), {});
}

bool GuildHabit::leave(Bot& bot) {
  if (number_ % 4 != 3) return false;
  GuildChangeRequest request;
  request.set_what(GuildChangeRequest::LEAVE);
  return ask(bot, request, What::kOther, {}, {});
}

void GuildHabit::say(Bot& bot) {
  const std::string text = fmt::format("{} tells the guild {}", bot.name(), ++lines_);
  if (bot.say_to_guild(text)) said_[text] = MonoTime{};
}

// One's own line, heard as everybody does.
void GuildHabit::on_guild_line(Bot&, const std::string& text) { said_.erase(text); }

void GuildHabit::on_value(Bot& bot, std::uint64_t creq, std::uint32_t code) {
  if (code == proto::OK) return;
  const auto asked = requests_.find(creq);
  if (asked == requests_.end()) return;
  if (asked->second.what == What::kEnter) state_ = bot.guild() == 0 ? State::kOutside : State::kEntering;
  if (asked->second.what == What::kEnter && code == proto::TAKEN) founds_.clear();
  requests_.erase(asked);
}

void GuildHabit::on_requested(Bot&, std::uint64_t creq, std::uint64_t request) {
  const auto asked = requests_.find(creq);
  if (asked == requests_.end()) return;
  // A repeat is answered without its number: what becomes of it cannot be told apart.
  if (request == 0)
    requests_.erase(asked);
  else
    asked->second.number = request;
}

void GuildHabit::on_saved(Bot& bot, std::uint64_t creq) {
  for (auto& [number, request] : requests_) {
    if (number > creq || request.saved) continue;
    request.saved = true;
    request.since = bot.now();
  }
}

void GuildHabit::on_guild(Bot& bot, const sample::GuildReply& reply) {
  if (reply.code() != proto::OK) return;
  members_.clear();
  for (const auto& member : reply.members()) members_[member.name()] = true;
  bank_.clear();
  for (const auto& amount : reply.amounts()) bank_[amount.name()] = amount.value();
  proto::Aggregate aggregate;
  *aggregate.mutable_items() = reply.items();
  items_ = belongings_of(aggregate).items;

  std::map<std::string, std::int64_t> sums;
  std::map<ItemId, int> pieces;
  std::map<std::uint64_t, Change> paid;
  for (const auto& line : reply.log()) {
    const int sign = line.what() == GuildMemo::DEPOSIT ? 1 : line.what() == GuildMemo::WITHDRAW ? -1 : 0;
    for (const auto& amount : line.amounts()) sums[amount.name()] += sign * amount.value();
    for (const auto& item : line.items()) pieces[{item.id().high(), item.id().low()}] += sign;
    if (sign != 1 || line.name().empty()) continue;  // an inheritance is nobody's deposit, and has several lines
    if (!paid.emplace(line.request(), gold_and_items(line.amounts(), line.items())).second)
      bot.shared().report.mismatch(bot.name(), "deposit in the log", "once", "twice");
  }
  for (auto at = requests_.begin(); at != requests_.end();) {
    const auto line = at->second.what == What::kDeposit ? paid.find(at->second.number) : paid.end();
    if (line == paid.end() || at->second.number == 0) {
      ++at;
      continue;
    }
    if (!same(line->second, at->second.moved))
      bot.shared().report.mismatch(bot.name(), "deposit in the log", "what was paid in", "something else");
    ++paid_in_;
    at = requests_.erase(at);
  }
  // Only a log that begins with the guild tells all.
  if (reply.log().empty() || reply.log(0).what() != GuildMemo::FOUND) return;
  std::erase_if(sums, [](const auto& sum) { return sum.second == 0; });
  if (sums != bank_) {
    std::string expected, seen;
    for (const auto& [name, value] : sums) expected += fmt::format("{} {} ", value, name);
    for (const auto& [name, value] : bank_) seen += fmt::format("{} {} ", value, name);
    bot.shared().report.mismatch(bot.name(), "bank of " + reply.name(), expected, seen);
  }
  for (const auto& [id, count] : pieces)
    if (count != static_cast<int>(items_.count(id)))
      bot.shared().report.mismatch(bot.name(), "item in the bank of " + reply.name(), std::to_string(count),
                                   std::to_string(items_.count(id)));
}

void GuildHabit::on_guild_notice(Bot& bot, const sample::GuildNotice& notice) {
  if (notice.what() == GuildMemo::INVITED) {
    if (state_ == State::kOutside && !leads()) invited_to_ = notice.guild();
    return;
  }
  if (notice.what() == GuildMemo::WELCOME) state_ = State::kMember;
  if (notice.what() == GuildMemo::LEFT) {
    if (begun_ && state_ != State::kMember) bot.shared().report.mismatch(bot.name(), "LEFT", "as a member", "as none");
    state_ = State::kOutside;
    members_.clear();
    said_.clear();
  }
  if (notice.what() == GuildMemo::REFUSED && state_ == State::kEntering) {
    state_ = State::kOutside;
    founds_.clear();
  }
  if (notice.request() == 0) return;
  const auto asked = std::find_if(requests_.begin(), requests_.end(),
                                  [&](const auto& one) { return one.second.number == notice.request(); });
  if (asked == requests_.end()) {
    // Asked before a login, or told twice.
    if (notice.what() == GuildMemo::WITHDRAWN && begun_)
      bot.shared().report.mismatch(bot.name(), "WITHDRAWN", "once, as asked", "unasked");
    return;
  }
  const Change came = gold_and_items(notice.amounts(), notice.items());
  if (notice.what() == GuildMemo::WITHDRAWN) {
    ++taken_out_;
    if (asked->second.what != What::kWithdraw || !same(came, asked->second.moved))
      bot.shared().report.mismatch(bot.name(), "WITHDRAWN", "what was asked for", "something else");
  }
  if (notice.what() == GuildMemo::REFUSED) {
    bot.shared().report.error("GUILD_" + proto::Code_Name(notice.code()));
    const bool whole = asked->second.what != What::kDeposit || same(came, asked->second.moved);
    if (!whole) bot.shared().report.mismatch(bot.name(), "a refused deposit", "back whole", "something else");
  }
  requests_.erase(asked);
}

void GuildHabit::check_overdue(Bot& bot) {
  for (auto at = requests_.begin(); at != requests_.end();) {
    const Request& request = at->second;
    // A deposit shows in the log, which only members see.
    const bool unseen = request.what == What::kDeposit && state_ != State::kMember;
    if (!request.saved || bot.now() - request.since <= kOutcomeWithin) {
      ++at;
      continue;
    }
    if (!unseen)
      bot.shared().report.mismatch(bot.name(), request.what == What::kDeposit ? "deposit in the log" : "guild request",
                                   fmt::format("within {} s", to_ms(kOutcomeWithin) / 1000), "nothing");
    at = requests_.erase(at);
  }
  std::erase_if(said_, [&](const auto& line) {
    if (line.second == MonoTime{} || bot.now() - line.second <= kLineWithin) return false;
    bot.shared().report.mismatch(bot.name(), "guild line", line.first, "never heard");
    return true;
  });
}

void GuildHabit::on_said_to_guild(Bot& bot, const std::string& text, bool accepted) {
  const auto said = said_.find(text);
  if (said == said_.end()) return;
  if (accepted)
    said->second = bot.now();
  else
    said_.erase(said);
}

void GuildHabit::close(Bot& bot) {
  if (bot.played_s() >= 20) bot.shared().report.story("guild", paid_in_ + taken_out_ + lines_ > 0);
}

}  // namespace dure
