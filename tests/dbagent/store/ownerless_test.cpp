// A guild's bank, an auction house: records, value in by claim and out by send, each operation once.
#include <map>
#include <random>

#include "dbagent/store/schema.h"
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
  // Nothing but its number keeps it from being done twice.
  static proto::OwnerlessApply spending(std::uint64_t operation, std::int64_t asked_at, std::int64_t gold = 1) {
    auto request = change(operation);
    request.set_asked_at_ms(asked_at);
    auto* spent = request.add_spends();
    spent->set_name("gold");
    spent->set_value(gold);
    return request;
  }
  proto::OwnerlessReply apply_bank(const proto::OwnerlessApply& request, std::int64_t at = kNow) {
    return ask<proto::OwnerlessReply>(*store, request, at);
  }
  std::int64_t gold() { return read().balances_size() == 0 ? 0 : read().balances(0).value(); }
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

TEST_F(OwnerlessTest, ForADayARepeatIsToldTheSameAndAfterwardsNothingAndIsNeverDoneTwice) {
  deposit(500, 25);
  auto claim = change(1);
  claim.set_asked_at_ms(kNow);
  claim.add_claims(500);
  ASSERT_EQ(apply_bank(claim).code(), proto::STORED);
  const auto first = spending(2, kNow), second = spending(3, kNow + 1);
  ASSERT_EQ(apply_bank(first).code(), proto::STORED);
  ASSERT_EQ(apply_bank(second, kNow + 1).code(), proto::STORED);
  ASSERT_EQ(apply_bank(spending(4, kNow + kDayMs), kNow + kDayMs).code(), proto::STORED);
  EXPECT_EQ(apply_bank(first).code(), proto::STORED) << "a day old to the millisecond: remembered";
  EXPECT_EQ(gold(), 22);
  ASSERT_EQ(apply_bank(spending(5, kNow + kDayMs), kNow + kDayMs + 1).code(), proto::STORED);
  EXPECT_EQ(apply_bank(first).code(), proto::STALE_EPOCH) << "older: nobody knows any more";
  EXPECT_EQ(apply_bank(spending(2, kNow, 2)).code(), proto::STALE_EPOCH) << "nor what its content was";
  EXPECT_EQ(apply_bank(spending(9, kNow)).code(), proto::STALE_EPOCH) << "nor whether it ever was";
  EXPECT_EQ(apply_bank(spending(9, 0)).code(), proto::STALE_EPOCH) << "who says no time is the oldest";
  EXPECT_EQ(apply_bank(second).code(), proto::STORED) << "this one is younger";
  EXPECT_EQ(gold(), 21) << "and none was done again";
}

TEST_F(OwnerlessTest, WhoSaysALaterTimeThanTheShardIsRememberedUntilThat) {
  deposit(500, 25);
  auto claim = change(1);
  claim.add_claims(500);
  ASSERT_EQ(apply_bank(claim).code(), proto::STORED);
  const auto from_ahead = spending(2, kNow + 3 * kDayMs);
  ASSERT_EQ(apply_bank(from_ahead).code(), proto::STORED);
  for (int day = 1; day < 4; ++day)
    ASSERT_EQ(
        apply_bank(spending(10 + static_cast<std::uint64_t>(day), kNow + day * kDayMs), kNow + day * kDayMs).code(),
        proto::STORED);
  EXPECT_EQ(apply_bank(from_ahead).code(), proto::STORED);
  EXPECT_EQ(gold(), 21);
}

// Whatever is repeated whenever: done at most once, told STORED only if done, and who asks now is never sent away.
TEST_F(OwnerlessTest, RepeatsOfAnyAgeInAnyOrderAgreeWithALedgerInMemory) {
  deposit(500, 100'000);
  auto claim = change(1);
  claim.set_asked_at_ms(kNow);
  claim.add_claims(500);
  ASSERT_EQ(apply_bank(claim).code(), proto::STORED);
  std::mt19937_64 chance(20);
  std::vector<proto::OwnerlessApply> asked;
  std::map<std::size_t, bool> done;
  std::int64_t at = kNow, left = 100'000;
  int gone = 0;
  for (int step = 0; step < 1500; ++step) {
    at += static_cast<std::int64_t>(chance() % (2 * kDayMs / 24));
    const bool fresh = asked.empty() || chance() % 3 == 0;
    if (fresh) {
      const std::int64_t slow = static_cast<std::int64_t>(chance() % 1000);
      asked.push_back(spending(10 + asked.size(), at - slow, 1 + static_cast<std::int64_t>(chance() % 9)));
      if (chance() % 4 == 0) continue;  // lost on its way, perhaps only for now
    }
    const std::size_t which = fresh ? asked.size() - 1 : static_cast<std::size_t>(chance() % asked.size());
    const auto code = apply_bank(asked[which], at).code();
    if (code == proto::STORED && !std::exchange(done[which], true)) left -= asked[which].spends(0).value();
    if (code == proto::STALE_EPOCH) ++gone;
    ASSERT_TRUE(code == proto::STORED || (!fresh && code == proto::STALE_EPOCH)) << step;
    ASSERT_EQ(gold(), left) << step;
  }
  EXPECT_GT(gone, 100);
  proto::AuditRequest audit;
  audit.set_shard(3);
  EXPECT_EQ(ask<proto::AuditReply>(*store, audit).findings_size(), 0);
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
