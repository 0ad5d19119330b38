// What the program does with a configuration, a file or a port that it must not start with: one line and an exit code.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/process/cluster_process.h"

namespace dure::test {
namespace {

using std::chrono::seconds;

class HostileStart : public ::testing::Test {
 protected:
  Finished start(const std::string& role, const std::string& node, const std::string& config) {
    return run_dure({"--role=" + role, "--node=" + node, "--config=" + config}, seconds(15));
  }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(cluster_.path(name)) << text;
    return cluster_.path(name);
  }
  std::string config() { return text_of(cluster_.config()); }
  void expect_refused(const Finished& finished, const std::string& because) {
    EXPECT_EQ(finished.exit_code, 78) << finished.output;
    EXPECT_NE(finished.output.find(because), std::string::npos) << finished.output;
    EXPECT_EQ(std::count(finished.output.begin(), finished.output.end(), '\n'), 1) << finished.output;
  }
  // Runs the cluster once, so that its files are there.
  void live_once() {
    cluster_.up({});
    ASSERT_TRUE(cluster_.printed("ready in", seconds(30))) << cluster_.output();
    ASSERT_EQ(cluster_.stop(), 0) << cluster_.output();
  }
  ClusterProcess cluster_{"local.toml"};
};

TEST_F(HostileStart, ABrokenConfigurationIsRefusedWithItsPlaceAndNothingIsLeftBehind) {
  const std::string good = config();
  const auto refuse = [&](const std::string& text, const std::string& because) {
    expect_refused(start("dbagent", "dbagent-1", write("bad.toml", text)), cluster_.path("bad.toml") + because);
  };
  refuse(good + "\n[chat]\nhistory = 5\n", ":");
  refuse(replaced(good, "shard_count = 2", "shard_count = 2\nshard_count = 3"), ":8:");
  refuse(replaced(good, "shard_count = 2", "shard_count = \"two\""), ":7:");
  refuse(replaced(good, "shard_count = 2", "shard_count = 0"), ":7:");
  refuse("", ": empty file");
  refuse(good + "# \xff\n", ":");
  refuse(std::string(10 << 20, '#'), ": larger than");
  expect_refused(start("dbagent", "dbagent-1", cluster_.path("nowhere.toml")), "nowhere.toml: No such file");
  expect_refused(start("dbagent", "dbagent-9", write("good.toml", good)), "has no node for --role dbagent");
  expect_refused(start("wizard", "dbagent-1", cluster_.path("good.toml")), "--role wizard");
  EXPECT_FALSE(std::filesystem::exists(cluster_.path("data"))) << "half configured";
}

TEST_F(HostileStart, FilesOfAnotherClusterAndOfAnotherShardAreRefusedAtOnce) {
  ASSERT_NO_FATAL_FAILURE(live_once());
  const std::string foreign = write("foreign.toml", replaced(config(), "cluster_id = \"local\"", "cluster_id = \"x\""));
  const Finished other = start("dbagent", "dbagent-1", foreign);
  EXPECT_EQ(other.exit_code, 78) << other.output;
  EXPECT_NE(other.output.find("belongs to cluster 'local', not 'x'"), std::string::npos) << other.output;

  std::vector<std::filesystem::path> shards;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(cluster_.path("data")))
    if (entry.path().extension() == ".db" && entry.path().filename().string().starts_with("shard"))
      shards.push_back(entry.path());
  ASSERT_EQ(shards.size(), 2u);
  std::filesystem::copy_file(shards[0], shards[1], std::filesystem::copy_options::overwrite_existing);
  const Finished copied = start("dbagent", "dbagent-1", cluster_.config());
  EXPECT_EQ(copied.exit_code, 78) << copied.output;
  EXPECT_NE(copied.output.find("is shard "), std::string::npos) << copied.output;
}

TEST_F(HostileStart, ATakenPortIsSaidOnceAndEndsIn75) {
  const int taken = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  ASSERT_EQ(::bind(taken, reinterpret_cast<sockaddr*>(&at), size), 0);
  ASSERT_EQ(::listen(taken, 1), 0);
  ASSERT_EQ(::getsockname(taken, reinterpret_cast<sockaddr*>(&at), &size), 0);
  std::string text = replaced(config(), "shard_count = 2", "shard_count = 2\nstart_timeout_s = 1");
  const auto begin = text.find("name = \"chat-1\"\naddress = \"") + 27;
  text.replace(begin, text.find('"', begin) - begin, "tcp://127.0.0.1:" + std::to_string(ntohs(at.sin_port)));
  const Finished finished = start("chat", "chat-1", write("taken.toml", text));
  EXPECT_EQ(finished.exit_code, 75) << finished.output;
  const auto first = finished.output.find("port_taken");
  EXPECT_NE(first, std::string::npos) << finished.output;
  EXPECT_EQ(finished.output.find("port_taken", first + 1), std::string::npos) << finished.output;
  ::close(taken);
}

TEST_F(HostileStart, WhoeverIsStartedBeforeWhatItNeedsSaysSoOnceServesNothingAndEndsIn75) {
  const std::string hasty = replaced(config(), "shard_count = 2", "shard_count = 2\nstart_timeout_s = 1");
  const auto begin = hasty.find("[redis]\naddress = \"") + 19;
  const std::string without_redis = std::string(hasty).replace(begin, hasty.find('"', begin) - begin, "");
  const auto expect_waits = [&](const std::string& role, const std::string& text, const std::string& for_whom) {
    const Finished finished = start(role, role + "-1", write("hasty.toml", text));
    EXPECT_EQ(finished.exit_code, 75) << finished.output;
    EXPECT_NE(finished.output.find("\"waited_for\":\"" + for_whom), std::string::npos) << finished.output;
    const auto first = finished.output.find("start.timeout");
    EXPECT_EQ(finished.output.find("start.timeout", first + 1), std::string::npos) << finished.output;
    EXPECT_EQ(finished.output.find("process.ready"), std::string::npos) << finished.output;
  };
  for (const char* role : {"general", "gateway", "dungeon"}) expect_waits(role, without_redis, "the directory's agent");
  expect_waits("general", hasty, "Redis at ");
}

TEST_F(HostileStart, ASecondProcessOfTheSameDataWaitsAndEndsIn75) {
  cluster_.up({});
  ASSERT_TRUE(cluster_.printed("ready in", seconds(30))) << cluster_.output();
  const std::string again =
      write("again.toml", replaced(config(), "shard_count = 2", "shard_count = 2\nstart_timeout_s = 1"));
  const Finished second = start("dbagent", "dbagent-1", again);
  EXPECT_EQ(second.exit_code, 75) << second.output;
  EXPECT_NE(second.output.find("locked"), std::string::npos) << second.output;
  EXPECT_EQ(cluster_.stop(), 0) << cluster_.output();
}

TEST_F(HostileStart, WhoWaitsForAFileOfAnotherProcessStopsWhenItIsToldTo) {
  cluster_.up({});
  ASSERT_TRUE(cluster_.printed("ready in", seconds(30))) << cluster_.output();
  const std::string patient =
      write("patient.toml", replaced(config(), "shard_count = 2", "shard_count = 2\nstart_timeout_s = 3600"));
  const std::string output = cluster_.path("second");
  RunningDure second({"--role=dbagent", "--node=dbagent-1", "--config=" + patient}, output);
  while (second.runs() && text_of(output).find("start.waits") == std::string::npos) std::this_thread::yield();
  ASSERT_TRUE(second.runs()) << text_of(output);
  EXPECT_EQ(second.stop(seconds(30)), 0) << text_of(output);
  EXPECT_EQ(cluster_.stop(), 0) << cluster_.output();
}

TEST_F(HostileStart, ASecondClusterOfTheSameDataLeavesTheNodesThatTheFirstOneCountedAlone) {
  cluster_.up({"--gateways", "1"});
  ASSERT_TRUE(cluster_.printed("ready in", seconds(30))) << cluster_.output();
  const std::string counted = text_of(cluster_.path("data/up.toml"));
  ASSERT_NE(counted.find("gateway-1"), std::string::npos);
  const auto expect_waits = [&](std::string text, const std::string& for_what) {
    text = replaced(text, "shard_count = 2", "shard_count = 2\nstart_timeout_s = 1");
    const Finished second = run_dure({"up", "--dungeons", "1", "--config", write("second.toml", text)}, seconds(30));
    EXPECT_EQ(second.exit_code, 75) << second.output;
    EXPECT_NE(second.output.find(for_what), std::string::npos) << second.output;
    EXPECT_TRUE(text_of(cluster_.path("data/up.toml")) == counted) << for_what;
  };
  expect_waits(config(), "port taken");
  const ClusterProcess elsewhere("local.toml");
  expect_waits(replaced(text_of(elsewhere.config()), elsewhere.path("data"), cluster_.path("data")),
               "has another supervisor");
  EXPECT_EQ(cluster_.stop(), 0) << cluster_.output();
}

}  // namespace
}  // namespace dure::test
