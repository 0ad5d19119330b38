#include "chat/party.h"

#include <algorithm>

#include "common/base/check.h"

namespace dure {
namespace {

constexpr std::size_t kDeparturesKept = 4096;

Parties::Outcome refused(proto::Code code) {
  Parties::Outcome outcome;
  outcome.code = code;
  return outcome;
}

bool sits(const Party& party, PlayerId who) {
  return std::find(party.members.begin(), party.members.end(), who) != party.members.end();
}

}  // namespace

Party* Parties::mine(PlayerId who) {
  const auto at = party_of_.find(who);
  return at == party_of_.end() ? nullptr : &parties_.at(at->second);
}

const Party* Parties::of(PlayerId who) const {
  const auto at = party_of_.find(who);
  if (at == party_of_.end()) return nullptr;
  const Party& party = parties_.at(at->second);
  return party.members.size() > 1 ? &party : nullptr;
}

// One alone, with nobody to wait for, is no party.
Parties::Outcome Parties::change(Party& party, std::vector<PlayerId> also) {
  ++party.version;
  Outcome outcome;
  outcome.told = party.members;
  outcome.told.insert(outcome.told.end(), also.begin(), also.end());
  if (party.members.size() < 2 && party.invited.empty()) {
    for (const PlayerId member : party.members) {
      party_of_.erase(member);
      left({party.id, member}, party.version);
    }
    party.members.clear();
    outcome.party = party;
    parties_.erase(party.id);
    return outcome;
  }
  outcome.party = party;
  return outcome;
}

Parties::Outcome Parties::remove(Party& party, PlayerId who) {
  std::erase(party.members, who);
  party.away.erase(who);
  party_of_.erase(who);
  left({party.id, who}, party.version + 1);
  if (party.members.size() < 2) party.invited.clear();
  if (party.leader == who && !party.members.empty()) {
    // The one who came first of those who are here.
    const auto next = std::find_if(party.members.begin(), party.members.end(),
                                   [&party](PlayerId member) { return party.away.count(member) == 0; });
    party.leader = next == party.members.end() ? party.members.front() : *next;
  }
  return change(party, {who});
}

Parties::Outcome Parties::invite(PlayerId by, PlayerId whom, MonoTime now) {
  if (by == whom) return refused(proto::INVALID);
  if (party_of_.count(whom) != 0) return refused(proto::TAKEN);
  Party* party = mine(by);
  if (party == nullptr) {
    const std::uint64_t id = draw_();
    party = &parties_[id];
    party->id = id;
    party->leader = by;
    party->members = {by};
    party_of_[by] = id;
  }
  if (party->leader != by) return refused(proto::NOT_ALLOWED);
  if (party->invited.count(whom) != 0) return refused(proto::TAKEN);
  if (party->members.size() + party->invited.size() >= kPartyMost) return refused(proto::FULL);
  party->invited[whom] = now + kPartyInvite;
  Outcome outcome;
  outcome.party = *party;
  return outcome;
}

Parties::Outcome Parties::answer(PlayerId who, std::uint64_t id, bool accept, MonoTime now) {
  const auto at = parties_.find(id);
  if (at == parties_.end()) return refused(proto::NOT_FOUND);
  Party& party = at->second;
  const auto invitation = party.invited.find(who);
  if (invitation == party.invited.end() || now > invitation->second) return refused(proto::NOT_FOUND);
  if (accept && party_of_.count(who) != 0) return refused(proto::WRONG_STATE);
  party.invited.erase(invitation);
  if (!accept) return change(party);
  party.members.push_back(who);
  party_of_[who] = id;
  return change(party);
}

Parties::Outcome Parties::leave(PlayerId who) {
  Party* party = mine(who);
  return party == nullptr ? refused(proto::WRONG_STATE) : remove(*party, who);
}

Parties::Outcome Parties::steer(PlayerId by, PlayerId whom, std::uint64_t version, Party** party) {
  *party = mine(by);
  if (*party == nullptr) return refused(proto::WRONG_STATE);
  if ((*party)->leader != by) return refused(proto::NOT_ALLOWED);
  if ((*party)->version != version) return refused(proto::WRONG_STATE);
  if (by == whom) return refused(proto::INVALID);
  return refused(sits(**party, whom) ? proto::OK : proto::NOT_FOUND);
}

Parties::Outcome Parties::kick(PlayerId by, PlayerId whom, std::uint64_t version) {
  Party* party = nullptr;
  Outcome outcome = steer(by, whom, version, &party);
  return outcome.code == proto::OK ? remove(*party, whom) : outcome;
}

Parties::Outcome Parties::lead(PlayerId by, PlayerId whom, std::uint64_t version) {
  Party* party = nullptr;
  Outcome outcome = steer(by, whom, version, &party);
  if (outcome.code != proto::OK) return outcome;
  party->leader = whom;
  return change(*party);
}

std::optional<Parties::Outcome> Parties::away(PlayerId who, MonoTime now) {
  Party* party = mine(who);
  if (party == nullptr || !party->away.emplace(who, now).second) return std::nullopt;
  return change(*party);
}

std::optional<Parties::Outcome> Parties::back(PlayerId who) {
  Party* party = mine(who);
  if (party == nullptr || party->away.erase(who) == 0) return std::nullopt;
  return change(*party);
}

// ── what the owners hold ────────────────────────────────────────────────────────────────────────────────────

void Parties::left(const Departure& departure, std::uint64_t version) {
  if (!departures_.insert_or_assign(departure, version).second) return;
  departures_in_order_.push_back(departure);
  if (departures_in_order_.size() <= kDeparturesKept) return;
  departures_.erase(departures_in_order_.front());
  departures_in_order_.pop_front();
}

std::uint64_t Parties::left_at(std::uint64_t party, PlayerId who) const {
  const auto at = departures_.find({party, who});
  return at == departures_.end() ? 0 : at->second;
}

Parties::Outcome Parties::out_of(std::uint64_t id, std::uint64_t version, PlayerId who) const {
  Outcome outcome;
  outcome.party.id = id;
  outcome.party.version = version;
  outcome.told = {who};
  return outcome;
}

std::optional<Parties::Outcome> Parties::merge(PlayerId who, const Party& held,
                                               const std::function<bool(PlayerId)>& here, MonoTime now) {
  const auto known = parties_.find(held.id);
  if (held.members.empty()) {
    // The end of it for this one. Here it may never have been heard of.
    if (known == parties_.end() || !sits(known->second, who)) {
      left({held.id, who}, std::max(held.version, left_at(held.id, who)));
      return std::nullopt;
    }
    if (known->second.version < held.version) {
      known->second.version = held.version;
      return remove(known->second, who);
    }
  }
  if (known != parties_.end() && known->second.version >= held.version) {
    Outcome outcome = out_of(held.id, known->second.version, who);
    if (!sits(known->second, who)) return outcome;
    if (known->second.version == held.version) return std::nullopt;
    outcome.party = known->second;
    return outcome;
  }
  if (const std::uint64_t since = left_at(held.id, who); since >= held.version && known == parties_.end())
    return out_of(held.id, since, who);

  std::vector<PlayerId> also;
  bool altered = false;
  std::uint64_t version = held.version;
  Party party = known == parties_.end() ? Party{} : known->second;
  for (const PlayerId member : party.members) {
    party_of_.erase(member);
    if (std::find(held.members.begin(), held.members.end(), member) == held.members.end()) also.push_back(member);
  }
  party.id = held.id;
  party.leader = held.leader;
  party.members.clear();
  for (const PlayerId member : held.members) {
    const std::uint64_t since = left_at(held.id, member);
    if (since >= held.version || party_of_.count(member) != 0) {
      version = std::max(version, since);
      also.push_back(member);
      altered = true;
      continue;
    }
    party.members.push_back(member);
  }
  std::erase_if(party.away, [&](const auto& entry) { return !sits(party, entry.first); });
  for (const PlayerId member : party.members) {
    party_of_[member] = held.id;
    party.invited.erase(member);
    if (!here(member)) party.away.emplace(member, now);
  }
  if (!sits(party, party.leader) && !party.members.empty()) party.leader = party.members.front();
  if (party.members.size() < 2 || party.members.size() + party.invited.size() > kPartyMost) party.invited.clear();
  // As it was held it needs no new version; what was taken out of it does.
  party.version = altered || party.members.size() < 2 ? version : version - 1;
  Party& kept = parties_[held.id] = std::move(party);
  return change(kept, std::move(also));
}

void Parties::clear() {
  parties_.clear();
  party_of_.clear();
}

std::vector<Parties::Outcome> Parties::review(MonoTime now) {
  std::vector<std::uint64_t> all;
  for (const auto& [id, party] : parties_) all.push_back(id);
  std::vector<Outcome> outcomes;
  for (const std::uint64_t id : all) {
    Party& party = parties_.at(id);
    const std::size_t lapsed = std::erase_if(party.invited, [now](const auto& entry) { return now > entry.second; });
    std::vector<PlayerId> gone;
    for (const auto& [who, since] : party.away)
      if (now - since >= kPartySeat) gone.push_back(who);
    if (lapsed > 0 && gone.empty()) outcomes.push_back(change(party));
    for (const PlayerId who : gone)
      if (Party* still = mine(who); still != nullptr && still->id == id) outcomes.push_back(remove(*still, who));
  }
  return outcomes;
}

void Parties::check_invariants() const {
  std::size_t seats = 0;
  for (const auto& [id, party] : parties_) {
    CHECK(party.id == id && !party.members.empty() && sits(party, party.leader));
    CHECK(party.members.size() + party.invited.size() <= kPartyMost);
    CHECK(party.members.size() > 1 || !party.invited.empty());
    for (const PlayerId member : party.members) CHECK(party_of_.at(member) == id);
    for (const auto& [who, since] : party.away) CHECK(sits(party, who));
    seats += party.members.size();
  }
  CHECK(seats == party_of_.size());
}

}  // namespace dure
