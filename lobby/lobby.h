// The general role: owns the channels of towns and fields (places, taken in the directory), the players in them, and,
// on one general at a time, the matchmaking queue. Never accepts a client, never opens SQL, never fights: combat is the
// dungeon's. Any general runs any zone; losing one costs its players a moment, they are acquired elsewhere with what
// was SAVED. The game's own part (shops, quests) registers itself as features. Logic thread only.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/game/content.h"
#include "common/game/owner.h"
#include "common/game/place_keeper.h"
#include "lobby/matchmaker.h"
#include "lobby/zone.h"

namespace dure {

namespace proto {
class ChangeZoneReply;
class ChangeZoneRequest;
class Echo;
class EchoReply;
class MatchFound;
class MatchNotice;
class MoveTo;
class PartyMuster;
class PartyMusterReply;
class PartyQueueJoin;
class PartyQueueJoinReply;
class PartyQueued;
class PlacesNotice;
class QueueJoin;
class QueueJoinReply;
class QueueReply;
class QueueRequest;
class TopicGap;
}  // namespace proto

// A part of the game that lives in the lobby. Its constructor takes the Lobby& and registers its handlers there.
class LobbyFeature {
 public:
  virtual ~LobbyFeature() = default;
  // A zone begins, or was built again after a fault: npcs come now.
  virtual void zone_opened(Zone&) {}
  // The player is about to stand in its zone (zone_of): its entity and its state are shown right afterwards, so what is
  // committed or changed here is in them.
  virtual void player_arrived(Player&) {}
  // It leaves its zone, this node, or its socket for another one.
  virtual void player_left(Player&) {}
  // It, or the leader of its party, asks for that dungeon's queue; then a match was made, and it is about to be handed
  // to the run: it may still commit. A code other than 0 refuses: it stays, is told, and the others go without it.
  virtual std::uint32_t may_queue(const Player&, const std::string& /*dungeon*/) { return 0; }
  virtual std::uint32_t may_enter(Player&, const std::string& /*dungeon*/, RunId) { return 0; }
};

class Lobby : public OwnerNode {
 public:
  struct Options {
    OwnerNode::Options owner;
    Content content;
    Duration settle = milliseconds(600);  // how long a starting node waits for its peers before it takes places
  };
  Lobby(NodeIdentity identity, const Routes& routes, Seams seams, Options options);
  ~Lobby() override;

  // ── for features ──────────────────────────────────────────────────────────────────────────────────────────
  template <class Feature, class... Arguments>
  Feature& add_feature(Arguments&&... arguments) {
    auto feature = std::make_unique<Feature>(*this, std::forward<Arguments>(arguments)...);
    Feature& added = *feature;
    features_.push_back(std::move(feature));
    return added;
  }
  const Content& content() const { return options_.content; }
  Zone* zone_of(const Player& player);
  // The npc of that name in the player's zone, or none.
  const AreaEntity* npc(const Player& player, const std::string& name);
  void show_hit_points(const Player& player);

  const PlaceKeeper& places() const { return keeper_; }
  Zone* zone(const std::string& place);
  std::size_t queue_waiting() const { return matchmaker_.waiting(); }
  void check_invariants() const override;
  std::string waits_for() const override;

 protected:
  void on_start() override;
  void on_peer_up(NodeId peer) override;
  void on_peer_down(NodeId peer, const std::string& why) override;
  void on_stop(bool at_once) override;
  Placing placing(const proto::Admit& admit) override;
  bool still_open(const std::string& place, const proto::Admit& admit) const override;
  Duration link_dead(const Player& player) const override;
  void on_arrived(Player& player, const proto::Admit& admit, bool fresh) override;
  void on_left(Player& player) override;
  void on_players_faulted(const std::vector<PlayerId>& players, const Fault& fault) override;
  void fill_state(const Player& player, std::uint64_t* tick, std::uint32_t* tick_rate_hz,
                  std::uint32_t* speed_max_cm_s) const override;
  std::optional<NodeId> drain_target(const Player& player) override;
  Duration tick_interval() const override;
  void on_tick(std::uint64_t tick) override;
  PeerLoad load() const override;
  void monitor(std::vector<std::pair<std::string, std::string>>* fields) const override;

 private:
  // ── handlers, in the order of a player's life ─────────────────────────────────────────────────────────────
  proto::EchoReply echo(Player& player, const proto::Echo& request);
  void move_to(Player& player, const proto::MoveTo& move);
  proto::ChangeZoneReply change_zone(Player& player, const proto::ChangeZoneRequest& request);
  Task<proto::QueueReply> queue(PlayerRef ref, proto::QueueRequest request);
  proto::QueueJoinReply queue_join(const From& from, const proto::QueueJoin& join);
  proto::PartyMusterReply party_muster(const From& from, const proto::PartyMuster& muster);
  proto::PartyQueueJoinReply party_queue_join(const From& from, const proto::PartyQueueJoin& join);
  void party_queued(const From& from, const proto::PartyQueued& queued);
  void match_found(const From& from, const proto::MatchFound& match);
  std::uint32_t may_enter(Player& player, const proto::MatchFound& match);
  void places_notice(const From& from, const proto::PlacesNotice& notice);
  void topic_gap(const From& from, const proto::TopicGap& gap);

  // places (lobby_places.cpp)
  static std::vector<std::string> all_places(const Content& content);
  void place_acquired(const std::string& place);
  void place_lost(const std::string& place);
  NodeId open_holder(const std::string& place) const;
  std::string emptiest_channel(const ZoneContent& zone) const;
  std::uint32_t crowd(const std::string& place) const;
  void arrive(Player& player, Zone& zone, const proto::Admit& admit, bool fresh);
  void put(Player& player, Zone& zone);
  void walk(PlayerRef ref, const std::string& place);
  Task<void> hand_to(PlayerRef ref, std::string place, std::string reason);
  void evacuate(Zone& zone);
  void rebuild(Zone& zone);

  // the queue (lobby_queue.cpp)
  struct Waiting {
    std::string dungeon;
    std::uint64_t epoch = 0;                  // of the player, as the queue knows it
    std::uint64_t party = 0;                  // 0: alone
    std::vector<Matchmaker::Entry> together;  // of the party, and who owns them
    bool missed = false;                      // a match, as it was leaving: joins again if it stays
  };
  Task<std::uint32_t> queue_alone(PlayerRef ref, std::string dungeon, bool leave);
  void join_match(Player& player, const proto::MatchFound& match, proto::MatchNotice notice);
  void leave_queue(PlayerId player);
  void end_wait(const Player& player);
  void review_queue();
  void join_again();
  void join_again(NodeId holder, PlayerId player, const Waiting& waiting);
  void missed_match(const Player& player, Waiting& waiting);
  Task<void> open_match(Matchmaker::Match match);
  NodeId emptiest_dungeon(const std::vector<NodeId>& tried) const;
  Task<void> enter_dungeon(PlayerRef ref, NodeId node, std::uint64_t run_id, std::string dungeon);

  // parties in the queue (lobby_party.cpp)
  Task<std::uint32_t> queue_party(PlayerRef ref, std::string dungeon);
  std::uint32_t may_queue(const Player& player, const std::string& dungeon);
  bool party_changed(PlayerId player, const Waiting& waiting) const;
  void join_again_together(NodeId holder);
  void tell_queued(const Player& player, std::uint64_t party, const std::string& dungeon, std::uint32_t code,
                   const std::map<PlayerId, std::uint32_t>& hindrances = {});
  void tell_owners(const Matchmaker::Group& group, std::uint32_t code, PlayerId because_of);
  void dismiss(const std::vector<Matchmaker::Group>& groups, PlayerId because_of);

  struct Promise {  // a player that was told to come here, until it has arrived
    std::string place;
    MonoTime until{};
  };
  Options options_;
  TopicPublisher publisher_;
  PlaceKeeper keeper_;
  std::vector<std::unique_ptr<LobbyFeature>> features_;
  std::map<std::string, std::unique_ptr<Zone>> zones_;  // by place; held ones, and lost ones not yet empty
  std::map<PlayerId, Promise> promised_;
  std::map<std::string, std::uint32_t> forwarded_;  // by place: sent there since its holder was last heard
  std::map<PlayerId, Waiting> queued_;              // our players who wait
  std::set<PlayerId> asking_;                       // whose joining was not answered yet
  NodeId queue_holder_;                             // who was told of them
  std::uint64_t queue_epoch_ = 0;
  Matchmaker matchmaker_;                                         // used while this node holds the place "match"
  std::map<NodeId, std::pair<MonoTime, std::uint32_t>> sent_to_;  // players sent to a dungeon node since its heartbeat
  std::uint64_t moves_corrected_ = 0;
};

inline constexpr const char* kMatchPlace = "match";

}  // namespace dure
