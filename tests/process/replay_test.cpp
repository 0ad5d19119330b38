// A real cluster's journals, replayed: every effect of every node as it was, also of one that was killed.
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "common/base/bytes.h"
#include "common/logic/journal.h"
#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;

std::vector<std::string> journals_in(const std::string& folder) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path().string());
  return paths;
}

// The same journal without the first frame of a client: what a node did with it is then missing.
std::string without_a_frame(const std::string& bytes) {
  std::string altered = journal_head();
  auto reader = JournalReader::open(bytes);
  bool left_out = false;
  for (;;) {
    auto record = reader->next();
    if (!record || !*record) break;
    if (auto* turn = std::get_if<JournalTurn>(&**record)) {
      for (auto at = turn->inputs.begin(); !left_out && at != turn->inputs.end(); ++at)
        if (std::holds_alternative<ClientFrameIn>(*at)) {
          turn->inputs.erase(at);
          left_out = true;
          break;
        }
      append(*turn, turn->inputs, &altered);
    } else {
      std::visit(
          [&](const auto& other) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(other)>, JournalTurn>) append(other, &altered);
          },
          **record);
    }
  }
  EXPECT_TRUE(left_out);
  return altered;
}

TEST(Replay, EveryNodeDoesAgainWhatItDidInARealCluster) {
  test::ClusterProcess cluster("local.toml");
  const std::string folder = cluster.path("journal");
  cluster.up({"--bots", "40", "--story", "evening", "--for", "15s", "--journal", folder});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  const int dungeon = cluster.pid_of("dungeon-1");
  ASSERT_GT(dungeon, 0);
  ASSERT_EQ(::kill(dungeon, SIGKILL), 0);
  (void)cluster.wait(seconds(150));
  const auto paths = journals_in(folder);
  EXPECT_GE(paths.size(), 9u) << "eight nodes, and the dungeon's second life";
  for (const auto& path : paths) {
    const auto replayed = test::run_dure({"replay", path}, seconds(120));
    EXPECT_EQ(replayed.exit_code, 0) << path << "\n" << replayed.output;
    EXPECT_NE(replayed.output.find("each did what it did then"), std::string::npos) << replayed.output;
    if (path.find("gateway-1") == std::string::npos) continue;
    const std::string altered = cluster.path("altered.journal");
    std::ofstream(altered, std::ios::binary) << without_a_frame(test::text_of(path));
    const auto other = test::run_dure({"replay", altered}, seconds(120));
    EXPECT_EQ(other.exit_code, 1) << other.output;
    EXPECT_NE(other.output.find("other effects than then"), std::string::npos) << other.output;
  }
}

TEST(Flight, AProcessThatWasKilledLeavesItsLastInputs) {
  test::ClusterProcess cluster("local.toml");
  cluster.up({"--bots", "20", "--story", "dungeon", "--for", "8s"});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  ASSERT_EQ(::kill(cluster.pid_of("general-1"), SIGKILL), 0);
  (void)cluster.wait(seconds(150));
  const auto printed = test::run_dure({"flight", cluster.path("data/flight/general-1-1.flight")}, seconds(20));
  EXPECT_EQ(printed.exit_code, 0) << printed.output;
  EXPECT_NE(printed.output.find("general-1: the last "), std::string::npos) << printed.output;
  EXPECT_NE(printed.output.find("Heartbeat"), std::string::npos) << printed.output;
  EXPECT_FALSE(std::filesystem::exists(cluster.path("data/flight/general-2-1.flight"))) << "it ended in order";
}

TEST(Replay, AFileThatIsNoJournalIsRefusedWithItsOffset) {
  test::ClusterProcess cluster("local.toml");
  const std::string path = cluster.path("x.journal");
  std::ofstream(path) << "not a journal at all";
  const auto refused = test::run_dure({"replay", path}, seconds(20));
  EXPECT_EQ(refused.exit_code, 78);
  EXPECT_NE(refused.output.find(path + ": offset 0: this is not a journal"), std::string::npos) << refused.output;
  EXPECT_EQ(test::run_dure({"replay", cluster.path("nowhere")}, seconds(20)).exit_code, 78);
}

}  // namespace
}  // namespace dure
