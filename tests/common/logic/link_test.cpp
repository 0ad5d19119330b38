// The handshake and the liveness of two ends of a link, by hand.
#include "common/logic/link.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

using State = Link::State;
using Event = Link::Event;

const Incarnation kSelf{1, 1};
const Incarnation kPeer{2, 2};
const Incarnation kPeerAgain{2, 3};

MonoTime ms(int n) { return MonoTime(seconds(100) + milliseconds(n)); }
PeerFacts facts(Incarnation incarnation) {
  PeerFacts f;
  f.incarnation = incarnation;
  return f;
}
Link fresh() { return Link(NodeId(Role::kDungeon, 1), "dungeon-1", "somewhere"); }
Link up_at(MonoTime now) {
  Link link = fresh();
  link.bus_up(now);
  EXPECT_EQ(link.hello(facts(kPeer), kSelf, kSelf, now), Event::kUp);
  EXPECT_TRUE(link.take_hello(now));
  return link;
}

TEST(Link, GreetsUntilThePeerHasEchoedUs) {
  Link link = fresh();
  EXPECT_FALSE(link.take_hello(ms(0))) << "no connection, no hello";
  EXPECT_EQ(link.bus_up(ms(0)), Event::kNone);
  EXPECT_EQ(link.state(), State::kGreeting);
  EXPECT_TRUE(link.take_hello(ms(0)));
  EXPECT_FALSE(link.take_hello(ms(1)));
  EXPECT_TRUE(link.take_hello(ms(250))) << "repeated: links do not resend";
  EXPECT_EQ(link.hello(facts(kPeer), {}, kSelf, ms(251)), Event::kNone);
  EXPECT_FALSE(link.up());
  EXPECT_TRUE(link.breaker_open());
  EXPECT_TRUE(link.take_hello(ms(251))) << "our echo, at once";
  EXPECT_EQ(link.hello(facts(kPeer), kSelf, kSelf, ms(252)), Event::kUp);
  EXPECT_TRUE(link.up());
  EXPECT_FALSE(link.breaker_open());
  EXPECT_EQ(link.heard_incarnation(), kPeer);
}

TEST(Link, AnEchoOfAFormerLifeOfOursIsNone) {
  Link link = fresh();
  link.bus_up(ms(0));
  EXPECT_EQ(link.hello(facts(kPeer), Incarnation{9, 9}, kSelf, ms(1)), Event::kNone);
  EXPECT_FALSE(link.up());
}

TEST(Link, AHelloWithoutAConnectionOfOursDoesNotMakeItUp) {
  Link link = fresh();
  EXPECT_EQ(link.hello(facts(kPeer), kSelf, kSelf, ms(0)), Event::kNone);
  EXPECT_FALSE(link.up());
  EXPECT_FALSE(link.take_hello(ms(1)));
}

TEST(Link, RepeatedHellosOfAPeerThatIsUpChangeNothing) {
  Link link = up_at(ms(0));
  for (int i = 1; i < 5; ++i) EXPECT_EQ(link.hello(facts(kPeer), kSelf, kSelf, ms(i)), Event::kNone);
  EXPECT_FALSE(link.take_hello(ms(10))) << "two ends that are up must not answer each other for ever";
}

TEST(Link, ARestartedPeerIsDownFirstAndUpAtItsNextHello) {
  Link link = up_at(ms(0));
  EXPECT_EQ(link.hello(facts(kPeerAgain), {}, kSelf, ms(10)), Event::kDown);
  EXPECT_EQ(link.heard_incarnation(), kPeerAgain);
  EXPECT_TRUE(link.take_hello(ms(10)));
  EXPECT_EQ(link.hello(facts(kPeerAgain), kSelf, kSelf, ms(11)), Event::kUp);
}

TEST(Link, ANewLifeThatEchoesUsAlreadyIsStillAFallAndThenARise) {
  Link link = up_at(ms(0));
  EXPECT_EQ(link.hello(facts(kPeerAgain), kSelf, kSelf, ms(10)), Event::kDown);
  EXPECT_EQ(link.hello(facts(kPeerAgain), kSelf, kSelf, ms(20)), Event::kUp);
}

TEST(Link, APeerThatHasForgottenUsIsDown) {
  Link link = up_at(ms(0));
  EXPECT_EQ(link.hello(facts(kPeer), {}, kSelf, ms(10)), Event::kDown) << "it lost what we sent: send it whole again";
  EXPECT_TRUE(link.take_hello(ms(10)));
  EXPECT_EQ(link.hello(facts(kPeer), kSelf, kSelf, ms(11)), Event::kUp);
}

TEST(Link, AHalfOpenPeerIsSuspectAtOneSecondAndDeadAtThree) {
  Link link = up_at(ms(0));
  EXPECT_EQ(link.tick(ms(999)), Event::kNone);
  EXPECT_EQ(link.state(), State::kUp);
  EXPECT_EQ(link.tick(ms(1000)), Event::kNone);
  EXPECT_EQ(link.state(), State::kSuspect);
  EXPECT_TRUE(link.up());
  EXPECT_TRUE(link.breaker_open());
  EXPECT_EQ(link.tick(ms(2999)), Event::kNone);
  EXPECT_EQ(link.tick(ms(3000)), Event::kDown);
  EXPECT_EQ(link.state(), State::kGreeting) << "the connection stands: greet it again";
  EXPECT_TRUE(link.take_hello(ms(3000)));
  EXPECT_EQ(link.tick(ms(9000)), Event::kNone) << "down is told once";
}

TEST(Link, ASuspectThatSpeaksIsUpAgain) {
  Link link = up_at(ms(0));
  link.tick(ms(1500));
  link.heard(ms(1600));
  EXPECT_EQ(link.state(), State::kUp);
  EXPECT_EQ(link.tick(ms(2500)), Event::kNone);
  EXPECT_EQ(link.state(), State::kUp);
}

TEST(Link, AClosedConnectionIsDownAtOnceAndOnlyOnce) {
  Link link = up_at(ms(0));
  EXPECT_EQ(link.bus_down(), Event::kDown);
  EXPECT_EQ(link.bus_down(), Event::kNone);
  EXPECT_EQ(link.state(), State::kDown);
  EXPECT_FALSE(link.take_hello(ms(1000)));
  EXPECT_EQ(link.heard_incarnation(), Incarnation());
}

TEST(Link, ANewConnectionOfALinkThatIsUpIsAFall) {
  Link link = up_at(ms(0));
  EXPECT_EQ(link.bus_up(ms(5)), Event::kDown) << "what was in flight is lost";
  EXPECT_EQ(link.state(), State::kGreeting);
}

TEST(Link, GoodbyeIsDownWithoutWaiting) {
  Link link = up_at(ms(0));
  EXPECT_EQ(link.goodbye(), Event::kDown);
  EXPECT_FALSE(link.up());
  EXPECT_EQ(link.why_down(), "goodbye");
}

TEST(Link, HeartbeatsAreDueFourTimesASecondAndOnlyWhileUp) {
  Link link = fresh();
  link.bus_up(ms(0));
  EXPECT_FALSE(link.take_heartbeat(ms(0)));
  link = up_at(ms(0));
  int beats = 0;
  for (int t = 0; t < 1000; t += 10) beats += link.take_heartbeat(ms(t));
  EXPECT_EQ(beats, 4);
}

}  // namespace
}  // namespace dure
