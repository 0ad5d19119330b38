#include "tests/sim/rogue/own_hoard.h"

#include <algorithm>

namespace dure::sim {
namespace {

constexpr std::size_t kRemembered = 16;

void remember(std::vector<proto::OwnerlessApply>& all, const proto::OwnerlessApply& one) {
  if (all.size() == kRemembered) all.erase(all.begin());
  all.push_back(one);
}

void undergo(OwnHoard::Things& things, const proto::OwnerlessApply& request) {
  for (const auto letter : request.claims()) things.has.claim(letter);
  for (const auto& spent : request.spends()) things.has.add(spent.name(), -spent.value());
  for (const auto& send : request.sends()) things.has.give_away(send);
  for (const auto& change : request.records()) {
    if (change.only_expect()) continue;
    if (change.remove())
      things.records.erase(change.key());
    else
      things.records[change.key()] = {0, change.body()};
  }
}

}  // namespace

std::int64_t OwnHoard::greatest_version(const std::string& key) const {
  const auto at = greatest_.find(key);
  return at == greatest_.end() ? 0 : at->second;
}

void OwnHoard::did(const proto::OwnerlessApply& request) {
  undergo(now, request);
  to_be_read = true;
  remember(done_, request);
  if (request.sends_size() == 1) remember(sends_, request);
}

void OwnHoard::may_have_done(const proto::OwnerlessApply& request) {
  to_be_read = true;
  or_ = now;
  undergo(*or_, request);
}

void OwnHoard::arrived(const proto::InboxEntry& letter) {
  now.has.inbox[letter.message_id()] = letter;
  if (or_) or_->has.inbox[letter.message_id()] = letter;
}

std::string OwnHoard::difference(const Things& known, const Letters& under_way,
                                 const proto::OwnerlessReadReply& read) const {
  if (auto other = sim::difference(known.has, read.balances(), read.items()); !other.empty()) return other;
  if (auto other = difference_of_letters(known.has.inbox, under_way, read.inbox()); !other.empty()) return other;
  if (static_cast<std::size_t>(read.records_size()) != known.records.size()) return "its records are others";
  for (const auto& record : read.records()) {
    const auto at = known.records.find(record.key());
    if (at == known.records.end() || at->second.body != record.body())
      return "record " + record.key() + " is " + record.body();
    const bool right = at->second.version == 0 ? record.version() > greatest_version(record.key())
                                               : record.version() == at->second.version;
    if (!right)
      return "record " + record.key() + " has version " + std::to_string(record.version()) + ", and had " +
             std::to_string(greatest_version(record.key()));
  }
  return "";
}

std::string OwnHoard::untrue(const proto::OwnerlessReadReply& read, const Letters& under_way) const {
  const std::string other = difference(now, under_way, read);
  if (other.empty() || (or_ && difference(*or_, under_way, read).empty())) return "";
  return other + (or_ ? ", nor as the last thing asked would have left it" : "");
}

void OwnHoard::believe(const proto::OwnerlessReadReply& read) {
  Things things;
  for (const auto& amount : read.balances()) things.has.balances[amount.name()] = amount.value();
  for (const auto& item : read.items()) things.has.items[key_of(item.id())] = item;
  for (const auto& letter : read.inbox()) things.has.inbox[letter.message_id()] = letter;
  for (const auto& record : read.records()) {
    things.records[record.key()] = {record.version(), record.body()};
    greatest_[record.key()] = std::max(greatest_[record.key()], record.version());
  }
  now = std::move(things);
  or_.reset();
  time_ms_ = read.shard_time_ms();
  to_be_read = false;
}

}  // namespace dure::sim
