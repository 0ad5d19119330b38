// The database host's clock is wrong, and its log is written without a pause: neither is a reason to lose or to wait.
#include <filesystem>

#include "common/proto/operator.pb.h"
#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {
namespace {

constexpr std::int64_t kHour = 3'600'000;

class WrongClock : public TradeTest {};

TEST_F(WrongClock, AnHourAheadTradesAndLettersGoOnAsEver) {
  const auto terms = terms_of(1, 1, {1, 30, {10}}, {3, 0, {30}});
  apply(1, leg(terms, 0));
  now += kHour;  // shard 2's
  apply(2, leg(terms, 1));
  now -= kHour;
  carry_all();
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_COMMITTED);
  auto letter = delivery(3, 60, 5);
  letter.set_shard(2);
  EXPECT_EQ(on<proto::DeliverReply>(2, letter).code(), proto::STORED);
}

TEST_F(WrongClock, SetBackAnHourNothingIsRefusedAndItsTimeDoesNotGoBack) {
  now += kHour;
  Ops before(1, 1);
  before.op(2).balance("gold", 5);
  ASSERT_EQ(apply(1, before).code(), proto::STORED);
  now -= kHour;
  Ops after(1, 1);
  after.op(3).balance("gold", -7);
  ASSERT_EQ(apply(1, after).code(), proto::STORED);
  EXPECT_EQ(acquire(1, 1).epoch(), 2u);
  proto::PlayerLedgerQuery query;
  query.set_shard(1);
  query.set_player_id(1);
  query.set_currency("gold");
  const auto ledger = on<proto::PlayerLedgerReply>(1, query);
  ASSERT_GE(ledger.movements_size(), 2);
  EXPECT_GE(ledger.movements(0).at_unix_ms(), ledger.movements(1).at_unix_ms());
}

TEST(AheadOnce, TimeGoesOnAtHalfThePaceUntilTheClockHasCaughtUp) {
  TempFolder folder;
  auto options = shard_options(folder.file("shard"));
  options.sync = false;
  const auto store = open_shard(options);
  std::uint64_t player = 0;
  const auto time_at = [&](std::int64_t wall) {
    ++player;
    return static_cast<std::int64_t>(BatchOf(wall).add(creation(player, player)).run(*store).shard_time());
  };
  const std::int64_t ahead = time_at(kNow + kHour);
  EXPECT_EQ(ahead, kNow + kHour);
  EXPECT_EQ(time_at(kNow), ahead);
  for (std::int64_t ms = 1; ms <= 1000; ++ms) ASSERT_EQ(time_at(kNow + ms), ahead + ms / 2);
  EXPECT_EQ(time_at(kNow - kHour), ahead + 500) << "back once more";
  EXPECT_EQ(time_at(kNow - kHour + 100), ahead + 550);
  const std::int64_t nearer = time_at(kNow - kHour + 100 + kHour / 2);
  EXPECT_EQ(nearer, ahead + 550 + kHour / 4) << "forward, but not as far";
  EXPECT_EQ(time_at(kNow - kHour + 200), nearer) << "and back from there";
  EXPECT_EQ(time_at(kNow - kHour + 300), nearer + 50);
  const std::int64_t caught_up = nearer + 100;
  EXPECT_EQ(time_at(caught_up), caught_up);
  EXPECT_EQ(time_at(caught_up + 100), caught_up + 100);
}

// One connection a file: nobody reads an old state that a checkpoint would have to wait for, a backup neither.
TEST(Checkpoints, TheLogStaysSmallUnderWritesWithoutAPauseWhileABackupCopies) {
  TempFolder folder;
  auto options = shard_options(folder.file("shard"));
  options.sync = false;
  const auto store = open_shard(options);
  ask<proto::StoreReply>(*store, creation(1));
  ask<proto::AcquireReply>(*store, acquisition(1, 0, 7));
  proto::ShardBackup backup;
  backup.set_shard(3);
  backup.set_backup_id(5);
  backup.set_path(folder.file("copy"));
  std::uint64_t pseq = 0;
  for (int batch = 0; batch < 800; ++batch) {
    Ops ops(1, 1);
    for (const std::uint64_t end = pseq + 100; pseq < end;) {
      ++pseq;
      ops.op(pseq).mint(pseq);
    }
    ASSERT_EQ(ask<proto::ApplyReply>(*store, ops.request).code(), proto::STORED);
    if (batch % 50 == 0) ask<proto::BackupState>(*store, backup);
    ASSERT_TRUE(store->between_commits());
  }
  EXPECT_GT(std::filesystem::file_size(folder.file("shard")), 8u << 20);
  EXPECT_LT(std::filesystem::file_size(folder.file("shard") + "-wal"), 9u << 20);  // 2000 pages and one group
}

}  // namespace
}  // namespace dure::store
