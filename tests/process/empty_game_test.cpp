// The engine is not the sample: the same cluster runs around a game that has nothing in it.
#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;

TEST(EmptyGame, PlayersLogInWalkAndTalk) {
  test::ClusterProcess cluster("local.toml", test::ClusterProcess::Program::kWithoutGame);
  cluster.up({"--bots", "12", "--story", "walk", "--for", "6s", "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  EXPECT_EQ(cluster.wait(seconds(60)), 0) << cluster.output();
  const auto report = cluster.report("report.json");
  test::expect_clean(report);
  EXPECT_EQ(report["connected_max"], 12);
}

}  // namespace
}  // namespace dure
