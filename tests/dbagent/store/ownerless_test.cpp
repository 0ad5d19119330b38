// A guild's bank, an auction house: records, value in by claim and out by send, each operation once.
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

constexpr std::uint64_t kBank = 50;

class OwnerlessTest : public ShardTest {
 protected:
  void SetUp() override {
    ShardTest::SetUp();
    auto birth = creation(kBank, 99);
    birth.set_ownerless(true);
    ASSERT_EQ(ask<proto::StoreReply>(*store, birth).code(), proto::STORED);
    ASSERT_EQ(ask<proto::StoreReply>(*store, birth).code(), proto::STORED) << "made twice";
  }
  static proto::OwnerlessApply change(std::uint64_t operation) {
    proto::OwnerlessApply request;
    request.set_shard(3);
    request.set_aggregate_id(kBank);
    *request.mutable_operation_id() = uid(5, operation);
    request.set_reason("bank");
    return request;
  }
  static void put(proto::OwnerlessApply* request, const std::string& key, std::int64_t expected,
                  const std::string& body) {
    auto* record = request->add_records();
    record->set_key(key);
    record->set_expected_version(expected);
    record->set_body(body);
  }
  static void send(proto::OwnerlessApply* request, std::uint64_t message, std::uint64_t to, std::int64_t gold) {
    auto* out = request->add_sends();
    out->set_message_id(message);
    out->set_to_player(to);
    auto* amount = out->add_balances();
    amount->set_name("gold");
    amount->set_value(gold);
  }
  proto::OwnerlessReply apply_bank(const proto::OwnerlessApply& request) {
    return ask<proto::OwnerlessReply>(*store, request);
  }
  proto::OwnerlessReadReply read(const std::string& prefix = "") {
    proto::OwnerlessRead request;
    request.set_shard(3);
    request.set_aggregate_id(kBank);
    request.set_prefix(prefix);
    request.set_inbox_limit(10);
    request.set_value(true);
    return ask<proto::OwnerlessReadReply>(*store, request);
  }
  void deposit(std::uint64_t message, std::int64_t gold, const std::string& memo = "deposit") {
    auto letter = delivery(kBank, message, gold);
    letter.set_memo(memo);
    ASSERT_EQ(ask<proto::DeliverReply>(*store, letter).code(), proto::STORED);
  }
};

TEST_F(OwnerlessTest, ADepositIsReadWithItsMemoClaimedAndSentOut) {
  deposit(500, 25, "for the guild");
  ASSERT_EQ(read().inbox_size(), 1);
  EXPECT_EQ(read().inbox(0).memo(), "for the guild");
  auto claim = change(1);
  claim.add_claims(500);
  put(&claim, "log/1", 0, "25 gold");
  EXPECT_EQ(apply_bank(claim).code(), proto::STORED);
  EXPECT_EQ(read().inbox_size(), 0);
  EXPECT_EQ(read().balances(0).value(), 25);
  EXPECT_EQ(read("log/").records(0).body(), "25 gold");
  auto pay = change(2);
  send(&pay, 900, 2, 20);
  const auto reply = BatchOf().add(pay).run(*store);
  ASSERT_EQ(reply.events_size(), 1) << "the relay is told";
  EXPECT_EQ(reply.events(0).sent(), 900u);
  EXPECT_EQ(read().balances(0).value(), 5);
}

TEST_F(OwnerlessTest, AFeeIsClaimedAndSpentToTheSinkOfItsReason) {
  deposit(500, 25);
  auto found = change(1);
  found.add_claims(500);
  auto* fee = found.add_spends();
  fee->set_name("gold");
  fee->set_value(26);
  EXPECT_EQ(apply_bank(found).code(), proto::REJECTED) << "more than there is";
  fee->set_value(-5);
  EXPECT_EQ(apply_bank(found).code(), proto::REJECTED);
  fee->set_value(0);
  EXPECT_EQ(apply_bank(found).code(), proto::REJECTED);
  EXPECT_EQ(read().inbox_size(), 1) << "nothing of it happened";
  fee->set_value(20);
  EXPECT_EQ(apply_bank(found).code(), proto::STORED);
  EXPECT_EQ(apply_bank(found).code(), proto::STORED) << "once";
  ASSERT_EQ(read().balances_size(), 1);
  EXPECT_EQ(read().balances(0).value(), 5);
  EXPECT_GT(read().shard_time_ms(), 0);
}

TEST_F(OwnerlessTest, AnOperationTakesEffectOnce) {
  deposit(500, 25);
  auto claim = change(1);
  claim.add_claims(500);
  ASSERT_EQ(apply_bank(claim).code(), proto::STORED);
  EXPECT_EQ(BatchOf().add(claim).run(*store).changed(), 0u);
  EXPECT_EQ(apply_bank(claim).code(), proto::STORED) << "the same answer";
  put(&claim, "a", 0, "other content");
  EXPECT_EQ(apply_bank(claim).code(), proto::REJECTED);
  EXPECT_EQ(read().balances(0).value(), 25);
}

TEST_F(OwnerlessTest, ARecordIsChangedOnlyByWhoKnewItsVersion) {
  auto first = change(1);
  put(&first, "lot/1", 0, "one");
  ASSERT_EQ(apply_bank(first).code(), proto::STORED);
  const std::int64_t version = read("lot/").records(0).version();
  auto blind = change(2);
  put(&blind, "lot/1", 0, "two");
  EXPECT_EQ(apply_bank(blind).code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(apply_bank(blind).detail(), "lot/1");
  auto gone = change(3);
  put(&gone, "lot/1", version, "");
  gone.mutable_records(0)->set_remove(true);
  EXPECT_EQ(apply_bank(gone).code(), proto::STORED);
  EXPECT_EQ(read("lot/").records_size(), 0);
  EXPECT_EQ(apply_bank(blind).code(), proto::STORED) << "an answer that was no is not kept: now there is none";
  EXPECT_GT(read("lot/").records(0).version(), version) << "no version comes twice";
}

TEST_F(OwnerlessTest, WhatIsOnlyExpectedGuardsAndIsNotWritten) {
  auto both = change(1);
  put(&both, "lot/1", 0, "x");
  put(&both, "member/7", 3, "");
  both.mutable_records(1)->set_only_expect(true);
  EXPECT_EQ(apply_bank(both).code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(read().records_size(), 0);
}

TEST_F(OwnerlessTest, AFalseGuardLeavesNothing) {
  deposit(500, 25);
  auto both = change(1);
  both.add_claims(500);
  send(&both, 900, 2, 26);
  put(&both, "a", 0, "x");
  EXPECT_EQ(apply_bank(both).code(), proto::REJECTED);
  EXPECT_EQ(read().inbox_size(), 1);
  EXPECT_EQ(read().records_size(), 0);
  auto twice = change(2);
  put(&twice, "a", 0, "x");
  put(&twice, "a", 0, "y");
  EXPECT_EQ(apply_bank(twice).code(), proto::REJECTED) << "a key twice";
  auto large = change(3);
  put(&large, "a", 0, std::string(4097, 'x'));
  EXPECT_EQ(apply_bank(large).code(), proto::REJECTED);
  auto unnumbered = change(0);
  unnumbered.mutable_operation_id()->Clear();
  EXPECT_EQ(apply_bank(unnumbered).code(), proto::REJECTED);
  auto memo = change(4);
  memo.add_claims(500);
  send(&memo, 901, 2, 5);
  memo.mutable_sends(0)->set_memo(std::string(257, 'm'));
  EXPECT_EQ(apply_bank(memo).code(), proto::REJECTED);
}

TEST_F(OwnerlessTest, RecordsAreReadInPages) {
  auto many = change(1);
  for (const char* key : {"lot/1", "lot/2", "lot/3", "lou"}) put(&many, key, 0, key);
  ASSERT_EQ(apply_bank(many).code(), proto::STORED);
  proto::OwnerlessRead request;
  request.set_aggregate_id(kBank);
  request.set_prefix("lot/");
  request.set_limit(2);
  const auto page = ask<proto::OwnerlessReadReply>(*store, request);
  EXPECT_EQ(page.records_size(), 2);
  EXPECT_TRUE(page.more());
  request.set_after(page.records(1).key());
  const auto rest = ask<proto::OwnerlessReadReply>(*store, request);
  ASSERT_EQ(rest.records_size(), 1);
  EXPECT_EQ(rest.records(0).key(), "lot/3");
  EXPECT_FALSE(rest.more());
}

TEST_F(OwnerlessTest, NobodyAcquiresItAndNoCharacterIsChangedThisWay) {
  EXPECT_EQ(ask<proto::AcquireReply>(*store, acquisition(kBank, 0, 77)).code(), proto::NO_SUCH);
  auto wrong = change(1);
  wrong.set_aggregate_id(1);
  EXPECT_EQ(apply_bank(wrong).code(), proto::NO_SUCH);
  wrong.set_aggregate_id(12345);
  EXPECT_EQ(apply_bank(wrong).code(), proto::NO_SUCH);
  wrong.set_shard(8);
  EXPECT_EQ(apply_bank(wrong).code(), proto::WRONG_SHARD);
}

}  // namespace
}  // namespace dure::store
