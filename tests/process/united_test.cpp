// Every role in one process: all the threads there are at once, so this is what runs under the sanitizers, too.
#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;

TEST(United, TheServerInOneProcessNeedsNothingElse) {
  test::ClusterProcess cluster("all.toml");
  cluster.up({"--bots", "30", "--story", "evening", "--for", "15s", "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  EXPECT_EQ(cluster.wait(seconds(150)), 0) << cluster.output();
  EXPECT_EQ(cluster.sanitizer_reports(), "");
  test::expect_clean(cluster.report("report.json"));
  test::expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
