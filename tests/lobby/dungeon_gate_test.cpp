#include "common/game/sample/entry_fee.h"
#include "common/proto/dungeon.pb.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

class DungeonGateTest : public LobbyTest {
 protected:
  DungeonGateTest() { sample_.runs.runs.at("cellar").fee_gold = 10; }
  proto::Code join(std::uint64_t player) {
    proto::QueueRequest request;
    request.set_dungeon("cellar");
    client(player, request);
    cluster_->turn();
    const auto reply = told<proto::QueueReply>();
    return reply ? reply->code() : proto::INTERNAL;
  }
  // What the dungeon answers to who is handed to it; the database then has what was saved until here.
  void dungeon_up(proto::Code answer) {
    cluster_->up(kDungeon);
    cluster_->answers<proto::OpenInstance, proto::OpenInstanceReply>(kDungeon, [this](auto&, const auto& open) {
      run_ = open.run_id();
      return proto::OpenInstanceReply();
    });
    cluster_->answers<proto::Admit, proto::AdmitReply>(kDungeon, [this, answer](auto&, const auto& request) {
      saved_at_admit_ = count("dungeon.fee");
      if (const Player* player = lobby_->find(PlayerId(request.player_id())))
        player->mirror.store(&rows_[request.player_id()]);
      proto::AdmitReply reply;
      reply.set_code(answer);
      return reply;
    });
  }
  void claim(std::uint64_t player, std::int64_t run, std::int64_t fee) {
    proto::Aggregate& row = rows_[player];
    for (const auto& [name, value] : {std::pair{sample::kEntryRun, run}, std::pair{sample::kEntryFee, fee}}) {
      auto* counter = row.add_counters();
      counter->set_name(name);
      counter->set_value(value);
    }
  }
  int count(const std::string& reason) const {
    int n = 0;
    for (const auto& operation : applied_) n += operation.reason() == reason;
    return n;
  }
  std::uint64_t run_ = 0;
  int saved_at_admit_ = -1;
};

TEST_F(DungeonGateTest, TheFeeIsSavedBeforeThePlayerIsHandedOver) {
  dungeon_up(proto::OK);
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  cluster_->forget_sent();
  cluster_->run(seconds(4));
  EXPECT_EQ(saved_at_admit_, 1);
  EXPECT_EQ(count("dungeon.refund"), 0);
  const auto changed = told<proto::AggregateChanged>();
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->reason(), "dungeon.fee");
  ASSERT_EQ(changed->aggregate().balances_size(), 1);
  EXPECT_EQ(changed->aggregate().balances(0).value(), sample_.items.starter_gold - 10);
}

TEST_F(DungeonGateTest, WhoCannotPayIsNotQueued) {
  dungeon_up(proto::OK);
  veterans_.insert(1);  // no starter gold
  ASSERT_EQ(admit(1).code(), proto::OK);
  EXPECT_EQ(join(1), proto::NOT_ENOUGH);
  EXPECT_EQ(lobby_->queue_waiting(), 0u);
}

TEST_F(DungeonGateTest, WhoHasSpentItMeanwhileStaysAndIsToldSo) {
  dungeon_up(proto::OK);
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  lobby_->after(Duration{}, [this] {
    proto::Operation spend;
    spend.set_reason("shop.buy");
    auto* gold = spend.add_effects()->mutable_balance();
    gold->set_currency("gold");
    gold->set_delta(-sample_.items.starter_gold);
    EXPECT_EQ(lobby_->commit(player(1), spend), Mirror::Guard::kOk);
  });
  cluster_->forget_sent();
  cluster_->run(seconds(4));
  EXPECT_EQ(told<proto::MatchNotice>()->code(), proto::NOT_ENOUGH);
  EXPECT_NE(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(count("dungeon.fee"), 0);
}

TEST_F(DungeonGateTest, ARunThatCannotStartGivesTheFeeBackOnce) {
  dungeon_up(proto::NOT_FOUND);
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  cluster_->run(seconds(5));
  ASSERT_EQ(count("dungeon.fee"), 1);
  ASSERT_EQ(count("dungeon.refund"), 1);
  EXPECT_EQ(player(1).mirror.balance("gold"), sample_.items.starter_gold);
  const auto& refund = applied_.back();
  EXPECT_EQ(refund.effects(0).drop_key().run(), run_);
  EXPECT_EQ(refund.effects(0).drop_key().source(), "refund");
}

TEST_F(DungeonGateTest, WhoIsWalkedBackFromADeadDungeonIsRefundedOnce) {
  veterans_.insert(1);
  claim(1, 4711, 10);
  proto::Admit back;
  back.set_reason("fault");
  ASSERT_EQ(admit(1, back).code(), proto::OK);
  cluster_->run(seconds(1));
  ASSERT_EQ(count("dungeon.refund"), 1);
  EXPECT_EQ(player(1).mirror.balance("gold"), 10);
  // The socket comes again, and so does a later owner.
  ASSERT_EQ(admit(1).code(), proto::OK);
  cluster_->run(seconds(1));
  EXPECT_EQ(count("dungeon.refund"), 1);
}

TEST_F(DungeonGateTest, WhoseFirstWaveWasClearedGetsNothingBack) {
  veterans_.insert(1);
  claim(1, 0, 0);
  proto::Admit back;
  back.set_reason("fault");
  ASSERT_EQ(admit(1, back).code(), proto::OK);
  cluster_->run(seconds(1));
  EXPECT_EQ(count("dungeon.refund"), 0);
}

TEST_F(DungeonGateTest, ADungeonThatCostsNothingTakesNothing) {
  sample_.runs.runs.at("cellar").fee_gold = 0;
  dungeon_up(proto::OK);
  veterans_.insert(1);
  ASSERT_EQ(admit(1).code(), proto::OK);
  ASSERT_EQ(join(1), proto::OK);
  cluster_->run(seconds(4));
  EXPECT_EQ(saved_at_admit_, 0);
  EXPECT_EQ(count("dungeon.fee"), 0);
}

}  // namespace
}  // namespace dure::test
