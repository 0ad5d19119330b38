// One shard of a real cluster goes back to a backup, alone, after everybody has traded on: what crossed between the two
// is redone before anybody plays on it.
#include <ctime>

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
  for (int i = 0; i < 100 && !contains(status, "open again"); ++i) status = dure(cluster, {"restore", "--status"});
  EXPECT_EQ(status.exit_code, 0) << status.output;
  EXPECT_TRUE(contains(status, "shard 2: open again")) << status.output;
  std::printf("%s", status.output.c_str());
  const Finished audit = dure(cluster, {"audit"});  // while everybody trades
  EXPECT_EQ(audit.exit_code, 0) << audit.output;
  ASSERT_EQ(cluster.wait(seconds(120)), 0) << cluster.output();
  test::expect_clean(cluster.report("third.json"));
  test::expect_audit_clean(cluster.config());
}

TEST(Rollback, ShowsTheDifferenceFirstAndWritesItOnceByASignedOrder) {
  ClusterProcess cluster("local.toml");
  play(cluster, "shop", test::kUntilEnough, "report.json");
  const std::vector<std::string> anna = {"rollback", "--player", "Botaaab", "--to"};
  const auto ask = [&](const std::string& time, const std::string& how) {
    std::vector<std::string> words = anna;
    words.push_back(time);
    words.push_back(how);
    return dure(cluster, words);
  };
  Finished shown;
  for (int i = 0; i < 60 && !contains(shown, "gold: then"); ++i) shown = ask("4s", "--dry-run");
  ASSERT_EQ(shown.exit_code, 0) << shown.output;
  EXPECT_TRUE(contains(shown, "afterwards")) << shown.output;
  std::printf("%s", shown.output.c_str());
  EXPECT_TRUE(contains(ask("2099-01-01T00:00Z", "--yes"), "not come yet"));
  EXPECT_TRUE(contains(ask("2020-01-01T00:00Z", "--yes"), "did not exist then"));
  EXPECT_EQ(dure(cluster, {"rollback", "--player", "Nobodyy", "--to", "1h"}).exit_code, 1);
  EXPECT_EQ(dure(cluster, {"rollback", "--player", "Botaaab"}).exit_code, 64);
  EXPECT_TRUE(contains(dure(cluster, {"rollback", "--trade", "000000000000000000000000000000ff"}), "no shard knows"));

  const std::time_t moment = std::time(nullptr) - 3;
  char time[32];
  std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&moment));
  const Finished unasked = dure(cluster, {"rollback", "--player", "Botaaab", "--to", time});
  EXPECT_EQ(unasked.exit_code, 1) << "nobody was asked";
  const Finished done = ask(time, "--yes");
  EXPECT_EQ(done.exit_code, 0) << done.output;
  EXPECT_TRUE(contains(done, "ok Botaaab:")) << done.output;
  const Finished again = ask(time, "--yes");
  EXPECT_EQ(again.exit_code, 0) << again.output;
  EXPECT_TRUE(contains(again, "rolled back already")) << again.output;
  EXPECT_EQ(run_dure({"gm", "--config", cluster.config(), "open-shard", "1"}).exit_code, 0);
  static_cast<void>(cluster.enough());
  test::expect_audit_clean(cluster.config());
}

}  // namespace
}  // namespace dure
