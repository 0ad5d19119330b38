// However it is told to end, a cluster ends as said and leaves nothing running and nothing wrong.
#include <signal.h>

#include <fstream>

#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;

constexpr const char* kCtrlC = "\x03";

TEST(Stopping, CtrlCOnATerminalStopsInOrderAndTwiceAtOnce) {
  ClusterProcess cluster("local.toml");
  cluster.up_on_terminal({"--bots", "10"});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  EXPECT_TRUE(cluster.printed("A\x1b[J", seconds(10))) << "drawn in place";
  EXPECT_EQ(cluster.output().find("sent/s"), std::string::npos) << "wider than the terminal";
  // One that does not stop: without the second Ctrl-C it would be waited for.
  const int deaf = cluster.pid_of("gateway-1");
  ASSERT_GT(deaf, 0);
  ASSERT_EQ(::kill(deaf, SIGSTOP), 0);
  cluster.type(kCtrlC);
  ASSERT_TRUE(cluster.printed("stopping", seconds(10))) << cluster.output();
  cluster.type(kCtrlC);
  EXPECT_EQ(cluster.wait(seconds(10)), 0) << cluster.output();
  EXPECT_NE(cluster.output().find("asked again: everything is stopped at once"), std::string::npos);
  EXPECT_EQ(cluster.still_running(), std::vector<std::string>());
  test::expect_audit_clean(cluster.config());
}

TEST(Stopping, AShutTerminalStopsInOrder) {
  ClusterProcess cluster("local.toml");
  cluster.up_on_terminal({"--bots", "10"});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  cluster.shut_terminal();
  EXPECT_EQ(cluster.wait(seconds(40)), 0);
  EXPECT_EQ(cluster.still_running(), std::vector<std::string>());
  test::expect_audit_clean(cluster.config());
}

TEST(Stopping, ANodeThatDoesNotStopIsKilledInTimeAndNamed) {
  ClusterProcess cluster("local.toml");
  const std::string text = test::text_of(cluster.config());
  std::ofstream(cluster.config()) << test::replaced(text, "shard_count = 2", "shard_count = 2\nstop_timeout_s = 1");
  cluster.up({});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  const int deaf = cluster.pid_of("chat-1");
  ASSERT_GT(deaf, 0);
  ASSERT_EQ(::kill(deaf, SIGSTOP), 0);
  EXPECT_EQ(cluster.stop(seconds(20)), 0);
  EXPECT_NE(cluster.output().find("chat-1: did not stop within 1.0 s, killed"), std::string::npos) << cluster.output();
  EXPECT_EQ(cluster.still_running(), std::vector<std::string>());
}

TEST(Stopping, RolesToldToEndUnderLoadHandTheirPlayersOverAndNothingSavedIsLost) {
  ClusterProcess cluster("local.toml");
  cluster.up(
      {"--bots", "40", "--story", "evening", "--for", test::kUntilEnough, "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  const auto busy = [&](const char* name) {
    return cluster.until(seconds(90), [&](const nlohmann::json& status) {
      for (const auto& node : status)
        if (node["node"] == name) return node["players"].is_number() && node["players"] >= 1;
      return false;
    });
  };
  const auto ends_well = [&](const char* name, std::vector<int> signals) {
    const int pid = cluster.pid_of(name);
    ASSERT_GT(pid, 0) << name;
    for (const int signal : signals) ASSERT_EQ(::kill(pid, signal), 0) << name;
    EXPECT_TRUE(cluster.printed(std::string(name) + ": exit 0, started again", seconds(60))) << name << "\n"
                                                                                             << cluster.output();
  };
  ASSERT_TRUE(busy("general-1")) << cluster.output();
  ends_well("general-1", {SIGPIPE, SIGTERM});
  ASSERT_TRUE(busy("dungeon-1")) << cluster.output();
  ends_well("dungeon-1", {SIGTERM, SIGINT});  // asked twice: at once
  ends_well("chat-1", {SIGHUP});
  EXPECT_TRUE(cluster.until_players(40)) << cluster.output();
  (void)cluster.enough();
  const auto report = cluster.report("report.json");
  test::expect_clean(report);
  EXPECT_EQ(report["connected_max"], 40);
  test::expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
