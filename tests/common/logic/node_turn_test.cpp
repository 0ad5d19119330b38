// The order and the bounds of one turn.
#include <gtest/gtest.h>

#include "tests/common/logic/test_node.h"

namespace dure::test {
namespace {

struct Turner {
  Bench b;
  std::vector<Inbound> in;
  std::vector<Outbound> out;
  void turn(Duration at) {
    out.clear();
    b.node.turn(MonoTime(seconds(1000) + at), WallTime(seconds(1)), &in, &out);
  }
};

TEST(NodeTurn, TicksComeAtTheirStep) {
  Turner t;
  t.b.node.step = milliseconds(50);
  std::vector<std::uint64_t> ticks;
  t.b.node.ticked = [&](std::uint64_t tick) { ticks.push_back(tick); };
  t.turn({});
  for (int ms = 10; ms <= 200; ms += 10) t.turn(milliseconds(ms));
  EXPECT_EQ(ticks, (std::vector<std::uint64_t>{1, 2, 3, 4}));
}

TEST(NodeTurn, AfterAPauseAtMostThreeMissedTicksAreCaughtUp) {
  Turner t;
  t.b.node.step = milliseconds(50);
  int ticks = 0;
  t.b.node.ticked = [&](std::uint64_t) { ++ticks; };
  t.turn({});
  t.turn(seconds(60));
  EXPECT_EQ(ticks, 4) << "the one that is due, and three";
  t.turn(seconds(60) + milliseconds(10));
  EXPECT_EQ(ticks, 4);
  t.turn(seconds(60) + milliseconds(60));
  EXPECT_EQ(ticks, 5);
}

TEST(NodeTurn, ATickThatThrowsDoesNotStopTheNext) {
  Turner t;
  t.b.node.step = milliseconds(50);
  int ticks = 0;
  t.b.node.ticked = [&](std::uint64_t) {
    ++ticks;
    CHECK(false);
  };
  t.turn({});
  t.turn(milliseconds(50));
  t.turn(milliseconds(100));
  EXPECT_EQ(ticks, 2);
}

TEST(NodeTurn, TimeNeverGoesBack) {
  Turner t;
  t.turn(seconds(5));
  const MonoTime before = t.b.node.now();
  t.turn(seconds(1));
  EXPECT_EQ(t.b.node.now(), before);
}

TEST(NodeTurn, ATimerOfZeroThatStartsItselfAnewCannotKeepATurn) {
  Turner t;
  int ran = 0;
  std::function<void()> again = [&] {
    ++ran;
    t.b.node.after({}, again);
  };
  t.b.node.started = [&] { again(); };
  t.turn({});
  EXPECT_LE(ran, 2);
  EXPECT_LE(t.b.node.next_due(), t.b.node.now());
}

TEST(NodeTurn, ANodeThatWritesToItselfDoesNotSpinInsideATurn) {
  Turner t;
  int heard = 0;
  t.b.node.on_raw(251, [&](const From&, std::string_view) {
    ++heard;
    t.b.node.send(t.b.general, proto::MatchFound());
  });
  t.b.node.started = [&] { t.b.node.send(t.b.general, proto::MatchFound()); };
  t.turn({});
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(t.b.node.next_due(), t.b.node.now()) << "the next turn is wanted at once";
  t.turn({});
  EXPECT_EQ(heard, 2);
}

TEST(NodeTurn, EffectsLeaveInTheOrderTheyWereMade) {
  Turner t;
  t.b.node.started = [&] { t.b.node.effect(FrameOut{ClientId(1), {}, {}, false}); };
  t.b.node.turn_ended = [&] { t.b.node.effect(FrameOut{ClientId(2), {}, {}, false}); };
  t.turn({});
  std::vector<std::uint64_t> clients;
  for (const auto& effect : t.out)
    if (const auto* frame = std::get_if<FrameOut>(&effect)) clients.push_back(frame->client.value);
  EXPECT_EQ(clients, (std::vector<std::uint64_t>{1, 2}));
}

TEST(NodeTurn, AMonitorReportIsMadeOnceASecond) {
  Turner t;
  int reports = 0;
  for (int ms = 0; ms <= 3000; ms += 50) {
    t.turn(milliseconds(ms));
    for (const auto& effect : t.out) reports += std::get_if<MonitorValues>(&effect) != nullptr;
  }
  EXPECT_EQ(reports, 3);
}

TEST(NodeTurn, TwoHandlersForOneMessageAreABug) {
  Bench b;
  b.node.on_raw(251, [](const From&, std::string_view) {});
  EXPECT_THROW(b.node.on_raw(251, [](const From&, std::string_view) {}), CheckFailed);
}

TEST(NodeTurn, RoutesWithoutAHandlerAreNamed) {
  Bench b;
  const auto before = b.node.routes_without_handler();
  EXPECT_NE(std::find(before.begin(), before.end(), "MatchFound"), before.end());
  EXPECT_EQ(std::find(before.begin(), before.end(), "LoginRequest"), before.end()) << "not of this role";
  b.node.on_raw(251, [](const From&, std::string_view) {});
  EXPECT_EQ(b.node.routes_without_handler().size(), before.size() - 1);
}

}  // namespace
}  // namespace dure::test
