// One shard goes back to a backup that does not know a character: what it had of others and what others have of it.
#include "tests/dbagent/store/reconcile_fixture.h"

namespace dure::store {
namespace {

constexpr std::uint64_t kNew = 4;  // made on shard 2 after the backup

class ReconcileGravesTest : public ReconcileTest {
 protected:
  void be_born() {
    back_up(2);
    auto birth = creation(kNew, 99);
    birth.set_shard(2);
    reservation_ = birth.reservation();
    ASSERT_EQ(on<proto::StoreReply>(2, birth).code(), proto::STORED);
    epoch_ = acquire(kNew, 2).epoch();
    Ops out(1, 1);
    out.op(2).send(700, kNew, 7, {10});
    ASSERT_EQ(apply(1, out).code(), proto::STORED);
    relay(1);
  }
  void passes_it_on() {
    Ops all(kNew, epoch_);
    all.op(1).claim(700, 1000);
    all.op(2).send(701, 2, 0, {10});
    ASSERT_EQ(apply(2, all).code(), proto::STORED);
    relay(2);
  }
  void restore() {
    put_back(2);
    proto::SettleCreation settle;
    settle.set_shard(2);
    settle.set_player_id(kNew);
    settle.set_reservation(reservation_);
    on<proto::StoreReply>(2, settle);
    reconcile(2);
    EXPECT_TRUE(open_lines.empty()) << open_lines.front();
    EXPECT_EQ(open_again(2).code(), proto::STORED);
    relay(2);
  }
  std::uint64_t epoch_ = 0, reservation_ = 0;
};

TEST_F(ReconcileGravesTest, ALetterToWhoIsGoneGoesBack) {
  be_born();
  restore();
  const auto sender = acquire(1, 1).aggregate();
  ASSERT_EQ(sender.inbox_size(), 1);
  EXPECT_EQ(sender.inbox(0).balances(0).value(), 7);
  EXPECT_EQ(sender.inbox(0).items_size(), 1);
  EXPECT_EQ(sender.inbox(0).returned_from(), kNew);
  stop_all();
  expect_whole();
}

TEST_F(ReconcileGravesTest, WhatWhoIsGoneHasPassedOnStaysWhereItIsAndTheRestGoesBack) {
  be_born();
  passes_it_on();
  restore();
  const auto sender = acquire(1, 1).aggregate();
  ASSERT_EQ(sender.inbox_size(), 1);
  EXPECT_EQ(sender.inbox(0).balances(0).value(), 7);
  EXPECT_EQ(sender.inbox(0).items_size(), 0);
  const auto other = acquire(2, 1).aggregate();
  ASSERT_EQ(other.inbox_size(), 1);
  EXPECT_EQ(other.inbox(0).items_size(), 1);
  stop_all();
  expect_whole();
}

}  // namespace
}  // namespace dure::store
