// The promise of the ledger under fire: bots trade across shards while owners and agents are killed, thirty times. Then
// the books are clean, and what each bot was told is what the ledger says.
#include <signal.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <thread>

#include "tests/process/expectations.h"
#include "tests/process/ledger_oracle.h"

namespace dure {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using test::ClusterProcess;
using Clock = std::chrono::steady_clock;

constexpr int kKills = 30;
constexpr int kBots = 200;
constexpr std::size_t kTradesBetween = 4;  // so many are settled from one death to the next
constexpr auto kHealthy = seconds(10);     // who dies sooner after its start is counted, and left down at last
constexpr auto kAtLast = seconds(90);      // whatever is waited for comes long before

// Two agents, one for each shard; the directory is with the first.
void split_agents(const ClusterProcess& cluster) {
  std::string text = test::text_of(cluster.config());
  text = test::replaced(text, "[[cluster.node]]\nname = \"chat-1\"",
                        "[[cluster.node]]\nname = \"dbagent-2\"\naddress = \"tcp://127.0.0.1:" +
                            std::to_string(test::free_port()) + "\"\n[[cluster.node]]\nname = \"chat-1\"");
  text = test::replaced(text, "dbagent.shards = [1, 2]", "dbagent.shards = [1]");
  text += "\n[node.\"dbagent-2\"]\ndbagent.shards = [2]\ndbagent.directory = false\n";
  std::ofstream(cluster.config()) << text;
}

bool until(const std::function<bool()>& condition) {
  for (const auto deadline = Clock::now() + kAtLast; Clock::now() < deadline;
       std::this_thread::sleep_for(std::chrono::milliseconds(50)))
    if (condition()) return true;
  return false;
}

class Victims {
 public:
  explicit Victims(ClusterProcess& cluster) : cluster_(cluster) {
    for (const char* node : {"general-1", "general-2", "dungeon-1", "dungeon-2", "dbagent-1", "dbagent-2"})
      started_[node] = Clock::now() - kHealthy;
  }
  // Kills one of each role at the same moment. False: there was none, or one did not come back.
  bool kill(const std::vector<std::string>& roles) {
    std::map<std::string, int> dead;
    const auto chosen = [&](const json& status) { return choose(roles, status, &dead); };
    if (!cluster_.until(kAtLast, chosen)) return false;
    for (const auto& [node, pid] : dead) {
      EXPECT_EQ(::kill(pid, SIGKILL), 0) << node;
      ++killed[node];
    }
    if (!cluster_.until(kAtLast, [&](const json& status) { return all_stand(status, dead); })) return false;
    for (const auto& [node, pid] : dead) started_[node] = Clock::now();
    return true;
  }
  std::map<std::string, int> killed;

 private:
  // Of each role the one that takes the most players with it; agents in turn.
  bool choose(const std::vector<std::string>& roles, const json& status, std::map<std::string, int>* chosen) {
    chosen->clear();
    for (const auto& role : roles) {
      std::int64_t most = -1;
      const json* victim = nullptr;
      for (const json& node : status) {
        const auto since = started_.find(node["node"]);
        if (node["role"] != role || !node["pid"].is_number() || since == started_.end()) continue;
        if (Clock::now() - since->second < kHealthy) continue;
        std::int64_t weight = node["players"].is_number() ? node["players"].get<std::int64_t>() : 0;
        if (role == "dbagent") weight = kKills - killed[node["node"]];
        if (weight > most) most = weight, victim = &node;
      }
      if (victim == nullptr) return false;
      (*chosen)[(*victim)["node"]] = (*victim)["pid"];
    }
    return true;
  }
  static bool all_stand(const json& status, const std::map<std::string, int>& dead) {
    return std::all_of(status.begin(), status.end(), [&](const json& node) {
      const auto at = dead.find(node["node"]);
      return node["pid"].is_number() && (at == dead.end() || node["pid"] != at->second);
    });
  }

  ClusterProcess& cluster_;
  std::map<std::string, Clock::time_point> started_;
};

// How many words of this kind the bots have written down so far.
class Tail {
 public:
  Tail(const std::string& path, std::string word) : in_(path), word_(std::move(word)) {}
  std::size_t count() {
    in_.clear();
    for (std::string line; std::getline(in_, line);)
      if (line.find(word_) != std::string::npos) ++count_;
    return count_;
  }

 private:
  std::ifstream in_;
  const std::string word_;
  std::size_t count_ = 0;
};

void print(const Victims& victims, Clock::duration took, const test::Judgement& judgement, const json& report) {
  std::printf("killed within %lld s:", static_cast<long long>(std::chrono::duration_cast<seconds>(took).count()));
  for (const auto& [node, times] : victims.killed) std::printf(" %s %d", node.c_str(), times);
  const auto& [requests, trades] = std::tie(judgement.requests, judgement.trades);
  std::printf("\nrequests: %lu saved, %lu refused, %lu unknown (%lu done)\n", requests.told, requests.refused,
              requests.unknown, requests.unknown_done);
  std::printf("trades, by side: %lu settled, %lu came to nothing, %lu unknown (%lu done)\n", trades.told,
              trades.refused, trades.unknown, trades.unknown_done);
  std::printf("registers: %lu swapped, %lu across shards, %lu aborted\n", judgement.swapped, judgement.across_shards,
              judgement.aborted);
  std::printf("bots: %s disconnects, %s times back from a dungeon that died, %s APPLIED changes lost\n",
              report["disconnects"].dump().c_str(), report["returned_to_lobby"].dump().c_str(),
              report["applied_lost"].dump().c_str());
}

TEST(Kills, ThirtyKillsOfOwnersAndAgentsUnderTradingBotsLoseAndDoubleNothing) {
  ClusterProcess cluster("local.toml");
  split_agents(cluster);
  cluster.up({});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  const std::string history = cluster.path("history"), log = cluster.path("bots.log");
  test::RunningDure bots({"bots", "--config", cluster.config(), "--count", std::to_string(kBots), "--story", "market",
                          "--for", "0", "--history", history, "--report", cluster.path("report.json")},
                         log);
  ASSERT_TRUE(until([&] { return !test::text_of(history).empty(); })) << test::text_of(log);

  Tail settled(history, "\"committed\":true");
  const auto trades_go_on = [&] {
    return until([&, before = settled.count()] { return settled.count() >= before + kTradesBetween; });
  };
  Victims victims(cluster);
  const std::vector<std::vector<std::string>> deaths = {
      {"general"}, {"dbagent"}, {"dungeon"}, {"general", "dbagent", "dungeon"}};
  const auto began = Clock::now();
  int kills = 0;
  for (std::size_t i = 0; kills < kKills; kills += static_cast<int>(deaths[i++ % deaths.size()].size())) {
    ASSERT_TRUE(trades_go_on()) << kills << test::text_of(log);
    ASSERT_TRUE(victims.kill(deaths[i % deaths.size()])) << kills << cluster.output();
  }
  const auto took = Clock::now() - began;
  EXPECT_TRUE(trades_go_on());
  EXPECT_GE(bots.stop(seconds(60)), 0);

  // What is still open comes to its end by itself.
  test::Finished audit;
  EXPECT_TRUE(until([&] {
    audit = test::run_dure({"audit", "--config", cluster.config()}, seconds(20));
    return audit.exit_code == 0;
  })) << audit.output;
  EXPECT_EQ(cluster.stop(seconds(60)), 0) << cluster.output();
  test::expect_audit_clean(cluster.config());

  const std::vector<std::string> shards = {cluster.path("data/shard-1.db"), cluster.path("data/shard-2.db")};
  const test::Judgement judgement = test::judge(history, shards);
  const auto report = cluster.report("report.json");
  ASSERT_FALSE(report.is_discarded()) << test::text_of(log);
  print(victims, took, judgement, report);
  EXPECT_EQ(judgement.wrong.size(), 0u);
  for (std::size_t i = 0; i < std::min<std::size_t>(judgement.wrong.size(), 20); ++i)
    ADD_FAILURE() << judgement.wrong[i];
  EXPECT_GT(judgement.across_shards, 0u);
  EXPECT_GT(judgement.requests.told, 0u);
  EXPECT_EQ(report["mismatches"]["count"], 0) << report["mismatches"].dump(1);

  // The judge would have noticed.
  const std::string told = test::text_of(history);
  const auto altered = [&](const std::string& what, const std::string& by) {
    std::ofstream(cluster.path("altered")) << test::replaced(told, what, by);
    return test::judge(cluster.path("altered"), shards).wrong.size();
  };
  EXPECT_GT(altered("\"committed\":true", "\"committed\":false"), 0u) << "told ABORT of what was committed";
  EXPECT_GT(altered("\"did\":\"agree\"", "\"did\":\"void\""), 0u) << "a trade nobody agreed to";
  EXPECT_GT(altered("\"balances\":{\"bread\":1,", "\"balances\":{\"bread\":3,"), 0u) << "another amount";
}

}  // namespace
}  // namespace dure
