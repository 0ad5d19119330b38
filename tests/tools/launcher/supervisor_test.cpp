#include "tools/launcher/supervisor.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/common/fake_cluster.h"

namespace dure {
namespace {

// Children are small shell programs that say ready and then hang on a `read` from a fifo nobody writes to.
class SupervisorTest : public testing::Test {
 protected:
  SupervisorTest() : supervisor_([this](const std::string& line) { said_.push_back(line); }, log_) {
    folder_ = testing::TempDir() + "supervisor_" + std::to_string(getpid());
    std::filesystem::create_directories(folder_);
  }
  ~SupervisorTest() override {
    supervisor_.stop_at_once();
    turn_until([this] { return supervisor_.stopped(); });
    std::filesystem::remove_all(folder_);
  }

  Supervised& add(const std::string& name, Rank rank, const std::string& script) {
    auto process = std::make_unique<Supervised>();
    process->name = process->role = name;
    process->rank = rank;
    process->command = {"/bin/bash", {"bash", "-c", script}, folder_ + "/" + name + ".log"};
    return supervisor_.add(std::move(process), now_);
  }
  // Says ready and notes its name when told to stop. It looks up now and then: a TERM between two commands of the shell
  // would wait for the end of the next one.
  std::string obedient(const std::string& name) const {
    return "trap 'echo " + name + " >> " + folder_ + "/order; exit 0' TERM; echo ready >&$DURE_READY_FD; " +
           "while :; do read -t 0.2 <> <(:); done";
  }
  template <class Done>
  bool turn_until(Done done) {
    for (int i = 0; i < 1000; ++i) {
      supervisor_.turn(now_);
      if (done()) return true;
      std::vector<pollfd> fds;
      for (const int fd : supervisor_.ready_fds()) fds.push_back({fd, POLLIN, 0});
      poll(fds.data(), fds.size(), 10);
    }
    return false;
  }
  std::string text_of(const std::string& file) const {
    std::ifstream in(folder_ + "/" + file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string folder_;
  std::vector<std::string> said_;
  MonoTime now_{seconds(100)};
  test::MemoryLog log_;
  Supervisor supervisor_;
};

TEST_F(SupervisorTest, StopsRankByRankInOrder) {
  for (const auto& [name, rank] : {std::pair{"redis", Rank::kRedis},
                                   {"dbagent", Rank::kDbagents},
                                   {"gateway", Rank::kGateways},
                                   {"bots", Rank::kBots},
                                   {"dungeon", Rank::kDungeons}})
    add(name, rank, obedient(name));
  ASSERT_TRUE(turn_until([this] { return supervisor_.all_ready(); }));
  supervisor_.stop(now_, seconds(10));
  ASSERT_TRUE(turn_until([this] { return supervisor_.stopped(); }));
  EXPECT_EQ(text_of("order"), "bots\ngateway\ndungeon\ndbagent\nredis\n");
  EXPECT_TRUE(supervisor_.unexpected().empty());
}

TEST_F(SupervisorTest, KillsWhoDoesNotStopInTime) {
  Supervised& deaf =
      add("deaf", Rank::kChat, "trap '' TERM; echo ready >&$DURE_READY_FD; while :; do read -t 0.2 <> <(:); done");
  ASSERT_TRUE(turn_until([this] { return supervisor_.all_ready(); }));
  supervisor_.stop(now_, seconds(10));
  supervisor_.turn(now_ + seconds(9));
  EXPECT_TRUE(deaf.child.running());
  now_ += seconds(10);
  ASSERT_TRUE(turn_until([this] { return supervisor_.stopped(); }));
  EXPECT_EQ(said_.front(), "deaf: did not stop within 10.0 s, killed");
  ASSERT_EQ(supervisor_.unexpected().size(), 1u);
  EXPECT_EQ(supervisor_.unexpected()[0], "deaf: killed by signal 9 while stopping");
}

TEST_F(SupervisorTest, StartsADeadChildAgainAfterTheBackOff) {
  Supervised& child = add("dungeon-1", Rank::kDungeons, obedient("dungeon-1"));
  ASSERT_TRUE(turn_until([this] { return supervisor_.all_ready(); }));
  const pid_t first = child.child.pid();
  kill(first, SIGKILL);
  ASSERT_TRUE(turn_until([&] { return child.state == ChildState::kWaiting; }));
  EXPECT_EQ(said_.back().substr(0, 56), "dungeon-1: killed by signal 9, started again in 0.1 s (/");
  supervisor_.turn(now_ + milliseconds(99));
  EXPECT_FALSE(child.child.running());
  now_ += milliseconds(100);
  ASSERT_TRUE(turn_until([this] { return supervisor_.all_ready(); }));
  EXPECT_NE(child.child.pid(), first);
  EXPECT_EQ(supervisor_.unexpected().size(), 1u);
}

TEST_F(SupervisorTest, ExplainsARefusedConfigurationAndDoesNotLoop) {
  Supervised& child = add("dbagent-1", Rank::kDbagents, "echo 'configs/x.toml:3:1: no'; exit 78");
  ASSERT_TRUE(turn_until([this] { return supervisor_.any(ChildState::kRefused); }));
  EXPECT_NE(said_.back().find("exit 78, not started again"), std::string::npos);
  EXPECT_NE(said_.back().find("configs/x.toml:3:1: no"), std::string::npos);
  supervisor_.turn(now_ + seconds(60));
  EXPECT_FALSE(child.child.running());
}

TEST_F(SupervisorTest, LeavesDownWhoCrashesFiveTimesInAMinuteUntilAskedToTryAgain) {
  Supervised& child = add("dungeon-1", Rank::kDungeons, "echo ready >&$DURE_READY_FD; kill -SEGV $$");
  Supervised& other = add("dungeon-2", Rank::kDungeons, obedient("dungeon-2"));
  for (int crashes = 1; crashes < 5; ++crashes) {
    ASSERT_TRUE(turn_until([&] { return child.state == ChildState::kWaiting && child.restarts == crashes; }));
    now_ = child.start_at;
  }
  ASSERT_TRUE(turn_until([&] { return child.state == ChildState::kDown; }));
  EXPECT_NE(said_.back().find("left down: 5 crashes within 60.0 s"), std::string::npos) << said_.back();
  EXPECT_EQ(supervisor_.state_text(child, now_), "down, 5 crashes");
  EXPECT_EQ(log_.errors, std::vector<std::string>{"node.down node=dungeon-1 crashes=5 within_s=60"});
  now_ += seconds(600);
  supervisor_.turn(now_);
  EXPECT_FALSE(child.child.running());
  EXPECT_EQ(other.state, ChildState::kReady);

  child.command.arguments[2] = obedient("dungeon-1");
  supervisor_.revive(now_);
  ASSERT_TRUE(turn_until([this] { return supervisor_.all_ready(); }));
}

TEST_F(SupervisorTest, WhoWaitsInVainIsNeverLeftDown) {
  Supervised& child = add("general-1", Rank::kGenerals, "exit 75");
  for (int ends = 1; ends < 10; ++ends) {
    ASSERT_TRUE(turn_until([&] { return child.state == ChildState::kWaiting && child.restarts == ends; }));
    now_ = child.start_at;
  }
}

TEST_F(SupervisorTest, LetsBotsEndForGood) {
  Supervised& bots = add("bots", Rank::kBots, "exit 3");
  bots.restart = false;
  ASSERT_TRUE(turn_until([&] { return bots.state == ChildState::kEnded; }));
  EXPECT_EQ(supervisor_.unexpected().size(), 1u);
  EXPECT_EQ(bots.ending.code, 3);
}

TEST_F(SupervisorTest, KillsTheWholeGroupOfAChild) {
  Supervised& child = add("parent", Rank::kChat,
                          "cat <> <(:) & echo $! > " + folder_ + "/grandchild; echo ready >&$DURE_READY_FD; wait");
  ASSERT_TRUE(turn_until([this] { return supervisor_.all_ready(); }));
  const int grandchild = std::stoi(text_of("grandchild"));
  EXPECT_EQ(getpgid(grandchild), child.child.pid());
  kill(child.child.pid(), SIGKILL);
  ASSERT_TRUE(turn_until([&] { return child.state == ChildState::kWaiting; }));
  EXPECT_TRUE(turn_until([&] {
    std::ifstream stat("/proc/" + std::to_string(grandchild) + "/stat");
    std::string pid, name, state;
    return !(stat >> pid >> name >> state) || state == "Z";
  }));
}

}  // namespace
}  // namespace dure
