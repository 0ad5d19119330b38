// The clients of one IO thread: decodes and limits what they send, queues what they are sent, keeps the replay ring of
// their sessions and the table of their topics. No socket, thread or clock inside. It owns connections and the output
// of sessions; the logic thread owns what a session is.
//
// A client that breaks a limit is answered or closed, never more; nobody else is affected. Every frame of class
// reliable that a session is sent counts and is kept in its ring, whether or not a socket is there; frames to a client
// itself (FrameOut without session: LoginReply, ResumeReply; and CloseNotice) do not count. Neither does a topic's
// reliable frame that found no room: the topic is then gapped for that session and hears nothing reliable until there
// is room again and its publisher was asked for the state (TopicGapped). A topic that lost positions is asked for, too,
// though it goes on.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "common/logic/client_io.h"
#include "common/proto/routes.h"
#include "gateway/address_limits.h"
#include "gateway/client_connection.h"
#include "gateway/replay_ring.h"
#include "gateway/topic_table.h"

namespace dure {

struct PortFigures {
  std::uint64_t frames_in = 0, frames_out = 0, refused = 0, refused_by_address = 0, latest_dropped = 0, topic_gaps = 0;
  std::map<std::string_view, std::uint64_t> closed_for_cause;  // by reason, a literal of ours
};

class ClientPort : public ClientIo {
 public:
  // All must outlive the port. `addresses` is shared with the gateway's other ports; `io_thread` names this one.
  ClientPort(const Routes& routes, const PortOptions& options, AddressGate& addresses, std::uint32_t io_thread = 0);

  [[nodiscard]] bool opened(ClientId client, std::string_view address, MonoTime now) override;
  void received(ClientId client, std::string_view bytes, MonoTime now) override;
  void closed(ClientId client, MonoTime now) override;
  void command(const Outbound& command, MonoTime now) override;
  void tick(MonoTime now) override;
  [[nodiscard]] bool reads(ClientId client) const override;
  void gather(ClientId client, std::size_t most, std::vector<std::string_view>* pieces) override;
  void wrote(ClientId client, std::size_t bytes, MonoTime now) override;
  [[nodiscard]] bool closing(ClientId client) const override;
  void take_touched(std::vector<ClientId>* touched, MonoTime now) override;
  [[nodiscard]] MonoTime due() const override;
  void take_events(std::vector<Inbound>* events) override;

  // The layer between it and the socket is through with this client.
  void give_up(ClientId client, const char* reason);
  std::size_t clients() const { return connections_.size(); }
  std::size_t sessions() const { return sessions_.size(); }

 private:
  struct Session {
    ClientId client;  // none: its socket is lost
    ReplayRing ring;
    bool waiting = false;           // bound to a new socket; its ring is on the way
    std::vector<Bytes> meanwhile;   // reliable frames that came while waiting
    std::set<TopicKey> gapped;      // reliable frames were left out: no more of them until the state was asked for
    std::set<TopicKey> incomplete;  // frames of class latest were left out
    MonoTime asked_at{};            // for the state of any of them
    std::vector<MonoTime> limits_full_at;  // of the socket it had; empty: it has one, or that waited, too
    bool whole() const { return gapped.empty() && incomplete.empty(); }
  };

  ClientConnection* find(ClientId client);
  const ClientConnection* find(ClientId client) const;
  void cut_frames(ClientConnection& connection, MonoTime now);
  void take_frame(ClientConnection& connection, const ClientFrame& frame, MonoTime now);
  void confirm(const ClientConnection& connection, std::string_view body);
  void refuse(ClientConnection& connection, const ClientFrame& frame, std::uint32_t code, Duration wait, MonoTime now);
  void close(ClientConnection& connection, std::uint32_t code, const char* reason);
  void close_silently(ClientConnection& connection, const char* reason);
  void check_deadlines(ClientConnection& connection, MonoTime now);
  // False: there was no room for it.
  bool queue(ClientConnection& connection, const Bytes& frame, SendQueue::Kind kind, MonoTime now,
             const TopicKey* topic = nullptr);
  void deliver(SessionId session, const Bytes& frame, bool latest, MonoTime now);
  void deliver_topic(SessionId session, const TopicFrame& publish, MonoTime now);
  void leave_out(Session& session, const TopicKey& topic, bool latest);
  void ask_for_state(ClientConnection& connection, MonoTime now);
  void touch(ClientConnection& connection);
  void touch_soon(ClientConnection& connection, MonoTime now);
  void uncount(ClientConnection& connection);
  void tell_figures(MonoTime now);

  void run(const TopicJoin& join);
  void run(const SessionBind& bind);
  void run(const SessionTake& take, MonoTime now);
  void run(const SessionResumed& resumed, MonoTime now);
  void run(const SessionEnded& ended);
  void run(const FrameOut& out, MonoTime now);
  void run(const TopicFrame& publish, MonoTime now);
  void run(const FrameCredit& credit, MonoTime now);
  void run(const ClientClose& close);
  void run(const ClientAccepted& accepted, MonoTime now);

  const Routes& routes_;
  const PortOptions& options_;
  AddressGate& addresses_;
  const std::uint32_t io_thread_;
  const std::uint32_t ping_;  // the message's id
  std::map<ClientId, std::unique_ptr<ClientConnection>> connections_;
  std::unordered_map<SessionId, Session> sessions_;
  TopicTable topics_;
  std::vector<ClientId> touched_;
  struct Gathering {
    MonoTime due;
    ClientId client;
  };
  std::deque<Gathering> gathering_;  // in order of due
  std::vector<Inbound> events_;
  PortFigures figures_;
  MonoTime figures_due_{};
};

}  // namespace dure
