#include "dbagent/store/content_guard.h"

#include <limits>

#include "common/proto/content.pb.h"
#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

void limit(google::protobuf::RepeatedPtrField<proto::ContentLimit>* to, const std::string& name, std::int64_t most,
           std::int64_t day_max = 0) {
  auto* row = to->Add();
  row->set_name(name);
  row->set_operation_max(most);
  row->set_day_max(day_max);
}

void price(google::protobuf::RepeatedPtrField<proto::ContentPrice>* to, const std::string& thing, std::int64_t gold) {
  auto* row = to->Add();
  row->set_thing(thing);
  row->set_price(gold);
}

void cap(google::protobuf::RepeatedPtrField<proto::Amount>* to, const std::string& name, std::int64_t most) {
  auto* row = to->Add();
  row->set_name(name);
  row->set_value(most);
}

proto::ContentGuards guards() {
  proto::ContentGuards all;
  all.set_closed(true);
  cap(all.mutable_caps(), "gold", 1000);
  cap(all.mutable_caps(), "*", 50);
  cap(all.mutable_counter_caps(), "xp", 300);
  auto* loot = all.add_reasons();
  loot->set_name("loot");
  loot->set_unique_key(true);
  limit(loot->mutable_creates(), "gold", 100, 250);
  limit(loot->mutable_creates(), "rat_*", 2);
  limit(loot->mutable_mints(), "sword", 1, 2);
  auto* kill = all.add_reasons();
  kill->set_name("kill");
  limit(kill->mutable_counts(), "xp", 200);
  auto* buy = all.add_reasons();
  buy->set_name("buy");
  buy->set_currency("gold");
  limit(buy->mutable_creates(), "potion", 20);
  limit(buy->mutable_creates(), "dust", kMost);
  limit(buy->mutable_mints(), "sword", 3);
  price(buy->mutable_sells(), "potion", 5);
  price(buy->mutable_sells(), "dust", 1'000'000'000'000);
  price(buy->mutable_sells(), "sword", 60);
  auto* sell = all.add_reasons();
  sell->set_name("sell");
  sell->set_currency("gold");
  price(sell->mutable_buys(), "potion", 2);
  price(sell->mutable_buys(), "sword", 15);
  price(sell->mutable_buys(), "dust", 1'000'000'000'000);
  return all;
}

class ContentGuardTest : public ShardTest {
 protected:
  proto::ContentDone install(std::uint32_t active, std::initializer_list<std::uint32_t> versions,
                             const proto::ContentGuards& all = guards(), std::uint32_t shard = 3) {
    proto::ContentInstall request;
    request.set_shard(shard);
    request.set_active(active);
    for (const std::uint32_t number : versions) {
      auto* version = request.add_versions();
      version->set_version(number);
      *version->mutable_guards() = all;
    }
    return ask<proto::ContentDone>(*store, request);
  }
  // One operation of player 1, by that reason.
  proto::ApplyReply act(const std::string& reason, const std::function<void(Ops&)>& effects, std::int64_t now = kNow) {
    Ops ops(1, epoch_);
    ops.op(next_);
    effects(ops);
    ops.request.mutable_operations(0)->set_reason(reason);
    ops.request.mutable_operations(0)->set_content_version(version_);
    const auto reply = ask<proto::ApplyReply>(*store, ops.request, now);
    if (reply.code() == proto::STORED) ++next_;
    return reply;
  }
  void expect_passes(const std::string& reason, const std::function<void(Ops&)>& effects, std::int64_t now = kNow) {
    const auto reply = act(reason, effects, now);
    EXPECT_EQ(reply.code(), proto::STORED) << reason << ": " << reply.detail();
  }
  // The whole operation is refused by that guard, its owner fenced; then acquired anew.
  void expect_refused(const std::string& guard, const std::string& reason, const std::function<void(Ops&)>& effects,
                      std::int64_t now = kNow) {
    const auto before = gold();
    const auto reply = act(reason, effects, now);
    EXPECT_EQ(reply.code(), proto::REJECTED) << reason;
    EXPECT_TRUE(reply.detail().starts_with(guard)) << reply.detail();
    epoch_ = reacquire(1, epoch_ + 1).epoch();
    next_ = 1;
    EXPECT_EQ(gold(), before);
  }
  std::int64_t gold() {
    proto::AcquireRequest again = acquisition(1, epoch_, ++acquire_ids);
    const auto grant = ask<proto::AcquireReply>(*store, again);
    epoch_ = grant.epoch();
    next_ = 1;
    return gold_of(grant.aggregate());
  }
  // By a message: what a game master grants needs no reason of the content.
  void give(std::uint64_t player, std::int64_t amount) {
    EXPECT_EQ(ask<proto::DeliverReply>(*store, delivery(player, ++messages_, amount)).code(), proto::STORED);
    Ops ops(player, player == 1 ? epoch_ : 1);
    ops.op(player == 1 ? next_++ : 1).claim(messages_);
    ops.request.mutable_operations(0)->set_content_version(version_);
    EXPECT_EQ(apply(ops).code(), proto::STORED);
  }
  static proto::DeliverRequest letter_of(std::uint64_t message, const std::string& reason,
                                         const std::vector<std::pair<std::string, std::int64_t>>& balances,
                                         const std::string& item = {}) {
    auto letter = delivery(1, message, 1);
    letter.set_reason(reason);
    letter.clear_balances();
    for (const auto& [name, value] : balances) {
      auto* amount = letter.add_balances();
      amount->set_name(name);
      amount->set_value(value);
    }
    if (item.empty()) return letter;
    *letter.add_items()->mutable_id() = uid(5, message);
    letter.mutable_items(0)->set_template_(item);
    return letter;
  }
  proto::DeliverReply deliver(std::uint64_t message, const std::string& reason,
                              const std::vector<std::pair<std::string, std::int64_t>>& balances,
                              const std::string& item = {}) {
    const auto reply = ask<proto::DeliverReply>(*store, letter_of(message, reason, balances, item));
    EXPECT_EQ(reply.code() == proto::STORED, reply.detail().empty());
    return reply;
  }
  std::uint64_t epoch_ = 1, next_ = 1, messages_ = 500;
  std::uint32_t version_ = 1;
};

TEST_F(ContentGuardTest, WithoutAnyVersionEverythingPasses) {
  version_ = 77;
  expect_passes("whatever", [](Ops& ops) { ops.balance("gold", 1'000'000); });
}

TEST_F(ContentGuardTest, WhatIsForAnotherShardIsNotInstalled) {
  EXPECT_EQ(install(5, {4, 5, 6}, guards(), 4).code(), proto::REJECTED);
  version_ = 77;
  expect_passes("whatever", [](Ops& ops) { ops.balance("gold", 1'000'000); });
}

// ── which version ───────────────────────────────────────────────────────────────────────────────────────────

TEST_F(ContentGuardTest, TheActiveVersionAndItsNeighboursAreTaken) {
  ASSERT_EQ(install(5, {4, 5, 6}).code(), proto::STORED);
  for (const std::uint32_t version : {4u, 5u, 6u}) {
    version_ = version;
    expect_passes("loot", [&](Ops& ops) { ops.balance("gold", 10).drop(1, version); });
  }
}

TEST_F(ContentGuardTest, WhatIsTooOldHappensNotAndNobodyIsFenced) {
  ASSERT_EQ(install(5, {4, 5, 6}).code(), proto::STORED);
  for (const std::uint32_t version : {0u, 1u, 3u}) {
    version_ = version;
    const auto reply = act("loot", [](Ops& ops) { ops.balance("gold", 10).drop(1, 1); });
    EXPECT_EQ(reply.code(), proto::OTHER_CONTENT);
    EXPECT_EQ(reply.saved_pseq(), 0u);
  }
  version_ = 5;
  expect_passes("loot", [](Ops& ops) { ops.balance("gold", 10).drop(1, 1); });
}

TEST_F(ContentGuardTest, WhatIsTooNewWaits) {
  ASSERT_EQ(install(5, {4, 5}).code(), proto::STORED);
  for (const std::uint32_t version : {6u, 7u}) {
    version_ = version;
    EXPECT_EQ(act("loot", [](Ops& ops) { ops.balance("gold", 10).drop(1, 1); }).code(), proto::RETRY);
  }
  ASSERT_EQ(install(6, {5, 6, 7}).code(), proto::STORED);
  expect_passes("loot", [](Ops& ops) { ops.balance("gold", 10).drop(1, 1); });
}

// The next version as it was loaded first: what has its number when it is active may be other content.
TEST_F(ContentGuardTest, WhatIsAboveTheActiveVersionIsForgottenIfItIsNotToldAgain) {
  ASSERT_EQ(install(5, {4, 5, 6}).code(), proto::STORED);
  ASSERT_EQ(install(5, {4, 5}).code(), proto::STORED);
  proto::ContentGuards corrected = guards();
  corrected.mutable_reasons(0)->mutable_creates(0)->set_operation_max(500);
  version_ = 6;
  const auto loot = [](Ops& ops) { ops.balance("gold", 240).drop(1, 1); };
  EXPECT_EQ(act("loot", loot).code(), proto::RETRY) << "its owner heard first, and is honest";
  store.reset();
  store = open_shard(shard_options(path));
  EXPECT_EQ(act("loot", loot).code(), proto::RETRY);
  ASSERT_EQ(install(6, {5, 6}, corrected).code(), proto::STORED);
  expect_passes("loot", loot);
  ASSERT_EQ(install(5, {4, 5, 6}, corrected).code(), proto::STORED) << "a step back";
  expect_passes("loot", [](Ops& ops) { ops.balance("gold", 10).drop(1, 2); });
}

TEST_F(ContentGuardTest, EachOperationIsJudgedByItsOwnVersion) {
  proto::ContentGuards generous = guards();
  generous.mutable_reasons(0)->mutable_creates(0)->set_operation_max(500);
  ASSERT_EQ(install(1, {1}).code(), proto::STORED);
  ASSERT_EQ(install(1, {2}, generous).code(), proto::STORED);
  version_ = 2;
  expect_passes("loot", [](Ops& ops) { ops.balance("gold", 240).drop(1, 1); });
  version_ = 1;
  expect_refused("faucet", "loot", [](Ops& ops) { ops.balance("gold", 240).drop(1, 2); });
}

TEST_F(ContentGuardTest, AFileRemembersItsVersionsWithoutTheDirectory) {
  ASSERT_EQ(install(5, {4, 5, 6}).code(), proto::STORED);
  store.reset();
  store = open_shard(shard_options(path));
  version_ = 5;
  expect_refused("faucet", "loot", [](Ops& ops) { ops.balance("gold", 101).drop(1, 1); });
  version_ = 3;
  EXPECT_EQ(act("loot", [](Ops& ops) { ops.balance("gold", 1).drop(1, 1); }).code(), proto::OTHER_CONTENT);
}

// ── what a reason creates ───────────────────────────────────────────────────────────────────────────────────

TEST_F(ContentGuardTest, AReasonCreatesOnlyWhatItMay) {
  install(1, {1});
  expect_passes("loot", [](Ops& ops) { ops.balance("gold", 100).balance("rat_tail", 2).mint(1).drop(1, 1); });
  expect_refused("faucet", "loot", [](Ops& ops) { ops.balance("gold", 101).drop(1, 2); });
  expect_refused("faucet", "loot", [](Ops& ops) { ops.balance("gold", 60).balance("gold", 60).drop(1, 2); });
  expect_refused("faucet", "loot", [](Ops& ops) { ops.balance("rat_tail", 3).drop(1, 2); });
  expect_refused("faucet", "loot", [](Ops& ops) { ops.balance("diamond", 1).drop(1, 2); });
  expect_refused("faucet", "loot", [](Ops& ops) { ops.mint(2).mint(3).drop(1, 2); });
  expect_refused("faucet", "kill", [](Ops& ops) { ops.balance("gold", 1); });
  expect_refused("faucet", "unheard.of", [](Ops& ops) { ops.balance("gold", 1); });
  expect_refused("faucet", "unheard.of", [](Ops& ops) { ops.mint(4); });
}

TEST_F(ContentGuardTest, AReasonThatCreatesNothingNeedsNoGuards) {
  install(1, {1});
  expect_passes("loot", [](Ops& ops) { ops.balance("gold", 50).drop(1, 1); });
  expect_passes("unheard.of", [](Ops& ops) { ops.balance("gold", -20).once("flag").count("steps", 7, 0); });
}

TEST_F(ContentGuardTest, AFaucetNeedsItsUniqueKey) {
  install(1, {1});
  expect_refused("unique key", "loot", [](Ops& ops) { ops.balance("gold", 10); });
  expect_refused("unique key", "loot", [](Ops& ops) { ops.mint(1); });
  expect_passes("loot", [](Ops& ops) { ops.balance("gold", 10).drop(1, 1); });
  expect_passes("loot", [](Ops& ops) { ops.balance("gold", 10).once("level:2"); });
}

TEST_F(ContentGuardTest, ACharacterGetsSoMuchADayByAReason) {
  install(1, {1});
  const auto loot = [](std::int64_t amount, std::uint64_t number) {
    return [=](Ops& ops) { ops.balance("gold", amount).drop(1, number); };
  };
  expect_passes("loot", loot(100, 1));
  expect_passes("loot", loot(100, 2));
  expect_passes("loot", loot(50, 3));
  expect_refused("faucet: enough for a day", "loot", loot(1, 4));
  expect_passes("loot", loot(100, 4), kNow + kDayMs);
  expect_passes(
      "loot", [](Ops& ops) { ops.mint(1).drop(1, 5); }, kNow + kDayMs);
  expect_passes(
      "loot", [](Ops& ops) { ops.mint(2).drop(1, 6); }, kNow + kDayMs);
  expect_refused(
      "faucet: enough for a day", "loot", [](Ops& ops) { ops.mint(3).drop(1, 7); }, kNow + kDayMs);
}

TEST_F(ContentGuardTest, OnlyACountingReasonRaisesACounterWithACap) {
  install(1, {1});
  expect_passes("kill", [](Ops& ops) { ops.count("xp", 200, 0); });
  expect_refused("faucet", "kill", [](Ops& ops) { ops.count("xp", 201, 0); });
  expect_refused("faucet", "loot", [](Ops& ops) { ops.count("xp", 1, 0); });
  expect_refused("faucet", "unheard.of", [](Ops& ops) { ops.count("xp", 1, 0); });
  expect_refused("counter cap", "kill", [](Ops& ops) { ops.count("xp", 101, 1'000'000); });
  expect_passes("kill", [](Ops& ops) { ops.count("xp", 100, 0); });
  expect_passes("unheard.of", [](Ops& ops) { ops.count("xp", -5, 0); });
}

TEST_F(ContentGuardTest, AReasonThatBuysRaisesOnlyTheCountersItMay) {
  proto::ContentGuards all = guards();
  for (auto& reason : *all.mutable_reasons())
    if (reason.name() == "sell") limit(reason.mutable_counts(), "xp", 10, 15);
  all.mutable_counter_caps()->Clear();
  cap(all.mutable_counter_caps(), "xp", 300);
  cap(all.mutable_counter_caps(), "fame", 300);
  ASSERT_EQ(install(1, {1}, all).code(), proto::STORED);
  give(1, 100);
  expect_passes("buy", [](Ops& ops) { ops.balance("gold", -100).balance("potion", 20); });
  const auto sold = [](std::int64_t experience) {
    return [=](Ops& ops) { ops.balance("potion", -1).balance("gold", 2).count("xp", experience, 0); };
  };
  expect_passes("sell", sold(10));
  expect_refused("faucet", "sell", sold(11));
  expect_refused("faucet: enough for a day", "sell", sold(6));
  expect_refused("faucet", "sell", [](Ops& ops) { ops.balance("potion", -1).balance("gold", 2).count("fame", 1, 0); });
  expect_passes("sell", sold(5));
}

TEST_F(ContentGuardTest, WhatTheContentDoesNotKnowIsNotCreated) {
  proto::ContentGuards all = guards();
  auto* loot = all.mutable_reasons(0);
  limit(loot->mutable_creates(), "*", 5);
  limit(loot->mutable_mints(), "*", 5);
  for (const char* thing : {"gold", "potion", "sword"}) all.add_things(thing);
  ASSERT_EQ(install(1, {1}, all).code(), proto::STORED);
  expect_passes("loot", [](Ops& ops) { ops.balance("potion", 5).mint(1).drop(1, 1); });
  expect_refused("thing", "loot", [](Ops& ops) { ops.balance("diamond", 1).drop(1, 2); });
  Ops ops(1, epoch_);
  ops.op(next_).mint(2).drop(1, 3);
  ops.request.mutable_operations(0)->set_reason("loot");
  ops.request.mutable_operations(0)->set_content_version(1);
  ops.request.mutable_operations(0)->mutable_effects(0)->mutable_mint()->mutable_item()->set_template_("moon");
  const auto reply = apply(ops);
  EXPECT_EQ(reply.code(), proto::REJECTED);
  EXPECT_TRUE(reply.detail().starts_with("thing")) << reply.detail();
}

// ── letters that nobody sent ────────────────────────────────────────────────────────────────────────────────

TEST_F(ContentGuardTest, AGrantIsOfWhatThereIsAndNoMoreThanAnybodyMayHave) {
  proto::ContentGuards all = guards();
  for (const char* thing : {"gold", "potion", "sword"}) all.add_things(thing);
  ASSERT_EQ(install(1, {1}, all).code(), proto::STORED);
  EXPECT_EQ(deliver(600, "gm.give", {{"gold", 1000}}).code(), proto::STORED);
  EXPECT_EQ(deliver(601, "gm.give", {{"gold", 1001}}).detail(), "room: more than anybody may have");
  EXPECT_EQ(deliver(602, "gm.give", {{"gold", 600}, {"gold", 600}}).detail(), "room: more than anybody may have");
  EXPECT_EQ(deliver(603, "gm.give", {{"potion", 51}}).detail(), "room: more than anybody may have");
  EXPECT_EQ(deliver(604, "gm.give", {{"diamond", 1}}).detail(), "thing");
  EXPECT_EQ(deliver(605, "gm.give", {{"gold", -1}}).detail(), "amount");
  EXPECT_EQ(deliver(606, "gm.give", {}, "moon").detail(), "thing");
  EXPECT_EQ(deliver(607, "gm.give", {}, "sword").code(), proto::STORED);
  EXPECT_EQ(gold(), 0) << "nobody was fenced, nothing is claimed";
}

TEST_F(ContentGuardTest, ALetterThatNobodySentIsMadeByAReasonThatMayCreate) {
  ASSERT_EQ(install(1, {1}).code(), proto::STORED);
  EXPECT_EQ(deliver(600, "loot", {{"gold", 100}}).code(), proto::STORED);
  EXPECT_EQ(deliver(601, "loot", {{"gold", 101}}).detail(), "faucet");
  EXPECT_EQ(deliver(602, "loot", {{"gold", 100}}).code(), proto::STORED);
  EXPECT_EQ(deliver(603, "loot", {{"gold", 100}}).detail(), "faucet: enough for a day");
  EXPECT_EQ(deliver(604, "loot", {{"potion", 1}}).detail(), "faucet");
  EXPECT_EQ(deliver(605, "loot", {}, "sword").code(), proto::STORED);
  EXPECT_EQ(deliver(606, "loot", {}, "shield").detail(), "faucet");
  EXPECT_EQ(deliver(607, "unheard.of", {{"gold", 1}}).detail(), "faucet");
  EXPECT_EQ(deliver(600, "loot", {{"gold", 100}}).code(), proto::STORED) << "delivered before";
}

TEST_F(ContentGuardTest, WhatSomebodySentIsDeliveredWhateverTheContentSays) {
  ASSERT_EQ(install(1, {1}).code(), proto::STORED);
  auto letter = letter_of(600, "unheard.of", {{"diamond", 5000}});
  letter.set_relayed(true);
  letter.set_from_shard(4);
  letter.set_from_player(9);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, letter).code(), proto::STORED);
}

TEST_F(ContentGuardTest, AGrantThatWasDeliveredStaysSoWhateverIsActiveThen) {
  ASSERT_EQ(install(1, {1}).code(), proto::STORED);
  EXPECT_EQ(deliver(600, "gm.give", {{"gold", 900}}).code(), proto::STORED);
  proto::ContentGuards poor = guards();
  poor.mutable_caps(0)->set_value(10);
  ASSERT_EQ(install(2, {2}, poor).code(), proto::STORED);
  EXPECT_EQ(deliver(600, "gm.give", {{"gold", 900}}).code(), proto::STORED);
  EXPECT_EQ(deliver(601, "gm.give", {{"gold", 11}}).code(), proto::REJECTED);
}

// ── caps ────────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(ContentGuardTest, TheTablesCapHoldsWhateverTheOperationSays) {
  install(1, {1});
  give(1, 950);
  expect_refused("room", "loot", [](Ops& ops) { ops.balance("gold", 51, 1'000'000).drop(1, 1); });
  expect_refused("room", "loot", [](Ops& ops) { ops.balance("gold", 20, 960).drop(1, 1); });
  expect_passes("loot", [](Ops& ops) { ops.balance("gold", 50).drop(1, 1); });
  expect_passes("buy", [](Ops& ops) { ops.balance("gold", -100).balance("potion", 20); });
  expect_passes("buy", [](Ops& ops) { ops.balance("gold", -100).balance("potion", 20); });
  expect_refused("room", "buy", [](Ops& ops) { ops.balance("gold", -55).balance("potion", 11); });
}

TEST_F(ContentGuardTest, AClaimWaitsForRoomByTheTablesCap) {
  install(1, {1});
  give(1, 990);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, delivery(1, 900, 11)).code(), proto::STORED);
  expect_refused("room", "gm.give", [](Ops& ops) { ops.claim(900, 1'000'000); });
}

TEST_F(ContentGuardTest, ATradeKeepsToTheTablesCap) {
  install(1, {1});
  give(1, 990);
  give(2, 100);
  const auto terms = terms_of(1, 3, {1, 0, {}, 0}, {2, 11, {}, 0});
  Ops ops(1, epoch_);
  ops.op(next_);
  auto* operation = ops.request.mutable_operations(0);
  operation->set_content_version(1);
  *operation->mutable_trade()->mutable_terms() = terms;
  const auto reply = apply(ops);
  EXPECT_EQ(reply.code(), proto::REJECTED);
  EXPECT_TRUE(reply.detail().starts_with("room")) << reply.detail();
}

// ── prices ──────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(ContentGuardTest, WhoBuysPaysAtLeastThePrice) {
  install(1, {1});
  give(1, 900);
  expect_passes("buy", [](Ops& ops) { ops.balance("gold", -50).balance("potion", 10); });
  expect_refused("price: too little is paid", "buy", [](Ops& ops) { ops.balance("gold", -49).balance("potion", 10); });
  expect_refused("price: too little is paid", "buy", [](Ops& ops) { ops.balance("potion", 1); });
  expect_passes("buy", [](Ops& ops) { ops.balance("gold", -120).mint(1).mint(2); });
  expect_refused("price: too little is paid", "buy", [](Ops& ops) { ops.balance("gold", -60).mint(3).mint(4); });
  expect_refused("price: too little is paid", "buy",
                 [](Ops& ops) { ops.balance("gold", -60).mint(3).balance("potion", 1); });
}

TEST_F(ContentGuardTest, APurchaseOfNothingOrOfANegativeNumberIsRefused) {
  install(1, {1});
  give(1, 900);
  expect_refused("price: nothing is bought", "buy", [](Ops& ops) { ops.balance("gold", -5).balance("potion", 0); });
  expect_refused("faucet", "buy", [](Ops& ops) { ops.balance("gold", 25).balance("potion", -5); });
  expect_refused("faucet", "buy", [](Ops& ops) { ops.balance("gold", -105).balance("potion", 21); });
  expect_refused("amount", "buy",
                 [](Ops& ops) { ops.balance("gold", std::numeric_limits<std::int64_t>::min()).balance("potion", 1); });
}

TEST_F(ContentGuardTest, PriceTimesQuantityMayNotOverflow) {
  install(1, {1});
  give(1, 900);
  // 10^12 × 18,446,745 is 2^64 and a little: gone round, it would cost next to nothing.
  expect_refused("price: overflow", "buy",
                 [](Ops& ops) { ops.balance("gold", -900).balance("dust", 18'446'745, 18'446'745); });
  expect_refused("price: overflow", "sell", [](Ops& ops) { ops.balance("dust", -18'446'745).balance("gold", 1); });
  expect_refused("amount", "buy",
                 [](Ops& ops) { ops.balance("gold", -900).balance("dust", kMost).balance("dust", kMost); });
}

TEST_F(ContentGuardTest, WhoSellsIsPaidAtMostThePrice) {
  install(1, {1});
  give(1, 300);
  expect_passes("buy", [](Ops& ops) { ops.balance("gold", -100).balance("potion", 20); });
  expect_passes("buy", [](Ops& ops) { ops.balance("gold", -60).mint(1); });
  expect_passes("sell", [](Ops& ops) { ops.balance("potion", -2).balance("gold", 4); });
  expect_refused("price: too much is paid", "sell", [](Ops& ops) { ops.balance("potion", -2).balance("gold", 5); });
  expect_refused("price: not traded", "sell", [](Ops& ops) { ops.balance("shell", -2).balance("gold", 1); });
  expect_refused("price: nothing is sold", "sell", [](Ops& ops) { ops.balance("gold", 1); });
  expect_refused("price: nothing is sold", "sell", [](Ops& ops) { ops.balance("potion", 0).balance("gold", 0); });
  expect_refused("faucet", "sell", [](Ops& ops) { ops.balance("potion", -2).balance("diamond", 1); });
  expect_refused("faucet", "sell", [](Ops& ops) { ops.balance("potion", -2).mint(9); });
  expect_refused("price: too much is paid", "sell", [](Ops& ops) { ops.burn(1, 0).balance("gold", 16); });
  expect_passes("sell", [](Ops& ops) { ops.burn(1, 0).balance("gold", 15); });
}

// ── names ───────────────────────────────────────────────────────────────────────────────────────────────────

TEST(GuardTable, ANameBeatsAPatternAndALongPatternAShortOne) {
  Named<int> named;
  named.put("*", 1);
  named.put("rat_*", 2);
  named.put("rat_tail", 3);
  EXPECT_EQ(*named.find("gold"), 1);
  EXPECT_EQ(*named.find("rat_paw"), 2);
  EXPECT_EQ(*named.find("rat_tail"), 3);
  EXPECT_EQ(*named.find("rat_"), 2);
  EXPECT_EQ(Named<int>().find("gold"), nullptr);
  EXPECT_EQ(lesser_cap(0, 5), 5);
  EXPECT_EQ(lesser_cap(4, 0), 4);
  EXPECT_EQ(lesser_cap(4, 5), 4);
  EXPECT_EQ(lesser_cap(0, 0), 0);
}

}  // namespace
}  // namespace dure::store
