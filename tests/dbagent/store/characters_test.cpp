#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

proto::CharactersReply characters(ShardStore& store, std::int64_t now = kNow) {
  proto::CharactersRequest request;
  request.set_shard(3);
  request.set_account_id(9);
  return ask<proto::CharactersReply>(store, request, now);
}

proto::StoreReply remove(ShardStore& store, std::uint64_t player, std::int64_t at, std::uint64_t account = 9) {
  proto::DeletePlayerRequest request;
  request.set_shard(3);
  request.set_player_id(player);
  request.set_account_id(account);
  request.set_delete_at_unix_ms(at);
  return ask<proto::StoreReply>(store, request);
}

TEST_F(ShardTest, CharactersAreListedWithTheirLevel) {
  apply(Ops(1, 1).op(1).count("level", 7, 60).count("xp", 3, 0));
  apply(Ops(2, 1).op(1).count("xp", 3, 0));
  const auto list = characters(*store);
  ASSERT_EQ(list.characters_size(), 2);
  EXPECT_EQ(list.characters(0).name(), "Player1");
  EXPECT_EQ(list.characters(0).level(), 7u);
  EXPECT_EQ(list.characters(1).level(), 0u);
}

TEST_F(ShardTest, CreatingAgainUnderTheSameReservationIsHarmless) {
  EXPECT_EQ(ask<proto::StoreReply>(*store, creation(1)).code(), proto::STORED);
  auto other = creation(1);
  other.set_reservation(5);
  EXPECT_EQ(ask<proto::StoreReply>(*store, other).code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(characters(*store).characters_size(), 2);
}

TEST_F(ShardTest, AnAccountHasSoManySlots) {
  for (std::uint64_t player = 3; player <= 8; ++player)
    EXPECT_EQ(ask<proto::StoreReply>(*store, creation(player)).code(), proto::STORED);
  const auto reply = ask<proto::StoreReply>(*store, creation(9));
  EXPECT_EQ(reply.code(), proto::REJECTED);
  EXPECT_EQ(reply.detail(), "slots");
}

TEST_F(ShardTest, ADeletedCharacterCanBeRestoredUntilItsGraceHasPassed) {
  EXPECT_EQ(remove(*store, 1, kNow + 1000).code(), proto::STORED);
  EXPECT_EQ(characters(*store).characters(0).delete_at_unix_ms(), kNow + 1000);
  EXPECT_EQ(remove(*store, 1, 0).code(), proto::STORED);
  EXPECT_EQ(remove(*store, 1, kNow + 1000).code(), proto::STORED);
  EXPECT_EQ(characters(*store, kNow + 1000).characters_size(), 1);
  EXPECT_EQ(ask<proto::AcquireReply>(*store, acquisition(1, 1, 55), kNow + 1000).code(), proto::NO_SUCH);
}

TEST_F(ShardTest, OnlyTheAccountDeletesItsCharacter) {
  EXPECT_EQ(remove(*store, 1, kNow + 1000, 8).code(), proto::NO_SUCH);
}

TEST_F(ShardTest, ACharacterListOfAnotherShardIsWrongShard) {
  proto::CharactersRequest request;
  request.set_shard(1);
  EXPECT_EQ(ask<proto::CharactersReply>(*store, request).code(), proto::WRONG_SHARD);
  auto birth = creation(77);
  birth.set_shard(1);
  EXPECT_EQ(ask<proto::StoreReply>(*store, birth).code(), proto::WRONG_SHARD);
}

}  // namespace
}  // namespace dure::store
