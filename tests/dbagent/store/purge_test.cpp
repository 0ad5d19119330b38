// Deleted characters after their grace, creations that were given up, and what is still sent to either.
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

class PurgeTest : public ShardTest {
 protected:
  void erase(std::uint64_t player, std::int64_t at = kNow + 1) {
    proto::DeletePlayerRequest request;
    request.set_shard(3);
    request.set_account_id(9);
    request.set_player_id(player);
    request.set_delete_at_unix_ms(at);
    ASSERT_EQ(ask<proto::StoreReply>(*store, request).code(), proto::STORED);
  }
  proto::StoreReply purge(std::uint64_t player, std::int64_t now = kNow + 2) {
    proto::PurgePlayer request;
    request.set_shard(3);
    request.set_player_id(player);
    return ask<proto::StoreReply>(*store, request, now);
  }
  proto::PurgeReply due(std::int64_t now) {
    // shard_time is kept only by a batch that changes something.
    proto::PurgeQuery request;
    request.set_shard(3);
    return ask<proto::PurgeReply>(*store, request, now);
  }
  proto::OutboxReply outbox() {
    proto::OutboxQuery query;
    query.set_shard(3);
    return ask<proto::OutboxReply>(*store, query);
  }
  proto::StoreReply settle(std::uint64_t player) {
    proto::SettleCreation request;
    request.set_shard(3);
    request.set_player_id(player);
    request.set_reservation(player + 1000);
    return ask<proto::StoreReply>(*store, request);
  }
};

TEST_F(PurgeTest, AfterItsGraceWhatACharacterHasGoesToTheSink) {
  apply(Ops(1, 1).op(1).balance("gold", 100).mint(7));
  ask<proto::DeliverReply>(*store, delivery(1, 500, 5));
  erase(1);
  EXPECT_EQ(due(kNow).characters_size(), 0);
  EXPECT_EQ(purge(1, kNow).code(), proto::REJECTED) << "too early";
  ASSERT_EQ(due(kNow + 2).characters_size(), 1);
  EXPECT_EQ(due(kNow + 2).reservations(0), 1001u);
  EXPECT_EQ(purge(1).code(), proto::STORED);
  EXPECT_EQ(purge(1).code(), proto::STORED) << "twice";
  EXPECT_EQ(due(kNow + 2).characters_size(), 0);
  EXPECT_EQ(apply(Ops(1, 1).op(2).balance("gold", 1)).code(), proto::STALE_EPOCH) << "its last owner is fenced";
  EXPECT_EQ(reacquire(1, 2).code(), proto::NO_SUCH);
  EXPECT_EQ(audit_reply().items(), 0u);
}

TEST_F(PurgeTest, OnlyWhoIsDueIsPurged) {
  EXPECT_EQ(purge(1).code(), proto::REJECTED);
  EXPECT_EQ(purge(12345).code(), proto::NO_SUCH);
}

TEST_F(PurgeTest, WhatIsSentToAPurgedCharacterGoesBackOnce) {
  apply(Ops(1, 1).op(1).balance("gold", 100).mint(7).send(900, 2, 40, {7}));
  erase(2);
  ASSERT_EQ(purge(2).code(), proto::STORED);
  auto letter = outbox().pending(0);
  EXPECT_TRUE(ask<proto::DeliverReply>(*store, letter).turned_round());
  EXPECT_EQ(BatchOf().add(letter).run(*store).changed(), 0u) << "a repeat sends nothing back";
  expect_clean();
  proto::OutboxSent sent;
  sent.set_shard(3);
  sent.set_message_id(900);
  EXPECT_EQ(ask<proto::StoreReply>(*store, sent).code(), proto::STORED);
  ASSERT_EQ(outbox().pending_size(), 1);
  auto back = outbox().pending(0);
  EXPECT_EQ(back.player_id(), 1u);
  EXPECT_EQ(back.returned_from(), 2u);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, back).code(), proto::STORED);
  const auto entry = reacquire(1, 1).aggregate().inbox(0);
  EXPECT_EQ(entry.returned_from(), 2u);
  EXPECT_EQ(entry.balances(0).value(), 40);
  EXPECT_EQ(entry.items_size(), 1);
}

TEST_F(PurgeTest, WhatWasDeliveredBeforeThePurgeIsNotSentBackByARepeat) {
  apply(Ops(1, 1).op(1).balance("gold", 100).send(900, 2, 40));
  const auto letter = outbox().pending(0);
  ask<proto::DeliverReply>(*store, letter);
  erase(2);
  ASSERT_EQ(purge(2).code(), proto::STORED);
  EXPECT_EQ(BatchOf().add(letter).run(*store).changed(), 0u);
}

TEST_F(PurgeTest, WhatComesBackToNobodyIsSunk) {
  apply(Ops(1, 1).op(1).balance("gold", 100).send(900, 2, 40));
  erase(2);
  erase(1);
  ASSERT_EQ(purge(2).code(), proto::STORED);
  ASSERT_EQ(purge(1).code(), proto::STORED);
  ask<proto::DeliverReply>(*store, outbox().pending(0));
  proto::OutboxSent sent;
  sent.set_shard(3);
  sent.set_message_id(900);
  ask<proto::StoreReply>(*store, sent);
  const auto back = outbox().pending(0);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, back).code(), proto::STORED);
  sent.set_message_id(back.message_id());
  ask<proto::StoreReply>(*store, sent);
  EXPECT_EQ(outbox().pending_size(), 0);
}

TEST_F(PurgeTest, AReceiverWhoNeverWasSendsBackFromTheSendersShard) {
  apply(Ops(1, 1).op(1).balance("gold", 100).send(900, 777, 40));
  auto letter = outbox().pending(0);
  letter.set_shard(3);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, letter).code(), proto::NO_SUCH);
  letter.set_nobody(true);
  EXPECT_TRUE(ask<proto::DeliverReply>(*store, letter).turned_round());
  EXPECT_EQ(BatchOf().add(letter).run(*store).changed(), 0u);
  EXPECT_EQ(outbox().pending_size(), 2);
  EXPECT_EQ(outbox().pending(1).player_id(), 1u);
  EXPECT_EQ(reacquire(1, 1).aggregate().inbox_size(), 0) << "not the letter itself: what it held is under way";
}

TEST_F(PurgeTest, ACreationThatWasGivenUpNeverHappensAfterwards) {
  EXPECT_EQ(settle(1).code(), proto::STORED) << "it happened";
  EXPECT_EQ(settle(20).code(), proto::NO_SUCH);
  EXPECT_EQ(settle(20).code(), proto::NO_SUCH) << "twice";
  EXPECT_EQ(ask<proto::StoreReply>(*store, creation(20)).code(), proto::EXPECTED_OTHER);
  proto::CharactersRequest list;
  list.set_shard(3);
  list.set_account_id(9);
  EXPECT_EQ(ask<proto::CharactersReply>(*store, list).characters_size(), 2);
}

TEST_F(PurgeTest, TheInboxIsReadForItsOwnerOnly) {
  auto letter = delivery(1, 500, 25);
  letter.set_memo("hello");
  ask<proto::DeliverReply>(*store, letter);
  proto::InboxQuery query;
  query.set_shard(3);
  query.set_player_id(1);
  query.set_epoch(1);
  *query.mutable_owner_incarnation() = uid(7, 1);
  const auto read = ask<proto::InboxReply>(*store, query);
  ASSERT_EQ(read.entries_size(), 1);
  EXPECT_EQ(read.entries(0).memo(), "hello");
  EXPECT_EQ(read.entries(0).balances(0).value(), 25);
  apply(Ops(1, 1).op(1).claim(500));
  EXPECT_EQ(ask<proto::InboxReply>(*store, query).entries_size(), 0);
  query.set_claimed_reason("gm.give");
  const auto again = ask<proto::InboxReply>(*store, query);
  ASSERT_EQ(again.entries_size(), 1) << "what was claimed is read again, without its value";
  EXPECT_EQ(again.entries(0).memo(), "hello");
  EXPECT_EQ(again.entries(0).balances_size(), 0);
  query.set_claimed_reason("mail.send");
  EXPECT_EQ(ask<proto::InboxReply>(*store, query).entries_size(), 0);
  query.set_epoch(2);
  EXPECT_EQ(ask<proto::InboxReply>(*store, query).code(), proto::STALE_EPOCH);
  query.set_epoch(1);
  *query.mutable_owner_incarnation() = uid(8, 1);
  EXPECT_EQ(ask<proto::InboxReply>(*store, query).code(), proto::STALE_EPOCH);
}

}  // namespace
}  // namespace dure::store
