// What a user sees: bots live in a real cluster, a dungeon dies under them, the books stay right.
#include <signal.h>

#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;
using test::expect_audit_clean;
using test::expect_clean;

TEST(Evening, BotsLiveInAClusterAndNothingIsWrong) {
  ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "60", "--story", "evening", "--for", "20s", "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  expect_audit_clean(cluster.config());  // of the running cluster
  EXPECT_EQ(cluster.wait(seconds(90)), 0) << cluster.output();
  const auto report = cluster.report("report.json");
  expect_clean(report);
  EXPECT_EQ(report["connected_max"], 60);
  expect_audit_clean(cluster.config());  // of the stopped one
}

TEST(Evening, ADungeonThatIsKilledCostsItsPlayersAWalkToTheLobby) {
  ClusterProcess cluster("local.toml");
  cluster.up(
      {"--bots", "24", "--story", "dungeon", "--for", test::kUntilEnough, "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  int victim = 0;
  ASSERT_TRUE(cluster.until(seconds(90), [&](const nlohmann::json& status) {
    for (const auto& node : status)
      if (node["role"] == "dungeon" && node["players"].is_number() && node["players"] >= 2) victim = node["pid"];
    return victim > 0;
  })) << cluster.output();
  ASSERT_EQ(::kill(victim, SIGKILL), 0);
  EXPECT_TRUE(cluster.printed("ready again", seconds(60))) << cluster.output();
  EXPECT_TRUE(cluster.until_players(24)) << cluster.output();
  (void)cluster.enough();
  const auto report = cluster.report("report.json");
  expect_clean(report);
  EXPECT_GE(report["returned_to_lobby"].get<int>(), 1) << report.dump(1);
  expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
