#include "tests/sim/rogue/own_character.h"

namespace dure::sim {
namespace {

constexpr std::size_t kRemembered = 16;  // of each kind

template <class T>
void remember(std::vector<T>& all, const T& one) {
  if (all.size() == kRemembered) all.erase(all.begin());
  all.push_back(one);
}

std::string differs(const char* what, std::uint64_t read, std::uint64_t known) {
  return read == known ? "" : std::string(what) + " is " + std::to_string(read) + " and not " + std::to_string(known);
}

std::string difference(const OwnThings& known, const Letters& under_way, const proto::AcquireReply& grant) {
  if (auto other = differs("last_creq", grant.last_creq(), known.creq); !other.empty()) return other;
  if (auto other = differs("last_creq_hash", grant.last_creq_hash(), known.creq_hash); !other.empty()) return other;
  if (auto other = differs("last_creq_result", grant.last_creq_result(), 0); !other.empty()) return other;
  return difference(known, under_way, grant.aggregate());
}

}  // namespace

void OwnCharacter::note(const proto::Operation& operation) {
  for (const auto& effect : operation.effects()) {
    if (effect.has_drop_key()) remember(keys, effect.drop_key());
    if (effect.has_claim()) remember(claimed, effect.claim().message_id());
    if (effect.has_send()) remember(sends, operation);
    if (!effect.has_burn()) continue;
    const auto item = has.items.find(key_of(effect.burn().item()));
    if (item == has.items.end()) continue;
    remember(burnt, item->second);
    remember(burnt_here, item->second);
  }
}

void OwnCharacter::did(const std::vector<proto::Operation>& operations) {
  for (const auto& operation : operations) {
    note(operation);
    has.undergo(operation);
    ++saved;
  }
}

void OwnCharacter::may_have_done(const std::vector<proto::Operation>& operations) {
  state = State::kUnknown;
  or_has = has;
  for (const auto& operation : operations) or_has->undergo(operation);
  or_saved = saved + operations.size();
}

void OwnCharacter::was_rejected() {
  state = State::kNobodys;
  rejected_saved = saved;
  was_fenced = true;
  ++epoch;
  saved = 0;
}

void OwnCharacter::may_be_anything() {
  state = State::kUnknown;
  is_surmised = false;
}

// At most one epoch has ended since, by that which was not answered.
std::string OwnCharacter::untrue_owner(const proto::AcquireReply& reply) const {
  if (!was_read) return "";
  if (reply.epoch() == epoch + 1) return differs("last_pseq", reply.last_pseq(), 0);
  if (auto other = differs("epoch", reply.epoch(), epoch); !other.empty()) return other;
  return or_has && reply.last_pseq() == or_saved ? "" : differs("last_pseq", reply.last_pseq(), saved);
}

// Numbers tell what was done, unless they ended with it.
void OwnCharacter::believe_owner(const proto::AcquireReply& reply) {
  if (or_has && reply.epoch() == epoch) {
    if (reply.last_pseq() == or_saved) has = *or_has;
    or_has.reset();
  }
  state = State::kNobodys;
  was_fenced = false;
  was_read = true;
  epoch = reply.epoch();
  saved = reply.last_pseq();
}

std::string OwnCharacter::untrue(const proto::AcquireReply& grant, const Letters& under_way, bool ended) const {
  const auto& aggregate = grant.aggregate();
  if (aggregate.player_id() != id || aggregate.name() != name)
    return "it is another's: " + aggregate.ShortDebugString();
  if (ended) {
    if (auto other = differs("epoch", grant.epoch(), epoch + 1); !other.empty()) return other;
    if (auto other = differs("last_pseq", grant.last_pseq(), 0); !other.empty()) return other;
    if (auto other = differs("ended_epoch", grant.ended_epoch(), epoch); !other.empty()) return other;
    if (auto other = differs("ended_last_pseq", grant.ended_last_pseq(), saved); !other.empty()) return other;
  } else {
    if (auto other = differs("epoch", grant.epoch(), epoch); !other.empty()) return other;
    if (auto other = differs("last_pseq", grant.last_pseq(), saved); !other.empty()) return other;
  }
  if (!is_surmised) return "";
  const std::string other = difference(has, under_way, grant);
  if (other.empty() || (or_has && difference(*or_has, under_way, grant).empty())) return "";
  return other + (or_has ? ", nor as the last thing asked would have left it" : "");
}

void OwnCharacter::believe(const proto::AcquireReply& grant) {
  OwnThings read;
  const auto& aggregate = grant.aggregate();
  for (const auto& amount : aggregate.balances()) read.balances[amount.name()] = amount.value();
  for (const auto& item : aggregate.items()) read.items[key_of(item.id())] = item;
  read.flags.insert(aggregate.flags().begin(), aggregate.flags().end());
  for (const auto& counter : aggregate.counters()) read.counters[counter.name()] = counter.value();
  read.layout = aggregate.layout();
  for (const auto& letter : aggregate.inbox()) read.inbox[letter.message_id()] = letter;
  read.creq = grant.last_creq();
  read.creq_hash = grant.last_creq_hash();
  has = std::move(read);
  or_has.reset();
  is_surmised = true;
  was_fenced = false;
  epoch = grant.epoch();
  saved = grant.last_pseq();
  state = State::kOwned;
}

}  // namespace dure::sim
