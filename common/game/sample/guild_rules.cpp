// What a guild makes of one message. Every branch ends in exactly one answer to whoever asked (or none, for a deposit
// that was taken), so a request is never left open; the versions of the records it read guard it.
#include <algorithm>
#include <set>

#include "common/base/hash.h"
#include "common/game/sample/guild.h"
#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

constexpr const char* kTaken = "taken/";
constexpr int kTakingsForgotten = 4;  // at once, beside the 53 records that a guild's end changes: 64 is the most
constexpr int kInheritedInALine = 20;
constexpr std::size_t kInheritedBytes = 3500;  // a record has 4096 at most
constexpr std::uint64_t kToLeader = 1000;      // its message's number: more than one entry has answers

std::string key_of(const char* kind, std::uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string key = kind;
  for (int shift = 60; shift >= 0; shift -= 4) key += kDigits[(number >> shift) & 15];
  return key;
}

std::int64_t balance_in(const LedgerClerk::Book& book, const std::string& name) {
  const auto at = book.balances.find(name);
  return at == book.balances.end() ? 0 : at->second;
}

// One message, from the record it finds to the answer it gives.
class Settling {
 public:
  Settling(const LedgerClerk::Book& book, const proto::InboxEntry& entry, proto::OwnerlessApply* operation)
      : book_(book), entry_(entry), operation_(*operation), guild_(read_guild(book)) {
    if (!memo_.ParseFromString(entry.memo())) memo_.Clear();
    read_record();
  }
  void run() {
    if (entry_.from_player() == 0) return keep("");
    if (entry_.returned_from() != 0) return came_back();
    const proto::Code code = settle();
    if (code != proto::OK) return refuse(code);
    // The database does not write it so, and never will: who asked is told, and has back what came with it.
    if (book_.refused) return refuse(proto::REFUSED);
    ask_after_leader();
    forget_old_takings();
    if (record_changed_) put(kGuildRecordKey, record_);
  }

 private:
  std::uint64_t asker() const { return entry_.from_player(); }
  std::int64_t today() const { return book_.shard_time_ms / kGuildDayMs; }
  bool is_firm(const GuildInvitation& one) const { return book_.shard_time_ms - one.at_ms() < kGuildInvitationFirmMs; }

  void read_record() {
    record_.Clear();
    if (const auto at = book_.records.find(kGuildRecordKey); at != book_.records.end())
      record_.ParseFromString(at->second.body());
    record_changed_ = false;
  }

  proto::Code settle() {
    const bool brings = entry_.balances_size() + entry_.items_size() > 0;
    if (memo_.kind() == GuildMemo::FOUND) return found();
    if (!guild_) return proto::NOT_FOUND;
    if (brings != (memo_.kind() == GuildMemo::DEPOSIT)) return proto::INVALID;
    if (memo_.kind() == GuildMemo::JOIN) return join();
    if (memo_.kind() == GuildMemo::DECLINE) return decline();
    const GuildMember* me = guild_->member(asker());
    if (me == nullptr) return proto::NOT_ALLOWED;
    switch (memo_.kind()) {
      case GuildMemo::INVITE:
        return invite(*me);
      case GuildMemo::LEAVE:
        return leave(*me);
      case GuildMemo::KICK:
        return kick(*me);
      case GuildMemo::RANK:
        return rank(*me);
      case GuildMemo::DISBAND:
        return disband(*me);
      case GuildMemo::DEPOSIT:
        return deposit(*me);
      case GuildMemo::WITHDRAW:
        return withdraw(*me);
      default:
        return proto::INVALID;
    }
  }

  proto::Code found() {
    const bool fee = entry_.items_size() == 0 && entry_.balances_size() == 1 && entry_.balances(0).name() == "gold" &&
                     entry_.balances(0).value() == kGuildFeeGold;
    if (!fee) return proto::INVALID;
    if (guild_) return proto::TAKEN;
    record_.set_name(memo_.name());
    record_.set_open(true);
    record_.set_first_line(record_.next_line());
    record_.set_leader_day(today());
    *operation_.add_spends() = entry_.balances(0);
    take_in(asker(), memo_.by(), GUILD_LEADER);
    note(memo_.by());
    inherit();
    return proto::OK;
  }

  proto::Code join() {
    if (guild_->invited.count(asker()) == 0) return proto::NOT_FOUND;
    if (guild_->members.size() >= kGuildMembersMost) return proto::FULL;
    remove(key_of("invited/", asker()));
    take_in(asker(), memo_.by(), GUILD_MEMBER);
    note(memo_.by());
    return proto::OK;
  }

  proto::Code decline() {
    if (guild_->invited.count(asker()) == 0) return proto::NOT_FOUND;
    remove(key_of("invited/", asker()));
    done();
    return proto::OK;
  }

  proto::Code invite(const GuildMember& me) {
    if (me.rank() < GUILD_OFFICER) return proto::NOT_ALLOWED;
    if (guild_->member(memo_.player()) != nullptr) return proto::TAKEN;
    if (guild_->members.size() >= kGuildMembersMost) return proto::FULL;
    const auto before = guild_->invited.find(memo_.player());
    if (before != guild_->invited.end()) {
      if (is_firm(before->second)) return proto::TAKEN;
    } else if (guild_->invited.size() >= kGuildInvitedMost) {
      const auto oldest = std::min_element(
          guild_->invited.begin(), guild_->invited.end(),
          [](const auto& one, const auto& other) { return one.second.at_ms() < other.second.at_ms(); });
      if (is_firm(oldest->second)) return proto::FULL;
      remove(key_of("invited/", oldest->first));
    }
    GuildInvitation invitation;
    invitation.set_player(memo_.player());
    invitation.set_name(memo_.name());
    invitation.set_by(me.name());
    invitation.set_at_ms(book_.shard_time_ms);
    put(key_of("invited/", memo_.player()), invitation);
    GuildMemo word;
    word.set_kind(GuildMemo::INVITED);
    word.set_name(record_.name());
    word.set_by(me.name());
    send(memo_.player(), word);
    note(me.name(), memo_.name());
    done();
    return proto::OK;
  }

  proto::Code leave(const GuildMember& me) {
    if (me.rank() == GUILD_LEADER) return guild_->members.size() == 1 ? disband(me) : proto::WRONG_STATE;
    let_go(me, proto::OK);
    note(me.name());
    return proto::OK;
  }

  proto::Code kick(const GuildMember& me) {
    const GuildMember* whom = guild_->member(memo_.player());
    if (whom == nullptr) return proto::NOT_FOUND;
    if (me.rank() < GUILD_OFFICER || whom->rank() >= me.rank()) return proto::NOT_ALLOWED;
    let_go(*whom, proto::NOT_ALLOWED);
    note(me.name(), whom->name());
    done();
    return proto::OK;
  }

  proto::Code rank(const GuildMember& me) {
    const GuildMember* whom = guild_->member(memo_.player());
    if (me.rank() != GUILD_LEADER) return proto::NOT_ALLOWED;
    if (whom == nullptr) return proto::NOT_FOUND;
    if (memo_.rank() < GUILD_MEMBER || memo_.rank() > GUILD_LEADER || whom->player() == asker()) return proto::INVALID;
    GuildMember changed = *whom;
    changed.set_rank(memo_.rank());
    put(key_of("member/", changed.player()), changed);
    if (memo_.rank() == GUILD_LEADER) {
      GuildMember former = me;
      former.set_rank(GUILD_OFFICER);
      put(key_of("member/", former.player()), former);
    }
    note(me.name(), whom->name())->set_rank(memo_.rank());
    write_line();
    done();
    return proto::OK;
  }

  proto::Code disband(const GuildMember& me) {
    if (me.rank() != GUILD_LEADER) return proto::NOT_ALLOWED;
    for (const auto& [name, value] : book_.balances)
      if (value != 0) return proto::WRONG_STATE;
    if (!book_.items.empty()) return proto::WRONG_STATE;
    for (const auto& [player, member] : guild_->members) let_go(member, proto::CLOSED);
    close();
    note(me.name());
    return proto::OK;
  }

  proto::Code deposit(const GuildMember& me) {
    std::size_t kinds = book_.balances.size();
    for (const auto& amount : entry_.balances()) {
      const std::int64_t now = balance_in(book_, amount.name());
      if (now > kGuildBalanceMost - amount.value()) return proto::FULL;
      if (now == 0) ++kinds;
    }
    if (kinds > kGuildKindsMost) return proto::FULL;
    if (book_.items.size() + static_cast<std::size_t>(entry_.items_size()) > kGuildItemsMost) return proto::FULL;
    // The member may be kicked meanwhile: then this is not what was judged.
    expect(key_of("member/", me.player()));
    keep(me.name());
    return proto::OK;
  }

  proto::Code withdraw(const GuildMember& me) {
    std::int64_t gold = 0, pieces = memo_.items_size();
    for (const auto& amount : memo_.amounts()) {
      if (amount.value() < 1 || amount.value() > kGuildBalanceMost) return proto::INVALID;
      if (balance_in(book_, amount.name()) < amount.value()) return proto::NOT_ENOUGH;
      (amount.name() == "gold" ? gold : pieces) += amount.value();
    }
    GuildLogLine* line = note(me.name());
    for (const auto& uid : memo_.items()) {
      const auto at = std::find_if(book_.items.begin(), book_.items.end(),
                                   [&](const auto& item) { return item_id_of(item.id()) == item_id_of(uid); });
      if (at == book_.items.end()) return proto::NOT_FOUND;
      *line->add_items() = *at;
    }
    GuildMember taker = me;
    if (taker.day() != today()) {
      taker.set_day(today());
      taker.set_gold_taken(0);
      taker.set_pieces_taken(0);
    }
    const GuildAllowance most = guild_allowance(me.rank());
    if (gold > most.gold - taker.gold_taken() || pieces > most.pieces - taker.pieces_taken()) return proto::NOT_ALLOWED;
    taker.set_gold_taken(taker.gold_taken() + gold);
    taker.set_pieces_taken(taker.pieces_taken() + pieces);
    put(key_of("member/", me.player()), taker);
    *line->mutable_amounts() = memo_.amounts();
    write_line();
    GuildMemo word;
    word.set_kind(GuildMemo::WITHDRAWN);
    word.set_request(memo_.request());
    auto* out = send(asker(), word);
    *out->mutable_balances() = memo_.amounts();
    *out->mutable_items() = memo_.items();
    return proto::OK;
  }

  // A message of the guild's own, back from who does not exist any more: what it carried is kept, its receiver is gone.
  void came_back() {
    if (guild_) {
      if (const GuildMember* gone = guild_->member(entry_.returned_from())) {
        remove(key_of("member/", gone->player()));
        if (guild_->members.size() == 1)
          close();
        else if (gone->rank() == GUILD_LEADER)
          follow(gone->player());
      }
      if (guild_->invited.count(entry_.returned_from()) != 0) remove(key_of("invited/", entry_.returned_from()));
    }
    keep("");
  }

  // A leader that was purged says nothing, but what is sent to it comes back. Asked once a day, when somebody
  // else of the guild does something, or wants its name.
  void ask_after_leader() {
    if (!guild_ || !record_.open() || !may_be_deserted(*guild_, book_.shard_time_ms)) return;
    if (guild_->member(asker()) == nullptr && memo_.kind() != GuildMemo::FOUND) return;
    const auto leader = std::find_if(guild_->members.begin(), guild_->members.end(),
                                     [](const auto& member) { return member.second.rank() == GUILD_LEADER; });
    if (leader == guild_->members.end()) return;
    record_.set_leader_day(today());
    record_changed_ = true;
    if (leader->first == asker()) return;
    GuildMemo word;
    word.set_kind(GuildMemo::LEADS);
    send(leader->first, word, kToLeader);
  }

  // Nobody is left.
  void close() {
    for (const auto& [player, invitation] : guild_->invited) remove(key_of("invited/", player));
    record_.set_open(false);
    record_changed_ = true;
  }

  // What a guild of this name had whose last member was purged is the bank's of the next one.
  void inherit() {
    GuildLogLine* line = nullptr;
    const auto with_room = [&](std::size_t bytes) {
      const bool full = line != nullptr &&
                        (line->items_size() == kInheritedInALine || line->ByteSizeLong() + bytes > kInheritedBytes);
      if (full) write_line();
      if (full || line == nullptr) {
        line = note("");
        line->set_what(GuildMemo::DEPOSIT);
      }
      return line;
    };
    for (const auto& [name, value] : book_.balances) {
      if (value == 0) continue;
      proto::Amount amount;
      amount.set_name(name);
      amount.set_value(value);
      *with_room(amount.ByteSizeLong())->add_amounts() = amount;
    }
    for (const auto& item : book_.items) *with_room(item.ByteSizeLong())->add_items() = item;
    if (line != nullptr) write_line();
  }

  // The highest in rank after the one that is gone leads; of equals, the one with the lowest id.
  void follow(std::uint64_t gone) {
    const GuildMember* next = nullptr;
    for (const auto& [player, member] : guild_->members)
      if (player != gone && (next == nullptr || member.rank() > next->rank())) next = &member;
    if (next == nullptr) return;
    GuildMember leader = *next;
    leader.set_rank(GUILD_LEADER);
    put(key_of("member/", leader.player()), leader);
  }

  // What the message brought stays in the bank; without a line of it, if with one it is not written.
  void keep(const std::string& name) {
    if (entry_.balances_size() + entry_.items_size() > 0 && !book_.refused) {
      GuildLogLine* line = note(name);
      line->set_what(GuildMemo::DEPOSIT);
      *line->mutable_amounts() = entry_.balances();
      *line->mutable_items() = entry_.items();
      write_line();
    }
    if (record_changed_) put(kGuildRecordKey, record_);
    record_changed_ = false;
  }

  void take_in(std::uint64_t player, const std::string& name, GuildRank rank) {
    GuildMember member;
    member.set_player(player);
    member.set_name(name);
    member.set_rank(rank);
    const std::string taken = key_of(kTaken, player);
    GuildMember before;
    if (const auto at = book_.records.find(taken); at != book_.records.end() && read(at->second, &before)) {
      if (before.day() == today()) {
        member.set_day(before.day());
        member.set_gold_taken(before.gold_taken());
        member.set_pieces_taken(before.pieces_taken());
      }
      remove(taken);
    }
    put(key_of("member/", player), member);
    GuildMemo word;
    word.set_kind(GuildMemo::WELCOME);
    word.set_name(record_.name());
    word.set_request(memo_.request());
    send(player, word);
  }

  void let_go(const GuildMember& member, proto::Code why) {
    remove(key_of("member/", member.player()));
    // Else whoever leaves and is taken in again would have the day's allowance again. A guild that ends has no bank.
    const bool took = member.day() == today() && (member.gold_taken() != 0 || member.pieces_taken() != 0);
    if (took && why != proto::CLOSED) put(key_of(kTaken, member.player()), member);
    GuildMemo word;
    word.set_kind(GuildMemo::LEFT);
    word.set_code(why);
    if (member.player() == asker()) word.set_request(memo_.request());
    send(member.player(), word);
  }

  // Of who was let go and has not come back the same day.
  void forget_old_takings() {
    int left = kTakingsForgotten;
    for (auto at = book_.records.lower_bound(kTaken); left > 0 && at != book_.records.end(); ++at) {
      if (at->first.rfind(kTaken, 0) != 0) return;
      GuildMember taken;
      const bool old = !read(at->second, &taken) || taken.day() != today();
      if (!old || changes(at->first)) continue;
      remove(at->first);
      --left;
    }
  }

  void done() {
    GuildMemo word;
    word.set_kind(GuildMemo::DONE);
    word.set_of(memo_.kind());
    word.set_request(memo_.request());
    send(asker(), word);
  }

  void refuse(proto::Code code) {
    operation_.clear_records();
    operation_.clear_sends();
    operation_.clear_spends();
    sent_ = 0;
    GuildMemo word;
    word.set_kind(GuildMemo::REFUSED);
    word.set_of(memo_.kind());
    word.set_request(memo_.request());
    word.set_code(code);
    auto* back = send(asker(), word);
    *back->mutable_balances() = entry_.balances();
    for (const auto& item : entry_.items()) *back->add_items() = item.id();
    // It was judged by this state of things: another may have changed it meanwhile.
    read_record();
    ask_after_leader();
    if (record_changed_)
      put(kGuildRecordKey, record_);
    else
      expect(kGuildRecordKey);
    if (guild_ && guild_->member(asker()) != nullptr) expect(key_of("member/", asker()));
  }

  // The next line of the log; what is added to it after this counts once write_line() is called again.
  GuildLogLine* note(const std::string& name, const std::string& whom = {}) {
    line_.Clear();
    line_.set_number(record_.next_line());
    line_.set_at_ms(book_.shard_time_ms);
    line_.set_what(memo_.kind());
    line_.set_player(asker());
    line_.set_name(name);
    line_.set_whom(whom);
    line_.set_request(memo_.request());
    record_.set_next_line(record_.next_line() + 1);
    record_changed_ = true;
    if (line_.number() >= kGuildLinesMost) remove(key_of("log/", line_.number() - kGuildLinesMost));
    write_line();
    return &line_;
  }
  void write_line() { put(key_of("log/", line_.number()), line_); }

  proto::Effect::Send* send(std::uint64_t to, const GuildMemo& memo) { return send(to, memo, ++sent_); }
  proto::Effect::Send* send(std::uint64_t to, const GuildMemo& memo, std::uint64_t number) {
    auto* message = operation_.add_sends();
    message->set_message_id((mix64(mix64(entry_.message_id()) + number) >> 1) | 1);
    message->set_to_player(to);
    message->set_memo(memo.SerializeAsString());
    return message;
  }

  template <class Record>
  void put(const std::string& key, const Record& record) {
    for (auto& change : *operation_.mutable_records())
      if (change.key() == key) return change.set_body(record.SerializeAsString());
    LedgerClerk::put_record(book_, key, record.SerializeAsString(), &operation_);
  }
  bool changes(const std::string& key) const {
    return std::any_of(operation_.records().begin(), operation_.records().end(),
                       [&](const auto& change) { return change.key() == key; });
  }
  static bool read(const proto::OwnerlessRecord& record, GuildMember* member) {
    return member->ParseFromString(record.body());
  }
  void remove(const std::string& key) { LedgerClerk::remove_record(book_, key, &operation_); }
  void expect(const std::string& key) {
    auto* record = operation_.add_records();
    const auto at = book_.records.find(key);
    record->set_key(key);
    record->set_expected_version(at == book_.records.end() ? 0 : at->second.version());
    record->set_only_expect(true);
  }

  const LedgerClerk::Book& book_;
  const proto::InboxEntry& entry_;
  proto::OwnerlessApply& operation_;
  const std::optional<Guild> guild_;
  GuildRecord record_;  // also of a guild that is no more: its lines are counted on
  GuildMemo memo_;
  GuildLogLine line_;
  bool record_changed_ = false;
  std::uint64_t sent_ = 0;
};

}  // namespace

void settle_guild(const LedgerClerk::Book& book, const proto::InboxEntry& entry, proto::OwnerlessApply* operation) {
  Settling(book, entry, operation).run();
}

}  // namespace dure::sample
