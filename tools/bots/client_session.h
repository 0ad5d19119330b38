// A bot's session: connects, logs in (or resumes), chooses its character and keeps the heartbeat; whatever is about the
// world goes to the listener. A lost connection is taken up again with the resume token.
//
//   kAway ──► kConnecting ──► kLoggingIn ──► kChoosing ──► kEntering ──► kInWorld ──► kLeaving ──► kGone
//     ▲                          kResuming ─────────────────────┴────────────┘                       ▲
//     └──── wait with jitter ◄── any: closed, BUSY, QUEUED, MAINTENANCE ───────── finished ──────────┘
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "tools/bots/connection.h"
#include "tools/bots/shared.h"

namespace dure {

namespace proto {
class Character;
class CloseNotice;
class CreateCharacterReply;
class LeaveWorldReply;
class LoginReply;
class Pong;
class ReconnectTo;
class ResumeReply;
class SelectCharacterReply;
}  // namespace proto

class ClientSession : private Connection::Listener, private Reactor::Sleeper {
 public:
  enum class State { kAway, kConnecting, kLoggingIn, kResuming, kChoosing, kEntering, kInWorld, kLeaving, kGone };

  class Listener {
   public:
    virtual ~Listener() = default;
    // A frame that is not the session's own.
    virtual void on_world_frame(const ClientFrame& frame) = 0;
    virtual void on_link_lost() = 0;
    virtual void on_resumed(bool replayed) = 0;
  };

  ClientSession(Shared& shared, Listener& listener, std::uint32_t number);

  void start();
  // LeaveWorld, then gone; at once when not in the world.
  void leave();
  // LeaveWorld, away for a while, then a new login.
  void nap(Duration away);
  void end();
  // The listener has its full state.
  void entered();
  State state() const { return state_; }
  bool in_world() const { return state_ == State::kInWorld; }
  bool linked() const { return connection_.is_open(); }
  const std::string& account() const { return account_; }
  const std::string& character() const { return character_; }
  MonoTime lost_at() const { return lost_at_; }
  void collect(Report* report) const;

  template <class Message>
  std::uint32_t send(const Message& message) {
    static const auto id = static_cast<std::uint16_t>(route_id(Message::descriptor()));
    return connection_.send(id, message);
  }
  std::uint32_t send_again(std::uint16_t message_id, const std::string& body) {
    return connection_.send(message_id, body);
  }

  static void fill(FrameTable<ClientSession>* table);

 private:
  enum Wake : std::uint32_t { kRetry, kPing, kStuck, kSelectAgain, kLoginAgain };
  void on_open() override;
  void on_frame(const ClientFrame& frame) override;
  void on_closed(const std::string& why) override;
  void on_time(std::uint32_t what) override;

  void login_reply(const proto::LoginReply& reply, std::uint32_t seq);
  void resume_reply(const proto::ResumeReply& reply, std::uint32_t seq);
  void created(const proto::CreateCharacterReply& reply, std::uint32_t seq);
  void selected(const proto::SelectCharacterReply& reply, std::uint32_t seq);
  void left_world(const proto::LeaveWorldReply& reply, std::uint32_t seq);
  void pong(const proto::Pong& pong, std::uint32_t seq);
  void close_notice(const proto::CloseNotice& notice, std::uint32_t seq);
  void reconnect_to(const proto::ReconnectTo& order, std::uint32_t seq);

  void connect();
  void set_state(State state);
  void log_in();
  void create();
  void select();
  void again_in(Duration about);

  Shared& shared_;
  Listener& listener_;
  Connection connection_;
  State state_ = State::kAway;
  bool counted_ = false;  // among the logins under way
  bool asked_to_leave_ = false;
  Duration nap_{};  // not 0: what follows LeaveWorld
  std::string account_, name_, character_, gateway_;
  std::uint32_t name_tries_ = 0, gateway_turn_ = 0, failures_ = 0, stuck_round_ = 0;
  std::uint64_t session_id_ = 0, player_id_ = 0, reliable_received_ = 0;
  std::string resume_token_;
  bool ever_entered_ = false, pinging_ = false;
  MonoTime began_{}, lost_at_{};
};

}  // namespace dure
