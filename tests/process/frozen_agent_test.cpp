// The database's agent stands still under players who trade: what needs no database goes on, what does is told to wait,
// and when it goes on nothing was lost.
#include <signal.h>

#include <functional>
#include <regex>
#include <thread>
#include <vector>

#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;
using test::RunningDure;
using Clock = std::chrono::steady_clock;

// What one process of bots has printed of itself, every five seconds.
struct Heard {
  long connected = 0, seen = 0, heard = 0, values = 0, busy = 0;
};
std::vector<Heard> progress_of(const std::string& log) {
  static const std::regex line(
      "connected ([0-9]+)/.* moves seen ([0-9]+)  lines heard ([0-9]+)  values ([0-9]+)  busy ([0-9]+)");
  std::vector<Heard> lines;
  const std::string text = test::text_of(log);
  for (std::sregex_iterator at(text.begin(), text.end(), line), end; at != end; ++at)
    lines.push_back(
        {std::stol((*at)[1]), std::stol((*at)[2]), std::stol((*at)[3]), std::stol((*at)[4]), std::stol((*at)[5])});
  return lines;
}

class Crowd {
 public:
  Crowd(const ClusterProcess& cluster, const std::string& story, int first, int count)
      : log_(cluster.path(story + ".log")),
        report_(story + ".json"),
        bots_({"bots", "--config", cluster.config(), "--story", story, "--first", std::to_string(first), "--count",
               std::to_string(count), "--for", "0", "--patience", "60s", "--report", cluster.path(report_)},
              log_) {}
  std::vector<Heard> lines() const { return progress_of(log_); }
  // Their next line that is as wanted, within so many lines; the last one in any case.
  Heard next(int most, const std::function<bool(const Heard&)>& wanted) {
    const std::size_t begun = lines().size();
    std::vector<Heard> now;
    for (const auto deadline = Clock::now() + seconds(90); Clock::now() < deadline;
         std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
      now = lines();
      if (now.size() > begun && wanted(now.back())) break;
      if (now.size() >= begun + static_cast<std::size_t>(most)) break;
    }
    return now.empty() ? Heard() : now.back();
  }
  const std::string& report() const { return report_; }
  std::string said() const { return test::text_of(log_); }
  int stop() { return bots_.stop(seconds(60)); }

 private:
  const std::string log_, report_;
  RunningDure bots_;
};

TEST(FrozenAgent, WhoTradesIsToldToWaitWhoWalksAndTalksGoesOnAndNothingIsLost) {
  constexpr int kTraders = 40, kOthers = 10, kFrozenLines = 4;
  ClusterProcess cluster("local.toml");
  cluster.up({});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  Crowd traders(cluster, "market", 1, kTraders), others(cluster, "chat", 1 + kTraders, kOthers);
  const auto any = [](const Heard&) { return true; };
  const auto trade = [](const Heard& line) { return line.connected == kTraders && line.values > 0; };
  const auto talk = [](const Heard& line) { return line.connected == kOthers && line.heard > 0; };
  ASSERT_GT(traders.next(6, trade).values, 0) << traders.said();
  ASSERT_GT(others.next(6, talk).heard, 0) << others.said();

  const int agent = cluster.pid_of("dbagent-1");
  ASSERT_GT(agent, 0);
  ASSERT_EQ(::kill(agent, SIGSTOP), 0);
  const Heard frozen = traders.next(1, any), frozen_others = others.next(1, any);
  Heard before = frozen, last = frozen;
  for (int i = 0; i < kFrozenLines; ++i, before = last) {
    last = traders.next(1, any);
    EXPECT_GT(last.seen, before.seen) << "nobody is seen to walk\n" << traders.said();
    EXPECT_EQ(last.connected, kTraders) << traders.said();
  }
  const Heard last_others = others.next(1, any);
  ASSERT_EQ(::kill(agent, SIGCONT), 0);
  EXPECT_GT(last.busy, frozen.busy) << "nobody was told to wait\n" << traders.said();
  EXPECT_GT(last_others.heard, frozen_others.heard) << "nobody is heard\n" << others.said();
  EXPECT_GT(last_others.seen, frozen_others.seen) << others.said();
  EXPECT_EQ(last_others.connected, kOthers) << others.said();

  const auto goes_on = [&](const Heard& line) { return line.values > last.values; };
  EXPECT_GT(traders.next(6, goes_on).values, last.values) << "no value after it\n" << traders.said();
  EXPECT_GE(traders.stop(), 0);
  EXPECT_GE(others.stop(), 0);
  EXPECT_EQ(cluster.stop(seconds(60)), 0) << cluster.output();
  test::expect_clean(cluster.report(traders.report()));
  test::expect_clean(cluster.report(others.report()));
  test::expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
