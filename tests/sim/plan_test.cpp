#include "tests/sim/plan.h"

#include <gtest/gtest.h>

#include "tests/sim/luck.h"
#include "tests/sim/plan_text.h"

namespace dure::sim {
namespace {

TEST(Plan, ADrawnPlanIsWholeAndTheSameEveryTime) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    const Plan plan = draw_plan(seed);
    EXPECT_EQ(what_is_wrong(plan), "") << to_text(plan);
    EXPECT_EQ(to_text(plan), to_text(draw_plan(seed)));
  }
  EXPECT_NE(to_text(draw_plan(1)), to_text(draw_plan(2)));
}

TEST(Plan, EachClassOfFaultIsAbsentInAboutHalfOfTheSeeds) {
  std::map<FaultKind, int> seeds;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Plan plan = draw_plan(seed);
    for (const FaultKind kind : kFaultKinds)
      for (const Fault& fault : plan.faults)
        if (fault.kind == kind) {
          ++seeds[kind];
          break;
        }
  }
  // Of 267 seeds that have more than one shard.
  EXPECT_GT(seeds[FaultKind::kRestore], 55);
  EXPECT_LT(seeds[FaultKind::kRestore], 110);
  for (const FaultKind kind : kFaultKinds) {
    if (kind == FaultKind::kRestore) continue;
    EXPECT_GT(seeds[kind], 120) << to_text(kind);
    EXPECT_LT(seeds[kind], 280) << to_text(kind);
  }
}

TEST(Plan, HalfOfTheClientsComeByWebSocket) {
  std::size_t clients = 0, web = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    for (const ClientPlan& client : draw_plan(seed).clients) {
      ++clients;
      web += client.web_socket;
    }
  EXPECT_GT(web, clients * 45 / 100);
  EXPECT_LT(web, clients * 55 / 100);
}

TEST(Plan, EachUnluckySiteIsArmedInAboutHalfOfTheSeedsThatHaveFaults) {
  std::map<std::string, int> seeds;
  int with_faults = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const Plan plan = draw_plan(seed);
    EXPECT_TRUE(!plan.faults.empty() || plan.unlucky.empty());
    with_faults += !plan.faults.empty();
    for (const Unluck& one : plan.unlucky) ++seeds[one.site];
  }
  for (const std::string_view site : kUnluckySites) {
    EXPECT_GT(seeds[std::string(site)], with_faults * 4 / 10) << site;
    EXPECT_LT(seeds[std::string(site)], with_faults * 6 / 10) << site;
  }
}

TEST(Plan, EachMischiefIsAbsentInAboutHalfOfTheSeeds) {
  std::map<Who, int> seeds;
  for (std::uint64_t seed = 0; seed < 400; ++seed)
    for (const Mischief& one : draw_plan(seed).mischief) ++seeds[one.who];
  for (const Who who : kWho) {
    EXPECT_GT(seeds[who], 160) << to_text(who);
    EXPECT_LT(seeds[who], 240) << to_text(who);
  }
}

TEST(PlanText, WhatIsWrittenIsReadBack) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Plan plan = draw_plan(seed);
    if (seed % 3 == 0) plan.bug = Bug::kUnsyncedStore;
    const auto read = parse_plan(to_text(plan), "x");
    ASSERT_TRUE(read) << read.error().detail;
    EXPECT_EQ(to_text(*read), to_text(plan));
  }
}

TEST(PlanText, CommentsAndEmptyLinesAreNothing) {
  const auto read = parse_plan("# why\n\n  client a shops at gateway-1  # one\r\n", "x");
  ASSERT_TRUE(read) << read.error().detail;
  EXPECT_EQ(entries(*read), 1u);
}

TEST(PlanText, NonsenseIsNamedWithFileAndLine) {
  const std::string good = "client a shops at gateway-1\n";
  const std::pair<const char*, const char*> bad[] = {
      {"claient b shops at gateway-1", "f:2: unknown word 'claient'; allowed: seed, shape"},
      {"seed", "f:2: the line ends where seed is wanted"},
      {"seed -1", "f:2: '-1' is no seed"},
      {"seed 18446744073709551616", "f:2: '18446744073709551616' is no seed"},
      {"seed 1 2", "f:2: '2' is one word too many"},
      {"shape generals 0", "f:2: '0' is no number: 1 to 8"},
      {"shape kings 1", "f:2: unknown word 'kings'; allowed: gateways"},
      {"latency 1us", "f:2: the mean latency is at least 60us"},
      {"play 3m", "f:2: '3m' is no duration"},
      {"play 99999999999s", "f:2: '99999999999s' is no duration"},
      {"play -1s", "f:2: '-1s' is no duration"},
      {"bug big", "f:2: unknown word 'big'; allowed: none"},
      {"client B shops at gateway-1", "f:2: 'B' is no client"},
      {"client b dances at gateway-1", "f:2: unknown word 'dances'; allowed: shops"},
      {"unlucky call.laet once in 5", "f:2: 'call.laet' is no site"},
      {"unlucky call.late", "f:2: the line ends where 'once' is wanted"},
      {"unlucky call.late once in 0", "f:2: '0' is no number"},
      {"unlucky call.late once in 5\nunlucky call.late once in 6", "f:3: site call.late is armed twice"},
      {"rogue", "f:2: the line ends where what a rogue does is wanted"},
      {"rogue sings once in 5", "f:2: unknown word 'sings'; allowed: echoes, forges, lives, deals, owns"},
      {"rogue forges every 5", "f:2: 'every' where 'once' is wanted"},
      {"rogue echoes once in 0", "f:2: '0' is no number"},
      {"rogue echoes once in 5\nrogue echoes once in 6", "f:3: a rogue echoes twice"},
      {"at 1s crash general-1", "f:2: the line ends where 'for' is wanted"},
      {"at 1s crash king-1 for 1s", "f:2: 'king-1' is no process"},
      {"at 1s explode general-1 for 1s", "f:2: unknown word 'explode'; allowed: crash"},
      {"at 1s cut general-1 general-1 for 1s", "f:2: two processes are wanted"},
      {"at 1s delay chat-1 for 1s", "f:2: 'for' where 'by' is wanted"},
      {"at 1s clock chat-1 by -3601s for 1s", "f:2: '-3601s' is no duration"},
      {"at 1s disk-full dbagent-1 by 1s", "f:2: 'by' where 'for' is wanted"},
      {"at 1s disk-full chat-1 for 1s", "f:2: chat-1 has no disk"},
      {"at 1s mangle a", "f:2: the line ends where 'for' is wanted"},
      {"at 1s move a to nowhere", "f:2: 'nowhere' is no shard"},
      {"at 2s restore 1 for 1s", "f:2: 'for' where 'from' is wanted"},
      {"at 2s restore 1 from 1s", "f:2: the line ends where 'for' is wanted"},
      // Told at the end, when all lines are known.
      {"at 1s crash general-9 for 1s", "f:2: general-9 is not there"},
      {"at 1s hang-up z", "f:2: client z is not there"},
      {"at 2s restore 7 from 1s for 1s", "f:2: shard 7 is not there"},
      {"at 2s restore 0 from 2s for 1s", "f:2: a shard is restored from a backup that was not taken yet"},
      {"at 2s restore 0 from 1s for 1s\nat 3s restore 0 from 1s for 1s", "f:3: a second restore"},
      {"client a shops at gateway-1", "f:2: client a is named twice"},
      {"client b shops at gateway-1 by carpet", "f:2: 'carpet' where 'websocket' is wanted"},
      {"client b shops at gateway-1 on foot", "f:2: 'on' where 'by' is wanted"},
      {"client b shops at gateway-1 and rests", "f:2: 'rests' where 'roams' is wanted"},
      {"client b trades with a at gateway-1 and roams", "f:2: client b trades, and cannot roam"},
      {"client b trades with a at gateway-1", "f:2: client b trades with one that does not"},
      {"client b trades with a and paints at gateway-1", "f:2: unknown word 'paints'; allowed: writes, bids"},
      {"client b trades with a from gateway-1", "f:2: 'from' where 'at' is wanted"},
      {"client b trades with c and writes at gateway-1\nclient c trades with b at gateway-1",
       "f:3: of client b and its partner, only one writes"},
      {"client b shops at gateway-3", "f:2: client b plays at gateway-3, which is not there"},
  };
  for (const auto& [line, says] : bad) {
    const auto read = parse_plan(good + line + "\n", "f");
    ASSERT_FALSE(read) << line;
    EXPECT_EQ(read.error().detail.rfind(says, 0), 0u) << read.error().detail;
  }
  EXPECT_EQ(parse_plan("", "f").error().detail, "f:0: a plan needs a client");
  EXPECT_EQ(read_plan("/no/such/file").error().detail, "/no/such/file:1: cannot be read");
}

}  // namespace
}  // namespace dure::sim
