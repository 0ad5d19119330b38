#include "common/game/creq.h"

#include <algorithm>
#include <iterator>

namespace dure {
namespace {
constexpr std::size_t kStoredReplies = 64;
const std::string kNothing;
}  // namespace

void CreqLedger::load(std::uint64_t last_creq, std::uint64_t hash, bool aborted) {
  *this = CreqLedger();
  loaded_ = highest_ = last_creq;
  loaded_hash_ = hash;
  loaded_aborted_ = aborted;
}

CreqLedger::Verdict CreqLedger::ask(std::uint64_t creq, std::uint64_t hash) const {
  if (const auto at = entries_.find(creq); at != entries_.end()) {
    if (at->second.hash != hash) return Verdict::kConflict;
    if (at->second.aborted) return Verdict::kAborted;
    if (at->second.put_off) return creq == highest_ ? Verdict::kExecute : Verdict::kSuperseded;
    return at->second.running ? Verdict::kRunning : Verdict::kStored;
  }
  if (creq == loaded_ && creq != 0) {
    if (loaded_hash_ != hash) return Verdict::kConflict;
    if (open_.count(creq)) return Verdict::kRunning;
    return loaded_aborted_ ? Verdict::kAborted : Verdict::kStored;
  }
  if (open_.count(creq)) return Verdict::kRunning;
  return creq > highest_ ? Verdict::kExecute : Verdict::kSuperseded;
}

const std::string& CreqLedger::stored_reply(std::uint64_t creq) const {
  const auto at = entries_.find(creq);
  return at == entries_.end() ? kNothing : at->second.reply;
}

CreqLedger::Entry& CreqLedger::entry(std::uint64_t creq, std::uint64_t hash) {
  highest_ = std::max(highest_, creq);
  Entry& e = entries_[creq];
  e.hash = hash;
  // A conversation may end after many later ones have come and gone: it is told to whoever asks again.
  for (auto at = entries_.begin(); entries_.size() > kStoredReplies && at != entries_.end();)
    at = at->first == creq || at->second.running ? std::next(at) : entries_.erase(at);
  return e;
}

void CreqLedger::begin(std::uint64_t creq, std::uint64_t hash) {
  Entry& e = entry(creq, hash);
  e.running = true;
  e.put_off = false;
}

void CreqLedger::record(std::uint64_t creq, std::uint64_t hash, std::string reply) {
  Entry& e = entry(creq, hash);
  e.running = e.put_off = false;
  e.reply = std::move(reply);
}

void CreqLedger::put_off(std::uint64_t creq, std::uint64_t hash) {
  Entry& e = entry(creq, hash);
  e.running = false;
  e.put_off = true;
}

void CreqLedger::open(std::uint64_t creq) {
  if (creq == 0) return;
  open_.insert(creq);
  highest_ = std::max(highest_, creq);
}

void CreqLedger::settled(std::uint64_t creq, bool committed) {
  open_.erase(creq);
  if (const auto at = entries_.find(creq); at != entries_.end()) at->second.aborted = !committed;
  if (creq == loaded_) loaded_aborted_ = !committed;
}

}  // namespace dure
