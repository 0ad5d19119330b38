#include "tools/bots/crowd.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

#include "common/game/sample/messages.h"
#include "common/game/sample/sample.pb.h"

namespace dure {

namespace {

constexpr Duration kAdmitInterval = milliseconds(10), kWatchInterval = milliseconds(100);
constexpr Duration kAnswersWithin = seconds(1), kGoneWithin = seconds(10);
constexpr double kJudgedAfterS = 5;

}  // namespace

Result<std::unique_ptr<Crowd>> Crowd::open(BotsOptions options, Reactor& reactor) {
  if (options.gateways.empty()) return fail(Trouble::kInvalid, "no gateway given");
  if (options.count == 0) return fail(Trouble::kInvalid, "no bots asked for");
  if (!known_story(options.story)) return fail(Trouble::kInvalid, "no story is called " + options.story);
  std::unique_ptr<Crowd> crowd(new Crowd(std::move(options), reactor));
  Shared& shared = crowd->shared_;
  auto files = engine_files();
  for (const auto* file : sample::message_files()) files.push_back(file);
  auto routes = Routes::build(files);
  if (!routes) return tl::unexpected(routes.error());
  shared.routes = std::move(*routes);
  if (!shared.options.developer_key.empty()) {
    auto mint = TicketMint::open(shared.options.developer_key, shared.options.cluster_id);
    if (!mint) return tl::unexpected(mint.error());
    shared.tickets = std::move(*mint);
  }
  if (!shared.options.history_path.empty())
    if (auto opened = shared.history.open(shared.options.history_path); !opened) return tl::unexpected(opened.error());
  ClientSession::fill(&shared.session_frames);
  Bot::fill(&shared.bot_frames);
  shared.report.bots = shared.options.count;
  for (std::uint32_t i = 0; i < shared.options.count; ++i)
    crowd->bots_.push_back(std::make_unique<Bot>(shared, shared.options.first + i));
  return crowd;
}

void Crowd::start() {
  started_ = admitted_at_ = shared_.reactor.now();
  admit();
  shared_.reactor.wake_in(kWatchInterval, this, kWatch);
  if (shared_.options.progress_interval > Duration{})
    shared_.reactor.wake_in(shared_.options.progress_interval, this, kProgress);
}

void Crowd::admit() {
  if (shared_.winding_down) return;
  const Duration passed = shared_.reactor.now() - admitted_at_;
  admitted_at_ = shared_.reactor.now();
  const double rate = shared_.options.ramp_per_s;
  admit_budget_ = std::min(admit_budget_ + rate * static_cast<double>(to_us(passed)) / 1e6, std::max(1.0, rate / 10));
  for (;
       admitted_ < bots_.size() && admit_budget_ >= 1 && shared_.logins_under_way < shared_.options.logins_at_once_max;
       ++admitted_, --admit_budget_)
    bots_[admitted_]->start();
  if (admitted_ < bots_.size()) shared_.reactor.wake_in(kAdmitInterval, this, kAdmit);
}

void Crowd::watch() {
  Report& report = shared_.report;
  report.connected_now = 0;
  bool all_gone = true;
  for (const auto& bot : bots_) {
    if (bot->session().linked()) ++report.connected_now;
    if (bot->session().state() != ClientSession::State::kGone) all_gone = false;
  }
  report.connected_max = std::max(report.connected_max, report.connected_now);
  if (shared_.winding_down && all_gone) gone_ = true;
  const Duration duration = shared_.options.duration;
  if (duration > Duration{} && !shared_.winding_down && shared_.reactor.now() - started_ >= duration) wind_down();
}

void Crowd::wind_down() {
  if (shared_.winding_down) {
    gone_ = true;
    return;
  }
  shared_.winding_down = true;
  watch();  // the last look while everybody is there
  for (const auto& bot : bots_) bot->rest();
  shared_.reactor.wake_in(kAnswersWithin, this, kLeave);
  shared_.reactor.wake_in(kGoneWithin, this, kEnd);
}

void Crowd::on_time(std::uint32_t what) {
  switch (what) {
    case kAdmit:
      return admit();
    case kWatch:
      watch();
      if (!gone_) shared_.reactor.wake_in(kWatchInterval, this, kWatch);
      return;
    case kProgress:
      std::fputs(progress().c_str(), stderr);
      return shared_.reactor.wake_in(shared_.options.progress_interval, this, kProgress);
    case kLeave:
      for (const auto& bot : bots_) bot->leave();
      return;
    case kEnd:
      for (const auto& bot : bots_)
        if (bot->session().state() != ClientSession::State::kGone) {
          shared_.report.error("LEAVE_UNANSWERED");
          bot->end();
        }
      gone_ = true;
      return;
    default:
      return;
  }
}

std::string Crowd::progress() const {
  Report sum;
  for (const auto& bot : bots_) {
    bot->session().collect(&sum);
    sum.value_operations += bot->values();
  }
  const double elapsed = static_cast<double>(to_ms(shared_.reactor.now() - started_)) / 1000;
  const Report& report = shared_.report;
  return fmt::format(
      "bots {:6.1f} s  connected {}/{}  frames in {:.0f}/s  rtt p99 {:.1f} ms  saved p99 {:.1f} ms  moves seen {}  "
      "lines heard {}  values {}  busy {}  mismatches {}  disconnects {}\n",
      elapsed, report.connected_now, report.bots, static_cast<double>(sum.frames_in) / std::max(elapsed, 0.001),
      report.rtt.percentile_ms(0.99), report.applied_to_saved.percentile_ms(0.99), report.act_to_seen.count(),
      report.lines_heard, sum.value_operations, report.busy(), report.mismatch_count, report.disconnects);
}

const Report& Crowd::finish() {
  Report& report = shared_.report;
  if (finished_) return report;
  finished_ = true;
  report.elapsed_s = static_cast<double>(to_ms(shared_.reactor.now() - started_)) / 1000;
  bool first = true;
  for (const auto& bot : bots_) {
    bot->end();
    bot->close(&report);
    const double played = bot->played_s();
    if (played < kJudgedAfterS) continue;
    const auto least = [&](double* figure, std::uint64_t count) {
      const double rate = static_cast<double>(count) / played;
      *figure = first ? rate : std::min(*figure, rate);
    };
    least(&report.least_moves_per_bot_s, bot->moves());
    least(&report.least_chat_per_bot_s, bot->lines());
    least(&report.least_value_per_bot_s, bot->values());
    first = false;
  }
  report.cpu_s = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  return report;
}

}  // namespace dure
