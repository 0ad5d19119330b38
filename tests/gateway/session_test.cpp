#include "gateway/session.h"

#include <gtest/gtest.h>

#include "common/proto/routes.h"

namespace dure {
namespace {

Bound bound_of(const RouteInfo& info) {
  if (info.goes_to(Role::kGateway)) return Bound::kGateway;
  return info.goes_to(Role::kChat) ? Bound::kChat : Bound::kOwner;
}

TEST(SessionStates, EveryStateAndClientMessageHasADefinedAnswer) {
  auto routes = Routes::build(engine_files());
  ASSERT_TRUE(routes);
  int pairs = 0;
  for (const auto& [id, info] : routes->all()) {
    if (!info.from_client) continue;
    const Bound bound = bound_of(info);
    const bool before_login = info.phase == Phase::kConnected;
    if (info.phase != Phase::kAlways) {
      EXPECT_EQ(judge(nullptr, false, info.phase, bound), before_login ? Verdict::kTake : Verdict::kWrongState)
          << info.name;
      EXPECT_EQ(judge(nullptr, true, info.phase, bound), Verdict::kWrongState) << info.name;
    }
    for (const auto state : {SessionState::kAccount, SessionState::kEntering, SessionState::kWorld,
                             SessionState::kHolding, SessionState::kLeaving}) {
      Session session;
      session.state = state;
      Verdict wanted = Verdict::kWrongState;
      if (info.phase == Phase::kAlways) wanted = Verdict::kTake;
      if (info.phase == Phase::kAccount && state == SessionState::kAccount) wanted = Verdict::kTake;
      if (info.phase == Phase::kWorld && state == SessionState::kWorld) wanted = Verdict::kTake;
      if (info.phase == Phase::kWorld && state == SessionState::kHolding)
        wanted = bound == Bound::kOwner ? Verdict::kHold : bound == Bound::kChat ? Verdict::kTake : Verdict::kBusy;
      EXPECT_EQ(judge(&session, false, info.phase, bound), wanted) << info.name << " in " << static_cast<int>(state);
      ++pairs;
    }
  }
  EXPECT_GT(pairs, 50);
}

TEST(SessionStates, WhatIsAlwaysAllowedNeedsASessionUnlessTheGatewayAnswersItself) {
  Session session;
  for (const Bound bound : {Bound::kGateway, Bound::kOwner, Bound::kChat}) {
    EXPECT_EQ(judge(&session, false, Phase::kAlways, bound), Verdict::kTake);
    EXPECT_EQ(judge(nullptr, false, Phase::kAlways, bound),
              bound == Bound::kGateway ? Verdict::kTake : Verdict::kWrongState);
  }
}

TEST(SessionStates, AStateThatIsNoneTakesNothing) {
  Session session;
  session.state = static_cast<SessionState>(99);
  EXPECT_EQ(judge(&session, false, Phase::kWorld, Bound::kOwner), Verdict::kWrongState);
}

}  // namespace
}  // namespace dure
