// The parties of Chat: messages into the rule, its outcomes to the members and their topics.
#include <algorithm>

#include "chat/chat.h"
#include "common/base/text.h"
#include "common/proto/chat.pb.h"
#include "common/proto/party.pb.h"

namespace dure {

TopicKey Chat::party_topic(std::uint64_t party) {
  TopicKey key;
  key.kind = TopicKind::kParty;
  key.place = party;
  return key;
}

bool Chat::orders_parties() const { return rendezvous(Role::kChat, identity().realm_id) == id(); }

proto::PartyState Chat::party_state(const Party& party) {
  proto::PartyState state;
  state.set_party(party.id);
  state.set_version(party.version);
  if (party.members.size() < 2) return state;
  state.set_leader(party.leader.value);
  for (const PlayerId seat : party.members) {
    auto* one = state.add_members();
    one->set_player(seat.value);
    if (const auto here = members_.find(seat); here != members_.end()) party_names_[seat] = here->second.name;
    one->set_name(party_names_[seat]);
    one->set_away(party.away.count(seat) != 0);
  }
  return state;
}

// The client sees it, the owner holds it. Who has a seat hears the party, who has none does not.
void Chat::tell_party(const Member& member, const proto::PartyState& state) {
  if (state.members().empty())
    publisher_.unsubscribe(member.gateway, member.session, {party_topic(state.party())});
  else
    publisher_.subscribe(member.gateway, member.session, member.player, member.player_epoch,
                         {party_topic(state.party())});
  send_client(member.gateway, member.session, member.session_epoch, member.player, member.player_epoch, state);
  proto::PartyHeld held;
  held.set_player_id(member.player.value);
  *held.mutable_party() = state;
  send(member.owner, held);
}

// Everybody whom it concerns has the same state.
proto::Code Chat::party_changed(const Parties::Outcome& outcome) {
  const Party& party = outcome.party;
  const proto::PartyState state = party_state(party);
  proto::PartyState none;
  none.set_party(party.id);
  none.set_version(party.version);
  for (const PlayerId who : outcome.told) {
    const bool sits = std::find(party.members.begin(), party.members.end(), who) != party.members.end();
    if (!sits && parties_.of(who) == nullptr) party_names_.erase(who);
    if (const auto at = members_.find(who); at != members_.end()) tell_party(at->second, sits ? state : none);
  }
  // Without members it may also be the answer to one who is not in it any more.
  if (party.members.empty() && !parties_.knows(party.id)) channels_.erase("party/" + std::to_string(party.id));
  return outcome.code;
}

// What an owner holds: after this process, or its link, was new; or behind a player that came to it.
void Chat::party_held(const From&, const proto::PartyHeld& held) {
  const PlayerId who(held.player_id());
  const proto::PartyState& state = held.party();
  if (!orders_parties() || !who || state.party() == 0 || state.version() == 0) return;
  Party party;
  party.id = state.party();
  party.version = state.version();
  party.leader = PlayerId(state.leader());
  std::set<PlayerId> seats;
  for (const auto& member : state.members()) {
    party.members.emplace_back(member.player());
    seats.emplace(member.player());
  }
  const bool sound =
      seats.empty() || (seats.size() == party.members.size() && seats.size() > 1 && seats.size() <= kPartyMost &&
                        seats.count(who) != 0 && seats.count(party.leader) != 0 && seats.count(PlayerId()) == 0);
  if (!sound) return log().event(LogLevel::kWarning, "party.unsound", {{"party", party.id}, {"player", who}});
  const auto outcome = parties_.merge(
      who, party, [this](PlayerId seat) { return members_.count(seat) != 0; }, now());
  if (!outcome) return;
  for (const auto& member : state.members())
    if (parties_.of(PlayerId(member.player())) != nullptr)
      party_names_.try_emplace(PlayerId(member.player()), member.name());
  party_changed(*outcome);
  after(kPartySeat + milliseconds(1), [this] { review_parties(); });
}

proto::PartyInviteReply Chat::party_invite(const From& from, const proto::PartyInviteRequest& request) {
  proto::PartyInviteReply reply;
  const Member* by = speaker(from);
  if (by == nullptr || !valid_name(request.name())) {
    reply.set_code(by == nullptr ? proto::BUSY : proto::NOT_FOUND);
    return reply;
  }
  // Who declines could be asked again at once, for ever.
  if (charge(by->player) > 0) {
    reply.set_code(proto::TOO_FAST);
    return reply;
  }
  const Member* whom = named(request.name());
  if (whom == nullptr) {
    reply.set_code(proto::NOT_FOUND);
    return reply;
  }
  if (whom->blocked.count(by->player) != 0) {
    reply.set_code(proto::REFUSED);
    return reply;
  }
  const Parties::Outcome outcome = parties_.invite(by->player, whom->player, now());
  reply.set_code(outcome.code);
  if (outcome.code != proto::OK) return reply;
  proto::PartyInvited invited;
  invited.set_party(outcome.party.id);
  invited.set_from(by->name);
  invited.set_from_player(by->player.value);
  send_client(whom->gateway, whom->session, whom->session_epoch, whom->player, whom->player_epoch, invited);
  after(kPartyInvite + milliseconds(1), [this] { review_parties(); });
  return reply;
}

proto::PartyAnswerReply Chat::party_answer(const From& from, const proto::PartyAnswerRequest& request) {
  proto::PartyAnswerReply reply;
  const Member* who = speaker(from);
  reply.set_code(who == nullptr
                     ? proto::BUSY
                     : party_changed(parties_.answer(who->player, request.party(), request.accept(), now())));
  return reply;
}

proto::PartyChangeReply Chat::party_change(const From& from, const proto::PartyChangeRequest& request) {
  proto::PartyChangeReply reply;
  const Member* by = speaker(from);
  if (by == nullptr) {
    reply.set_code(proto::BUSY);
    return reply;
  }
  const PlayerId me = by->player, whom(request.player());
  switch (request.what()) {
    case proto::PartyChangeRequest::LEAVE:
      reply.set_code(party_changed(parties_.leave(me)));
      break;
    case proto::PartyChangeRequest::KICK:
      reply.set_code(party_changed(parties_.kick(me, whom, request.version())));
      break;
    case proto::PartyChangeRequest::LEAD:
      reply.set_code(party_changed(parties_.lead(me, whom, request.version())));
      break;
    default:
      reply.set_code(proto::INVALID);
  }
  return reply;
}

void Chat::party_away(PlayerId player) {
  const auto outcome = parties_.away(player, now());
  if (!outcome) return;
  party_changed(*outcome);
  after(kPartySeat + milliseconds(1), [this] { review_parties(); });
}

// Its session and its owner may be new ones, or have missed what was said: both are told how the party stands.
void Chat::party_back(Member& member) {
  if (const auto outcome = parties_.back(member.player))
    party_changed(*outcome);
  else if (const Party* party = parties_.of(member.player))
    tell_party(member, party_state(*party));
}

void Chat::review_parties() {
  for (const auto& outcome : parties_.review(now())) party_changed(outcome);
}

}  // namespace dure
