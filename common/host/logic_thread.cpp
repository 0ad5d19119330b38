#include "common/host/logic_thread.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/host/clock.h"
#include "common/host/turn_recorder.h"

namespace dure {
namespace {
constexpr Duration kLongestWait = seconds(1);
constexpr Duration kFiguresInterval = milliseconds(250);

// Here, as the process id is added further on: what is measured does not enter the node, nor a replay of it.
struct Longest {
  Duration now{}, before{};
  void tell(std::vector<Outbound>* out) {
    for (Outbound& effect : *out)
      if (auto* values = std::get_if<MonitorValues>(&effect)) {
        values->fields.emplace_back("turn_max_us", std::to_string(to_us(std::max(now, before))));
        before = std::exchange(now, Duration{});
      }
  }
};
}  // namespace

LogicThread::LogicThread(Node& node, Mailbox& mailbox, Distributor& distributor, TurnFigures* figures,
                         std::vector<TurnRecorder*> recorders, std::function<void()> on_started)
    : node_(node),
      mailbox_(mailbox),
      distributor_(distributor),
      figures_(figures),
      recorders_(std::move(recorders)),
      on_started_(std::move(on_started)) {}

LogicThread::~LogicThread() { stop(); }

void LogicThread::start() {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), name().substr(0, 15).c_str());
}

void LogicThread::stop() {
  stopping_ = true;
  mailbox_.ring();
  if (thread_.joinable()) thread_.join();
}

void LogicThread::abort_in_thread() { pthread_kill(thread_.native_handle(), SIGABRT); }

std::string LogicThread::waits_for() const {
  const std::lock_guard lock(waits_mutex_);
  return waits_for_;
}

void LogicThread::one_turn(MonoTime now, std::vector<Inbound>* in, std::vector<Outbound>* out) {
  const WallTime wall = wall_now();
  const JournalTurn turn{left_, now, wall, figures_ != nullptr ? *figures_ : TurnFigures{}, {}};
  for (TurnRecorder* recorder : recorders_) recorder->turn_begins(turn, *in);
  node_.turn(now, wall, in, out);
  for (TurnRecorder* recorder : recorders_) recorder->turn_ended(*out);
}

void LogicThread::run() {
  RecentHistogram turns;
  std::vector<Inbound> in;
  std::vector<Outbound> out;
  MonoTime now = mono_now(), figures_due = now;
  Longest longest;
  bool first = true, serving = false;
  while (!stopping_) {
    if (!first) mailbox_.wait(poll_ms(now, node_.next_due(), kLongestWait));
    now = mono_now();
    turn_since_ns_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
    mailbox_.take(&in, now);
    distributor_.taking(in);
    one_turn(now, &in, &out);
    longest.tell(&out);
    distributor_.distribute(&out);
    const MonoTime began = now;
    now = mono_now();
    turn_since_ns_.store(0, std::memory_order_relaxed);
    node_.effects_left(left_ = now);
    turns.record(now - began, now);
    longest.now = std::max(longest.now, now - began);
    first = false;
    if (!serving) {
      std::string waits = node_.waits_for();
      serving = waits.empty();
      if (serving && on_started_) on_started_();
      const std::lock_guard lock(waits_mutex_);
      waits_for_ = std::move(waits);
    }
    if (figures_ == nullptr || now < figures_due) continue;
    figures_due = now + kFiguresInterval;
    figures_->input_wait_p99_us = mailbox_.input_wait_us(0.99, now);
    figures_->turn_p99_us = turns.percentile_us(0.99, now);
  }
}

}  // namespace dure
