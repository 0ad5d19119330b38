// A node that owns players: lobby and dungeon derive from it and share the whole life of an owned character — acquire,
// operate, save, hand over, let go. The roles add places. Logic thread only.
//
// Moving a player is always the same act: hold its input, flush to SAVED, give (id, expected epoch) to the next owner,
// which acquires with epoch + 1 and switches the route itself. A failing step means that the old owner acquires back.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/game/content_keeper.h"
#include "common/game/party_keeper.h"
#include "common/game/player.h"
#include "common/game/shard_cache.h"
#include "common/logic/node.h"

namespace dure {

namespace proto {
class Admit;
class AdmitReply;
class AcquireReply;
class ApplyReply;
class Attach;
class AttachReply;
class ContentNotice;
class InboxEntry;
class InboxNotice;
class LegOutcome;
class LeavePlayer;
class LeavePlayerReply;
class SessionLost;
class Operation;
class PartyHeld;
class TradeNotice;
}  // namespace proto

class OwnerNode : public Node {
 public:
  struct Options {
    Duration link_dead = seconds(20);  // how long a character stays without a socket where its place says nothing
    Duration hint_interval = seconds(5);
    Duration inbox_interval = seconds(30);  // between looks into an inbox, as a notice may be lost on its way
    Duration acquire_deadline = seconds(8);
    // The most of a currency that a character may have, and of items: a claim out of the inbox waits for room. None:
    // any.
    std::function<std::int64_t(const std::string& currency)> cap;
    std::size_t items_max = 0;
    std::set<std::string> reasons;  // every reason an operation may carry: registered by the game
  };
  OwnerNode(NodeIdentity identity, const Routes& routes, Seams seams, Options options);
  ~OwnerNode() override;
  std::string waits_for() const override;

  // ── handlers on players: the signature says all ───────────────────────────────────────────────────────────
  //   void  (Player&, const Notice&)      Reply (Player&, const Request&)      Task<Reply> (PlayerRef, Request)
  // A request with a field `creq` changes value: repeats get the stored answer, a full window answers BUSY, and the
  // operations it commits carry its number. `self` is the role or a feature that lives as long as the node.
  template <class Self, class Message>
  void on_player(Self* self, void (Self::*handler)(Player&, const Message&));
  template <class Self, class Request, class Reply>
  void on_player(Self* self, Reply (Self::*handler)(Player&, const Request&));
  template <class Self, class Request, class Reply>
  void on_player(Self* self, Task<Reply> (Self::*handler)(PlayerRef, Request));

  Player* find(PlayerId id);
  Player* find(PlayerRef ref);  // nullptr if gone or of another epoch
  std::map<PlayerId, Player>& players() { return players_; }
  const std::map<PlayerId, Player>& players() const { return players_; }

  struct ValueRequest {  // hash 0: one that changes no value
    std::uint64_t creq = 0, hash = 0;
  };
  // Changes memory at once and numbers the operation; it leaves at the end of the turn. Anything but kOk changed
  // nothing. Rules first compute, then one commit, before the first co_await: what comes after carries no creq.
  [[nodiscard]] Mirror::Guard commit(Player& player, proto::Operation operation);
  // kClosed: the reason's switch ("reason:shop.buy") is off. `dure gm feature reason:shop.buy off` stops a faucet,
  // whatever feature it belongs to; what is coalesced meanwhile is dropped.
  bool reason_open(const std::string& reason) const { return switched_on("reason:" + reason); }
  // The content that is played: what operations carry that name none themselves, as a run's do that began with another.
  std::uint32_t content_version() const { return content_.version(); }
  void use_content(std::shared_ptr<ContentReader> reader) { content_.use(std::move(reader)); }
  // For a conversation that commits after a co_await, under the number it was asked under (running_request() before the
  // first one). Numbers only rise: overtaken() says that a later one was committed meanwhile; then it must not.
  [[nodiscard]] Mirror::Guard commit(Player& player, proto::Operation operation, const ValueRequest& request);
  bool overtaken(const Player& player, const ValueRequest& request) const {
    return request.creq <= player.creq_committed;
  }
  // The same for what is coalesced per reason for up to 1 s: experience, kill gold, counters. Deltas only, credits.
  void commit_soft(Player& player, const std::string& reason, const std::string& name, std::int64_t delta, bool counter,
                   std::uint32_t made_by = 0);
  // co_await saved(ref): everything committed so far is SAVED (true), or the player is gone or time ran out (false).
  Task<bool> saved(PlayerRef ref, Duration deadline = seconds(10));
  // The same without a deadline: false only when the player is gone from here (or was acquired anew, or is to be: what
  // was committed may have been dropped). What is told afterwards was made before: the mirror may hold more by then.
  Task<bool> saved_or_gone(PlayerRef ref);

  // Trades: both players are here. All or nothing: kOk put one leg into each window, and what each gives has left its
  // mirror; what it gets comes when the database has written it. Every outcome is told to the clients (SettledNotice).
  const ValueRequest& running_request() const { return current_; }
  struct TradeParty {
    Player& player;
    const TradeGift& gift;
    ValueRequest agreed;  // the request by which the player agreed
  };
  struct TradeStart {
    Mirror::Guard guard = Mirror::Guard::kInvalid;
    std::uint32_t side = 0;  // whose guard it was
    TradeId txn;
  };
  TradeStart start_trade(const std::string& reason, const TradeParty& first, const TradeParty& second);
  Task<TradeOutcome> traded(PlayerRef ref, TradeId txn);

  template <class Message>
  void tell(const Player& player, const Message& message, std::uint32_t client_seq = 0) {
    if (player.session.linked)
      send_client(player.session.gateway, player.session.session, player.session.epoch, player.id, player.epoch,
                  message, client_seq);
  }
  void tell_state(Player& player);  // PlayerState, whole
  // Called when what came out of a player's inbox is SAVED and, if it was not in its PlayerState, told.
  void on_claimed(std::function<void(Player&, const proto::InboxEntry&)> listener) {
    claim_listeners_.push_back(std::move(listener));
  }
  // What else a claim does, in its own operation: asked whenever an entry of a player's inbox is about to be claimed.
  using ClaimAddition = std::function<void(const Mirror&, const proto::InboxEntry&, proto::Operation*)>;
  void with_claims(ClaimAddition addition) { claim_additions_.push_back(std::move(addition)); }
  // Which guild's channel a player is on (0: none), as its mirror says; told with its presence.
  void guild_by(std::function<std::uint64_t(const Mirror&)> guild) { guild_of_ = std::move(guild); }
  // Called when something was delivered to anybody, an aggregate without an owner among them.
  void on_inbox(std::function<void(PlayerId)> listener) { inbox_listeners_.push_back(std::move(listener)); }

  // Hands the player to `target` by ticket. True: it is there. False: it is here as before, if it could not be saved;
  // else here again with a new epoch, or gone.
  Task<bool> hand_over(PlayerRef ref, NodeId target, proto::Admit admit);
  // Acquires an owned player again (its memory is in doubt) and sends its state. False: it is gone.
  // `flush`: what can still be saved is saved before.
  Task<bool> reacquire(PlayerRef ref, std::string reason, bool flush = true);
  // Flushes, then forgets the player. The row keeps the last epoch; the next login acquires.
  Task<bool> let_go(PlayerRef ref);
  // At once: somebody else owns it, or it was rejected.
  void forget(PlayerId id);
  // Another owner has it, says the database: forgets it.
  void stale(const Player& player);
  // Closes the player's session with a reason, and forgets it at once, with what is not saved: its memory is in doubt.
  void kick(Player& player, std::uint32_t code, const std::string& reason);
  // Closes its session, and lets it go as one who logs out: what it was answered is saved first.
  void send_away(Player& player, std::uint32_t code, const std::string& reason);
  // The parties of who is here.
  const PartyKeeper& parties() const { return parties_; }
  // The chat role's knowledge of who is where, and whom it does not want to hear; empty place: gone.
  void tell_presence(const Player& player, bool gone = false);

 protected:
  // Where an arriving player is to stand; asked once for an arrival, before the player is acquired. A login's hint is
  // what its row says. An answer other than here: forward to that node, or refuse with a code.
  struct Placing {
    bool here = false;
    NodeId forward;
    std::uint32_t code = 0;  // proto::Code when refused
    std::string place;
  };
  virtual Placing placing(const proto::Admit& admit) = 0;
  // Whether the place that placing() named for this arrival still takes it, now that the player is acquired.
  virtual bool still_open(const std::string& place, const proto::Admit& admit) const = 0;
  // The player was acquired (or attached: `fresh` false) and stands in `placing.place`: put it into the world. Called
  // after RouteSet, before PlayerState. If it throws nothing of the arrival is told, and the player is taken out.
  virtual void on_arrived(Player& player, const proto::Admit& admit, bool fresh) = 0;
  // The player leaves this node's world, for whatever reason: take it out of its place. Its value is saved or fenced.
  virtual void on_left(Player& player) = 0;
  // It logs out, or was without a socket for too long, and is still here: what is committed now is saved with the rest.
  virtual void on_letting_go(Player&) {}
  // on_arrived threw. The player goes to the lobby by its gateway; a role adds what else that means.
  virtual void on_arrival_failed(Player&) {}
  // Another version of the content is played from now on.
  virtual void on_content() {}
  // How long this player stays in the world without a socket.
  virtual Duration link_dead(const Player&) const { return options_.link_dead; }
  // A fault touched these players; their memory is poisoned. Default: each is acquired again in place.
  virtual void on_players_faulted(const std::vector<PlayerId>& players, const Fault& fault);
  virtual std::uint32_t place_kind() const { return 0; }  // RouteSet: 0 zone, 1 instance
  virtual void fill_state(const Player& player, std::uint64_t* tick, std::uint32_t* tick_rate_hz,
                          std::uint32_t* speed_max_cm_s) const = 0;

  void on_peer_up(NodeId peer) override;
  void on_peer_down(NodeId peer, const std::string& why) override;
  void on_fault(const Fault& fault) override;
  void on_turn_end() override;
  std::size_t staged() const override;
  void keep_staged() override;
  void drop_staged(std::size_t from) override;
  void on_stop(bool at_once) override;
  PeerLoad load() const override;
  void monitor(std::vector<std::pair<std::string, std::string>>* fields) const override;
  // Where a drained player goes: the node that admits it; a none NodeId: let it go; nullopt: ask again soon.
  virtual std::optional<NodeId> drain_target(const Player&) { return NodeId(); }
  // Ends every task here, the players' among them: first in the destructor of a role whose members their locals touch.
  void end_conversations();

 private:
  static constexpr const char* kArrival = "arrival";  // the fault boundary of who comes in
  // While its handler runs, up to its first suspension, operations carry the request's number.
  class Numbering;
  template <class Message, class Reply, class Run>
  void on_player_message(Run run);
  bool begin_request(Player& player, const ValueRequest& request, std::string* stored, std::uint32_t* code);
  // Recorded for the epoch that was asked only: after an ACQUIRE the row's last_creq is the truth, not what an older
  // conversation makes of it.
  void end_request(PlayerRef asked, const ValueRequest& request, std::uint32_t code, std::string answer);
  Player* sender(const From& from);
  template <class Reply>
  void answer_player(const From& from, const ValueRequest& request, Reply answer);
  template <class Reply>
  Task<void> answer_player_later(From from, Task<Reply> task, ValueRequest request);

  Task<proto::AdmitReply> admit(From from, proto::Admit request);
  Task<proto::AttachReply> attach(From from, proto::Attach request);
  Task<proto::LeavePlayerReply> leave_player(From from, proto::LeavePlayer request);
  void session_lost(const From& from, const proto::SessionLost& lost);
  void inbox_notice(const From& from, const proto::InboxNotice& notice);
  void trade_notice(const From& from, const proto::TradeNotice& notice);
  void content_notice(const From& from, const proto::ContentNotice& notice);
  void party_held(const From& from, const proto::PartyHeld& held);
  void leg_outcome(Player& player, const proto::LegOutcome& outcome);
  void tell_settled_again(Player& player, std::uint64_t creq);
  void load_trades(Player& player, const proto::AcquireReply& grant);
  void ask_about_trades(Player& player);
  Task<void> ask_about_trade(PlayerRef ref, TradeId txn);
  Task<Result<std::uint32_t>> shard_of(PlayerId player, bool refresh);
  // True: the directory knows that the character is no more.
  Task<bool> is_gone(PlayerId player);
  // Who holds the player, read where it is now; waits while it is on the move.
  Task<Result<proto::AcquireReply>> holder_of(PlayerId player);
  Task<Result<proto::AcquireReply>> acquire(PlayerId player, std::uint32_t shard, std::uint64_t expected, bool insist);
  Player& install(const proto::AcquireReply& grant, std::uint32_t shard);
  void bind(Player& player, const SessionBinding& session, const std::string& returned_because);
  bool bring_in(Player& player, const SessionBinding& session, const proto::Admit& admit, bool fresh,
                const std::string& returned_because);
  void walk_on(Player& player, const std::string& reason);
  // The gateway takes the session to the lobby, if it still believes that this epoch's owner has it.
  void ask_on(const SessionBinding& session, std::uint64_t epoch, const std::string& reason);
  // Its socket counts as gone; who cannot be saved now is let go again in time.
  void let_go_soon(Player& player);
  void close_session(const Player& player, std::uint32_t code, const std::string& reason);
  void queue_save(Player& player);  // its window is to be sent
  Task<void> save(PlayerRef ref);
  void saved_reply(Player& player, const proto::ApplyReply& reply);
  void give_up_window(Player& player, const std::string& why);
  void give_up_what_is_ahead();
  void flush_soft(Player& player);
  void look_into_inbox(Player& player);
  Task<void> read_inbox(PlayerRef ref);
  std::vector<std::string> claim_what_fits(Player& player);
  void claim_waiting(Player& player);
  Task<void> tell_when_saved(PlayerRef ref, std::vector<std::string> claimed, bool whole);
  std::string changed_by(const Player& player, const std::vector<std::string>& claimed) const;
  void tell_claimed(Player& player);
  Task<void> drain();
  // Of one shard, whoever is next until nobody is; `late`: from then on nobody is handed over any more.
  Task<void> drain_lane(std::shared_ptr<std::deque<PlayerRef>> next, MonoTime late);
  void write_hint(Player& player);
  void housekeeping();
  void look_after(Player& player);
  void flush_next_slot();
  std::vector<PlayerRef> everybody() const;

  // Since when this shard's agent has been silent: no answer that its store gave, and, if nothing waits, no link.
  Duration silence(std::uint32_t shard) const;
  void listen_to_agents();

  // The most of a balance that a character may have; 0: any.
  std::int64_t cap_of(const std::string& balance) const;

  Options options_;
  ContentKeeper content_;
  std::size_t unsaved_ = 0;                     // operations in all windows
  std::map<std::uint32_t, MonoTime> heard_of_;  // by shard: when its agent was last known to work
  std::map<PlayerId, Player> players_;
  ShardCache shards_;
  PartyKeeper parties_{*this};
  std::map<std::uint32_t, std::deque<PlayerRef>> unsent_;  // by shard: whose windows wait, longest waiting first
  std::vector<std::pair<PlayerId, proto::Operation>> staged_;
  std::set<PlayerId> faulted_;  // whose operations were dropped, for on_fault
  // Acquired just now; true: its inbox was told of since, and the grant that is on its way may not know.
  std::map<PlayerId, bool> arriving_;
  ValueRequest current_;  // whose handler runs now
  std::vector<std::function<void(Player&, const proto::InboxEntry&)>> claim_listeners_;
  std::vector<ClaimAddition> claim_additions_;
  std::function<std::uint64_t(const Mirror&)> guild_of_;
  std::vector<std::function<void(PlayerId)>> inbox_listeners_;
  std::uint64_t operations_saved_ = 0, rejected_ = 0, trades_committed_ = 0, trades_aborted_ = 0;
  Duration saved_lag_{};
  std::uint64_t soft_slot_ = 0;  // whose soft sums go out next
  std::size_t lanes_ = 0;        // of the drain, that are under way
};

}  // namespace dure

#include "common/game/owner_handlers.h"
