// What a user sees: bots live in a real cluster, a dungeon dies under them, the books stay right.
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/process/cluster_process.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;
using test::Finished;
using test::run_dure;

void expect_clean(const nlohmann::json& report) {
  ASSERT_FALSE(report.is_discarded()) << "no report";
  EXPECT_EQ(report["mismatches"].is_array() ? report["mismatches"].size() : report["mismatches"].get<std::size_t>(), 0u)
      << report.dump(1);
  EXPECT_EQ(report["disconnects"], 0) << report.dump(1);
}

void expect_audit_clean(const std::string& config) {
  const Finished audit = run_dure({"audit", "--config", config});
  EXPECT_EQ(audit.exit_code, 0) << audit.output;
  EXPECT_NE(audit.output.find("ledger sum 0"), std::string::npos) << audit.output;
  EXPECT_NE(audit.output.find("0 orphans, 0 doubles"), std::string::npos) << audit.output;
}

TEST(Evening, BotsLiveInAClusterAndNothingIsWrong) {
  ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "60", "--story", "evening", "--for", "20s", "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(30))) << cluster.output();
  expect_audit_clean(cluster.config());  // of the running cluster
  EXPECT_EQ(cluster.wait(seconds(90)), 0) << cluster.output();
  const auto report = cluster.report("report.json");
  expect_clean(report);
  EXPECT_EQ(report["connected_max"], 60);
  expect_audit_clean(cluster.config());  // of the stopped one
}

TEST(Evening, TheUnitedServerNeedsNothingElse) {
  ClusterProcess cluster("all.toml");
  cluster.up({"--bots", "40", "--story", "evening", "--for", "15s", "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(30))) << cluster.output();
  EXPECT_EQ(cluster.wait(seconds(90)), 0) << cluster.output();
  expect_clean(cluster.report("report.json"));
  expect_audit_clean(cluster.config());
}

TEST(Evening, ADungeonThatIsKilledCostsItsPlayersAWalkToTheLobby) {
  ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "24", "--story", "dungeon", "--for", "30s", "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(30))) << cluster.output();
  int victim = 0;
  ASSERT_TRUE(cluster.until(seconds(25), [&](const nlohmann::json& status) {
    for (const auto& node : status["nodes"])
      if (node["role"] == "dungeon" && node.value("players", 0) >= 2) victim = node.value("pid", 0);
    return victim > 0;
  })) << cluster.output();
  ASSERT_EQ(::kill(victim, SIGKILL), 0);
  (void)cluster.wait(seconds(90));
  const auto report = cluster.report("report.json");
  expect_clean(report);
  EXPECT_GE(report["returned_to_lobby"].get<int>(), 1) << report.dump(1);
  expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
