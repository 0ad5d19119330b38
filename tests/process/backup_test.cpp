// What operators do with the ledger of a real cluster under playing bots: ask it, watch it, back it up at one
// cut, and go back to that cut.
#include <unistd.h>

#include <filesystem>
#include <thread>

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

TEST(Operators, BackupsUnderPlayingBotsAreEachOneCutAndARestoreGoesBackToOne) {
  ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "40", "--story", "shop", "--for", test::kUntilEnough, "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  ASSERT_TRUE(cluster.until_players(40)) << cluster.output();
  EXPECT_EQ(dure(cluster, {"restore", cluster.path("none")}).exit_code, 1);
  constexpr int kBackups = 6;
  for (int i = 0; i < kBackups; ++i) {
    const std::string folder = cluster.path("backup-" + std::to_string(i));
    const Finished made = dure(cluster, {"backup", folder});
    ASSERT_EQ(made.exit_code, 0) << made.output;
    EXPECT_TRUE(contains(made, "one cut")) << made.output;
    if (i == 0) std::printf("%s", made.output.c_str());
  }
  // The audit of a running cluster is of such copies, too: not a trade that is half done looks wrong.
  for (int i = 0; i < kBackups; ++i) {
    const Finished audit = dure(cluster, {"audit"});
    EXPECT_EQ(audit.exit_code, 0) << audit.output;
    EXPECT_FALSE(contains(audit, "one by one")) << audit.output;
  }
  EXPECT_TRUE(std::filesystem::exists(cluster.path("data/shard-1.db")));
  for (const auto& entry : std::filesystem::directory_iterator(cluster.path("data")))
    EXPECT_NE(entry.path().filename().string().substr(0, 6), "audit-") << "its copies are gone again";
  const Finished full = dure(cluster, {"backup", cluster.path("backup-0")});
  EXPECT_EQ(full.exit_code, 1) << full.output;
  const Finished economy = dure(cluster, {"economy"});
  EXPECT_EQ(economy.exit_code, 0) << economy.output;
  EXPECT_TRUE(contains(economy, "gold")) << economy.output;
  const Finished watch = dure(cluster, {"audit", "--watch", "--rounds", "1"});
  EXPECT_EQ(watch.exit_code, 0) << watch.output;
  EXPECT_TRUE(contains(watch, "clean")) << watch.output;
  const Finished running = dure(cluster, {"restore", cluster.path("backup-0")});
  EXPECT_EQ(running.exit_code, 1) << running.output;
  EXPECT_TRUE(contains(running, "stop the cluster first")) << running.output;
  EXPECT_EQ(cluster.enough(), 0) << cluster.output();
  test::expect_clean(cluster.report("report.json"));
  test::expect_audit_clean(cluster.config());

  // Every cut is whole: with what it leaves open driven to its end, the books of all shards together are clean.
  for (int i = 0; i < kBackups; ++i) {
    const Finished restored = dure(cluster, {"restore", cluster.path("backup-" + std::to_string(i))});
    ASSERT_EQ(restored.exit_code, 0) << restored.output;
    EXPECT_TRUE(contains(restored, "generation " + std::to_string(2 + i))) << restored.output;
    test::expect_audit_clean(cluster.config());
  }
  // And one can go on playing on it.
  cluster.up({"--bots", "40", "--story", "shop", "--for", "8s", "--report", cluster.path("after.json")});
  EXPECT_EQ(cluster.wait(seconds(90)), 0) << cluster.output();
  test::expect_clean(cluster.report("after.json"));
  test::expect_audit_clean(cluster.config());
}

TEST(Operators, AnInterruptedBackupLeavesNothingThatKeepsAnotherFromBeingMade) {
  ClusterProcess cluster("local.toml");
  ASSERT_EQ(dure(cluster, {"seed", "--accounts", "1000", "--items", "40"}).exit_code, 0);
  cluster.up({"--bots", "4", "--for", test::kUntilEnough});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  bool interrupted = false;
  for (int tries = 0; tries < 5 && !interrupted; ++tries) {
    const std::string folder = cluster.path("backup-" + std::to_string(tries)), said = cluster.path("said");
    test::RunningDure backup({"backup", folder, "--config", cluster.config()}, said);
    while (backup.runs() && !std::filesystem::exists(folder + "/shard-1.db.part"))
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    interrupted = backup.stop(seconds(15)) == 1;
    EXPECT_EQ(std::filesystem::exists(folder), !interrupted) << test::text_of(said);
    EXPECT_EQ(std::filesystem::exists(folder + "/backup.txt"), !interrupted) << test::text_of(said);
    const Finished audit = dure(cluster, {"audit"});
    EXPECT_EQ(audit.exit_code, 0) << audit.output;
  }
  EXPECT_TRUE(interrupted);
  EXPECT_EQ(cluster.enough(), 0) << cluster.output();
}

TEST(Operators, ARestoreThatStopsBetweenTwoFilesLeavesAClusterThatDoesNotStartUntilItIsDoneAgain) {
  ClusterProcess cluster("local.toml");
  ASSERT_EQ(dure(cluster, {"seed", "--accounts", "10"}).exit_code, 0);
  cluster.up({"--bots", "4", "--for", test::kUntilEnough});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  ASSERT_EQ(dure(cluster, {"backup", cluster.path("backup")}).exit_code, 0);
  EXPECT_EQ(cluster.enough(), 0) << cluster.output();

  // The second shard's place cannot be taken.
  const std::string place = cluster.path("data/shard-2.db");
  std::filesystem::remove(place);
  std::filesystem::create_directories(place + "/is-a-folder");
  const Finished stopped = dure(cluster, {"restore", cluster.path("backup")});
  EXPECT_EQ(stopped.exit_code, 1) << stopped.output;
  EXPECT_TRUE(contains(stopped, "until this restore is done again")) << stopped.output;
  std::filesystem::remove_all(place);

  EXPECT_EQ(dure(cluster, {"restore", cluster.path("backup"), "--shard", "2"}).exit_code, 1) << "of two cuts";
  const Finished agent = dure(cluster, {"--role", "dbagent"});
  EXPECT_EQ(agent.exit_code, 78) << agent.output;
  EXPECT_TRUE(contains(agent, "restore.unfinished")) << agent.output;

  const Finished again = dure(cluster, {"restore", cluster.path("backup")});
  ASSERT_EQ(again.exit_code, 0) << again.output;
  EXPECT_FALSE(std::filesystem::exists(cluster.path("data/restore.unfinished")));
  cluster.up({"--bots", "4", "--for", "3s", "--report", cluster.path("after.json")});
  EXPECT_EQ(cluster.wait(seconds(90)), 0) << cluster.output();
  test::expect_clean(cluster.report("after.json"));
}

// Commands that are patient once they talk with somebody.
TEST(Operators, AClusterThatIsNotThereIsSaidSoon) {
  const ClusterProcess cluster("local.toml");
  for (const auto& words :
       std::vector<std::vector<std::string>>{{"backup", cluster.path("backup")},
                                             {"economy"},
                                             {"shards", "move", "--from", "1", "--to", "2", "--count", "9"}}) {
    const Finished asked = dure(cluster, words);
    EXPECT_EQ(asked.exit_code, 2) << words[0] << ": " << asked.output;
    EXPECT_TRUE(contains(asked, "no answer from the cluster of " + cluster.config())) << asked.output;
  }
}

TEST(Operators, ASeededClusterIsCleanAndItsItemsAndPlayersTellTheirHistory) {
  ClusterProcess cluster("local.toml");
  const Finished seeded = dure(cluster, {"seed", "--accounts", "60", "--characters", "2", "--items", "40"});
  ASSERT_EQ(seeded.exit_code, 0) << seeded.output;
  std::printf("%s", seeded.output.c_str());
  const Finished audit = dure(cluster, {"audit"});
  EXPECT_EQ(audit.exit_code, 0) << audit.output;
  EXPECT_TRUE(contains(audit, "ledger sum 0, 4800 items")) << audit.output;
  cluster.up({"--bots", "10", "--story", "shop", "--for", test::kUntilEnough, "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  Finished player;
  for (int i = 0; i < 40 && player.exit_code != 0; ++i)  // until the bot has made its character
    player = dure(cluster, {"player", "Botaaab", "--ledger", "--since", "1d"});
  EXPECT_EQ(player.exit_code, 0) << player.output;
  for (int i = 0; i < 40 && !contains(player, "difference"); ++i)
    player = dure(cluster, {"player", "Botaaab", "--ledger", "--since", "1d"});
  EXPECT_TRUE(contains(player, "faucet")) << player.output;
  std::printf("%s", player.output.c_str());
  EXPECT_EQ(dure(cluster, {"player", "Nobodyy"}).exit_code, 1);
  EXPECT_EQ(dure(cluster, {"item", "00000000000000000000000000000001"}).exit_code, 1);
  EXPECT_EQ(dure(cluster, {"item", "xyz"}).exit_code, 1);
  const Finished busy = dure(cluster, {"seed", "--accounts", "1"});
  EXPECT_NE(busy.exit_code, 0) << busy.output;
  EXPECT_EQ(cluster.enough(), 0) << cluster.output();
  test::expect_clean(cluster.report("report.json"));
}

}  // namespace
}  // namespace dure
