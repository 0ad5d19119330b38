#include <limits>

#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST_F(ShardTest, OperationsInOrderAreSaved) {
  const auto reply = apply(Ops(1, 1).op(1).balance("gold", 100).op(2).balance("gold", -30));
  EXPECT_EQ(reply.code(), proto::STORED);
  EXPECT_EQ(reply.saved_pseq(), 2u);
  EXPECT_EQ(gold_of(reacquire(1, 1).aggregate()), 70);
}

TEST_F(ShardTest, ResendIsSavedAgainWithoutEffect) {
  const auto ops = Ops(1, 1).op(1).balance("gold", 100).mint(1);
  apply(ops);
  EXPECT_EQ(BatchOf().add(ops.request).run(*store).changed(), 0u);
  const auto again = apply(ops);
  EXPECT_EQ(again.code(), proto::STORED);
  EXPECT_EQ(again.saved_pseq(), 1u);
  EXPECT_EQ(gold_of(reacquire(1, 1).aggregate()), 100);
}

TEST_F(ShardTest, AGapStopsAtTheFirstMissingNumber) {
  const auto reply = apply(Ops(1, 1).op(1).balance("gold", 1).op(3).balance("gold", 1));
  EXPECT_EQ(reply.code(), proto::GAP);
  EXPECT_EQ(reply.saved_pseq(), 1u);
  EXPECT_EQ(apply(Ops(1, 1).op(2).balance("gold", 1)).code(), proto::STORED);
}

TEST_F(ShardTest, AnOldEpochOrAnotherIncarnationIsStale) {
  EXPECT_EQ(apply(Ops(1, 1, 8).op(1).balance("gold", 1)).code(), proto::STALE_EPOCH);
  EXPECT_EQ(apply(Ops(1, 2).op(1).balance("gold", 1)).code(), proto::STALE_EPOCH);
  reacquire(1, 1);
  EXPECT_EQ(apply(Ops(1, 1).op(1).balance("gold", 1)).code(), proto::STALE_EPOCH);
}

TEST_F(ShardTest, ARejectedOperationLeavesNothingFencesItsOwnerAndKeepsThePrefix) {
  const auto reply =
      apply(Ops(1, 1).op(1).balance("gold", 10).op(2).balance("gems", 5).balance("gold", -11).op(3).balance("gold", 1));
  EXPECT_EQ(reply.code(), proto::REJECTED);
  EXPECT_EQ(reply.saved_pseq(), 1u);
  EXPECT_NE(reply.detail().find("funds"), std::string::npos) << reply.detail();
  EXPECT_EQ(apply(Ops(1, 1).op(2).balance("gold", 1)).code(), proto::STALE_EPOCH);
  EXPECT_EQ(apply(Ops(1, 2).op(1).balance("gold", 1)).code(), proto::STALE_EPOCH) << "the fenced owner went on";
  const auto grant = reacquire(1, 2);
  EXPECT_EQ(grant.epoch(), 3u);
  EXPECT_EQ(grant.aggregate().balances_size(), 1);
  EXPECT_EQ(gold_of(grant.aggregate()), 10);
}

TEST_F(ShardTest, ARejectionOfOneLeavesTheOthersOfTheBatch) {
  const auto reply = BatchOf()
                         .add(Ops(1, 1).op(1).balance("gold", -1).request)
                         .add(Ops(2, 1).op(1).balance("gold", 5).request)
                         .run(*store);
  EXPECT_FALSE(reply.retry());
  proto::ApplyReply first, second;
  first.ParseFromString(reply.items(0).body());
  second.ParseFromString(reply.items(1).body());
  EXPECT_EQ(first.code(), proto::REJECTED);
  EXPECT_EQ(second.code(), proto::STORED);
}

TEST_F(ShardTest, WhatIsRefusedAfterItWroteLeavesTheBatchAsIfItHadNotBeenThere) {
  ASSERT_EQ(apply(Ops(1, 1).op(1).balance("gold", 100)).code(), proto::STORED);
  const auto reply =
      BatchOf()
          .add(Ops(1, 1).op(2).send(70, 2, 30).request)
          .add(Ops(2, 1).op(1).balance("gold", 5).op(2).mint(8).balance("gems", 3).balance("gold", -6).request)
          .add(delivery(1, 71, -1))
          .add(Ops(1, 1).op(3).balance("gold", 1).request)
          .run(*store);
  EXPECT_FALSE(reply.retry());
  std::vector<proto::StoreCode> codes;
  for (const int item : {0, 1, 3}) {
    proto::ApplyReply one;
    ASSERT_TRUE(one.ParseFromString(reply.items(item).body()));
    codes.push_back(one.code());
  }
  EXPECT_EQ(codes, (std::vector{proto::STORED, proto::REJECTED, proto::STORED}));
  EXPECT_EQ(reply.changed(), 3u);
  ASSERT_EQ(reply.events_size(), 1) << "a letter is relayed once, whatever came after it";
  EXPECT_EQ(reply.events(0).sent(), 70u);
  const auto first = reacquire(1, 1), second = reacquire(2, 2);
  EXPECT_EQ(gold_of(first.aggregate()), 71);
  EXPECT_EQ(gold_of(second.aggregate()), 5);
  EXPECT_EQ(second.aggregate().balances_size(), 1);
  EXPECT_EQ(second.aggregate().items_size(), 0);
}

struct Refusal {
  const char* guard;
  Ops ops;
};

TEST_F(ShardTest, EveryGuardRefuses) {
  ASSERT_EQ(apply(Ops(2, 1).op(1).mint(50)).code(), proto::STORED);
  std::uint64_t epoch = 1;
  // What player 1 has in each case: item 7 of version 0, flag "won", drop (4, 1), 10 gold of at most 20, request 5.
  ASSERT_EQ(apply(Ops(1, epoch).op(1, 5).mint(7).once("won").drop(4, 1).balance("gold", 10, 20)).code(), proto::STORED);
  const auto ops = [] { return Ops(1, 0).op(1); };
  std::vector<Refusal> cases = {
      {"funds", ops().balance("gold", -11)},
      {"room", ops().balance("gold", 11, 20)},
      {"overflow", ops().balance("gold", kMost)},
      {"currency", ops().balance("", 1)},
      {"amount", ops().balance("gold", std::numeric_limits<std::int64_t>::min())},
      {"item exists", ops().mint(7)},
      {"item exists", ops().mint(50)},
      {"item version", ops().burn(7, 3)},
      {"holder", ops().burn(50, 0)},
      {"item version", ops().burn(999, 0)},
      {"item version", ops().attribute(7, 1, "level", 1)},
      {"holder", ops().attribute(50, 0, "level", 1)},
      {"flag is set", ops().once("won")},
      {"counter cap", ops().count("xp", 101, 100)},
      {"counter", ops().count("xp", -1, 100)},
      {"drop key used", ops().drop(4, 1)},
      {"funds", ops().send(1, 2, 11)},
      {"holder", ops().send(1, 2, 0, {50})},
      {"message", ops().send(0, 2, 1)},
      {"inbox", ops().claim(123)},
      {"creq", Ops(1, 0).op(1, 5).balance("gold", 1)},
  };
  proto::ApplyRequest unknown = Ops(1, 0).op(1).request;
  unknown.mutable_operations(0)->add_effects();
  Ops nothing(1, 0);
  nothing.request = unknown;
  cases.push_back({"unknown effect", nothing});
  for (auto& [guard, refused] : cases) {
    epoch = reacquire(1, epoch).epoch();
    refused.request.set_epoch(epoch);
    const auto reply = apply(refused);
    EXPECT_EQ(reply.code(), proto::REJECTED) << guard;
    EXPECT_EQ(reply.detail().rfind(std::string(guard) + " (operation 1", 0), 0u) << guard << ": " << reply.detail();
    ++epoch;
  }
  const auto grant = reacquire(1, epoch);
  EXPECT_EQ(gold_of(grant.aggregate()), 10);
  EXPECT_EQ(grant.aggregate().items_size(), 1);
  EXPECT_EQ(grant.last_creq(), 5u);
  EXPECT_EQ(grant.last_creq_hash(), 5u * 31);
}

TEST_F(ShardTest, EveryKindOfEffectIsReadBackByTheNextOwner) {
  ASSERT_EQ(apply(Ops(1, 1)
                      .op(1)
                      .balance("gold", 10)
                      .mint(7)
                      .mint(8)
                      .attribute(7, 0, "sharp", 3)
                      .attribute(7, 1, "luck", 1)
                      .attribute(7, 2, "sharp", 4)
                      .burn(8, 0)
                      .once("won")
                      .count("xp", 40, 100)
                      .layout("bag"))
                .code(),
            proto::STORED);
  const auto have = reacquire(1, 1).aggregate();
  ASSERT_EQ(have.items_size(), 1);
  EXPECT_EQ(have.items(0).id().low(), 7u);
  EXPECT_EQ(have.items(0).version(), 3);
  ASSERT_EQ(have.items(0).attributes_size(), 2);
  EXPECT_EQ(have.items(0).attributes(0).key(), "luck");
  EXPECT_EQ(have.items(0).attributes(1).value(), 4);
  EXPECT_EQ(have.flags(0), "won");
  EXPECT_EQ(have.counters(0).value(), 40);
  EXPECT_EQ(have.layout(), "bag");
}

TEST_F(ShardTest, ABurntItemIsNeverMintedAgain) {
  EXPECT_EQ(apply(Ops(1, 1).op(1).mint(7).burn(7, 0)).code(), proto::STORED);
  EXPECT_EQ(apply(Ops(2, 1).op(1).mint(7)).code(), proto::REJECTED);
}

TEST_F(ShardTest, AHintIsWrittenOnlyUnderTheCurrentEpoch) {
  proto::HintWrite write;
  write.set_shard(3);
  write.set_player_id(1);
  write.set_epoch(1);
  *write.mutable_owner_incarnation() = uid(7, 1);
  write.mutable_hint()->set_zone("town");
  EXPECT_EQ(BatchOf().add(write).run(*store).items(0).body(), "");
  write.set_epoch(0);
  write.mutable_hint()->set_zone("field");
  BatchOf().add(write).run(*store);
  EXPECT_EQ(reacquire(1, 1).aggregate().hint().zone(), "town");
}

}  // namespace
}  // namespace dure::store
