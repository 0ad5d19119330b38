#include "chat/chat.h"

#include <algorithm>

#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/proto/chat.pb.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/party.pb.h"

namespace dure {
namespace {
constexpr Duration kCalm = seconds(5);
constexpr Duration kRetold = seconds(3);  // after its link is up, an owner has told of everybody
}  // namespace

Chat::Chat(NodeIdentity identity, const Routes& node_routes, Seams seams, ChatOptions options)
    : Node(std::move(identity), node_routes, seams), options_(std::move(options)), publisher_(*this) {
  on(&Chat::presence);
  on(&Chat::say);
  on(&Chat::whisper);
  on(&Chat::history);
  on(&Chat::session_lost);
  on(&Chat::party_invite);
  on(&Chat::party_answer);
  on(&Chat::party_change);
  on(&Chat::party_held);
  every(kCalm, [this] { forget_who_is_calm(); });
}

// ── who is where ────────────────────────────────────────────────────────────────────────────────────────────

TopicKey Chat::topic(const std::string& channel) {
  TopicKey key;
  key.kind = TopicKind::kChat;
  key.place = fnv1a(channel);
  return key;
}

std::string Chat::guild_channel(std::uint64_t guild) { return "guild/" + std::to_string(guild); }

Chat::Address Chat::address(const Member& member, int channel) const {
  if (channel == proto::WORLD_CHANNEL) return {options_.world, topic(options_.world)};
  if (channel == proto::PLACE_CHANNEL) return {member.place, topic(member.place)};
  if (channel == proto::GUILD_CHANNEL) {
    if (member.guild == 0) return {};
    const std::string name = guild_channel(member.guild);
    return {name, topic(name)};
  }
  const Party* party = parties_.of(member.player);
  if (party == nullptr) return {};
  return {"party/" + std::to_string(party->id), party_topic(party->id)};
}

void Chat::presence(const From& from, const proto::Presence& presence) {
  const PlayerId player(presence.player_id());
  const auto at = members_.find(player);
  // A late word of an owner that was replaced.
  if (at != members_.end() && presence.player_epoch() < at->second.player_epoch) return;
  if (presence.place().empty()) return leave(player);
  // Another character was chosen in that session, and nobody could say so: what is dropped with the former one must not
  // be what this one is about to hear.
  const SessionKey session{NodeId(presence.gateway()), SessionId(presence.session_id())};
  if (const auto former = by_session_.find(session); former != by_session_.end() && former->second != player)
    leave(former->second);
  Member member;
  std::string place_before;
  std::uint64_t guild_before = 0;
  if (at != members_.end()) {
    place_before = at->second.place;
    guild_before = at->second.guild;
    // Another epoch of the session: it was resumed, perhaps by another life of its gateway, which knows of no topic.
    const bool same = at->second.session == SessionId(presence.session_id()) && at->second.place == presence.place() &&
                      at->second.session_epoch == presence.session_epoch() &&
                      at->second.gateway == NodeId(presence.gateway());
    member = at->second;
    if (!same) publisher_.drop(member.gateway, member.session, true);
    by_session_.erase({member.gateway, member.session});
  }
  by_session_[session] = player;
  member.player = player;
  member.name = presence.name();
  member.owner = from.node();
  member.told = now();
  member.gateway = NodeId(presence.gateway());
  member.session = SessionId(presence.session_id());
  member.session_epoch = presence.session_epoch();
  member.player_epoch = presence.player_epoch();
  member.place = presence.place();
  if (member.guild != presence.guild() && member.guild != 0)
    publisher_.unsubscribe(member.gateway, member.session, {topic(guild_channel(member.guild))});
  member.guild = presence.guild();
  member.blocked.clear();
  for (const auto blocked : presence.blocked()) member.blocked.emplace(blocked);
  by_name_[name_skeleton(member.name)] = player;
  join(members_[player] = member);
  if (place_before != member.place) end_channel(place_before);
  if (guild_before != member.guild) end_guild_channel(guild_before);
  party_back(members_[player]);
}

void Chat::join(Member& member) {
  publisher_.subscribe(member.gateway, member.session, member.player, member.player_epoch,
                       {topic(options_.world), topic(member.place)});
  if (member.guild == 0) return;
  publisher_.subscribe(member.gateway, member.session, member.player, member.player_epoch,
                       {topic(guild_channel(member.guild))});
}

void Chat::leave(PlayerId player) {
  const auto at = members_.find(player);
  if (at == members_.end()) return;
  publisher_.drop(at->second.gateway, at->second.session, true);
  by_name_.erase(name_skeleton(at->second.name));
  by_session_.erase({at->second.gateway, at->second.session});
  const std::string place = at->second.place;
  const std::uint64_t guild = at->second.guild;
  members_.erase(at);
  end_channel(place);
  end_guild_channel(guild);
  party_away(player);
}

// Zones are as many as the content says and are come back to; runs are ever new ones.
void Chat::end_channel(const std::string& place) {
  if (!place.starts_with("run/") || channels_.count(place) == 0) return;
  const bool left = std::none_of(members_.begin(), members_.end(),
                                 [&place](const auto& member) { return member.second.place == place; });
  if (left) channels_.erase(place);
}

// Whoever founds a guild of the same name later has the same number, and is not to read what the earlier one said.
void Chat::end_guild_channel(std::uint64_t guild) {
  const auto channel = guild == 0 ? channels_.end() : channels_.find(guild_channel(guild));
  if (channel == channels_.end()) return;
  const bool left = std::none_of(members_.begin(), members_.end(),
                                 [guild](const auto& member) { return member.second.guild == guild; });
  if (left) channels_.erase(channel);
}

// A session keeps its number when it is resumed at another gateway: what the earlier one loses is not it any more.
void Chat::session_lost(const From& from, const proto::SessionLost& lost) {
  const auto at = members_.find(PlayerId(lost.player_id()));
  if (lost.gone() && at != members_.end() && at->second.session == SessionId(lost.session_id()) &&
      at->second.gateway == from.node())
    leave(PlayerId(lost.player_id()));
}

void Chat::on_peer_up(NodeId peer) {
  if (peer.role() == Role::kGateway) {
    publisher_.gateway_up(peer);
    for (auto& [player, member] : members_)
      if (member.gateway == peer) {
        join(member);
        party_back(member);
      }
  }
  if (peer.role() == Role::kChat && !orders_parties()) {
    // From now on another one says who hears them.
    for (const auto& [player, member] : members_)
      if (const Party* party = parties_.of(player))
        publisher_.unsubscribe(member.gateway, member.session, {party_topic(party->id)});
    parties_.clear();
  }
  if (peer.role() == Role::kGeneral || peer.role() == Role::kDungeon)
    after(kRetold, [this, peer, since = now()] { forget_who_left(peer, since); });
}

// An owner whose link comes up tells of all who are there. Who left while the link was cut, or with an earlier life of
// the owner, is not among them, and nobody would ever say so.
void Chat::forget_who_left(NodeId owner, MonoTime since) {
  std::vector<PlayerId> gone;
  for (const auto& [player, member] : members_)
    if (member.owner == owner && member.told < since) gone.push_back(player);
  for (const PlayerId player : gone) leave(player);
}

// Perhaps only the link is cut, and then nobody would tell of its players anew. Of who is gone its owner tells.
void Chat::on_peer_down(NodeId peer, const std::string&) {
  if (peer.role() != Role::kGateway) return;
  publisher_.gateway_down(peer);
  for (const auto& [player, member] : members_)
    if (member.gateway == peer) party_away(player);
}

PeerLoad Chat::load() const {
  PeerLoad mine;
  mine.players = static_cast<std::uint32_t>(members_.size());
  return mine;
}

// ── talking ─────────────────────────────────────────────────────────────────────────────────────────────────

Chat::Member* Chat::speaker(const From& from) {
  const auto at = unlucky("speaker.unknown") ? members_.end() : members_.find(from.header.player);
  return at != members_.end() && at->second.session == from.header.session ? &at->second : nullptr;
}

std::uint32_t Chat::charge(PlayerId player) {
  const std::int64_t line_ms = to_ms(options_.line_interval), most = line_ms * options_.burst_lines;
  Flood& flood = floods_.try_emplace(player, Flood{most, now()}).first->second;
  flood.tokens_ms = std::min(most, flood.tokens_ms + to_ms(now() - flood.filled));
  flood.filled = now();
  if (flood.tokens_ms < line_ms) return static_cast<std::uint32_t>(line_ms - flood.tokens_ms);
  flood.tokens_ms -= line_ms;
  return 0;
}

// Whose limit is full again is as one who never spoke.
void Chat::forget_who_is_calm() {
  const std::int64_t most = to_ms(options_.line_interval) * options_.burst_lines;
  std::erase_if(floods_, [this, most](const auto& one) {
    return one.second.tokens_ms + to_ms(now() - one.second.filled) >= most;
  });
}

const Chat::Member* Chat::named(const std::string& name) const {
  const auto known = by_name_.find(name_skeleton(name));
  const auto at = known == by_name_.end() ? members_.end() : members_.find(known->second);
  if (at == members_.end() || at->second.name != name) return nullptr;
  return peer_up(at->second.gateway) ? &at->second : nullptr;
}

void Chat::tell(const Member& member, const proto::ChatLine& line) {
  send_client(member.gateway, member.session, member.session_epoch, member.player, member.player_epoch, line);
}

proto::SayReply Chat::say(const From& from, const proto::SayRequest& request) {
  proto::SayReply reply;
  Member* member = speaker(from);
  if (member == nullptr) {
    // Its owner has not told us yet, or we have just started: soon.
    reply.set_code(proto::BUSY);
    reply.set_retry_after_ms(500);
    return reply;
  }
  if (!showable(request.text(), options_.points_max) || !proto::Channel_IsValid(request.channel())) {
    reply.set_code(proto::INVALID);
    return reply;
  }
  const Address to = address(*member, request.channel());
  if (to.name.empty()) {
    reply.set_code(proto::WRONG_STATE);
    return reply;
  }
  if (const std::uint32_t wait = charge(member->player); wait > 0) {
    reply.set_code(proto::TOO_FAST);
    reply.set_retry_after_ms(wait);
    return reply;
  }
  Channel& channel = channels_[to.name];
  proto::ChatLine line;
  line.set_channel(request.channel());
  line.set_from(member->name);
  line.set_from_player(member->player.value);
  line.set_text(request.text());
  line.set_number(++channel.last_number);
  line.set_home_incarnation(identity().incarnation.high);
  line.set_place(to.name);
  channel.lines.push_back(line.SerializeAsString());
  if (channel.lines.size() > options_.history_lines) channel.lines.pop_front();
  publisher_.publish(to.topic, line);
  return reply;
}

proto::WhisperReply Chat::whisper(const From& from, const proto::WhisperRequest& request) {
  proto::WhisperReply reply;
  Member* member = speaker(from);
  if (member == nullptr) {
    reply.set_code(proto::BUSY);
    reply.set_retry_after_ms(500);
    return reply;
  }
  if (!showable(request.text(), options_.points_max) || !valid_name(request.to())) {
    reply.set_code(proto::INVALID);
    return reply;
  }
  if (const std::uint32_t wait = charge(member->player); wait > 0) {
    reply.set_code(proto::TOO_FAST);
    reply.set_retry_after_ms(wait);
    return reply;
  }
  const Member* to = named(request.to());
  if (to == nullptr) {
    reply.set_code(proto::NOT_FOUND);
    return reply;
  }
  if (to->blocked.count(member->player) != 0) {
    reply.set_code(proto::REFUSED);
    return reply;
  }
  proto::ChatLine line;
  line.set_from(member->name);
  line.set_from_player(member->player.value);
  line.set_text(request.text());
  line.set_whisper(true);
  tell(*to, line);
  return reply;
}

proto::HistoryReply Chat::history(const From& from, const proto::HistoryRequest& request) {
  proto::HistoryReply reply;
  const Member* member = speaker(from);
  if (member == nullptr) {
    reply.set_code(proto::BUSY);
    return reply;
  }
  const auto at = channels_.find(address(*member, request.channel()).name);
  if (at == channels_.end()) return reply;
  for (const auto& line : at->second.lines) reply.add_lines()->ParseFromString(line);
  return reply;
}

}  // namespace dure
