// The gateway's logic: who is logged in, where their player is, and what goes between the two. It owns sessions, routes
// and subscriptions. It never parses a game's message, never touches SQL, and holds no socket: frames come from and go
// to the ClientPort of each IO thread.
//
// Frames of a client for the gateway itself are sent to itself with the client in the header's call id, so that they
// run through the same handlers, faults and answers as all other messages. Logic thread only.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/logic/gm_outcomes.h"
#include "common/logic/node.h"
#include "gateway/admission_ramp.h"
#include "gateway/hash_queue.h"
#include "gateway/login_guard.h"
#include "gateway/options.h"
#include "gateway/session.h"

namespace dure {

namespace proto {
class AccountReply;
class AdmitReply;
class Attach;
class ChangePasswordReply;
class ChangePasswordRequest;
class CharactersReply;
class CreateCharacterReply;
class CreateCharacterRequest;
class DeleteCharacterReply;
class DeleteCharacterRequest;
class GmCommand;
class LeaveWorldReply;
class LeaveWorldRequest;
class LoginReply;
class LoginRequest;
class Ping;
class Pong;
class Publish;
class ReserveName;
class ResumeReply;
class ResumeRequest;
class RouteDrop;
class RouteHold;
class RouteSet;
class SelectCharacterReply;
class SelectCharacterRequest;
class SessionFenced;
class SessionReply;
class Subscribe;
class Ticket;
class Unsubscribe;
}  // namespace proto

class Gateway : public Node {
 public:
  Gateway(NodeIdentity identity, const Routes& routes, Seams seams, GatewayOptions options);
  void check_invariants() const override;
  std::string waits_for() const override;

  const Session* session(SessionId id) const;
  std::size_t sessions() const { return sessions_.size(); }

 protected:
  void on_start() override;
  void on_peer_up(NodeId peer) override;
  void on_peer_down(NodeId peer, const std::string& why) override;
  void on_client_opened(const ClientOpened& opened) override;
  void on_client_frame(const ClientFrameIn& frame) override;
  void on_client_closed(const ClientClosed& closed) override;
  void on_session_taken(const SessionTaken& taken) override;
  void on_topic_gapped(const TopicGapped& gapped) override;
  void on_client_figures(const ClientFigures& figures) override;
  void on_to_client(const MeshHeader& header, std::string_view body) override;
  void on_gm(const GmCommandIn& command) override;
  void on_switches() override;
  void on_stop(bool at_once) override;
  void on_turn_end() override;
  PeerLoad load() const override;
  void monitor(std::vector<std::pair<std::string, std::string>>* fields) const override;

 private:
  struct Client {
    std::string address;
    SessionId session;
    bool logging_in = false;
  };
  struct Fence {  // sessions of an account up to this epoch are over
    std::uint32_t epoch = 0;
    std::string reason;
    MonoTime at{};
    std::uint64_t goes_on = 0;  // the session that another gateway has now
  };
  struct Resume {  // waits for the ring of its session
    ClientId client;
    std::uint32_t seq = 0;
    std::uint64_t reliable_received = 0;
    std::string token;
    bool follows = false;  // nobody else had the session since, and the client counts as we do
  };
  struct Rings {  // of one session, on their way here from the IO threads that held them
    std::uint32_t under_way = 0;
    bool overtaken = false;
  };

  // ── login.cpp
  Task<proto::LoginReply> login(From from, proto::LoginRequest request);
  Task<proto::LoginReply> try_login(ClientId client, proto::LoginRequest request);
  // Nothing in it: `refused` says why not.
  Task<std::optional<proto::AccountReply>> by_password(ClientId client, proto::LoginRequest request,
                                                       proto::LoginReply* refused);
  Task<std::optional<proto::AccountReply>> by_ticket(ClientId client, std::string ticket, proto::Ticket* used,
                                                     proto::LoginReply* refused);
  Task<proto::LoginReply> begin(ClientId client, proto::AccountReply account, proto::Ticket used);
  // Has the worker do it when it is this account's and address's turn. Nothing: the queue is full, or the client gone.
  Task<std::optional<std::string>> hashed(ClientId client, std::string account, std::string request);
  // Of a new password. Nothing: as above, or no memory.
  Task<std::optional<std::string>> new_hash(ClientId client, std::string account, std::string password);
  void next_hash();
  bool turned_away(const Client& client, std::uint32_t protocol_version, std::uint32_t content_version,
                   proto::LoginReply* reply) const;
  // Asked again when a session is about to be opened: whoever was on its way when it began does not get in.
  bool in_maintenance(proto::LoginReply* reply) const;
  bool good_ticket(const Client& client, std::string_view checked, proto::Ticket* ticket) const;
  // Zero: it may come in.
  Duration admission(const Client& client, LoginGuard::Way in, SessionId resumed = {});
  std::string token();

  // ── password_change.cpp
  Task<proto::ChangePasswordReply> change_password(From from, proto::ChangePasswordRequest request);

  // ── resume.cpp
  void resume(const From& from, const proto::ResumeRequest& request);
  Task<void> try_resume(ClientId client, std::uint32_t seq, proto::ResumeRequest request);
  void refuse_resume(ClientId client, std::uint32_t seq, std::uint32_t code, Duration retry_after = seconds(1));
  Task<void> resume_from_elsewhere(ClientId client, std::uint32_t seq, SessionId id, proto::SessionReply granted,
                                   std::string next_token);
  Task<void> reattach(SessionId id, bool replayed);
  proto::Attach attach_of(const Session& session, bool replayed) const;

  // ── characters.cpp
  Task<proto::CreateCharacterReply> create_character(From from, proto::CreateCharacterRequest request);
  Task<proto::DeleteCharacterReply> delete_character(From from, proto::DeleteCharacterRequest request);
  Task<proto::SelectCharacterReply> select_character(From from, proto::SelectCharacterRequest request);
  Task<proto::LeaveWorldReply> leave_world(From from, proto::LeaveWorldRequest request);
  Task<bool> claim_name(proto::ReserveName reserved);
  Task<bool> finish_creation(AccountId account, PlayerId player, std::string name);
  Task<std::optional<proto::CharactersReply>> characters_of(std::uint32_t shard, AccountId account);
  Task<std::optional<std::uint32_t>> shard_again(AccountId account, int code);
  proto::Pong ping(const From& from, const proto::Ping& ping);

  // ── routing.cpp
  void route_set(const From& from, const proto::RouteSet& route);
  void route_hold(const From& from, const proto::RouteHold& hold);
  void route_drop(const From& from, const proto::RouteDrop& drop);
  void subscribe(const From& from, const proto::Subscribe& subscribe);
  void unsubscribe(const From& from, const proto::Unsubscribe& unsubscribe);
  void publish(const From& from, const proto::Publish& publish);
  void session_fenced(const From& from, const proto::SessionFenced& fenced);
  // What fences that were lost would have said, whenever the directory's agent is reached anew.
  Task<void> ask_who_goes_on(NodeId directory);
  void forward(Session& session, const ClientFrameIn& frame);
  void refuse_request(const Session& session, const ClientFrameIn& frame, std::uint32_t code,
                      std::uint32_t retry_after_ms);
  void hold(Session& session, Duration how_long);
  void release_held(Session& session);
  void refuse_held(Session& session);
  void drop_topic(Session& session, TopicKey topic, NodeId publisher);
  void drop_topics(Session& session, NodeId publisher);  // none: of every owner
  void walk_back(Session& session, const std::string& because);
  Task<void> find_general(SessionId id, std::uint64_t walk, std::string reason);
  Task<void> ask_owner(SessionId id, std::uint64_t walk);
  Task<Result<proto::AdmitReply>> admit(SessionId id, std::string reason, std::size_t attempt);
  NodeId general_for(PlayerId player, std::size_t attempt) const;
  bool is_owner(const Session& session, const From& from, std::uint64_t player_epoch) const;

  // ── gateway.cpp
  Session* find(SessionId id);
  Session& open_session(SessionId id, std::uint32_t epoch, AccountId account, std::uint32_t shard, ClientId client,
                        bool fresh);
  // The fence of a newer session may be heard before the grant of an older one.
  const Fence* overtaken(AccountId account, std::uint32_t session_epoch) const;
  void leave_the_world(Session& session);
  // The session is over: its client is told why. `tell_directory` false: a newer session has the account already.
  void end_session(SessionId id, std::uint32_t code, const std::string& reason, bool tell_directory);
  void end_in_directory(AccountId account, std::uint32_t epoch);
  void tell_lost(const Session& session, bool gone);
  void sweep();
  void refuse_frame(ClientId client, SessionId session, std::uint32_t message_id, std::uint32_t seq, std::uint32_t code,
                    std::uint32_t retry_after_ms);
  void to_client(const Session& session, std::uint32_t message_id, std::uint32_t seq, std::string_view body);
  template <class Message>
  void tell(const Session& session, const Message& message) {
    to_client(session, route_id(Message::descriptor()), 0, message.SerializeAsString());
  }
  void frame_to(ClientId client, SessionId session, std::uint32_t message_id, std::uint32_t seq, std::string_view body);
  void close_client(ClientId client, std::uint32_t code, const std::string& reason);
  Task<void> drain();
  Task<void> drain_one(SessionId id);
  // ── gm.cpp
  Task<void> run_gm(GmCommandIn in, std::shared_ptr<const proto::GmCommand> command);
  GmOutcomes::Outcome execute(const proto::GmCommand& command);
  std::string announce(const proto::GmCommand& command);
  std::string kick(const proto::GmCommand& command, bool* found);

  const GatewayOptions options_;
  std::map<ClientId, Client> clients_;
  std::map<SessionId, Session> sessions_;
  std::map<std::pair<NodeId, TopicKey>, std::size_t> subscribers_;  // sessions here, by publisher and topic
  std::map<SessionId, Resume> resumes_;
  std::map<SessionId, Rings> rings_;          // outlive a session that ends meanwhile
  std::map<AccountId, Fence> fences_;         // lately heard
  std::map<ClientId, std::uint32_t> credit_;  // frames taken in this turn
  LoginGuard guard_;
  HashQueue hashes_;
  AdmissionRamp login_ramp_, resume_ramp_;             // apart: a flood of logins keeps nobody from resuming
  std::map<std::uint32_t, ClientFigures> io_figures_;  // the newest, by IO thread
  GmOutcomes gm_outcomes_;
  std::uint32_t tickets_waiting_ = 0, leaving_ = 0;
  std::uint64_t walks_ = 0, traces_ = 0, forwarded_ = 0, stale_frames_ = 0, topic_gaps_ = 0;
  bool draining_ = false;
};

}  // namespace dure
