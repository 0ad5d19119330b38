// What players must not notice: a dungeon that crashes again and again, a Redis that dies half-way of an evening.
#include <signal.h>

#include <regex>

#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;

TEST(Nuisance, ADungeonThatCrashesAgainAndAgainIsLeftDownAndItsPlayersStayInTheLobby) {
  ClusterProcess cluster("local.toml");
  cluster.up({"--dungeons", "1", "--bots", "12", "--story", "dungeon", "--for", test::kUntilEnough, "--report",
              cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  int last = 0;
  for (int crashes = 0; crashes < 5; ++crashes) {
    int pid = 0;
    ASSERT_TRUE(cluster.until(seconds(30), [&](const nlohmann::json& status) {
      for (const auto& node : status)
        if (node["node"] == "dungeon-1" && node["pid"].is_number()) pid = node["pid"];
      return pid != 0 && pid != last;
    })) << cluster.output();
    last = pid;
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
  }
  EXPECT_TRUE(cluster.printed("left down: 5 crashes within 60.0 s", seconds(10))) << cluster.output();
  EXPECT_TRUE(cluster.until(seconds(10), [](const nlohmann::json& status) {
    for (const auto& node : status)
      if (node["node"] == "dungeon-1" && node["state"] == "down, 5 crashes") return true;
    return false;
  })) << cluster.status().dump(1);
  EXPECT_NE(test::text_of(cluster.path("data/logs/up.log")).find("node.down"), std::string::npos);
  ASSERT_EQ(::kill(cluster.pid(), SIGUSR1), 0);
  EXPECT_TRUE(cluster.printed("dungeon-1: ready again", seconds(60))) << cluster.output();
  (void)cluster.enough();
  test::expect_clean(cluster.report("report.json"));
  test::expect_audit_clean(cluster.config());
}

TEST(Nuisance, WithRedisKilledHalfWayPlayersSeeNothingAndTheGameMasterIsHeardAgain) {
  ClusterProcess cluster("local.toml");
  cluster.up(
      {"--bots", "40", "--story", "evening", "--for", test::kUntilEnough, "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  const auto heard = [&] {
    return test::run_dure({"gm", "--config", cluster.config(), "announce", "hello"}).exit_code == 0;
  };
  ASSERT_TRUE(heard());
  const int redis = cluster.pid_of("redis");
  ASSERT_GT(redis, 0) << cluster.output();
  ASSERT_EQ(::kill(redis, SIGSTOP), 0);  // silent, then dead
  EXPECT_FALSE(heard());
  ASSERT_EQ(::kill(redis, SIGKILL), 0);
  ASSERT_TRUE(cluster.printed("redis: ready again", seconds(60))) << cluster.output();
  bool again = false;
  for (int tries = 0; tries < 4 && !again; ++tries) again = heard();
  EXPECT_TRUE(again);
  EXPECT_TRUE(cluster.until_players(40)) << cluster.output();
  (void)cluster.enough();
  const auto report = cluster.report("report.json");
  test::expect_clean(report);
  EXPECT_EQ(report["connected_max"], 40);
  test::expect_audit_clean(cluster.config());
}

// As the audit counts them.
int items_of(const ClusterProcess& cluster) {
  const test::Finished audit = test::run_dure({"audit", "--config", cluster.config()});
  std::smatch items;
  return std::regex_search(audit.output, items, std::regex(", ([0-9]+) items")) ? std::stoi(items[1]) : -1;
}

TEST(Nuisance, AGameMastersCommandThatIsHeardLateAndManyTimesIsDoneOnce) {
  ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "6", "--story", "walk"});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  const auto give = [&] {
    return test::run_dure({"gm", "--config", cluster.config(), "give", "Botaaab", "iron_sword"}).exit_code == 0;
  };
  bool given = false;
  for (int i = 0; i < 40 && !given; ++i) given = give();  // until the bot has made its character
  ASSERT_TRUE(given);
  const int before = items_of(cluster);
  ASSERT_GE(before, 1);
  const int agent = cluster.pid_of("dbagent-1");
  ASSERT_GT(agent, 0);
  ASSERT_EQ(::kill(agent, SIGSTOP), 0);
  EXPECT_FALSE(give()) << "repeated for five seconds, and nobody answered";
  ASSERT_EQ(::kill(agent, SIGCONT), 0);
  int after = before;
  for (int i = 0; i < 20 && after == before; ++i) after = items_of(cluster);
  EXPECT_EQ(after, before + 1);
  EXPECT_TRUE(give());
  EXPECT_EQ(items_of(cluster), before + 2);
  EXPECT_EQ(cluster.stop(), 0) << cluster.output();
  test::expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
