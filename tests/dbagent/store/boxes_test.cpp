#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

proto::OutboxReply outbox(ShardStore& store) {
  proto::OutboxQuery query;
  query.set_shard(3);
  return ask<proto::OutboxReply>(store, query);
}

proto::StoreReply sent(ShardStore& store, std::uint64_t message_id) {
  proto::OutboxSent request;
  request.set_shard(3);
  request.set_message_id(message_id);
  return ask<proto::StoreReply>(store, request);
}

TEST_F(ShardTest, ASystemMessageIsDeliveredOnceAndClaimedOnce) {
  EXPECT_EQ(ask<proto::DeliverReply>(*store, delivery(1, 500, 25)).owner_node(), 5u);
  EXPECT_EQ(BatchOf().add(delivery(1, 500, 25)).run(*store).changed(), 0u) << "delivered twice";
  EXPECT_EQ(apply(Ops(1, 1).op(1).claim(500)).code(), proto::STORED);
  EXPECT_EQ(BatchOf().add(delivery(1, 500, 25)).run(*store).changed(), 0u) << "delivered again after the claim";
  const auto have = reacquire(1, 1).aggregate();
  EXPECT_EQ(gold_of(have), 25);
  EXPECT_EQ(have.inbox_size(), 0);
  EXPECT_EQ(ask<proto::ApplyReply>(*store, Ops(1, 2).op(1).claim(500).request).code(), proto::REJECTED);
}

TEST_F(ShardTest, AnUnclaimedMessageIsInTheGrantWithItsValue) {
  auto request = delivery(1, 500, 25);
  auto* item = request.add_items();
  *item->mutable_id() = uid(1, 70);
  item->set_template_("hat");
  EXPECT_EQ(ask<proto::DeliverReply>(*store, request).code(), proto::STORED);
  const auto grant = reacquire(1, 1).aggregate();
  ASSERT_EQ(grant.inbox_size(), 1);
  EXPECT_EQ(grant.inbox(0).balances(0).value(), 25);
  EXPECT_EQ(grant.inbox(0).items(0).template_(), "hat");
  EXPECT_EQ(grant.items_size(), 0);
}

// A letter of some 10 KB, from another shard.
proto::DeliverRequest long_letter(std::uint64_t message_id) {
  proto::DeliverRequest letter = delivery(1, message_id, 1);
  letter.set_relayed(true);
  letter.set_from_shard(4);
  letter.set_from_player(9);
  for (std::uint64_t i = 0; i < 70; ++i) {
    auto* item = letter.add_items();
    *item->mutable_id() = uid(1, message_id * 1000 + i);
    item->set_template_(std::string(120, 't'));
  }
  return letter;
}

TEST_F(ShardTest, HoweverManyLettersWaitAGrantIsOneMessageAndTheOthersAreReadAfterTheFirstAreClaimed) {
  constexpr int kLetters = 250;
  BatchOf all;
  for (std::uint64_t i = 0; i < kLetters; ++i) all.add(long_letter(500 + i));
  ASSERT_EQ(all.run(*store).changed(), static_cast<std::uint64_t>(kLetters));
  const auto grant = reacquire(1, 1);
  EXPECT_LT(grant.ByteSizeLong(), 1'100'000u);
  EXPECT_GT(grant.aggregate().inbox_size(), 50);
  EXPECT_EQ(grant.aggregate().inbox(0).message_id(), 500u);
  proto::InboxQuery query;
  query.set_shard(3);
  query.set_player_id(1);
  query.set_epoch(2);
  *query.mutable_owner_incarnation() = uid(7, 1);
  int claimed = 0, looks = 0;
  for (auto inbox = grant.aggregate().inbox(); !inbox.empty(); ++looks) {
    Ops claims(1, 2);
    for (const auto& letter : inbox) claims.op(static_cast<std::uint64_t>(++claimed)).claim(letter.message_id());
    ASSERT_EQ(apply(claims).code(), proto::STORED);
    const auto reply = ask<proto::InboxReply>(*store, query);
    ASSERT_EQ(reply.code(), proto::STORED);
    EXPECT_LT(reply.ByteSizeLong(), 1'100'000u);
    inbox = reply.entries();
  }
  EXPECT_EQ(claimed, kLetters);
  EXPECT_EQ(looks, 3);
}

TEST_F(ShardTest, AClaimWithoutRoomIsRefusedAndTheMessageWaits) {
  ask<proto::DeliverReply>(*store, delivery(1, 500, 25));
  EXPECT_EQ(apply(Ops(1, 1).op(1).claim(500, 24)).code(), proto::REJECTED);
  EXPECT_EQ(reacquire(1, 2).aggregate().inbox_size(), 1);
}

TEST_F(ShardTest, AnotherPlayersMessageCannotBeClaimed) {
  ask<proto::DeliverReply>(*store, delivery(2, 500, 25));
  EXPECT_EQ(apply(Ops(1, 1).op(1).claim(500)).code(), proto::REJECTED);
}

TEST_F(ShardTest, SentValueLeavesTheSenderAndArrivesOnceOnTheSameShard) {
  apply(Ops(1, 1).op(1).balance("gold", 100).mint(7));
  ASSERT_EQ(apply(Ops(1, 1).op(2).send(900, 2, 40, {7})).code(), proto::STORED);
  expect_clean();
  auto letter = outbox(*store).pending(0);
  EXPECT_EQ(letter.player_id(), 2u);
  letter.set_shard(3);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, letter).code(), proto::STORED);
  expect_clean();
  EXPECT_EQ(sent(*store, 900).code(), proto::STORED);
  EXPECT_EQ(sent(*store, 900).code(), proto::STORED);
  EXPECT_EQ(outbox(*store).pending_size(), 0);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, letter).code(), proto::STORED);
  ASSERT_EQ(apply(Ops(2, 1).op(1).claim(900)).code(), proto::STORED);
  EXPECT_EQ(gold_of(reacquire(1, 1).aggregate()), 60);
  const auto receiver = reacquire(2, 1).aggregate();
  EXPECT_EQ(gold_of(receiver), 40);
  EXPECT_EQ(receiver.items(0).id().low(), 7u);
}

TEST_F(ShardTest, SentValueCrossesShardsAndEachSumsToZero) {
  auto other_options = shard_options(folder.file("other.db"));
  other_options.shard = 4;
  const auto other = open_shard(other_options);
  auto birth = creation(20);
  birth.set_shard(4);
  ask<proto::StoreReply>(*other, birth);
  apply(Ops(1, 1).op(1).balance("gold", 100).mint(7).send(900, 20, 40, {7}));
  auto letter = outbox(*store).pending(0);
  letter.set_shard(4);
  EXPECT_EQ(ask<proto::DeliverReply>(*other, letter).code(), proto::STORED);
  EXPECT_EQ(sent(*store, 900).code(), proto::STORED);
  proto::AuditRequest request;
  request.set_shard(4);
  const auto there = ask<proto::AuditReply>(*other, request);
  EXPECT_EQ(there.findings_size(), 0) << there.DebugString();
  EXPECT_EQ(there.items(), 1u);
  EXPECT_EQ(audit_reply().items(), 0u);
}

TEST_F(ShardTest, AMessageNumberIsSentOnce) {
  apply(Ops(1, 1).op(1).balance("gold", 100).send(900, 2, 40));
  EXPECT_EQ(apply(Ops(1, 1).op(2).send(900, 2, 40)).code(), proto::REJECTED);
  EXPECT_EQ(sent(*store, 12345).code(), proto::NO_SUCH);
}

}  // namespace
}  // namespace dure::store
