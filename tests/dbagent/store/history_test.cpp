// What operators read of a shard: the life of an item, a player's movements, the economy.
#include "dbagent/store/history.h"

#include "common/proto/operator.pb.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

class HistoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const std::uint64_t player : {1, 2}) {
      ask<proto::StoreReply>(*store, creation(player));
      EXPECT_EQ(ask<proto::AcquireReply>(*store, acquisition(player, 0, 70 + player)).epoch(), 1u);
    }
  }
  void apply(Ops& ops, std::int64_t at = kNow) {
    const auto reply = ask<proto::ApplyReply>(*store, ops.request, at);
    EXPECT_EQ(reply.code(), proto::STORED) << reply.detail();
  }
  void reason(Ops& ops, const std::string& name) {
    ops.request.mutable_operations(ops.request.operations_size() - 1)->set_reason(name);
  }
  proto::PlayerLedgerReply overview(std::uint64_t player, std::uint32_t limit) {
    proto::PlayerLedgerQuery query;
    query.set_shard(3);
    query.set_player_id(player);
    query.set_limit(limit);
    return ask<proto::PlayerLedgerReply>(*store, query);
  }
  proto::PlayerLedgerReply page(std::uint64_t player, const proto::PlayerLedgerReply* before = nullptr,
                                std::uint32_t limit = 0, std::int64_t since = 0) {
    proto::PlayerLedgerQuery query;
    query.set_shard(3);
    query.set_player_id(player);
    query.set_currency("gold");
    query.set_limit(limit);
    query.set_since_unix_ms(since);
    if (before != nullptr) {
      *query.mutable_from() = before->next();
      query.set_balance_after(before->next_balance());
    }
    return ask<proto::PlayerLedgerReply>(*store, query);
  }
  TempFolder folder;
  std::unique_ptr<ShardStore> store = open_shard(shard_options(folder.file("shard")));
};

TEST_F(HistoryTest, APlayersItemsAreNamedSoThatTheirLivesCanBeAskedFor) {
  Ops ops(1, 1);
  ops.op(1).mint(9);
  ops.op(2).mint(7);
  ops.op(3).mint(8);
  apply(ops);
  const auto two = overview(1, 2);
  EXPECT_EQ(two.items_held(), 3u);
  ASSERT_EQ(two.items_size(), 2);
  EXPECT_EQ(two.items(0).id().SerializeAsString(), uid(1, 7).SerializeAsString());
  EXPECT_EQ(two.items(0).template_(), "sword");
  EXPECT_EQ(overview(2, 2).items_held(), 0u);
  EXPECT_EQ(page(1).items_held(), 0u) << "not with every page of movements";
}

TEST_F(HistoryTest, AnItemIsFollowedFromItsMintThroughALetterToItsBurning) {
  Ops first(1, 1);
  first.op(1).mint(7);
  reason(first, "loot");
  first.op(2).send(500, 2, 0, {7});
  reason(first, "mail.send");
  apply(first);
  proto::DeliverRequest relayed = delivery(2, 500, 0);
  relayed.clear_balances();
  relayed.set_relayed(true);
  relayed.set_from_shard(3);
  relayed.set_reason("mail.send");
  *relayed.add_items()->mutable_id() = uid(1, 7);
  relayed.mutable_items(0)->set_template_("sword");
  EXPECT_EQ(ask<proto::DeliverReply>(*store, relayed, kNow + 1000).code(), proto::STORED);
  Ops second(2, 1);
  second.op(1).claim(500);
  reason(second, "mail.claim");
  second.op(2).burn(7, 0);
  reason(second, "salvage");
  apply(second, kNow + 2000);

  proto::ItemLifeQuery query;
  query.set_shard(3);
  *query.mutable_item() = uid(1, 7);
  query.set_limit(2);
  std::vector<std::string> life;
  for (bool more = true; more;) {
    const auto reply = ask<proto::ItemLifeReply>(*store, query);
    ASSERT_EQ(reply.code(), proto::STORED);
    for (const auto& event : reply.events())
      life.push_back(event.reason() + " " + std::to_string(event.to().kind()) + " " +
                     std::to_string(event.to().player_id()));
    EXPECT_EQ(reply.item().template_(), "sword");
    EXPECT_EQ(reply.holder().kind(), static_cast<std::uint32_t>(HolderKind::kSink));
    more = reply.more();
    if (more) *query.mutable_after() = reply.events(reply.events_size() - 1).place();
  }
  EXPECT_EQ(life,
            (std::vector<std::string>{"loot 0 1", "mail.send 3 2", "mail.send 4 2", "mail.claim 0 2", "salvage 2 0"}));
  *query.mutable_item() = uid(1, 8);
  query.clear_after();
  EXPECT_EQ(ask<proto::ItemLifeReply>(*store, query).code(), proto::NO_SUCH);
}

TEST_F(HistoryTest, AMovementNamesItsReasonItsOtherSideAndTheBalanceAfter) {
  Ops ops(1, 1);
  ops.op(1).balance("gold", 100);
  reason(ops, "kill");
  ops.op(2).balance("gold", -30);
  reason(ops, "shop.buy");
  ops.op(3).send(501, 2, 20);
  reason(ops, "mail.send");
  ops.op(4).balance("gem", 5);
  apply(ops);
  const auto reply = page(1);
  ASSERT_EQ(reply.movements_size(), 3);
  ASSERT_EQ(reply.accounts_size(), 2);
  EXPECT_EQ(reply.accounts(1).value(), 50);
  const std::int64_t amounts[] = {-20, -30, 100}, after[] = {50, 70, 100};
  const char* reasons[] = {"mail.send", "shop.buy", "kill"};
  const AccountKind others[] = {AccountKind::kTransit, AccountKind::kSink, AccountKind::kFaucet};
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(reply.movements(i).amount(), amounts[i]);
    EXPECT_EQ(reply.movements(i).balance_after(), after[i]);
    EXPECT_EQ(reply.movements(i).reason(), reasons[i]);
    EXPECT_EQ(reply.movements(i).other().kind(), static_cast<std::uint32_t>(others[i]));
    EXPECT_EQ(reply.movements(i).at_unix_ms(), kNow);
  }
  EXPECT_EQ(reply.next().txn(), 0u);
  EXPECT_FALSE(reply.cut());
}

TEST_F(HistoryTest, PagesOfMovementsJoinWithoutAGapAndEndWhereTheTimeEnds) {
  for (std::uint64_t i = 1; i <= 25; ++i) {
    Ops ops(1, 1);
    ops.op(i).balance("gold", static_cast<std::int64_t>(i));
    apply(ops, kNow + static_cast<std::int64_t>(i) * 7'200'000);  // over three days
  }
  std::int64_t expected = 25, balance = 25 * 26 / 2;
  auto reply = page(1, nullptr, 4);
  for (;;) {
    for (const auto& movement : reply.movements()) {
      EXPECT_EQ(movement.amount(), expected);
      EXPECT_EQ(movement.balance_after(), balance);
      balance -= expected--;
    }
    if (reply.next().txn() == 0) break;
    reply = page(1, &reply, 4);
  }
  EXPECT_EQ(expected, 0);
  EXPECT_EQ(page(1, nullptr, 0, kNow + 20 * 7'200'000).movements_size(), 6);
}

TEST_F(HistoryTest, AMovementThatWasTakenBackLeavesNoTraceInTheHistory) {
  Ops ops(1, 1);
  ops.op(1).balance("gold", 10);
  ops.op(2).balance("gold", 5).balance("gold", -100);
  EXPECT_EQ(ask<proto::ApplyReply>(*store, ops.request).code(), proto::REJECTED);
  const auto reply = page(1);
  ASSERT_EQ(reply.movements_size(), 1);
  EXPECT_EQ(reply.movements(0).balance_after(), 10);
}

class EconomyTest : public HistoryTest {
 protected:
  void earn(std::int64_t minute, std::int64_t gold, const std::string& why = "kill") {
    Ops ops(1, 1);
    ops.op(++pseq).balance("gold", gold);
    reason(ops, why);
    apply(ops, kNow + minute * kMinuteMs);
  }
  std::vector<std::string> jumps(std::int64_t minute) {
    proto::EconomyWatch watch;
    watch.set_shard(3);
    watch.set_times(10);
    watch.set_floor_a_minute(1000);
    watch.set_history_min(10);
    std::vector<std::string> found;
    const auto reply = ask<proto::EconomyJumps>(*store, watch, kNow + minute * kMinuteMs);
    for (const auto& jump : reply.jumps()) found.push_back(jump.reason());
    return found;
  }
  std::uint64_t pseq = 0;
};

TEST_F(EconomyTest, FaucetsAndSinksAreSummedByReasonAndHourAndItemsAreCounted) {
  earn(0, 100);
  earn(1, 50);
  Ops ops(1, 1);
  ops.op(++pseq).balance("gold", -30).mint(9);
  reason(ops, "shop.buy");
  ops.op(++pseq).send(502, 2, 10);  // neither a faucet nor a sink
  apply(ops, kNow + 2 * kMinuteMs);
  earn(120, 7);
  proto::EconomyQuery query;
  query.set_shard(3);
  query.set_limit(2);
  std::vector<std::string> rows;
  for (bool more = true; more;) {
    const auto reply = ask<proto::EconomyReply>(*store, query, kNow + 120 * kMinuteMs);
    for (const auto& row : reply.rows())
      rows.push_back(std::to_string(row.hour() - kNow / kMinuteMs / 60) + " " + row.reason() + " " + row.currency() +
                     " +" + std::to_string(row.faucet()) + " -" + std::to_string(row.sink()));
    more = reply.more();
    if (!more) break;
    const auto& last = reply.rows(reply.rows_size() - 1);
    query.set_after_hour(last.hour());
    query.set_after_reason(last.reason());
    query.set_after_currency(last.currency());
  }
  EXPECT_EQ(rows, (std::vector<std::string>{"0 kill gold +150 -0", "0 shop.buy  +1 -0", "0 shop.buy gold +0 -30",
                                            "2 kill gold +7 -0"}));
}

TEST_F(EconomyTest, AReasonThatRunsTenTimesAsFastAsItsHourIsFoundInTheSameMinute) {
  for (std::int64_t minute = 0; minute < 60; ++minute) {
    earn(minute, 200, "quest");
    if (minute % 2 == 0) earn(minute, 400, "kill");
  }
  EXPECT_TRUE(jumps(59).empty());
  earn(60, 1999, "kill");
  EXPECT_TRUE(jumps(60).empty());
  earn(60, 200, "kill");
  EXPECT_EQ(jumps(60), std::vector<std::string>{"kill"});
  EXPECT_EQ(jumps(61), std::vector<std::string>{"kill"});
  EXPECT_TRUE(jumps(63).empty());
}

TEST_F(EconomyTest, WithoutHistoryNothingIsSaid) {
  earn(0, 1'000'000);
  EXPECT_TRUE(jumps(0).empty());
  for (std::int64_t minute = 20; minute < 28; ++minute) earn(minute, 1, "quest");
  earn(30, 1000, "gift");
  EXPECT_TRUE(jumps(30).empty()) << "in nine minutes anything was earned";
}

TEST_F(EconomyTest, BelowTheFloorNothingIsSaid) {
  for (std::int64_t minute = 0; minute < 20; ++minute) earn(minute, 1, "quest");
  earn(30, 999, "gift");
  EXPECT_TRUE(jumps(30).empty());
  earn(30, 1, "gift");
  EXPECT_EQ(jumps(30), std::vector<std::string>{"gift"});
}

TEST_F(EconomyTest, AfterAnHourInWhichNobodyPlaysWhatIsUsualIsNotFast) {
  for (std::int64_t minute = 0; minute < 30; ++minute) earn(minute, 1500);
  for (std::int64_t minute = 91; minute < 101; ++minute) {
    earn(minute, 1500);
    EXPECT_TRUE(jumps(minute).empty()) << minute;
  }
  earn(101, 15'000);
  EXPECT_EQ(jumps(101), std::vector<std::string>{"kill"});
}

}  // namespace
}  // namespace dure::store
