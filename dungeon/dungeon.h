// The dungeon role: owns instances and the players inside them. Is never missed: if it dies, its players are in the
// lobby with what was SAVED. Accepts no client, opens no SQL, takes players only into instances that expect them. One
// instance that throws closes alone. Logic thread only.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/game/owner.h"
#include "dungeon/instance.h"

namespace dure {

namespace proto {
class BreakInstance;
class BreakInstanceReply;
class Echo;
class EchoReply;
class LeaveInstanceReply;
class LeaveInstanceRequest;
class MoveTo;
class OpenInstance;
class OpenInstanceReply;
class TopicGap;
}  // namespace proto

struct DungeonOptions {
  OwnerNode::Options owner;
  std::map<std::string, std::string> handlers;      // dungeon name → run handler's name, from content
  std::map<std::string, std::string> return_zones;  // dungeon name → zone
  std::uint32_t tick_rate_hz = 20;
  std::uint32_t instances_max = 500;
  std::uint32_t speed_max_cm_s = 600;
  Duration wait_for_players = seconds(10);
  Duration empty_closes = seconds(10);
};

class Dungeon : public OwnerNode {
 public:
  using RunFactory = std::function<std::unique_ptr<RunHandler>(Dungeon&, Instance&)>;
  Dungeon(NodeIdentity identity, const Routes& routes, Seams seams, DungeonOptions options);

  // A game registers what its content names.
  void add_handler(const std::string& name, RunFactory factory) { factories_[name] = std::move(factory); }

  // Called when a player leaves its instance, for whatever reason.
  void on_leaving(std::function<void(Player&)> listener) { leave_listeners_.push_back(std::move(listener)); }

  Instance* instance_of(const Player& player);
  TopicPublisher& publisher() { return publisher_; }
  // Everybody in the instance hears it, encoded once.
  template <class Message>
  void tell_instance(Instance& instance, const Message& message) {
    publisher_.publish(instance_topic(instance.id()), message);
  }
  // The run is over: everybody goes to the lobby.
  void finish(Instance& instance, bool success);
  std::uint32_t tick_rate_hz() const { return options_.tick_rate_hz; }
  std::uint32_t speed_max_cm_s() const { return options_.speed_max_cm_s; }
  const std::map<RunId, std::unique_ptr<Instance>>& instances() const { return instances_; }
  void check_invariants() const override;

 protected:
  Placing placing(const proto::Admit& admit) override;
  bool still_open(const std::string& place, const proto::Admit& admit) const override;
  void on_arrival_failed(Player& player) override;
  void on_arrived(Player& player, const proto::Admit& admit, bool fresh) override;
  void on_left(Player& player) override;
  void on_letting_go(Player& player) override;
  void on_content() override;
  void on_players_faulted(const std::vector<PlayerId>& players, const Fault& fault) override;
  std::uint32_t place_kind() const override { return 1; }
  void fill_state(const Player& player, std::uint64_t* tick, std::uint32_t* tick_rate_hz,
                  std::uint32_t* speed_max_cm_s) const override;
  Duration tick_interval() const override {
    return std::chrono::duration_cast<Duration>(seconds(1)) / options_.tick_rate_hz;
  }
  void on_tick(std::uint64_t tick) override;
  void on_peer_up(NodeId peer) override;
  void on_peer_down(NodeId peer, const std::string& why) override;
  std::optional<NodeId> drain_target(const Player& player) override {
    return rendezvous(Role::kGeneral, player.id.value);
  }
  PeerLoad load() const override;

 private:
  proto::OpenInstanceReply open(const From& from, const proto::OpenInstance& request);
  void move_to(Player& player, const proto::MoveTo& move);
  proto::EchoReply echo(Player& player, const proto::Echo& request);
  proto::LeaveInstanceReply leave(Player& player, const proto::LeaveInstanceRequest& request);
  void topic_gap(const From& from, const proto::TopicGap& gap);
  proto::BreakInstanceReply break_instance(Player& player, const proto::BreakInstance& request);

  static TopicKey instance_topic(RunId run);
  void close(Instance& instance, const std::string& reason);
  void fail_instance(Instance& instance);
  void send_back(const Player& player, const std::string& reason);
  Task<void> go_back(PlayerRef ref, std::uint64_t run, std::string reason);
  void tick_instance(Instance& instance, std::uint64_t tick);
  bool stranded(const Instance& instance) const;

  DungeonOptions options_;
  TopicPublisher publisher_;
  std::map<std::string, RunFactory> factories_;
  std::map<RunId, std::unique_ptr<Instance>> instances_;
  std::vector<std::function<void(Player&)>> leave_listeners_;
};

}  // namespace dure
