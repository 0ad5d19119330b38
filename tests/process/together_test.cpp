// Parties and quests in a real cluster, the chat dying under them.
#include <signal.h>

#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;
using test::expect_audit_clean;
using test::expect_clean;

TEST(Together, PartiesQueueRunAndLeaveAndTheChatsDeathCostsNone) {
  ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "24", "--story", "party", "--for", "60s", "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  int chat = 0;
  ASSERT_TRUE(cluster.until(seconds(55), [&](const nlohmann::json& status) {
    bool raiding = false;
    for (const auto& node : status) {
      if (node["role"] == "chat" && node["pid"].is_number()) chat = node["pid"];
      if (node["role"] == "dungeon" && node["players"].is_number() && node["players"] >= 2) raiding = true;
    }
    return raiding && chat > 0;
  })) << cluster.output();
  ASSERT_EQ(::kill(chat, SIGKILL), 0);
  (void)cluster.wait(seconds(150));
  const auto report = cluster.report("report.json");
  expect_clean(report);
  EXPECT_EQ(report["stories"]["party"]["failed"], 0) << report.dump(1);
  EXPECT_GE(report["stories"]["party"]["done"].get<int>(), 4) << report.dump(1);
  expect_audit_clean(cluster.config());
}

TEST(Together, AQuestIsRewardedOnceAlsoForWhoComesBack) {
  ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "16", "--story", "quest", "--for", "40s", "--report", cluster.path("report.json")});
  EXPECT_EQ(cluster.wait(seconds(120)), 0) << cluster.output();
  const auto report = cluster.report("report.json");
  expect_clean(report);
  EXPECT_GE(report["stories"]["quest"]["done"].get<int>(), 1) << report.dump(1);
  EXPECT_GE(report["stories"]["quest again"]["done"].get<int>(), 1) << report.dump(1);
  EXPECT_EQ(report["stories"]["quest again"]["failed"], 0) << report.dump(1);
  expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
