#include "tools/rollback/run_rollback.h"

#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <optional>

#include "common/host/clock.h"
#include "common/logic/node.h"
#include "dbagent/rollback_plan.h"
#include "tools/duration.h"
#include "tools/mesh/tool_mesh.h"

namespace dure {
namespace {

constexpr Duration kPatience = seconds(120);  // without a page of an answer
// The desk reads all of it twice, and again where somebody else takes the player meanwhile.
constexpr int kReadings = 4;
constexpr Duration kPoll = milliseconds(50);
constexpr Duration kLinksWait = seconds(1);

struct TradeId {
  std::uint64_t high = 0, low = 0;
};

Result<TradeId> parse_trade(const std::string& text) {
  TradeId id;
  const auto half = [&](std::size_t from, std::uint64_t* out) {
    const auto [end, error] = std::from_chars(text.data() + from, text.data() + from + 16, *out, 16);
    return error == std::errc() && end == text.data() + from + 16;
  };
  if (text.size() != 32 || !half(0, &id.high) || !half(16, &id.low))
    return fail(Trouble::kInvalid, "'" + text + "' is no trade: 32 hexadecimal digits");
  return id;
}

class PlanNode : public Node {
 public:
  PlanNode(NodeIdentity identity, const Routes& node_routes, Seams seams, const RollbackOptions& options,
           std::int64_t to, TradeId trade)
      : Node(std::move(identity), node_routes, seams), options_(options), to_(to), trade_(trade), planner_(*this) {}
  ~PlanNode() override {
    scope().end();
    scope().sweep();
  }
  const std::optional<RollbackPlan>& plan() const { return plan_; }
  std::uint64_t pages() const { return planner_.pages(); }

 protected:
  void on_start() override { spawn(converse()); }

 private:
  Task<void> converse() {
    while (!directory_agent()) co_await wait(kPoll);
    co_await wait(kLinksWait);  // the other agents' links, too; one that is still away says so
    if (options_.trade.empty()) {
      const std::string name = options_.player;
      plan_ = co_await planner_.player(name, to_);
    } else {
      plan_ = co_await planner_.trade(trade_.high, trade_.low);
    }
  }
  const RollbackOptions& options_;
  std::int64_t to_;
  TradeId trade_;
  RollbackPlanner planner_;
  std::optional<RollbackPlan> plan_;
};

int refuse(const std::string& why, int code = 1) {
  std::fprintf(stderr, "dure rollback: %s\n", why.c_str());
  return code;
}

bool confirmed() {
  if (::isatty(STDIN_FILENO) == 0) {
    refuse("nothing was done: no terminal to ask on, and no --yes");
    return false;
  }
  std::printf("write it? [yes/no] ");
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "yes";
}

// True: there is something to do.
bool show(const RollbackPlan& plan) {
  bool any = false;
  for (const RollbackShare& share : plan.shares) {
    std::printf("%s (player %llu, shard %u)%s\n", share.name.c_str(), static_cast<unsigned long long>(share.player_id),
                share.shard, share.done ? ": rolled back already" : "");
    for (const auto& line : share.lines) std::printf("  %s\n", line.c_str());
    any = any || !share.done;
  }
  return any;
}

}  // namespace

Result<std::int64_t> parse_past(const std::string& text, WallTime now) {
  if (const auto ago = parse_duration(text); ago) return unix_ms(now - *ago);
  std::tm when{};
  int used = 0;
  int fields = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &when.tm_year, &when.tm_mon, &when.tm_mday,
                           &when.tm_hour, &when.tm_min, &when.tm_sec, &used);
  if (fields != 6 || static_cast<std::size_t>(used) != text.size()) {
    when.tm_sec = 0;
    fields = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2dZ%n", &when.tm_year, &when.tm_mon, &when.tm_mday,
                         &when.tm_hour, &when.tm_min, &used);
    if (fields != 5 || static_cast<std::size_t>(used) != text.size())
      return fail(Trouble::kInvalid, "'" + text + "' is no time: 2h (ago), 2026-11-21T10:00Z, 2026-11-21T10:00:30Z");
  }
  const bool valid = when.tm_mon >= 1 && when.tm_mon <= 12 && when.tm_mday >= 1 && when.tm_mday <= 31 &&
                     when.tm_hour >= 0 && when.tm_hour < 24 && when.tm_min >= 0 && when.tm_min < 60 &&
                     when.tm_sec >= 0 && when.tm_sec < 60;
  if (!valid) return fail(Trouble::kInvalid, "'" + text + "' is no time");
  when.tm_year -= 1900;
  when.tm_mon -= 1;
  return static_cast<std::int64_t>(timegm(&when)) * 1000;
}

std::string past_text(std::int64_t unix_ms) {
  const std::time_t moment = unix_ms / 1000;
  std::tm when{};
  ::gmtime_r(&moment, &when);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &when);
  return text;
}

int run_rollback(const Config& config, const GmOptions& gm, const RollbackOptions& options) {
  const WallTime now(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
  Result<std::int64_t> to = std::int64_t{0};
  Result<TradeId> trade = TradeId{};
  if (options.trade.empty())
    to = parse_past(options.to, now);
  else
    trade = parse_trade(options.trade);
  if (!to) return refuse(to.error().detail);
  if (!trade) return refuse(trade.error().detail);
  *to -= *to % 1000;  // so that the same time can be said again
  const std::string same = options.trade.empty() ? "--to " + past_text(*to) : "--trade " + options.trade;
  const MonoTime began = mono_now();
  Duration took{};
  {
    auto mesh = ToolMesh::open(config);
    if (!mesh) return refuse(mesh.error().detail, 2);
    PlanNode node((*mesh)->identity(), (*mesh)->routes(), (*mesh)->seams(), options, *to, *trade);
    const bool done = (*mesh)->run(
        node, [&] { return node.plan().has_value(); }, kPatience, [&] { return node.pages(); });
    took = mono_now() - began;
    if (!done) return refuse("no answer from the cluster of " + config.path(), 2);
    const RollbackPlan& plan = *node.plan();
    if (!plan.refusal.empty()) return refuse(plan.refusal, plan.away ? 2 : 1);
    std::printf("%s\n", same.c_str());
    const bool anything = show(plan);
    if (!anything || options.dry_run) return 0;
  }
  if (!options.yes && !confirmed()) return 1;
  std::vector<std::string> words;
  if (options.trade.empty())
    words = {"rollback", "player", options.player, std::to_string(*to)};
  else
    words = {"rollback", "trade", options.trade};
  GmOptions order = gm;
  order.patience += kReadings * took;
  const GmOutcome outcome = order_gm(order, words);
  if (outcome == GmOutcome::kUnanswered) return refuse("ordered, not answered yet: ask again with the same " + same, 2);
  return outcome == GmOutcome::kDone ? 0 : outcome == GmOutcome::kWrong ? 2 : 1;
}

}  // namespace dure
