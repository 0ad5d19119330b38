// The parties of Chat: messages into the rule, its outcomes to the members and their topics.
#include <algorithm>

#include "chat/chat.h"
#include "common/base/text.h"
#include "common/proto/chat.pb.h"

namespace dure {

TopicKey Chat::party_topic(std::uint64_t party) {
  TopicKey key;
  key.kind = TopicKind::kParty;
  key.place = party;
  return key;
}

// Everybody whom it concerns has the same state; who has a seat hears the party, who has none does not.
proto::Code Chat::party_changed(const Parties::Outcome& outcome) {
  const Party& party = outcome.party;
  const bool over = party.members.size() < 2;
  proto::PartyState state;
  state.set_party(party.id);
  state.set_version(party.version);
  proto::PartyState none = state;
  state.set_leader(party.leader.value);
  for (const PlayerId seat : party.members) {
    auto* one = state.add_members();
    one->set_player(seat.value);
    if (const auto here = members_.find(seat); here != members_.end()) party_names_[seat] = here->second.name;
    one->set_name(party_names_[seat]);
    one->set_away(party.away.count(seat) != 0);
  }
  for (const PlayerId who : outcome.told) {
    const bool sits = !over && std::find(party.members.begin(), party.members.end(), who) != party.members.end();
    if (!sits) party_names_.erase(who);
    const auto at = members_.find(who);
    if (at == members_.end()) continue;
    const Member& member = at->second;
    if (sits)
      publisher_.subscribe(member.gateway, member.session, member.player, member.player_epoch, {party_topic(party.id)});
    else
      publisher_.unsubscribe(member.gateway, member.session, {party_topic(party.id)});
    send_client(member.gateway, member.session, member.session_epoch, member.player, member.player_epoch,
                sits ? state : none);
  }
  if (party.members.empty()) channels_.erase("party/" + std::to_string(party.id));
  return outcome.code;
}

proto::PartyInviteReply Chat::party_invite(const From& from, const proto::PartyInviteRequest& request) {
  proto::PartyInviteReply reply;
  const Member* by = speaker(from);
  const Member* whom = valid_name(request.name()) ? named(request.name()) : nullptr;
  if (by == nullptr || whom == nullptr) {
    reply.set_code(by == nullptr ? proto::BUSY : proto::NOT_FOUND);
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

// Its session may be a new one: it hears the party again, and is told how it stands.
void Chat::party_back(Member& member) {
  if (const auto outcome = parties_.back(member.player)) {
    party_changed(*outcome);
  } else if (const Party* party = parties_.of(member.player)) {
    publisher_.subscribe(member.gateway, member.session, member.player, member.player_epoch, {party_topic(party->id)});
  }
}

void Chat::review_parties() {
  for (const auto& outcome : parties_.review(now())) party_changed(outcome);
}

}  // namespace dure
