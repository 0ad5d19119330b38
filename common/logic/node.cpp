#include "common/logic/node.h"

#include <algorithm>

#include "common/logic/gm.h"
#include "common/proto/cluster.pb.h"

namespace dure {
namespace {
constexpr std::size_t kLastInputs = 32;
constexpr Duration kMonitorInterval = seconds(1);
}  // namespace

Node::Node(NodeIdentity identity, const Routes& routes, Seams seams)
    : identity_(std::move(identity)),
      routes_(routes),
      seams_(std::move(seams)),
      rng_(identity_.seed, identity_.id.value),
      slo_(routes),
      scope_([this](std::exception_ptr error) { caught("task", {}, 0, error); }, &unswept_) {
  CHECK(seams_.log != nullptr && seams_.entropy != nullptr);
  for (const std::uint64_t fingerprint : seams_.set_aside) quarantine_.set_aside(fingerprint);
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
  effects_left(now_);  // whoever runs the turns may have said it better
  now_ = std::max(now, now_);
  wall_ = wall;
  ++turns_;
  if (!started_) start();
  for (auto& inbound : *in) input(inbound);
  in->clear();
  // Only what was sent before this turn: a node that answers itself must not spin inside one.
  for (std::size_t n = loopback_.size(); n > 0; --n) {
    const BusMessage message = loopback_.front();
    loopback_.pop_front();
    input_arrived_ = message.arrived;
    bus_message(message);
  }
  input_arrived_ = now_;
  const TimerId before = timers_.mark();
  while (auto action = timers_.take_due(now_, before)) guarded("timer", {}, 0, action);
  while (!ready_.empty()) {
    Answer* answer = ready_.front();
    ready_.pop_front();
    answer->ready_ = false;
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
  while (!unswept_.empty()) {
    Scope* const scope = unswept_.back();
    unswept_.pop_back();
    scope->sweep();
  }
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
  const auto arrived = [this](MonoTime at) { return at == MonoTime{} ? now_ : at; };
  if (auto* m = std::get_if<BusMessage>(&inbound)) {
    input_arrived_ = arrived(m->arrived);
    return bus_message(*m);
  }
  if (auto* f = std::get_if<ClientFrameIn>(&inbound)) {
    input_arrived_ = arrived(f->arrived);
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
    if (auto* gapped = std::get_if<TopicGapped>(&inbound)) on_topic_gapped(*gapped);
    if (auto* figures = std::get_if<ClientFigures>(&inbound)) on_client_figures(*figures);
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

Node::Mark Node::mark() const {
  return {out_.size(), loopback_.size(), answered_.size(), staged(), timers_.mark(), next_call_};
}

void Node::rollback(const Mark& mark) {
  out_.resize(std::min(mark.out, out_.size()));
  loopback_.resize(std::min(mark.loopback, loopback_.size()));
  answered_.resize(std::min(mark.answered, answered_.size()));
  timers_.cancel_from(mark.timer);
  // What was asked since was never sent and its deadline is gone: whoever waits for it must not wait for ever.
  std::vector<Answer*> lost;
  for (auto at = waiting_.lower_bound(CallId(mark.call)); at != waiting_.end(); ++at) lost.push_back(at->second);
  for (Answer* answer : lost) answer->finish(fail(Trouble::kCancelled, "dropped with the fault that asked it"));
  drop_staged(mark.staged);
}

bool Node::guarded(std::string_view where, PlayerId player, std::uint64_t subject,
                   const std::function<void()>& action) {
  if (depth_ == 0) keep_staged();
  ++depth_;
  const Mark outer = std::exchange(mark_, mark());
  bool whole = true;
  try {
    action();
    if (depth_ == 1) keep_staged();
  } catch (...) {
    whole = false;
    caught(where, player, subject, std::current_exception());
  }
  --depth_;
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
    if (depth_ <= 1) keep_staged();
  } catch (const std::exception& e) {
    rollback(mark_);
    log().event(LogLevel::kError, "fault.twice",
                {{"node", identity_.name}, {"where", fault.where}, {"what", e.what()}});
  }
  mark_ = mark();
}

std::unique_ptr<Scope> Node::make_scope(std::string where, PlayerId player, std::uint64_t subject) {
  return std::make_unique<Scope>(
      [this, where, player, subject](std::exception_ptr error) { caught(where, player, subject, error); }, &unswept_);
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
  slo_.review(now_, identity_.name, log());
  slo_.monitor(now_, &values.fields);
  monitor(&values.fields);
  effect(std::move(values));
}

}  // namespace dure
