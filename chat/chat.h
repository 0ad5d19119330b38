// The chat role: channels, whispers, parties, who is where. Owns no player and no value; is never waited for by the
// game, and the game goes on without it. Presence is told by the owners, whole again at every peer_up. Logic thread
// only.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "chat/party.h"
#include "common/logic/node.h"
#include "common/logic/publisher.h"

namespace dure {

namespace proto {
class ChatLine;
class HistoryReply;
class HistoryRequest;
class PartyAnswerReply;
class PartyAnswerRequest;
class PartyChangeReply;
class PartyChangeRequest;
class PartyHeld;
class PartyInviteReply;
class PartyInviteRequest;
class PartyState;
class Presence;
class SayReply;
class SayRequest;
class SessionLost;
class WhisperReply;
class WhisperRequest;
}  // namespace proto

struct ChatOptions {
  std::size_t history_lines = 50;
  std::size_t points_max = 256;         // code points of a line
  std::uint32_t burst_lines = 5;        // flood limit of a player …
  Duration line_interval = seconds(1);  // … refilled by one each
  std::string world = "world";
};

class Chat : public Node {
 public:
  Chat(NodeIdentity identity, const Routes& routes, Seams seams, ChatOptions options);
  std::size_t present() const { return members_.size(); }
  std::size_t channels() const { return channels_.size(); }  // in which somebody spoke
  const Parties& parties() const { return parties_; }
  void check_invariants() const override {
    parties_.check_invariants();
    CHECK(by_session_.size() == members_.size());
  }

 protected:
  void on_peer_up(NodeId peer) override;
  void on_peer_down(NodeId peer, const std::string& why) override;
  PeerLoad load() const override;

 private:
  struct Member {
    PlayerId player;
    std::string name;
    NodeId owner, gateway;
    MonoTime told{};  // by its owner, last
    SessionId session;
    std::uint32_t session_epoch = 0;
    std::uint64_t player_epoch = 0;
    std::string place;
    std::uint64_t guild = 0;
    std::set<PlayerId> blocked;
  };
  struct Flood {  // what is left of a flood limit, in time
    std::int64_t tokens_ms = 0;
    MonoTime filled{};
  };
  using SessionKey = std::pair<NodeId, SessionId>;
  struct Channel {
    std::uint64_t last_number = 0;
    std::deque<std::string> lines;  // encoded ChatLines
  };

  void presence(const From& from, const proto::Presence& presence);
  proto::SayReply say(const From& from, const proto::SayRequest& request);
  proto::WhisperReply whisper(const From& from, const proto::WhisperRequest& request);
  proto::HistoryReply history(const From& from, const proto::HistoryRequest& request);
  void session_lost(const From& from, const proto::SessionLost& lost);

  // parties (chat_party.cpp)
  proto::PartyInviteReply party_invite(const From& from, const proto::PartyInviteRequest& request);
  proto::PartyAnswerReply party_answer(const From& from, const proto::PartyAnswerRequest& request);
  proto::PartyChangeReply party_change(const From& from, const proto::PartyChangeRequest& request);
  void party_held(const From& from, const proto::PartyHeld& held);
  proto::Code party_changed(const Parties::Outcome& outcome);
  proto::PartyState party_state(const Party& party);
  void tell_party(const Member& member, const proto::PartyState& state);
  void party_away(PlayerId player);
  void party_back(Member& member);
  void review_parties();
  // Of several chats one orders the parties.
  bool orders_parties() const;
  // nullptr: not present, or its gateway is out of reach.
  const Member* named(const std::string& name) const;
  static TopicKey party_topic(std::uint64_t party);

  Member* speaker(const From& from);
  // How long until another line may be said, or somebody invited; 0: now, and it is charged.
  std::uint32_t charge(PlayerId player);
  void forget_who_is_calm();
  void join(Member& member);
  void leave(PlayerId player);
  void forget_who_left(NodeId owner, MonoTime since);
  // If it is a run's, and nobody is in it any more.
  void end_channel(const std::string& place);
  // If nobody of it is here any more.
  void end_guild_channel(std::uint64_t guild);
  // Where a line of that channel goes; an empty name: nowhere.
  struct Address {
    std::string name;
    TopicKey topic;
  };
  Address address(const Member& member, int channel) const;
  static TopicKey topic(const std::string& channel);
  static std::string guild_channel(std::uint64_t guild);
  void tell(const Member& member, const proto::ChatLine& line);

  ChatOptions options_;
  TopicPublisher publisher_;
  std::map<PlayerId, Member> members_;
  std::map<std::string, PlayerId> by_name_;
  std::map<SessionKey, PlayerId> by_session_;  // one each
  std::map<std::string, Channel> channels_;
  std::map<PlayerId, Flood> floods_;  // of who spoke lately, whether or not it left since
  Parties parties_{[this] { return entropy().id63(); }};
  std::map<PlayerId, std::string> party_names_;  // of who has a seat, also while away
};

}  // namespace dure
