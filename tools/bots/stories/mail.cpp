#include "tools/bots/stories/mail.h"

#include <algorithm>
#include <optional>
#include <set>

#include "common/game/sample/sample.pb.h"
#include "tools/bots/bot.h"

namespace dure {

namespace {

constexpr std::int64_t kFee = 10, kGoldMost = 9;
constexpr Duration kQuiet = seconds(3), kBetweenNaps = seconds(12), kAway = seconds(2), kReadEvery = seconds(6);
constexpr Duration kComesWithin = seconds(5);
constexpr const char* kGold = "gold";
constexpr const char* kStack = "potion";

}  // namespace

void MailHabit::on_place(Bot& bot) {
  bot.await_gains();
  arrived_ = bot.now();
  read_at_ = bot.now() + bot.shared().jitter(kReadEvery) / 4;
  if (nap_at_ == MonoTime{}) nap_at_ = bot.now() + kQuiet + bot.shared().jitter(kBetweenNaps);
}

Duration MailHabit::act(Bot& bot) {
  if (!begun_) {
    if (bot.now() - arrived_ < kQuiet) return milliseconds(200);
    begun_ = true;
    bot.gains().start();
  }
  if (bot.now() >= read_at_) {
    read_at_ = bot.now() + bot.shared().jitter(kReadEvery);
    bot.ask(sample::MailListRequest());
    return milliseconds(200);
  }
  if (naps_ && bot.now() >= nap_at_ && bot.all_saved()) {
    nap_at_ = bot.now() + bot.shared().jitter(kBetweenNaps);
    bot.nap(bot.shared().jitter(kAway));
    return seconds(1);
  }
  if (bot.value_open()) return milliseconds(100);
  return write(bot) ? bot.shared().jitter(about_) : milliseconds(500);
}

bool MailHabit::write(Bot& bot) {
  const auto& names = bot.shared().names;
  if (names.empty()) return false;
  const std::string& to = names[bot.shared().rng.below(names.size())];
  const Belongings& own = bot.model().now();
  if (to == bot.session().character() || own.balance(kGold) < kFee + kGoldMost) return false;
  sample::MailSendRequest request;
  Change expected;
  Post::Letter letter;
  expected.balances[kGold] = -kFee;
  const std::uint64_t draw = bot.shared().rng.below(4);
  if (draw == 0 && !own.items.empty()) {
    const auto& [id, item] = *own.items.begin();
    request.add_items()->set_high(id.high);
    request.mutable_items(0)->set_low(id.low);
    expected.removed.push_back(id);
    letter.attached.added[id] = item;
  } else if (draw == 1 && own.balance(kStack) > 0) {
    request.add_amounts()->set_name(kStack);
    request.mutable_amounts(0)->set_value(1);
    expected.balances[kStack] = -1;
    letter.attached.balances[kStack] = 1;
  } else if (draw == 2) {
    const std::int64_t gold = 1 + static_cast<std::int64_t>(bot.shared().rng.below(kGoldMost));
    request.add_amounts()->set_name(kGold);
    request.mutable_amounts(0)->set_value(gold);
    expected.balances[kGold] -= gold;
    letter.attached.balances[kGold] = gold;
  }
  letter.from = bot.session().character();
  letter.to = to;
  request.set_to_name(to);
  std::uint64_t number = 0;
  request.set_text(bot.shared().post.write(std::move(letter), &number));
  const std::uint64_t creq = bot.next_creq();
  if (!bot.ask_value(std::move(request), std::move(expected))) {
    bot.shared().post.refused(number);
    return false;
  }
  sent_[creq] = number;
  ++written_;
  return true;
}

void MailHabit::on_value(Bot& bot, std::uint64_t creq, std::uint32_t code) {
  const auto sent = sent_.find(creq);
  if (sent == sent_.end() || code == proto::OK) return;
  bot.shared().post.refused(sent->second);
  sent_.erase(sent);
}

void MailHabit::on_saved(Bot& bot, std::uint64_t creq) {
  while (!sent_.empty() && sent_.begin()->first <= creq) {
    bot.shared().post.saved(sent_.begin()->second, bot.now());
    sent_.erase(sent_.begin());
  }
}

void MailHabit::on_letter(Bot& bot, const sample::MailArrived& letter) {
  Change attached;
  for (const auto& amount : letter.amounts()) attached.balances[amount.name()] += amount.value();
  proto::Aggregate items;
  *items.mutable_items() = letter.items();
  attached.added = belongings_of(items).items;
  bool known = false;
  const std::string wrong = bot.shared().post.heard(bot.session().character(), letter.text(), attached, &known);
  if (known) bot.gains().came(attached);  // it was accounted for when it was read
  if (!wrong.empty()) bot.shared().report.mismatch(bot.name(), "letter", letter.text(), wrong);
}

void MailHabit::on_letters(Bot& bot, const sample::MailListReply& reply) {
  std::set<std::uint64_t> seen;
  for (const auto& letter : reply.letters()) {
    std::optional<Change> unheard;
    std::string wrong = bot.shared().post.read(bot.session().character(), letter.text(), &unheard);
    if (!seen.insert(letter.letter()).second) wrong = "twice in the mailbox";
    if (!wrong.empty()) bot.shared().report.mismatch(bot.name(), "letter", letter.text(), wrong);
    if (unheard) bot.gains().announced(*unheard);
  }
}

void MailHabit::close(Bot& bot) {
  if (bot.played_s() >= 12) bot.shared().report.story("mail", written_ > 0);
  if (arrived_ == MonoTime{} || bot.rested_at() - arrived_ < kComesWithin || !bot.was_playing()) return;
  for (const auto& letter : bot.shared().post.missing(bot.session().character(), bot.rested_at() - kComesWithin))
    bot.shared().report.mismatch(bot.name(), letter, "arrived", "nothing");
}

}  // namespace dure
