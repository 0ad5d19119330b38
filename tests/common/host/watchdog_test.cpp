// A turn that does not end: the process does, and says where it was stuck.
#include "common/host/watchdog.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "common/host/logic_thread.h"
#include "common/host/os_entropy.h"
#include "tests/common/host/last_words.h"
#include "tests/common/host/waiting.h"

namespace dure {
namespace {

// Stands still at the first game master's command, until told to go on.
class StuckNode : public Node {
 public:
  using Node::Node;
  std::atomic<bool> stuck{false}, go_on{false};

 protected:
  void on_gm(const GmCommandIn&) override { stand_still(); }
  __attribute__((noinline)) void stand_still() {
    stuck = true;
    while (!go_on) go_on.wait(false);  // a loop: a call in the last place would leave no frame to be named
  }
};

struct Watched {
  Watched() { node_thread.start(); }
  static NodeIdentity identity() {
    NodeIdentity made;
    made.id = NodeId(Role::kChat, 1);
    made.name = "chat-1";
    return made;
  }
  CountingLog log;
  OsEntropy entropy;
  Routes routes;
  StuckNode node{identity(), routes, Seams{&log, &entropy, nullptr, nullptr}};
  Mailbox box{"chat-1", 100, log};
  Distributor distributor{Outlets{}};
  LogicThread node_thread{node, box, distributor, nullptr, {}, nullptr};
};

TEST(Watchdog, AStuckTurnIsNamedUntilItEnds) {
  Watched watched;
  Watchdog watchdog({&watched.node_thread}, milliseconds(50), false, watched.log);
  watched.box.put(GmCommandIn{});
  EXPECT_TRUE(eventually([&] { return watched.log.count("watchdog.turn_stuck") >= 2; }));
  watched.node.go_on = true;
  watched.node.go_on.notify_all();
  EXPECT_TRUE(eventually([&] { return watched.node_thread.turn_since_ns() == 0; }));
}

TEST(Watchdog, AStuckTurnEndsTheProcessWithItsStack) {
  int status = 0;
  const std::string words = last_words(
      [] {
        Watched watched;
        Watchdog watchdog({&watched.node_thread}, milliseconds(50), true, watched.log);
        watched.box.put(GmCommandIn{});
        for (;;) pause();
      },
      &status);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) << status << "\n" << words;
  EXPECT_NE(words.find("crash: signal 06"), std::string::npos) << words;
  EXPECT_NE(words.find("stand_still"), std::string::npos) << words;
  EXPECT_NE(words.find(" tests/common/host/watchdog_test.cpp:"), std::string::npos) << words;
  EXPECT_NE(words.find(" common/host/logic_thread.cpp:"), std::string::npos) << words;
}

TEST(Watchdog, AProcessThatStoodStillInATurnGoesOn) {
  constexpr Duration kTurnMax = seconds(1);
  const pid_t child = fork();
  if (child == 0) {
    Watched watched;
    Watchdog watchdog({&watched.node_thread}, kTurnMax, true, watched.log);
    watched.box.put(GmCommandIn{});
    bool lives = eventually([&] { return watched.node.stuck.load(); });
    raise(SIGSTOP);
    lives = lives && eventually([&] { return watched.log.count("watchdog.paused") > 0; });
    watched.node.go_on = true;
    watched.node.go_on.notify_all();
    lives = lives && eventually([&] { return watched.node_thread.turn_since_ns() == 0; });
    _exit(lives ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status)) << status;
  const MonoTime stopped = mono_now();
  EXPECT_TRUE(eventually([&] { return mono_now() - stopped > 2 * kTurnMax; }));
  kill(child, SIGCONT);
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

__attribute__((noinline)) void write_to_nowhere() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

TEST(CrashReport, AWriteToNowhereIsReportedFromWhereItWas) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "undefined behaviour is caught before it is done";
#endif
  int status = 0;
  const std::string words = last_words(write_to_nowhere, &status);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV) << status << "\n" << words;
  EXPECT_NE(words.find("write_to_nowhere"), std::string::npos) << words;
}

}  // namespace
}  // namespace dure
