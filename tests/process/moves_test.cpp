// Accounts change their shard under playing bots, and nobody notices.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;
using test::Finished;
using test::run_dure;

Finished move_all(const ClusterProcess& cluster, const std::string& from, const std::string& to) {
  return run_dure({"shards", "move", "--config", cluster.config(), "--from", from, "--to", to, "--count", "1000"},
                  seconds(120));
}

TEST(Moves, BotsPlayOnWhileAllTheirAccountsAreMovedBackAndForth) {
  ClusterProcess cluster("local.toml");
  cluster.up(
      {"--bots", "40", "--story", "evening", "--for", test::kUntilEnough, "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.until_players(40)) << cluster.output();
  std::string told;
  for (int round = 0; round < 4; ++round)
    for (const auto& [from, to] : {std::pair{"1", "2"}, {"2", "1"}}) {
      const Finished moved = move_all(cluster, from, to);
      EXPECT_EQ(moved.exit_code, 0) << moved.output;
      told = moved.output;
    }
  EXPECT_NE(told.find("accounts are on shard 1 now"), std::string::npos) << told;
  std::printf("last of 8: %s", told.c_str());
  EXPECT_EQ(cluster.enough(), 0) << cluster.output();
  test::expect_clean(cluster.report("report.json"));
  test::expect_audit_clean(cluster.config());
}

TEST(Moves, AShardIsAddedToARunningClusterAndIsKeptRunningWithIt) {
  ClusterProcess cluster("local.toml");
  cluster.up(
      {"--bots", "20", "--story", "evening", "--for", test::kUntilEnough, "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.until_players(20)) << cluster.output();
  const Finished added = run_dure({"shards", "add", "--config", cluster.config()}, seconds(60));
  EXPECT_EQ(added.exit_code, 0) << added.output;
  EXPECT_NE(added.output.find("is started by `dure up`"), std::string::npos) << added.output;
  const Finished moved = move_all(cluster, "1", "3");
  EXPECT_EQ(moved.exit_code, 0) << moved.output;
  std::printf("%s", moved.output.c_str());
  const Finished listed = run_dure({"shards", "--config", cluster.config()});
  EXPECT_NE(listed.output.find("dbagent-2"), std::string::npos) << listed.output;
  int agent = 0;
  ASSERT_TRUE(cluster.until(seconds(60), [&](const nlohmann::json& status) {
    for (const auto& node : status)
      if (node["node"] == "dbagent-2" && node["pid"].is_number()) agent = node["pid"];
    return agent > 0;
  })) << cluster.output();
  ASSERT_EQ(::kill(agent, SIGKILL), 0);
  EXPECT_TRUE(cluster.printed("dbagent-2: ready again", seconds(60))) << cluster.output();
  EXPECT_EQ(cluster.enough(), 1) << "the death is not said\n" << cluster.output();
  EXPECT_NE(cluster.output().find("dbagent-2  dbagent"), std::string::npos) << "not in the table\n" << cluster.output();
  EXPECT_NE(cluster.output().find("unexpected: 1\n"), std::string::npos) << cluster.output();
  EXPECT_EQ(cluster.still_running(), std::vector<std::string>());
  test::expect_clean(cluster.report("report.json"));
  test::expect_audit_clean(cluster.config());
}

TEST(Moves, AShardAddedWhereNobodySupervisesIsStartedByTheCommandItself) {
  ClusterProcess cluster("local.toml");
  cluster.up({});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  // As on a machine whose nodes a service manager starts: no lock names a supervisor.
  ASSERT_EQ(::unlink(cluster.path("data/up.pid").c_str()), 0);
  const Finished written = run_dure({"shards", "add", "--no-start", "--config", cluster.config()}, seconds(30));
  EXPECT_EQ(written.exit_code, 0) << written.output;
  const Finished added = run_dure({"shards", "add", "--config", cluster.config()}, seconds(30));
  EXPECT_EQ(added.exit_code, 0) << added.output;
  EXPECT_NE(added.output.find("shard 3 is there already"), std::string::npos) << added.output;
  EXPECT_NE(test::text_of(cluster.config()).find("shard_count = 3"), std::string::npos) << "and no other one";
  const std::string started = "is started, process ";
  const auto at = added.output.find(started);
  ASSERT_NE(at, std::string::npos) << added.output;
  const int agent = std::atoi(added.output.c_str() + at + started.size());
  ASSERT_GT(agent, 0);
  const int ended = static_cast<int>(::syscall(SYS_pidfd_open, agent, 0));
  ASSERT_GE(ended, 0);
  EXPECT_EQ(cluster.stop(), 0) << cluster.output();
  EXPECT_EQ(::kill(agent, SIGTERM), 0);
  pollfd file_is_free{ended, POLLIN, 0};
  EXPECT_EQ(::poll(&file_is_free, 1, 10'000), 1) << "the added agent did not end";
  ::close(ended);
  test::expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
