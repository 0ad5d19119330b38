// One shard of a real cluster goes back to a backup, alone, after everybody has traded on: what crossed between the two
// is redone before anybody plays on it.
#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;
using test::Finished;
using test::run_dure;

Finished dure(const ClusterProcess& cluster, std::vector<std::string> words) {
  words.insert(words.end(), {"--config", cluster.config()});
  return run_dure(words, seconds(60));
}

bool contains(const Finished& finished, const std::string& text) {
  return finished.output.find(text) != std::string::npos;
}

void play(ClusterProcess& cluster, const std::string& story, const std::string& time, const std::string& report) {
  cluster.up({"--bots", "24", "--story", story, "--for", time, "--report", cluster.path(report)});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
}

TEST(RestoreAlone, AShardThatWentBackIsReconciledWithTheOtherAndPlayedOn) {
  ClusterProcess cluster("local.toml");
  play(cluster, "trade", "12s", "first.json");  // everybody has a character
  ASSERT_EQ(cluster.wait(seconds(120)), 0) << cluster.output();

  play(cluster, "trade", "25s", "second.json");
  const Finished made = dure(cluster, {"backup", cluster.path("backup")});
  ASSERT_EQ(made.exit_code, 0) << made.output;
  const Finished open = dure(cluster, {"restore", "--status"});
  EXPECT_EQ(open.exit_code, 0) << open.output;
  EXPECT_EQ(dure(cluster, {"restore", cluster.path("backup"), "--shard", "2"}).exit_code, 1) << "it is in use";
  ASSERT_EQ(cluster.wait(seconds(120)), 0) << cluster.output();
  test::expect_clean(cluster.report("second.json"));
  test::expect_audit_clean(cluster.config());

  EXPECT_EQ(dure(cluster, {"restore", cluster.path("backup"), "--shard", "7"}).exit_code, 1);
  const Finished restored = dure(cluster, {"restore", cluster.path("backup"), "--shard", "2"});
  ASSERT_EQ(restored.exit_code, 0) << restored.output;
  EXPECT_TRUE(contains(restored, "starts closed")) << restored.output;

  play(cluster, "trade", "25s", "third.json");
  Finished status;
  for (int i = 0; i < 40 && !contains(status, "open again"); ++i) status = dure(cluster, {"restore", "--status"});
  EXPECT_EQ(status.exit_code, 0) << status.output;
  EXPECT_TRUE(contains(status, "shard 2: open again")) << status.output;
  std::printf("%s", status.output.c_str());
  ASSERT_EQ(cluster.wait(seconds(120)), 0) << cluster.output();
  test::expect_clean(cluster.report("third.json"));
  test::expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
