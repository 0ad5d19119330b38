// The messages of a Node: handlers, sending, answers, calls.
#include <algorithm>

#include "common/logic/node.h"
#include "common/proto/client_frame.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/gateway.pb.h"

namespace dure {
namespace {
constexpr std::uint32_t kHello = 1, kGoodbye = 3;
}  // namespace

void Node::on_raw(std::uint32_t message_id, RawHandler handler) {
  const auto [at, fresh] = handlers_.emplace(message_id, std::move(handler));
  CHECK_MSG(fresh, "two handlers for message " + std::to_string(message_id));
}

std::vector<std::string> Node::routes_without_handler() const {
  std::vector<std::string> missing;
  for (const auto& [id, info] : routes_.all()) {
    const bool mine = std::find(info.to.begin(), info.to.end(), identity_.id.role()) != info.to.end();
    if (mine && !handlers_.count(id)) missing.push_back(info.name);
  }
  return missing;
}

bool Node::send_raw(NodeId to, MeshHeader header, std::string_view body) {
  header.from = identity_.id;
  header.to = to;
  header.sender = identity_.incarnation;
  Bytes message(encode_mesh(header, body));
  ++sent_;
  if (to == identity_.id) {
    loopback_.push_back({std::move(message), input_arrived_});
    return true;
  }
  const auto at = links_.find(to);
  if (at == links_.end() || !at->second.up()) return false;
  effect(BusSend{to, std::move(message)});
  return true;
}

void Node::reply_raw(const From& from, std::uint32_t message_id, std::string_view body) {
  MeshHeader header = from.header;
  header.kind = from.client() ? MeshKind::kToClient : MeshKind::kReply;
  header.message_id = message_id;
  if (!from.client() && !from.header.call) return;
  if (asked_by_earlier_life(from)) return;
  if (slo_.watches(from.header.message_id)) answered_.push_back({from.header.message_id, from.arrived});
  send_raw(from.header.from, header, body);
}

bool Node::asked_by_earlier_life(const From& from) const {
  const Link* asker = link(from.node());
  return asker != nullptr && asker->heard_incarnation() != from.header.sender;
}

void Node::effects_left(MonoTime when) {
  for (const Answered& answer : answered_) slo_.answered(answer.message_id, when - answer.arrived, when);
  answered_.clear();
}

void Node::refuse(const From& from, std::uint32_t code, const std::string& detail) {
  if (from.client()) {
    proto::ErrorReply error;
    error.set_code(static_cast<proto::Code>(code));
    error.set_message_id(from.header.message_id);
    reply(from, error);
    return;
  }
  if (!from.header.call || asked_by_earlier_life(from)) return;
  proto::CallFailed failed;
  failed.set_code(static_cast<proto::Code>(code));
  failed.set_detail(detail);
  MeshHeader header = from.header;
  header.kind = MeshKind::kFailure;
  std::string body;
  failed.SerializeToString(&body);
  send_raw(from.header.from, header, body);
}

void Node::failed_later(const From& from, std::exception_ptr error) {
  caught("message " + std::to_string(from.header.message_id), from.header.player, 0, error);
  refuse(from, proto::INTERNAL, "fault");
  input_faulted(from);
}

void Node::input_faulted(const From& from) {
  if (!from.client() || !quarantine_.faulted(from.fingerprint)) return;
  log().event(LogLevel::kWarning, "input.quarantined",
              {{"node", identity_.name},
               {"message", from.header.message_id},
               {"fingerprint", from.fingerprint},
               {"account", from.header.account},
               {"session", from.header.session}});
  close_sender(from);
}

// A peer's client by its session, one of this node's own by its socket.
void Node::close_sender(const From& from) {
  const std::string reason = "a message of yours was set aside: it broke what read it, twice";
  if (from.node() == identity_.id) {
    proto::CloseNotice notice;
    notice.set_code(proto::REFUSED);
    notice.set_reason(reason);
    const auto message_id = static_cast<std::uint16_t>(route_id(proto::CloseNotice::descriptor()));
    effect(
        ClientClose{ClientId(from.header.call.value), Bytes(encode_frame(message_id, 0, notice.SerializeAsString()))});
    return;
  }
  proto::SessionFenced fenced;
  fenced.set_account_id(from.header.account.value);
  fenced.set_session_epoch(from.header.session_epoch);
  fenced.set_reason(reason);
  send(from.node(), fenced);
}

void Node::bus_message(const BusMessage& message) {
  MeshHeader header;
  std::string_view body;
  if (!decode_mesh(message.message.view(), &header, &body) || header.to != identity_.id) {
    if (const auto times = log_limit_.due("bus.unreadable", now_))
      log().event(LogLevel::kWarning, "bus.unreadable", {{"bytes", message.message.size()}, {"times", times}});
    return;
  }
  if (header.message_id >= kHello && header.message_id <= kGoodbye && header.kind == MeshKind::kNotice)
    return link_message(header, body);
  if (header.from != identity_.id) {
    const auto at = links_.find(header.from);
    if (at == links_.end() || !at->second.up() || at->second.heard_incarnation() != header.sender) return;
    at->second.heard(now_);
  }
  switch (header.kind) {
    case MeshKind::kReply:
    case MeshKind::kFailure:
      return answer_call(header, body);
    case MeshKind::kToClient:
      guarded("to client", header.player, 0, [&] { on_to_client(header, body); });
      return;
    default:
      break;
  }
  remember(std::string(to_text(header.from)) + " " + std::to_string(header.message_id) + " player " +
           std::to_string(header.player.value));
  From from{header, input_arrived_};
  if (from.client()) from.fingerprint = Quarantine::fingerprint(header.message_id, body);
  dispatch(from, body);
}

namespace {

// What a crash that no boundary catches leaves behind. A handler that suspends is read up to there.
class Reading {
 public:
  Reading(std::uint64_t* mark, std::uint64_t fingerprint) : mark_(mark) {
    if (mark_ != nullptr) *mark_ = fingerprint;
  }
  ~Reading() {
    if (mark_ != nullptr) *mark_ = 0;
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

 private:
  std::uint64_t* const mark_;
};

}  // namespace

void Node::dispatch(const From& from, std::string_view body) {
  const auto at = handlers_.find(from.header.message_id);
  const RouteInfo* info = routes_.find(from.header.message_id);
  if (at == handlers_.end() || info == nullptr || (from.client() && !info->from_client))
    return refuse(from, proto::UNKNOWN_MESSAGE, "no handler");
  if (from.client() && info->developer_only && !identity_.developer)
    return refuse(from, proto::NOT_ALLOWED, "developer only");
  if (from.client() && quarantine_.holds(from.fingerprint)) {
    refuse(from, proto::REFUSED, "set aside");
    return close_sender(from);
  }
  const Reading reading(from.client() ? seams_.reading : nullptr, from.fingerprint);
  bool readable = true;
  const bool whole = guarded(info->name, from.header.player, 0, [&] {
    try {
      at->second(from, body);
    } catch (const UnreadableMessage&) {
      readable = false;
    }
  });
  if (!readable) refuse(from, proto::INVALID, "unreadable");
  if (whole) return;
  refuse(from, proto::INTERNAL, "fault");
  input_faulted(from);
}

void Node::answer_call(const MeshHeader& header, std::string_view body) {
  const auto at = waiting_.find(header.call);
  if (at == waiting_.end() || at->second->peer_ != header.from) return;
  if (header.kind == MeshKind::kReply) {
    if (unlucky("call.late")) return at->second->finish(fail(Trouble::kTimeout, to_text(header.from)));
    return at->second->finish(std::string(body));
  }
  proto::CallFailed failed;
  if (!parse_strict(body, &failed)) failed.set_detail("unreadable failure");
  at->second->finish(fail(Trouble::kRefused, failed.detail()));
}

void Node::complete(CallId id, Result<std::string> result) {
  if (const auto at = waiting_.find(id); at != waiting_.end()) at->second->finish(std::move(result));
}

void Node::fail_calls(NodeId peer) {
  std::vector<Answer*> lost;
  for (auto& [id, answer] : waiting_)
    if (answer->peer_ == peer) lost.push_back(answer);
  for (Answer* answer : lost) answer->finish(fail(Trouble::kPeerLost, to_text(peer)));
}

Node::Answer::~Answer() {
  if (id_) node_.waiting_.erase(id_);
  if (timer_ != 0) node_.timers_.cancel(timer_);
  if (ready_) std::erase(node_.ready_, this);
}

CallId Node::Answer::enlist(NodeId peer) {
  id_ = CallId(node_.next_call_++);
  peer_ = peer;
  node_.waiting_.emplace(id_, this);
  return id_;
}

void Node::Answer::deadline(Duration after) {
  timer_ = node_.timers_.at(node_.now_ + after, [this] {
    timer_ = 0;
    finish(fail(Trouble::kTimeout, to_text(peer_)));
  });
}

void Node::Answer::finish(Result<std::string> result) {
  if (done_) return;
  done_ = true;
  result_ = std::move(result);
  node_.waiting_.erase(id_);
  if (timer_ != 0) node_.timers_.cancel(std::exchange(timer_, 0));
  if (!waiter_) return;
  ready_ = true;
  node_.ready_.push_back(this);
}

Node::WorkAwait::WorkAwait(Node& node, std::string queue, std::string request) : Answer(node) {
  const CallId id = enlist({});
  node.effect(Work{std::move(queue), id.value, Bytes(std::move(request))});
}

TimerId Node::after(Duration delay, std::function<void()> action) {
  return timers_.at(now_ + delay, std::move(action));
}

TimerId Node::every(Duration interval, std::function<void()> action) {
  return timers_.every(now_ + interval, interval, std::move(action));
}

}  // namespace dure
