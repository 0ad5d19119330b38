#include "tools/launcher/supervisor.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace dure {
namespace {

std::string seconds_text(Duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(to_ms(d)) / 1000);
  return text;
}

}  // namespace

Supervised& Supervisor::add(std::unique_ptr<Supervised> process, MonoTime now) {
  process->state = ChildState::kWaiting;
  process->start_at = now;
  processes_.push_back(std::move(process));
  return *processes_.back();
}

void Supervisor::note(const std::string& line) {
  unexpected_.push_back(line);
  say_(line);
}

void Supervisor::start(Supervised& process, MonoTime now) {
  process.state = ChildState::kStarting;
  if (const auto started = process.child.start(process.command); !started) {
    process.back_off = next_back_off(process.back_off, {});
    process.start_at = now + process.back_off;
    process.state = ChildState::kWaiting;
    note(process.name + ": cannot be started: " + started.error().detail);
  }
}

void Supervisor::became_ready(Supervised& process, MonoTime now) {
  process.state = ChildState::kReady;
  process.ready_since = now;
  log_.event(LogLevel::kInfo, "node.ready",
             {{"node", process.name}, {"pid", process.child.pid()}, {"restarts", process.restarts}});
  if (process.restarts > 0) say_(process.name + ": ready again, pid " + std::to_string(process.child.pid()));
}

void Supervisor::ended(Supervised& process, MonoTime now) {
  const bool was_ready = process.state == ChildState::kReady;
  if (process.state == ChildState::kStopping || stopping_) {
    process.state = ChildState::kStopped;
    if (!process.ending.clean()) note(process.name + ": " + to_text(process.ending) + " while stopping");
    return;
  }
  log_.event(LogLevel::kWarning, "node.died", {{"node", process.name}, {"how", to_text(process.ending)}});
  const std::string said = last_line(process.command.log_path);
  const std::string story = process.name + ": " + to_text(process.ending);
  const std::string log = " (" + process.command.log_path + (said.empty() ? ")" : ": " + said + ")");
  if (!process.restart) {
    process.state = ChildState::kEnded;
    if (!process.ending.clean()) note(story + log);
    return;
  }
  if (process.ending.code == kExitConfig || process.ending.code == 127) {
    process.state = ChildState::kRefused;
    note(story + ", not started again: " +
         (process.ending.code == 127 ? "the program cannot be executed" : "its configuration or data is refused") +
         log);
    return;
  }
  const Duration healthy = was_ready ? now - process.ready_since : Duration{};
  // Who waited in vain has not crashed: it will find what it needs some day.
  if (process.ending.code != kExitWaited && process.crashes.too_many(now, healthy)) {
    process.state = ChildState::kDown;
    log_.event(LogLevel::kError, "node.down",
               {{"node", process.name}, {"crashes", kCrashesMost}, {"within_s", to_ms(kCrashWindow) / 1000}});
    note(story + ", left down: " + std::to_string(kCrashesMost) + " crashes within " + seconds_text(kCrashWindow) +
         "; kill -USR1 " + std::to_string(getpid()) + " starts it again" + log);
    return;
  }
  process.back_off = next_back_off(process.back_off, healthy);
  process.start_at = now + process.back_off;
  process.state = ChildState::kWaiting;
  ++process.restarts;
  note(story + (process.ending.code == kExitWaited ? ", what it needs is not there" : "") + ", started again in " +
       seconds_text(process.back_off) + log);
}

void Supervisor::turn(MonoTime now) {
  for (const auto& process : processes_) {
    if (process->state == ChildState::kWaiting && !stopping_ && now >= process->start_at) start(*process, now);
    if (process->state == ChildState::kStarting &&
        (process->answers ? process->answers() : process->child.heard_ready()))
      became_ready(*process, now);
    if (process->child.reap(&process->ending)) ended(*process, now);
  }
  if (stopping_) stop_next_rank(now);
}

bool Supervisor::all_ready() const {
  return std::all_of(processes_.begin(), processes_.end(),
                     [](const auto& process) { return process->state == ChildState::kReady; });
}
bool Supervisor::any(ChildState state) const {
  return std::any_of(processes_.begin(), processes_.end(),
                     [state](const auto& process) { return process->state == state; });
}

void Supervisor::revive(MonoTime now) {
  for (const auto& process : processes_) {
    if (process->state != ChildState::kDown && process->state != ChildState::kRefused) continue;
    process->crashes.forget();
    process->back_off = {};
    process->start_at = now;
    process->state = ChildState::kWaiting;
    say_(process->name + ": started again as asked");
  }
}

bool Supervisor::stopped() const {
  return stopping_ && std::none_of(processes_.begin(), processes_.end(),
                                   [](const auto& process) { return process->child.running(); });
}

std::vector<int> Supervisor::ready_fds() const {
  std::vector<int> fds;
  for (const auto& process : processes_)
    if (process->child.ready_fd() >= 0) fds.push_back(process->child.ready_fd());
  return fds;
}

void Supervisor::stop(MonoTime now, Duration limit) {
  stopping_ = true;
  rank_limit_ = limit;
  rank_ = -1;
  rank_deadline_ = now;
  for (const auto& process : processes_)
    if (!process->child.running()) process->state = ChildState::kStopped;
  stop_next_rank(now);
}

void Supervisor::stop_at_once() {
  stopping_ = true;
  rank_ = kRanks;
  for (const auto& process : processes_) {
    if (!process->child.running()) continue;
    process->state = ChildState::kStopping;
    process->child.send_signal(SIGKILL);
  }
}

void Supervisor::stop_next_rank(MonoTime now) {
  while (rank_ < kRanks) {
    const bool late = now >= rank_deadline_;
    bool runs = false;
    for (const auto& process : processes_) {
      if (static_cast<int>(process->rank) != rank_ || !process->child.running()) continue;
      runs = true;
      if (!late) continue;
      say_(process->name + ": did not stop within " + seconds_text(rank_limit_) + ", killed");
      process->child.send_signal(SIGKILL);
    }
    if (runs) {
      if (late) rank_deadline_ = MonoTime::max();
      return;
    }
    ++rank_;
    rank_deadline_ = now + rank_limit_;
    for (const auto& process : processes_) {
      if (static_cast<int>(process->rank) != rank_ || !process->child.running()) continue;
      process->state = ChildState::kStopping;
      process->child.send_signal(SIGTERM);
    }
  }
}

std::string Supervisor::state_text(const Supervised& process, MonoTime now) const {
  switch (process.state) {
    case ChildState::kStarting:
      return "starting";
    case ChildState::kReady:
      return process.restarts ? "ready, restarts " + std::to_string(process.restarts) : "ready";
    case ChildState::kWaiting:
      return "restart in " + seconds_text(std::max(process.start_at - now, Duration{}));
    case ChildState::kDown:
      return "down, " + std::to_string(kCrashesMost) + " crashes";
    case ChildState::kRefused:
      return "refused, " + to_text(process.ending);
    case ChildState::kEnded:
      return process.ending.clean() ? "done" : to_text(process.ending);
    case ChildState::kStopping:
      return "stopping";
    case ChildState::kStopped:
      return "stopped";
  }
  return "";
}

}  // namespace dure
