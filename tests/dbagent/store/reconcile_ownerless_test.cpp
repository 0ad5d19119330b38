// One shard goes back to a backup with a guild or an auction house on it. What they answered is redone before they are
// asked again: each answer is given once, and what it was given for is kept.
#include "tests/dbagent/store/reconcile_fixture.h"

namespace dure::store {
namespace {

constexpr std::uint64_t kHouse = 4;  // on shard 2

class ReconcileOwnerlessTest : public ReconcileTest {
 protected:
  void SetUp() override {
    ReconcileTest::SetUp();
    auto birth = creation(kHouse, 99);
    birth.set_shard(2);
    birth.set_ownerless(true);
    ASSERT_EQ(on<proto::StoreReply>(2, birth).code(), proto::STORED);
    auto founded = settling(1);
    put(&founded, "member/1", 0);
    ASSERT_EQ(on<proto::OwnerlessReply>(2, founded).code(), proto::STORED);
    back_up(2);
  }
  // Settles what came to the house: the number follows from the message.
  static proto::OwnerlessApply settling(std::uint64_t message) {
    proto::OwnerlessApply request;
    request.set_shard(2);
    request.set_aggregate_id(kHouse);
    *request.mutable_operation_id() = uid(6, message);
    request.set_reason("house");
    request.set_asked_at_ms(kNow);
    return request;
  }
  static void put(proto::OwnerlessApply* request, const std::string& key, std::int64_t version, bool remove = false) {
    auto* record = request->add_records();
    record->set_key(key);
    record->set_expected_version(version);
    record->set_remove(remove);
  }
  static void send(proto::OwnerlessApply* request, std::uint64_t message, std::uint64_t to, std::int64_t gold,
                   const std::string& memo, std::vector<std::uint64_t> items = {}) {
    auto* out = request->add_sends();
    out->set_message_id(message);
    out->set_to_player(to);
    out->set_memo(memo);
    for (const auto item : items) *out->add_items() = uid(1, item);
    if (gold == 0) return;
    auto* amount = out->add_balances();
    amount->set_name("gold");
    amount->set_value(gold);
  }
  proto::OwnerlessReply settle_house(const proto::OwnerlessApply& request) {
    return on<proto::OwnerlessReply>(2, request);
  }
  proto::OwnerlessReadReply house() {
    proto::OwnerlessRead request;
    request.set_shard(2);
    request.set_aggregate_id(kHouse);
    request.set_inbox_limit(100);
    request.set_value(true);
    return on<proto::OwnerlessReadReply>(2, request);
  }
  std::int64_t has(const std::string& name) {
    const auto read = house();
    for (const auto& amount : read.balances())
      if (amount.name() == name) return amount.value();
    return 0;
  }
  // One of shard 1 sends so much to the house.
  void pays(std::uint64_t player, std::uint64_t message, std::int64_t gold, std::vector<std::uint64_t> items = {}) {
    Ops out(player, 1);
    out.op(2).send(message, kHouse, gold, items);
    ASSERT_EQ(apply(1, out).code(), proto::STORED);
    relay(1);
  }
  void restore() {
    put_back(2);
    reconcile(2);
    EXPECT_TRUE(open_lines.empty()) << open_lines.front();
    EXPECT_EQ(open_again(2).code(), proto::STORED);
  }
  int letters_of(std::uint64_t player) { return acquire(player, home_of(player)).aggregate().inbox_size(); }
};

TEST_F(ReconcileOwnerlessTest, AMemberThatLeftIsLetGoAgainAndToldOnce) {
  pays(1, 800, 0);
  auto leave = settling(800);
  leave.add_claims(800);
  put(&leave, "member/1", house().records(0).version(), true);
  send(&leave, 900, 1, 0, "left");
  ASSERT_EQ(settle_house(leave).code(), proto::STORED);
  relay(2);
  restore();
  ASSERT_EQ(house().records_size(), 1);
  EXPECT_EQ(settle_house(leave).code(), proto::STORED);
  EXPECT_EQ(house().records_size(), 0);
  EXPECT_EQ(house().inbox_size(), 0);
  relay(2);
  EXPECT_EQ(letters_of(1), 1);
  stop_all();
  expect_whole();
}

// Player 1 buys the item 30 of player 3's lot; the price is its seller's on the restored shard, whose letter is lost.
TEST_F(ReconcileOwnerlessTest, WhoBoughtKeepsTheGoodsAndTheSellerIsPaidOnce) {
  Ops listing(3, 1);
  listing.op(2).send(700, kHouse, 0, {30});
  ASSERT_EQ(apply(2, listing).code(), proto::STORED);
  relay(2);
  auto list = settling(700);
  list.add_claims(700);
  ASSERT_EQ(settle_house(list).code(), proto::STORED);
  back_up(2);
  pays(1, 800, 60);
  auto sale = settling(800);
  sale.add_claims(800);
  put(&sale, "member/1", house().records(0).version(), true);
  send(&sale, 900, 1, 0, "bought", {30});
  send(&sale, 901, 3, 60, "sold");
  ASSERT_EQ(settle_house(sale).code(), proto::STORED);
  relay(2);
  restore();
  EXPECT_EQ(house().items_size(), 0);
  EXPECT_EQ(settle_house(sale).code(), proto::STORED);
  relay(2);
  EXPECT_EQ(has("gold"), 0);
  EXPECT_EQ(letters_of(1), 1);
  const auto seller = acquire(3, 2);
  ASSERT_EQ(seller.aggregate().inbox_size(), 1);
  EXPECT_EQ(seller.aggregate().inbox(0).balances(0).value(), 60);
  stop_all();
  expect_whole();
}

// Both after the backup, of which only the buyer has heard: the lot is listed again from a letter whose item has left.
TEST_F(ReconcileOwnerlessTest, WhatWasListedAndSoldSinceTheBackupIsListedAndSoldAgain) {
  pays(1, 700, 0, {10});
  auto list = settling(700);
  list.add_claims(700);
  put(&list, "lot/700", 0);
  ASSERT_EQ(settle_house(list).code(), proto::STORED);
  pays(2, 800, 60);
  auto sale = settling(800);
  sale.add_claims(800);
  put(&sale, "lot/700", house().records(0).version(), true);
  send(&sale, 900, 2, 0, "bought", {10});
  send(&sale, 901, 1, 60, "sold");
  ASSERT_EQ(settle_house(sale).code(), proto::STORED);
  relay(2);
  restore();
  auto waiting = house();
  ASSERT_EQ(waiting.inbox_size(), 2);
  EXPECT_EQ(waiting.inbox(0).items_size() + waiting.inbox(1).items_size(), 1);
  EXPECT_EQ(has("debt:gold"), 60);
  EXPECT_EQ(settle_house(list).code(), proto::STORED);
  EXPECT_EQ(house().items_size(), 0);
  sale.clear_records();
  put(&sale, "lot/700", house().records(0).version(), true);
  EXPECT_EQ(settle_house(sale).code(), proto::STORED);
  EXPECT_EQ(has("debt:gold") + has("gold"), 0);
  EXPECT_EQ(letters_of(1) + letters_of(2), 2);
  stop_all();
  expect_whole();
}

TEST_F(ReconcileOwnerlessTest, WhatIsOwedForAnAnswerIsPaidByWhatItWasGivenFor) {
  pays(1, 800, 60);
  auto back = settling(800);
  back.add_claims(800);
  send(&back, 900, 1, 60, "back");
  ASSERT_EQ(settle_house(back).code(), proto::STORED);
  relay(2);
  restore();
  EXPECT_EQ(has("gold"), 0);
  EXPECT_EQ(has("debt:gold"), 60);
  EXPECT_EQ(settle_house(back).code(), proto::STORED);
  EXPECT_EQ(has("gold"), 0);
  EXPECT_EQ(has("debt:gold"), 0);
  EXPECT_EQ(letters_of(1), 1);
  stop_all();
  expect_whole();
}

TEST_F(ReconcileOwnerlessTest, AnItemThatWasGivenBackHasLeftTheLetterThatComesAgain) {
  pays(1, 800, 0, {10});
  auto back = settling(800);
  back.add_claims(800);
  send(&back, 900, 1, 0, "back", {10});
  ASSERT_EQ(settle_house(back).code(), proto::STORED);
  relay(2);
  restore();
  const auto waiting = house();
  ASSERT_EQ(waiting.inbox_size(), 1);
  EXPECT_EQ(waiting.inbox(0).items_size(), 1) << "it is read as it was written";
  EXPECT_EQ(settle_house(back).code(), proto::STORED);
  EXPECT_EQ(house().items_size(), 0);
  EXPECT_EQ(letters_of(1), 1);
  EXPECT_EQ(acquire(1, home_of(1)).aggregate().inbox(0).items_size(), 1);
  stop_all();
  expect_whole();
}

TEST_F(ReconcileOwnerlessTest, WhatIsGivenBackIsWithoutWhatHasLeft) {
  pays(1, 800, 5, {10});
  auto deposit = settling(800);
  deposit.add_claims(800);
  ASSERT_EQ(settle_house(deposit).code(), proto::STORED);
  auto given = settling(801);
  send(&given, 900, 2, 0, "given", {10});
  ASSERT_EQ(settle_house(given).code(), proto::STORED);
  relay(2);
  restore();
  auto back = settling(800);
  back.add_claims(800);
  send(&back, 901, 1, 5, "back", {10});
  EXPECT_EQ(settle_house(back).code(), proto::STORED);
  relay(2);
  const auto read = acquire(1, home_of(1));
  ASSERT_EQ(read.aggregate().inbox_size(), 1);
  EXPECT_EQ(read.aggregate().inbox(0).items_size(), 0);
  EXPECT_EQ(read.aggregate().inbox(0).balances(0).value(), 5);
  stop_all();
  expect_whole();
}

TEST_F(ReconcileOwnerlessTest, ANumberThatSomebodyElseHasUsedIsNoAnswer) {
  Ops squatter(3, 1);
  squatter.op(2).send(900, 1, 0, {30});
  ASSERT_EQ(apply(2, squatter).code(), proto::STORED);
  pays(1, 800, 60);
  auto back = settling(800);
  back.add_claims(800);
  send(&back, 900, 1, 60, "back");
  const auto refused = settle_house(back);
  EXPECT_EQ(refused.detail(), "message exists");
  EXPECT_FALSE(refused.sent_otherwise());
}

TEST_F(ReconcileOwnerlessTest, WhoWasAnsweredIsNotAnsweredOtherwise) {
  pays(1, 800, 60);
  auto back = settling(800);
  back.add_claims(800);
  send(&back, 900, 1, 60, "back");
  ASSERT_EQ(settle_house(back).code(), proto::STORED);
  relay(2);
  restore();
  struct Other {
    std::uint64_t to;
    std::int64_t gold;
    const char* memo;
    std::vector<std::uint64_t> items;
  };
  for (const auto& [to, gold, memo, items] :
       {Other{1, 60, "bought", {}}, Other{1, 59, "back", {}}, Other{2, 60, "back", {}}, Other{1, 60, "back", {30}}}) {
    auto other = settling(800);
    other.add_claims(800);
    send(&other, 900, to, gold, memo, items);
    const auto refused = settle_house(other);
    EXPECT_EQ(refused.detail(), "message exists") << memo;
    EXPECT_TRUE(refused.sent_otherwise());
  }
  EXPECT_EQ(house().inbox_size(), 1);
  EXPECT_EQ(has("gold"), 0);
  EXPECT_EQ(settle_house(back).code(), proto::STORED);
  EXPECT_EQ(letters_of(1), 1);
  EXPECT_EQ(letters_of(2), 0);
  stop_all();
  expect_whole();
}

TEST_F(ReconcileOwnerlessTest, OnlyWhoHasNoOwnerNamesALetterTwice) {
  pays(1, 800, 10);
  Ops again(1, 1);
  again.op(3).send(800, kHouse, 10);
  EXPECT_EQ(apply(1, again).code(), proto::REJECTED);
}

}  // namespace
}  // namespace dure::store
