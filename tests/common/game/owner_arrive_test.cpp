// How an owner finds the shard of who arrives while the account is on the move, and how it gives up.
#include <gtest/gtest.h>

#include <utility>

#include "tests/common/game/inn.h"

namespace dure {
namespace {

class OwnerArriveTest : public testing::Test, protected test::InnCluster {
 protected:
  OwnerArriveTest() : InnCluster({1, 2}) {
    cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(kAgent, [this](auto&, auto&) {
      proto::PlayerLocateReply found;
      found.set_code(located_);
      found.set_shard(found_at_);
      return found;
    });
    cluster_->answers<proto::OwnerQuery, proto::AcquireReply>(kAgent, [this](auto&, const auto& query) {
      proto::AcquireReply row;
      row.set_code(query.shard() == is_at_ ? proto::EXPECTED_OTHER : elsewhere_);
      return row;
    });
    cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(kAgent, [this](auto&, const auto& request) {
      acquired_at_.push_back(request.shard());
      if (moves_to_ != 0) is_at_ = found_at_ = std::exchange(moves_to_, 0);
      proto::AcquireReply row;
      row.set_code(request.shard() == is_at_ ? proto::STORED : elsewhere_);
      row.set_epoch(1);
      row.mutable_aggregate()->set_player_id(request.player_id());
      if (vanishes_) {
        located_ = proto::NO_SUCH;
        row.set_code(elsewhere_);
      }
      return row;
    });
  }
  proto::AdmitReply admit() {
    const CallId call = ask_in(1);
    cluster_->run(seconds(5));
    const auto reply = cluster_->take_reply<proto::AdmitReply>(kGateway, call);
    EXPECT_TRUE(reply.has_value());
    return reply.value_or(proto::AdmitReply());
  }

  proto::StoreCode located_ = proto::STORED, elsewhere_ = proto::WRONG_SHARD;
  std::uint32_t found_at_ = 1, is_at_ = 1;  // what the directory says, and what is so
  std::uint32_t moves_to_ = 0;              // just before it would be acquired
  bool vanishes_ = false;
  std::vector<std::uint32_t> acquired_at_;
};

TEST_F(OwnerArriveTest, WhoMovesBetweenTheLookAndTheAcquireIsFollowed) {
  moves_to_ = 2;
  ASSERT_EQ(admit().code(), proto::OK);
  EXPECT_EQ(acquired_at_, (std::vector<std::uint32_t>{1, 2}));
  EXPECT_EQ(inn_->find(PlayerId(1))->shard, 2u);
}

TEST_F(OwnerArriveTest, AShardThatNeverHadItSendsItsOwnerOn) {
  elsewhere_ = proto::NO_SUCH;
  moves_to_ = 2;
  ASSERT_EQ(admit().code(), proto::OK);
  EXPECT_EQ(inn_->find(PlayerId(1))->shard, 2u);
}

TEST_F(OwnerArriveTest, WhomTheDirectoryPlacesWhereItIsNotIsNobody) {
  for (const auto code : {proto::WRONG_SHARD, proto::NO_SUCH}) {
    elsewhere_ = code;
    is_at_ = 2;
    const auto reply = admit();
    EXPECT_EQ(reply.code(), proto::BUSY) << "it may be on its way: the gateway asks again";
    EXPECT_EQ(reply.detail(), "no such player");
    EXPECT_TRUE(acquired_at_.empty());
    EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
  }
}

TEST_F(OwnerArriveTest, WhoIsGoneWhenItIsToBeAcquiredIsNobody) {
  vanishes_ = true;
  EXPECT_EQ(admit().code(), proto::ABORTED);
  EXPECT_EQ(acquired_at_.size(), 1u);
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
}

}  // namespace
}  // namespace dure
