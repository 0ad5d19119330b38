#include "common/logic/node.h"

#include <algorithm>

#include "common/base/hash.h"
#include "common/logic/gm.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/gateway.pb.h"

namespace dure {
namespace {
constexpr std::size_t kLastInputs = 32;
constexpr Duration kMonitorInterval = seconds(1);
constexpr std::uint32_t kHello = 1, kHeartbeat = 2, kGoodbye = 3;
}  // namespace

Node::Node(NodeIdentity identity, const Routes& routes, Seams seams)
    : identity_(std::move(identity)),
      routes_(routes),
      seams_(seams),
      rng_(identity_.seed, identity_.id.value),
      scope_([this](std::exception_ptr error) { caught("task", {}, 0, error); }) {
  CHECK(seams_.log != nullptr && seams_.entropy != nullptr);
  on_raw(route_id(proto::SwitchesNotice::descriptor()), [this](const From&, std::string_view body) {
    proto::SwitchesNotice notice;
    if (!parse_strict(body, &notice)) throw UnreadableMessage();
    switches_.clear();
    for (const auto& s : notice.switches()) switches_[s.name()] = s.on();
    maintenance_until_unix_ms_ = static_cast<std::int64_t>(notice.maintenance_until_unix_ms());
    on_switches();
  });
}

Node::~Node() = default;

// ── the turn ────────────────────────────────────────────────────────────────────────────────────────────────

void Node::start() {
  started_ = true;
  monitor_due_ = now_ + kMonitorInterval;
  if (tick_interval() > Duration{}) tick_due_ = now_ + tick_interval();
  log().event(LogLevel::kInfo, "node.started",
              {{"node", identity_.name}, {"incarnation", to_text(identity_.incarnation)}});
  guarded("on_start", {}, 0, [this] { on_start(); });
}

void Node::turn(MonoTime now, WallTime wall, std::vector<Inbound>* in, std::vector<Outbound>* out) {
  now_ = std::max(now, now_);
  wall_ = wall;
  ++turns_;
  if (!started_) start();
  for (auto& inbound : *in) input(inbound);
  in->clear();
  // Only what was sent before this turn: a node that answers itself must not spin inside one.
  for (std::size_t n = loopback_.size(); n > 0; --n) {
    const Bytes message = loopback_.front();
    loopback_.pop_front();
    bus_message(message);
  }
  const TimerId before = timers_.mark();
  while (auto action = timers_.take_due(now_, before)) guarded("timer", {}, 0, action);
  while (!ready_.empty()) {
    Answer* answer = ready_.front();
    ready_.pop_front();
    if (answer->wanted()) guarded("task", {}, 0, [answer] { answer->waiter_.resume(); });
  }
  if (const Duration step = tick_interval(); step > Duration{} && now_ >= tick_due_) {
    const auto missed = (now_ - tick_due_) / step;
    if (missed > 3) tick_due_ += (missed - 3) * step;
    for (; now_ >= tick_due_; tick_due_ += step) {
      ++tick_;
      guarded("tick", {}, 0, [this] { on_tick(tick_); });
    }
  }
  run_links();
  run_monitor();
  guarded("turn_end", {}, 0, [this] { on_turn_end(); });
  scope_.sweep();
  for (auto& scope : retired_) scope->sweep();
  retired_.clear();
  for (auto& outbound : out_) out->push_back(std::move(outbound));
  out_.clear();
}

MonoTime Node::next_due() const {
  if (!started_ || !loopback_.empty() || !ready_.empty()) return now_;
  MonoTime due = std::min({timers_.next_due(), monitor_due_, links_due_});
  if (tick_interval() > Duration{}) due = std::min(due, tick_due_);
  return due;
}

void Node::input(Inbound& inbound) {
  if (auto* m = std::get_if<BusMessage>(&inbound)) return bus_message(m->message);
  if (auto* f = std::get_if<ClientFrameIn>(&inbound)) {
    remember("client " + std::to_string(f->message_id) + " seq " + std::to_string(f->seq));
    guarded("client frame", {}, 0, [&] { on_client_frame(*f); });
    return;
  }
  if (auto* done = std::get_if<WorkDone>(&inbound))
    return complete(CallId(done->work_id), std::string(done->reply.view()));
  if (auto* up = std::get_if<BusUp>(&inbound)) {
    if (const auto at = links_.find(up->peer); at != links_.end()) link_event(at->second, at->second.bus_up(now_));
    return;
  }
  if (auto* down = std::get_if<BusDown>(&inbound)) {
    if (const auto at = links_.find(down->peer); at != links_.end()) link_event(at->second, at->second.bus_down());
    return;
  }
  if (auto* peer = std::get_if<PeerFound>(&inbound)) return found(*peer);
  guarded("event", {}, 0, [&] {
    if (auto* opened = std::get_if<ClientOpened>(&inbound)) on_client_opened(*opened);
    if (auto* closed = std::get_if<ClientClosed>(&inbound)) on_client_closed(*closed);
    if (auto* taken = std::get_if<SessionTaken>(&inbound)) on_session_taken(*taken);
    if (auto* gm = std::get_if<GmCommandIn>(&inbound)) on_gm(*gm);
    if (auto* stop = std::get_if<StopRequested>(&inbound)) {
      const bool again = std::exchange(stopping_, true);
      on_stop(stop->at_once || again);
    }
  });
}

void Node::on_stop(bool) { stopped(); }

void Node::on_gm(const GmCommandIn& command) { answer_gm_status(*this, command, load()); }

void Node::stopped() {
  if (std::exchange(stopped_, true)) return;
  for (auto& [peer, link] : links_)
    if (link.up()) send(peer, proto::Goodbye());
  effect(Stopped{});
}

// ── effects and faults ──────────────────────────────────────────────────────────────────────────────────────

Node::Mark Node::mark() const { return {out_.size(), loopback_.size(), timers_.mark(), next_call_}; }

void Node::rollback(const Mark& mark) {
  out_.resize(std::min(mark.out, out_.size()));
  loopback_.resize(std::min(mark.loopback, loopback_.size()));
  timers_.cancel_from(mark.timer);
  // What was asked since was never sent and its deadline is gone: whoever waits for it must not wait for ever.
  std::vector<Answer*> lost;
  for (auto at = waiting_.lower_bound(CallId(mark.call)); at != waiting_.end(); ++at) lost.push_back(at->second);
  for (Answer* answer : lost) answer->finish(fail(Trouble::kCancelled, "dropped with the fault that asked it"));
  drop_staged();
}

bool Node::guarded(std::string_view where, PlayerId player, std::uint64_t subject,
                   const std::function<void()>& action) {
  keep_staged();
  const Mark outer = std::exchange(mark_, mark());
  bool whole = true;
  try {
    action();
    keep_staged();
  } catch (...) {
    whole = false;
    caught(where, player, subject, std::current_exception());
  }
  mark_ = outer;
  return whole;
}

void Node::caught(std::string_view where, PlayerId player, std::uint64_t subject, std::exception_ptr error) {
  Fault fault{std::string(where), "unknown exception", {}, player, subject};
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    fault.what = e.what();
  } catch (...) {
  }
  if (seams_.throw_stack != nullptr) fault.stack = seams_.throw_stack->last();
  rollback(mark_);
  ++faults_;
  std::string inputs;
  for (const auto& line : last_inputs_) inputs += line + "; ";
  log().event(LogLevel::kError, "fault",
              {{"node", identity_.name},
               {"where", fault.where},
               {"what", fault.what},
               {"player", fault.player},
               {"subject", fault.subject},
               {"stack", fault.stack},
               {"last_inputs", inputs}});
  mark_ = mark();
  try {
    on_fault(fault);
    keep_staged();
  } catch (const std::exception& e) {
    rollback(mark_);
    log().event(LogLevel::kError, "fault.twice",
                {{"node", identity_.name}, {"where", fault.where}, {"what", e.what()}});
  }
  mark_ = mark();
}

std::unique_ptr<Scope> Node::make_scope(std::string where, PlayerId player, std::uint64_t subject) {
  return std::make_unique<Scope>(
      [this, where, player, subject](std::exception_ptr error) { caught(where, player, subject, error); });
}

void Node::retire(std::unique_ptr<Scope> scope) {
  if (!scope) return;
  scope->end();
  retired_.push_back(std::move(scope));
}

void Node::remember(const std::string& input) {
  if (last_inputs_.size() >= kLastInputs) last_inputs_.pop_front();
  last_inputs_.push_back(input);
}

// ── messages ────────────────────────────────────────────────────────────────────────────────────────────────

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
    loopback_.push_back(std::move(message));
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
  // Call ids begin anew in each life: an answer to an earlier one must not meet a call of the present one.
  if (const Link* asker = link(from.node()); asker != nullptr && asker->heard_incarnation() != from.header.sender) return;
  send_raw(from.header.from, header, body);
}

void Node::refuse(const From& from, std::uint32_t code, const std::string& detail) {
  if (from.client()) {
    proto::ErrorReply error;
    error.set_code(static_cast<proto::Code>(code));
    error.set_message_id(from.header.message_id);
    reply(from, error);
    return;
  }
  if (!from.header.call) return;
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
}

void Node::bus_message(const Bytes& message) {
  MeshHeader header;
  std::string_view body;
  if (!decode_mesh(message.view(), &header, &body) || header.to != identity_.id) {
    log().event(LogLevel::kWarning, "bus.unreadable", {{"bytes", message.size()}});
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
  From from{header};
  dispatch(from, body);
}

void Node::dispatch(const From& from, std::string_view body) {
  const auto at = handlers_.find(from.header.message_id);
  const RouteInfo* info = routes_.find(from.header.message_id);
  if (at == handlers_.end() || info == nullptr || (from.client() && !info->from_client))
    return refuse(from, proto::UNKNOWN_MESSAGE, "no handler");
  if (from.client() && info->developer_only && !identity_.developer)
    return refuse(from, proto::NOT_ALLOWED, "developer only");
  bool readable = true;
  const bool whole = guarded(info->name, from.header.player, 0, [&] {
    try {
      at->second(from, body);
    } catch (const UnreadableMessage&) {
      readable = false;
    }
  });
  if (!readable) refuse(from, proto::INVALID, "unreadable");
  if (!whole) refuse(from, proto::INTERNAL, "fault");
}

void Node::answer_call(const MeshHeader& header, std::string_view body) {
  const auto at = waiting_.find(header.call);
  if (at == waiting_.end() || at->second->peer_ != header.from) return;
  if (header.kind == MeshKind::kReply) return at->second->finish(std::string(body));
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
  std::erase(node_.ready_, this);
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
  if (waiter_) node_.ready_.push_back(this);
}

Node::WorkAwait::WorkAwait(Node& node, std::string queue, std::string request) : Answer(node) {
  const CallId id = enlist({});
  node.effect(Work{std::move(queue), id.value, Bytes(std::move(request))});
}

TimerId Node::after(Duration delay, std::function<void()> action) {
  return timers_.at(now_ + delay, std::move(action));
}

TimerId Node::every(Duration interval, std::function<void()> action) {
  // The chain keeps itself: cancelling is by ending the node.
  return after(interval, [this, interval, action] {
    every(interval, action);
    guarded("timer", {}, 0, action);
  });
}

// ── links ───────────────────────────────────────────────────────────────────────────────────────────────────

const Link* Node::link(NodeId peer) const {
  const auto at = links_.find(peer);
  return at == links_.end() ? nullptr : &at->second;
}

void Node::found(const PeerFound& peer) {
  if (peer.peer == identity_.id || !peer.peer) return;
  const auto [at, fresh] = links_.try_emplace(peer.peer, peer.peer, peer.name, peer.address);
  if (!fresh && at->second.address() == peer.address) return;
  at->second.address(peer.address);
  effect(BusConnect{peer.peer, peer.address});
}

void Node::link_event(Link& link, Link::Event event) {
  const NodeId peer = link.peer();
  if (event == Link::Event::kUp) {
    log().event(LogLevel::kInfo, "peer.up", {{"node", identity_.name}, {"peer", link.name()}});
    // Our echo first: the peer must be up before it hears anything else of us.
    if (link.take_hello(now_)) send_hello(link);
    guarded("peer_up", {}, 0, [&] { on_peer_up(peer); });
  } else if (event == Link::Event::kDown) {
    const std::string why = link.why_down();
    log().event(LogLevel::kWarning, "peer.down", {{"node", identity_.name}, {"peer", link.name()}, {"why", why}});
    fail_calls(peer);
    guarded("peer_down", {}, 0, [&] { on_peer_down(peer, why); });
  }
}

void Node::send_hello(Link& link, const std::string& refused) {
  proto::Hello hello;
  hello.set_protocol_version(kProtocolVersion);
  hello.set_content_version(identity_.content_version);
  hello.set_cluster_id(identity_.cluster_id);
  hello.set_realm_id(identity_.realm_id);
  hello.set_node(identity_.id.value);
  hello.set_node_name(identity_.name);
  hello.mutable_incarnation()->set_high(identity_.incarnation.high);
  hello.mutable_incarnation()->set_low(identity_.incarnation.low);
  hello.mutable_echo_incarnation()->set_high(link.heard_incarnation().high);
  hello.mutable_echo_incarnation()->set_low(link.heard_incarnation().low);
  hello.set_address(identity_.address);
  for (const auto shard : identity_.shards) hello.add_shards(shard);
  hello.set_directory(identity_.directory);
  hello.set_refused(refused);
  MeshHeader header;
  header.from = identity_.id;
  header.to = link.peer();
  header.sender = identity_.incarnation;
  header.message_id = kHello;
  std::string body;
  hello.SerializeToString(&body);
  effect(BusSend{link.peer(), Bytes(encode_mesh(header, body))});
}

void Node::link_message(const MeshHeader& header, std::string_view body) {
  if (header.message_id == kHello) {
    proto::Hello hello;
    if (parse_strict(body, &hello)) take_hello(header, hello);
    return;
  }
  const auto at = links_.find(header.from);
  if (at == links_.end() || at->second.heard_incarnation() != header.sender) return;
  if (header.message_id == kGoodbye) return link_event(at->second, at->second.goodbye());
  proto::Heartbeat beat;
  if (!parse_strict(body, &beat)) return;
  at->second.heard(now_);
  at->second.load({beat.players(), beat.instances(), beat.input_wait_p99_us(), beat.draining()});
}

void Node::take_hello(const MeshHeader& header, const proto::Hello& hello) {
  if (stopped_) return;  // after our goodbye nobody may come to believe that we are back
  std::string refused;
  if (hello.cluster_id() != identity_.cluster_id)
    refused = "cluster '" + hello.cluster_id() + "' is not '" + identity_.cluster_id + "'";
  else if (hello.protocol_version() + 1 < kProtocolVersion || hello.protocol_version() > kProtocolVersion + 1)
    refused = "protocol " + std::to_string(hello.protocol_version()) + " is more than one from " +
              std::to_string(kProtocolVersion);
  else if (hello.realm_id() != identity_.realm_id)
    refused = "realm " + std::to_string(hello.realm_id()) + " is not " + std::to_string(identity_.realm_id);
  else if (NodeId(hello.node()) != header.from || header.from == identity_.id)
    refused = "two nodes say they are " + hello.node_name();
  if (!refused.empty() || !hello.refused().empty()) {
    log().event(
        LogLevel::kError, "peer.refused",
        {{"node", identity_.name}, {"peer", hello.node_name()}, {"why", refused.empty() ? hello.refused() : refused}});
    return;
  }
  if (!links_.count(header.from) && !hello.address().empty())
    found(PeerFound{header.from, hello.node_name(), hello.address()});
  const auto at = links_.find(header.from);
  if (at == links_.end()) return;
  PeerFacts facts;
  facts.incarnation = {hello.incarnation().high(), hello.incarnation().low()};
  facts.content_version = hello.content_version();
  facts.shards.assign(hello.shards().begin(), hello.shards().end());
  facts.directory = hello.directory();
  const Incarnation echo{hello.echo_incarnation().high(), hello.echo_incarnation().low()};
  link_event(at->second, at->second.hello(facts, echo, identity_.incarnation, now_));
  if (at->second.take_hello(now_)) send_hello(at->second);
}

void Node::run_links() {
  links_due_ = now_ + kHeartbeatInterval / 4;
  if (stopped_) return;
  proto::Heartbeat beat;
  std::string body;
  for (auto& [peer, link] : links_) {
    link_event(link, link.tick(now_));
    if (link.take_hello(now_)) send_hello(link);
    if (!link.take_heartbeat(now_)) continue;
    if (body.empty()) {
      const PeerLoad mine = load();
      beat.set_turn(turns_);
      beat.set_players(mine.players);
      beat.set_instances(mine.instances);
      beat.set_input_wait_p99_us(mine.input_wait_p99_us);
      beat.set_draining(stopping_ || mine.draining);
      beat.SerializeToString(&body);
    }
    MeshHeader header;
    header.message_id = kHeartbeat;
    send_raw(peer, header, body);
  }
}

bool Node::peer_up(NodeId peer) const {
  if (peer == identity_.id) return true;
  const Link* l = link(peer);
  return l != nullptr && l->up();
}

std::vector<NodeId> Node::peers(Role role, bool willing) const {
  std::vector<NodeId> found;
  if (identity_.id.role() == role && !(willing && stopping_)) found.push_back(identity_.id);
  for (const auto& [peer, link] : links_)
    if (peer.role() == role && link.up() && !(willing && link.load().draining)) found.push_back(peer);
  std::sort(found.begin(), found.end());
  return found;
}

NodeId Node::rendezvous(Role role, std::uint64_t key) const {
  NodeId best;
  std::uint64_t best_draw = 0;
  for (const NodeId node : peers(role, true)) {
    const std::uint64_t draw = mix64(key ^ mix64(node.value));
    if (!best || draw > best_draw) best = node, best_draw = draw;
  }
  return best;
}

NodeId Node::directory_agent() const {
  if (identity_.directory) return identity_.id;
  for (const auto& [peer, link] : links_)
    if (link.up() && link.facts().directory) return peer;
  return {};
}

NodeId Node::shard_agent(std::uint32_t shard) const {
  const auto has = [shard](const std::vector<std::uint32_t>& shards) {
    return std::find(shards.begin(), shards.end(), shard) != shards.end();
  };
  if (has(identity_.shards)) return identity_.id;
  for (const auto& [peer, link] : links_)
    if (link.up() && has(link.facts().shards)) return peer;
  return {};
}

bool Node::switched_on(const std::string& name, bool unless_told) const {
  const auto at = switches_.find(name);
  return at == switches_.end() ? unless_told : at->second;
}

// ── seeing ──────────────────────────────────────────────────────────────────────────────────────────────────

void Node::run_monitor() {
  if (now_ < monitor_due_) return;
  monitor_due_ = now_ + kMonitorInterval;
  MonitorValues values;
  values.node = identity_.name;
  const PeerLoad mine = load();
  const auto add = [&values](const char* key, std::uint64_t value) {
    values.fields.emplace_back(key, std::to_string(value));
  };
  values.fields.emplace_back("role", to_text(identity_.id.role()));
  values.fields.emplace_back("state", stopping_ ? "draining" : "ready");
  add("players", mine.players);
  add("input_wait_p99_us", seams_.figures != nullptr ? seams_.figures->input_wait_p99_us : 0);
  add("turn_p99_us", seams_.figures != nullptr ? seams_.figures->turn_p99_us : 0);
  add("sent_per_s", sent_ - sent_reported_);
  add("faults", faults_);
  sent_reported_ = sent_;
  monitor(&values.fields);
  effect(std::move(values));
}

}  // namespace dure
