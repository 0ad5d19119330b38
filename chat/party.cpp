#include "chat/party.h"

#include <algorithm>

#include "common/base/check.h"

namespace dure {
namespace {

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
    for (const PlayerId member : party.members) party_of_.erase(member);
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
    const std::uint64_t id = ++last_;
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
