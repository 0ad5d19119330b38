#include "tests/sim/final_rows.h"

#include <algorithm>

namespace dure::sim {
namespace {

using store::Key16;
using store::Query;

// As CONTRACT.md and the schema name them.
enum Status { kActive = 0, kMoving = 1, kArriving = 2 };
enum Verdicts { kUndecided = 0, kCommit = 1, kAbort = 2 };

std::string text(std::uint64_t number) { return std::to_string(number); }
std::string on(std::uint32_t shard) { return " (shard " + std::to_string(shard) + ")"; }

// What is of value in it.
std::string value_of(const proto::InboxEntry& letter) {
  proto::InboxEntry value;
  *value.mutable_balances() = letter.balances();
  *value.mutable_items() = letter.items();
  return value.SerializeAsString();
}

}  // namespace

void FinalRows::read(std::uint32_t shard, store::Database& database) {
  {
    Query row(database, "SELECT pid, status FROM player");
    while (row.row()) players_[row.u64(0)].push_back({shard, row.i64(1)});
  }
  restored_ = restored_ || database.number("SELECT 1 FROM restored").has_value();
  read_letters(shard, database);
  read_trades(shard, database);
}

void FinalRows::read_letters(std::uint32_t shard, store::Database& database) {
  {
    Query row(database, "SELECT message_id, pid, to_pid, state, body FROM outbox");
    while (row.row()) {
      Letter& letter = sent_[row.u64(0)].emplace_back(Letter{shard, row.u64(1), row.u64(2), row.i64(3) == 1, {}});
      letter.content.ParseFromString(row.text(4));
    }
  }
  Query row(database, "SELECT message_id, pid, from_pid, letter FROM inbox");
  while (row.row()) {
    Received& letter = received_[row.u64(0)].emplace_back(Received{shard, row.u64(1), row.u64(2), {}});
    letter.content.ParseFromString(row.text(3));
  }
}

void FinalRows::read_trades(std::uint32_t shard, store::Database& database) {
  {
    Query row(database, "SELECT txn_id, leg, pid, epoch, pseq, vote, verdict, terms FROM hold");
    while (row.row())
      legs_[{row.key(0), row.i64(1)}].push_back(
          {shard, {row.u64(2), row.u64(3), row.u64(4), row.i64(5) == 1}, row.i64(6), row.text(7)});
  }
  {
    Query row(database, "SELECT txn_id, side, player, epoch, pseq, yes, terms FROM trade_vote");
    while (row.row())
      votes_[{shard, {row.key(0), row.i64(1)}}] = {{row.u64(2), row.u64(3), row.u64(4), row.i64(5) == 1}, row.text(6)};
  }
  Query row(database, "SELECT txn_id, verdict, swapped FROM decision");
  while (row.row()) decisions_[{shard, row.key(0)}] = {row.i64(1), row.i64(2) == 1};
}

void FinalRows::judge(Verdict* verdict) const {
  judge_rows(verdict);
  for (const auto& [id, letters] : sent_) judge_letter(id, letters, verdict);
  for (const auto& [id, letters] : received_) judge_received(id, letters, verdict);
  for (const auto& [side, legs] : legs_)
    for (const Leg& leg : legs) judge_leg(side, leg, verdict);
  for (const auto& [key, decision] : decisions_) judge_decision(key.second, key.first, decision, verdict);
}

// A tombstone stays for ever, so that whoever was created has rows.
void FinalRows::judge_rows(Verdict* verdict) const {
  for (const auto& [player, rows] : players_) {
    const auto with = [&](std::int64_t status) {
      return std::count_if(rows.begin(), rows.end(), [&](const Row& row) { return row.status == status; });
    };
    if (with(kMoving) + with(kArriving) > 0)
      verdict->push_back({law::kNothingStaysOpen, "player " + text(player) + " is on the move"});
    else if (with(kActive) != 1)
      verdict->push_back({law::kOneActiveRow, "player " + text(player) + " has " + std::to_string(with(kActive)) +
                                                  " ACTIVE rows of " + std::to_string(rows.size())});
  }
}

void FinalRows::judge_letter(std::uint64_t id, const std::vector<Letter>& sent, Verdict* verdict) const {
  const Letter& letter = sent.front();
  const std::string which = "letter " + text(id) + " of player " + text(letter.from) + on(letter.shard);
  const auto say = [&](const std::string& what) {
    verdict->push_back({law::kLettersAreSomewhere, which + " " + what});
  };
  if (sent.size() > 1) say("is also in an outbox of shard " + std::to_string(sent[1].shard));
  const auto at = received_.find(id);
  if (!letter.delivered) {
    verdict->push_back({law::kNothingStaysOpen, which + " is still on its way"});
    if (at == received_.end()) return;
  } else if (at == received_.end()) {
    return say("is delivered, and in no inbox");
  }
  const Received& received = at->second.front();
  // Of whom nobody has ever heard, the sender's own row says what became of it.
  if (received.player != letter.to && received.player != letter.from)
    say("to player " + text(letter.to) + " is in the inbox of player " + text(received.player));
  if (value_of(received.content) != value_of(letter.content))
    say("brought " + received.content.ShortDebugString() + " of " + letter.content.ShortDebugString());
}

void FinalRows::judge_received(std::uint64_t id, const std::vector<Received>& received, Verdict* verdict) const {
  const Received& letter = received.front();
  const auto say = [&](const std::string& what) {
    verdict->push_back({law::kLettersAreSomewhere,
                        "letter " + text(id) + " to player " + text(letter.player) + on(letter.shard) + " " + what});
  };
  if (received.size() > 1) say("is also in an inbox of shard " + std::to_string(received[1].shard));
  if (letter.from != 0 && !sent_.contains(id)) say("was sent by nobody");
}

void FinalRows::judge_leg(const Side& side, const Leg& leg, Verdict* verdict) const {
  const std::string which = "the leg of player " + text(leg.which.player) + on(leg.shard) + " in " + hex(side.first);
  const auto say = [&](const std::string& what) { verdict->push_back({law::kLegsEndAsDecided, which + " " + what}); };
  if (leg.verdict == kUndecided) return verdict->push_back({law::kNothingStaysOpen, which + " is still held"});
  proto::TradeTerms terms;
  if (!terms.ParseFromString(leg.terms)) return say("has no terms");
  const std::uint32_t at = terms.register_shard();
  const auto found = decisions_.find({at, side.first});
  const Decision decision = found == decisions_.end() ? Decision{} : found->second;
  const auto vote = votes_.find({at, side});
  const bool counted = vote != votes_.end() && vote->second.which == leg.which;
  const bool of_another = vote != votes_.end() && !counted;
  if (counted && vote->second.terms != leg.terms) say("was counted over other terms than its own");
  const std::string decided = std::to_string(decision.verdict);
  // A SWAP that was forgotten with its register is done again as a leg that nobody votes for.
  if (leg.verdict == kCommit && (decision.verdict != kCommit || (!restored_ && (decision.swapped || !counted))))
    say("is committed, its register says " + decided + (counted ? "" : " and never counted it"));
  // One that could do nothing any more has voted NO, and its register need never have heard of it; one that was
  // restored may have forgotten an ABORT, which nobody acts on once its legs are finished.
  const bool forgotten = restored_ && decision.verdict == kUndecided;
  if (leg.verdict == kAbort && leg.which.yes && decision.verdict != kAbort && !of_another && !forgotten)
    say("is aborted, its register says " + decided);
  if (counted && !leg.which.yes && decision.verdict == kCommit) say("was counted as NO, its register says COMMIT");
}

void FinalRows::judge_decision(const Key16& txn, std::uint32_t shard, const Decision& decision,
                               Verdict* verdict) const {
  if (decision.verdict != kCommit || decision.swapped || restored_) return;
  const auto say = [&](const std::string& what) {
    verdict->push_back({law::kLegsEndAsDecided, "trade " + hex(txn) + on(shard) + " is COMMIT, " + what});
  };
  const auto one = votes_.find({shard, {txn, 0}}), two = votes_.find({shard, {txn, 1}});
  if (one == votes_.end() || two == votes_.end()) return say("and two votes were not counted");
  if (one->second.terms != two->second.terms) say("and its sides voted over different terms");
  for (const auto& [key, vote] : {*one, *two}) {
    const auto legs = legs_.find(key.second);
    const bool there = legs != legs_.end() &&
                       std::any_of(legs->second.begin(), legs->second.end(),
                                   [&](const Leg& leg) { return leg.which == vote.which && leg.verdict != kAbort; });
    if (!there) say("and the leg of player " + text(vote.which.player) + " is on no shard");
  }
}

}  // namespace dure::sim
