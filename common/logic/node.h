// One node without its thread: the turn, and everything a role's logic stands on (links, calls, timers, tasks,
// handlers, fault boundaries). A role derives from it; the host's logic thread and the simulator call turn() alike.
// Logic thread only; no clock, socket or chance of its own.
//
// One turn: inputs → due timers → ready tasks → tick (fixed step) → effects out, once. now() stands still inside it.
// Effects of a handler that throws are dropped (sends, timers, whatever the role stages), and on_fault() is told. A
// boundary inside a handler (guarded) drops its own inside alone; what it kept is the handler's, and goes with it.
// A client's input whose handler faulted twice, or ended two lives, is set aside: who sends it is disconnected, and it
// is not read again.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/base/ids.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/base/time.h"
#include "common/logic/crossing.h"
#include "common/logic/link.h"
#include "common/logic/log_limit.h"
#include "common/logic/quarantine.h"
#include "common/logic/seams.h"
#include "common/logic/slo.h"
#include "common/logic/task.h"
#include "common/logic/timers.h"
#include "common/proto/mesh_header.h"
#include "common/proto/routes.h"

namespace dure {

namespace proto {
class Hello;
class Heartbeat;
class SwitchesNotice;
}  // namespace proto

inline constexpr std::uint32_t kProtocolVersion = 1;

struct NodeIdentity {
  NodeId id;
  std::string name;  // "gateway-1", "all-1/general"
  Incarnation incarnation;
  std::string cluster_id = "dure";
  std::uint32_t realm_id = 1;
  std::uint32_t content_version = 1;
  std::string address;                // where it receives; empty in process
  std::vector<std::uint32_t> shards;  // dbagent
  bool directory = false;             // dbagent
  bool developer = false;             // [dev] is on
  std::uint64_t seed = 1;             // of the game's chance
};

// Who sent a message, for its handler.
struct From {
  MeshHeader header;
  MonoTime arrived{};             // in this node's mailbox
  std::uint64_t fingerprint = 0;  // of a client's input: its id and its bytes
  NodeId node() const { return header.from; }
  bool client() const { return header.kind == MeshKind::kFromClient; }
};

struct Fault {
  std::string where;  // handler or tick, by name
  std::string what;
  std::string stack;          // at the throw point; may be empty
  PlayerId player;            // whose message it was, if one's
  std::uint64_t subject = 0;  // what the role named in guarded(): a run, a zone
};

class Node {
 public:
  Node(NodeIdentity identity, const Routes& routes, Seams seams);
  virtual ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // Takes everything of `in`, appends to `out`. The first call starts the role.
  void turn(MonoTime now, WallTime wall, std::vector<Inbound>* in, std::vector<Outbound>* out);
  // The effects of the last turn are out since then: now() stood still, so only who runs the turns knows. May be left
  // unsaid; then the turn took no time.
  void effects_left(MonoTime when);
  // When the next turn is wanted although nothing came in.
  MonoTime next_due() const;

  // Every message that goes to this role has a handler, or the names of those that have none.
  std::vector<std::string> routes_without_handler() const;
  // What it still needs before it can serve anybody; empty: nothing. Asked between turns until it is.
  virtual std::string waits_for() const { return {}; }
  // The role's laws; CHECKs. Run after every turn in tests and simulation.
  virtual void check_invariants() const {}
  const NodeIdentity& identity() const { return identity_; }
  NodeId id() const { return identity_.id; }
  const Link* link(NodeId peer) const;
  // False: a call to it fails at once, nothing is sent.
  bool reachable(NodeId peer) const;

  // ── for the role and its features ─────────────────────────────────────────────────────────────────────────
  MonoTime now() const { return now_; }
  WallTime wall_now() const { return wall_; }
  Rng& rng() { return rng_; }
  Entropy& entropy() { return *seams_.entropy; }
  // Whether the rare path is to be taken at this site; never outside of the simulation.
  bool unlucky(UnluckySite site) const { return seams_.luck != nullptr && seams_.luck->unlucky(site); }
  EventLog& log() { return *seams_.log; }
  LogLimit& log_limit() { return log_limit_; }  // for lines that strangers can cause
  const Routes& routes() const { return routes_; }

  // Handlers. The signature says all: who may be answered, and whether it suspends.
  //   void  f(const From&, const Notice&)
  //   Reply f(const From&, const Request&)
  //   Task<Reply> f(From, Request)              (by value: it outlives the message)
  template <class Self, class Message>
  void on(void (Self::*handler)(const From&, const Message&));
  template <class Self, class Request, class Reply>
  void on(Reply (Self::*handler)(const From&, const Request&));
  template <class Self, class Request, class Reply>
  void on(Task<Reply> (Self::*handler)(From, Request));
  // The same for a feature object that outlives the node's turns.
  using RawHandler = std::function<void(const From&, std::string_view body)>;
  void on_raw(std::uint32_t message_id, RawHandler handler);

  // False: the link is not up; nothing was sent and nothing will be.
  template <class Message>
  bool send(NodeId to, const Message& message, MeshHeader extra = {}) {
    std::string body;
    message.SerializeToString(&body);
    extra.kind = MeshKind::kNotice;
    extra.message_id = route_id(Message::descriptor());
    return send_raw(to, extra, body);
  }
  bool send_raw(NodeId to, MeshHeader header, std::string_view body);
  // Hands an already parsed or encoded answer back to whoever asked (peer or client).
  template <class Reply>
  void reply(const From& from, const Reply& message) {
    std::string body;
    message.SerializeToString(&body);
    reply_raw(from, from.client() ? route_id(Reply::descriptor()) : 0, body);
  }
  void reply_raw(const From& from, std::uint32_t message_id, std::string_view body);
  // To a session's client, through its gateway; epoch is the player's, the gateway drops it below its route's.
  template <class Message>
  bool send_client(NodeId gateway, SessionId session, std::uint32_t session_epoch, PlayerId player,
                   std::uint64_t player_epoch, const Message& message, std::uint32_t client_seq = 0) {
    std::string body;
    message.SerializeToString(&body);
    MeshHeader header;
    header.kind = MeshKind::kToClient;
    header.message_id = route_id(Message::descriptor());
    header.session = session;
    header.session_epoch = session_epoch;
    header.player = player;
    header.player_epoch = player_epoch;
    header.client_seq = client_seq;
    return send_raw(gateway, header, body);
  }

  // co_await call<Reply>(peer, request, deadline) → Result<Reply>. Name the request first (task.h, manners).
  class Answer;
  template <class Reply>
  class Call;
  template <class Reply, class Request>
  Call<Reply> call(NodeId to, const Request& request, Duration deadline = seconds(2), MeshHeader extra = {});
  // co_await work(queue, request) → the worker's reply.
  class WorkAwait;
  WorkAwait work(std::string queue, std::string request);
  // co_await wait(duration)
  class Wait;
  Wait wait(Duration duration);
  // An answer that somebody else in this node gives: Expect expected(node, deadline); … complete(expected.id(), …).
  class Expect;
  void complete(CallId id, Result<std::string> result);

  TimerId after(Duration delay, std::function<void()> action);
  // Until cancelled; a firing that throws is not the last one.
  TimerId every(Duration interval, std::function<void()> action);
  void cancel(TimerId id) { timers_.cancel(id); }
  void spawn(Task<void> task) { scope_.spawn(std::move(task)); }
  Scope& scope() { return scope_; }
  // A scope whose faults are this node's; its finished tasks are freed after each turn. The node outlives it.
  std::unique_ptr<Scope> make_scope(std::string where, PlayerId player = {}, std::uint64_t subject = 0);
  // Frees an ended scope's frames after the turn, even if one of them runs now.
  void retire(std::unique_ptr<Scope> scope);

  // Runs `action` inside a fault boundary of its own. False: it threw; its effects were dropped and on_fault() told.
  bool guarded(std::string_view where, PlayerId player, std::uint64_t subject, const std::function<void()>& action);

  // Up peers of a role in order of id (this node among them, if it is of that role); `willing`: not draining.
  std::vector<NodeId> peers(Role role, bool willing = false) const;
  bool peer_up(NodeId peer) const;
  // Rendezvous hashing (Thaler, Ravishankar 1996): the same key names the same node everywhere. None: nobody is up.
  NodeId rendezvous(Role role, std::uint64_t key) const;
  NodeId directory_agent() const;
  NodeId shard_agent(std::uint32_t shard) const;
  // Switches (features, maintenance) as last heard; everything is on until somebody says otherwise.
  bool switched_on(const std::string& name, bool unless_told = true) const;
  // Until when the switch "maintenance" is meant to stay on; 0: nobody said.
  std::int64_t maintenance_until_unix_ms() const { return maintenance_until_unix_ms_; }

  void effect(Outbound outbound) { out_.push_back(std::move(outbound)); }
  bool stopping() const { return stopping_; }

 protected:
  virtual void on_start() {}
  virtual void on_peer_up(NodeId) {}
  virtual void on_peer_down(NodeId, const std::string& /*why*/) {}
  virtual void on_client_opened(const ClientOpened&) {}
  virtual void on_client_frame(const ClientFrameIn&) {}
  virtual void on_client_closed(const ClientClosed&) {}
  virtual void on_session_taken(const SessionTaken&) {}
  virtual void on_topic_gapped(const TopicGapped&) {}
  virtual void on_client_figures(const ClientFigures&) {}
  // A message for a client of a session here (gateway only).
  virtual void on_to_client(const MeshHeader&, std::string_view /*body*/) {}
  // A verified command of a game master. The base answers `status`; a role calls it for what is not its own.
  virtual void on_gm(const GmCommandIn& command);
  virtual void on_switches() {}
  // TERM. The role drains and calls stopped(). A second TERM calls it with at_once.
  virtual void on_stop(bool at_once);
  // Fixed step; none if zero. At most 3 missed steps are caught up, the rest is skipped.
  virtual Duration tick_interval() const { return {}; }
  virtual void on_tick(std::uint64_t /*tick*/) {}
  virtual void on_fault(const Fault&) {}
  // Before effects leave, once a turn (e.g. windows with new operations are sent).
  virtual void on_turn_end() {}
  // What the role staged since it was last kept: how much that is; keep all of it; drop what came after the first
  // `from` (its handler threw).
  virtual std::size_t staged() const { return 0; }
  virtual void keep_staged() {}
  virtual void drop_staged(std::size_t /*from*/) {}
  virtual PeerLoad load() const { return {}; }
  virtual void monitor(std::vector<std::pair<std::string, std::string>>* /*fields*/) const {}
  void stopped();
  std::uint64_t tick_number() const { return tick_; }
  // A conversation about this message threw: as dispatch does with a handler that throws at once.
  void failed_later(const From& from, std::exception_ptr error);

 private:
  struct Answered {
    std::uint32_t message_id = 0;
    MonoTime arrived{};
  };
  struct Mark {
    std::size_t out = 0, loopback = 0, answered = 0, staged = 0;
    TimerId timer = 0;
    std::uint64_t call = 0;
  };
  Mark mark() const;
  void start();
  void input(Inbound& inbound);
  void bus_message(const BusMessage& message);
  void link_message(const MeshHeader& header, std::string_view body);
  void take_hello(const MeshHeader& header, const proto::Hello& hello);
  void found(const PeerFound& peer);
  void link_event(Link& link, Link::Event event);
  void send_hello(Link& link, const std::string& refused = {});
  void run_links();
  void forget_tools();
  void run_monitor();
  void dispatch(const From& from, std::string_view body);
  void refuse(const From& from, std::uint32_t code, const std::string& detail);
  // Call ids begin anew in each life: an answer to an earlier one must not meet a call of the present one.
  bool asked_by_earlier_life(const From& from) const;
  void answer_call(const MeshHeader& header, std::string_view body);
  void fail_calls(NodeId peer);
  void caught(std::string_view where, PlayerId player, std::uint64_t subject, std::exception_ptr error);
  void remember(const std::string& input);
  void input_faulted(const From& from);
  void close_sender(const From& from);
  void rollback(const Mark& mark);
  template <class Reply>
  Task<void> answer_later(From from, Task<Reply> task);

  friend class Answer;
  NodeIdentity identity_;
  const Routes& routes_;
  Seams seams_;
  LogLimit log_limit_;
  MonoTime now_{};
  WallTime wall_{};
  Rng rng_;
  std::map<NodeId, Link> links_;
  std::map<std::uint32_t, RawHandler> handlers_;
  Timers timers_;
  std::vector<Outbound> out_;
  std::deque<BusMessage> loopback_;
  std::vector<Answered> answered_;  // in this turn
  MonoTime input_arrived_{};        // of the input that is handled now
  Slo slo_;
  Quarantine quarantine_;
  std::map<CallId, Answer*> waiting_;
  std::deque<Answer*> ready_;
  std::uint64_t next_call_ = 1;
  Mark mark_;
  std::size_t depth_ = 0;  // of fault boundaries that are open
  Scope::Unswept unswept_;
  Scope scope_;
  std::vector<std::unique_ptr<Scope>> retired_;
  std::map<std::string, bool> switches_;
  std::int64_t maintenance_until_unix_ms_ = 0;
  std::deque<std::string> last_inputs_;
  std::uint64_t tick_ = 0, turns_ = 0, faults_ = 0, sent_ = 0, sent_reported_ = 0;
  MonoTime tick_due_{}, monitor_due_{}, links_due_{};
  bool started_ = false, stopping_ = false, stopped_ = false;
};

// What a task waits for: a call's answer, a worker's, a timer. Lives in the awaiting frame; forgotten with it.
class Node::Answer {
 public:
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  bool await_ready() const noexcept { return done_; }
  template <class WaiterPromise>
  void await_suspend(std::coroutine_handle<WaiterPromise> waiter) {
    if constexpr (std::is_base_of_v<task_detail::PromiseBase, WaiterPromise>) scope_ = waiter.promise().scope;
    waiter_ = waiter;
  }

 protected:
  explicit Answer(Node& node) : node_(node) {}
  ~Answer();
  CallId enlist(NodeId peer);
  void deadline(Duration after);
  void finish(Result<std::string> result);
  Node& node_;
  Result<std::string> result_ = fail(Trouble::kCancelled);

 private:
  friend class Node;
  bool wanted() const { return scope_ == nullptr || !scope_->ended(); }
  std::coroutine_handle<> waiter_;
  const Scope* scope_ = nullptr;
  CallId id_;
  NodeId peer_;
  TimerId timer_ = 0;
  bool done_ = false, ready_ = false;  // ready_: in the node's queue of that name
};

template <class Reply>
class Node::Call : public Node::Answer {
 public:
  Call(Node& node, NodeId to, MeshHeader header, std::string_view body, Duration deadline_after) : Answer(node) {
    const CallId id = enlist(to);
    header.kind = MeshKind::kRequest;
    header.call = id;
    header.remaining_ms = static_cast<std::uint32_t>(to_ms(deadline_after));
    if (!node.reachable(to) || (to != node.id() && node.unlucky("call.unreachable")))
      finish(fail(Trouble::kUnreachable, to_text(to)));
    else if (!node.send_raw(to, header, body))
      finish(fail(Trouble::kUnreachable, to_text(to)));
    else
      deadline(deadline_after);
  }
  Result<Reply> await_resume() {
    if (!result_) return tl::unexpected<Error>(result_.error());
    Reply reply;
    if (!parse_strict(*result_, &reply)) return fail(Trouble::kInvalid, "unreadable reply");
    return reply;
  }
};

class Node::WorkAwait : public Node::Answer {
 public:
  WorkAwait(Node& node, std::string queue, std::string request);
  std::string await_resume() { return result_ ? std::move(*result_) : std::string(); }
};

class Node::Wait : public Node::Answer {
 public:
  Wait(Node& node, Duration duration) : Answer(node) {
    enlist({});
    deadline(duration);
  }
  void await_resume() {}
};

class Node::Expect : public Node::Answer {
 public:
  Expect(Node& node, Duration deadline_after) : Answer(node), id_(enlist({})) { deadline(deadline_after); }
  CallId id() const { return id_; }
  Result<std::string> await_resume() { return result_; }

 private:
  CallId id_;
};

template <class Reply, class Request>
Node::Call<Reply> Node::call(NodeId to, const Request& request, Duration deadline, MeshHeader extra) {
  std::string body;
  request.SerializeToString(&body);
  extra.message_id = route_id(Request::descriptor());
  return Call<Reply>(*this, to, extra, body, deadline);
}
inline Node::WorkAwait Node::work(std::string queue, std::string request) {
  return WorkAwait(*this, std::move(queue), std::move(request));
}
inline Node::Wait Node::wait(Duration duration) { return Wait(*this, duration); }

class UnreadableMessage : public std::exception {
 public:
  const char* what() const noexcept override { return "unreadable message"; }
};

template <class Self, class Message>
void Node::on(void (Self::*handler)(const From&, const Message&)) {
  auto* self = static_cast<Self*>(this);
  on_raw(route_id(Message::descriptor()), [self, handler](const From& from, std::string_view body) {
    Message message;
    if (!parse_strict(body, &message)) throw UnreadableMessage();
    (self->*handler)(from, message);
  });
}

template <class Self, class Request, class Reply>
void Node::on(Reply (Self::*handler)(const From&, const Request&)) {
  auto* self = static_cast<Self*>(this);
  on_raw(route_id(Request::descriptor()), [self, handler](const From& from, std::string_view body) {
    Request request;
    if (!parse_strict(body, &request)) throw UnreadableMessage();
    self->reply(from, (self->*handler)(from, request));
  });
}

template <class Self, class Request, class Reply>
void Node::on(Task<Reply> (Self::*handler)(From, Request)) {
  auto* self = static_cast<Self*>(this);
  on_raw(route_id(Request::descriptor()), [self, handler](const From& from, std::string_view body) {
    Request request;
    if (!parse_strict(body, &request)) throw UnreadableMessage();
    self->spawn(self->answer_later(from, (self->*handler)(from, std::move(request))));
  });
}

template <class Reply>
Task<void> Node::answer_later(From from, Task<Reply> task) {
  std::exception_ptr error;
  Reply answer;
  try {
    answer = co_await task;
  } catch (...) {
    error = std::current_exception();
  }
  if (error)
    failed_later(from, error);
  else
    reply(from, answer);
}

}  // namespace dure
