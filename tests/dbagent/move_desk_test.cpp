// What a move does and what its askers hear. When something fails on its way: move_desk_faults_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/proto/cluster.pb.h"
#include "tests/dbagent/move_desk_fixture.h"

namespace dure {
namespace {

TEST_F(MoveDeskTest, AnAccountIsMovedAndItsPauseIsTold) {
  const auto reply = answer(ask_move(4));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::STORED);
  EXPECT_EQ(reply->step(), proto::MOVE_SETTLED);
  EXPECT_EQ(reply->move().fate(), proto::MOVE_FLIPPED);
  EXPECT_GT(reply->pause_us(), 0u);
  EXPECT_LE(reply->pause_us(), 40'000u) << "four group commits and what they gather";
  EXPECT_TRUE(settled_at(4));
}

TEST_F(MoveDeskTest, WhatCannotBeMovedIsSaidAtOnce) {
  EXPECT_EQ(answer(ask_move(3))->detail(), "is there");
  EXPECT_EQ(answer(ask_move(9))->detail(), "no such shard");
  EXPECT_EQ(answer(ask_move(4, 999))->detail(), "no such account");
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, AnAgentWithoutTheDirectoryMovesNobody) {
  start({}, false);
  EXPECT_EQ(answer(ask_move(4))->code(), proto::WRONG_SHARD);
  EXPECT_EQ(watch(true).code(), proto::WRONG_SHARD);
  cluster->run(seconds(5));
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, MoreMovesThanMayWaitAreAskedForAgain) {
  MoveLimits limits;
  limits.at_once = 1;
  limits.waiting_max = 1;
  start(limits);
  works_left = 0;  // the first one never ends
  const CallId first = ask_move(4), second = ask_move(4, 901), third = ask_move(4, 902);
  EXPECT_EQ(answer(third, milliseconds(50))->code(), proto::RETRY);
  EXPECT_FALSE(answer(first, milliseconds(5)));
  EXPECT_FALSE(answer(second, milliseconds(5)));
  start();
  works_left = 1'000'000;
}

TEST_F(MoveDeskTest, AnAgentThatStopsBeginsNoMove) {
  cluster->in(StopRequested{});
  cluster->turn();
  const CallId call = ask_move(4);
  cluster->turn();
  const auto reply = cluster->take_reply<proto::MoveAccountReply>(kTool, call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::RETRY);
  start();
  cluster->run(seconds(3));
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, WhatCannotBeReadIsRefusedAndMovesNobody) {
  for (const auto* message : {proto::MoveAccount::descriptor(), proto::MoveWatch::descriptor()}) {
    MeshHeader header;
    header.kind = MeshKind::kRequest;
    header.message_id = route_id(message);
    header.call = CallId(777);
    header.remaining_ms = 2000;
    cluster->forget_sent();
    cluster->raw(kTool, header, "\xFF");
    cluster->turn();
    const auto& sent = cluster->sent(kTool);
    const auto refusal =
        std::find_if(sent.begin(), sent.end(), [](const auto& one) { return one.header.call == CallId(777); });
    ASSERT_NE(refusal, sent.end()) << message->name();
    proto::CallFailed failed;
    ASSERT_TRUE(failed.ParseFromString(refusal->body));
    EXPECT_EQ(failed.code(), proto::INVALID);
  }
  EXPECT_TRUE(settled_at(3));
  EXPECT_TRUE(log.errors.empty());
}

TEST_F(MoveDeskTest, WhoWatchesWithoutAWordToCancelChangesNothing) {
  EXPECT_EQ(watch(false).code(), proto::NO_SUCH);
  const CallId call = ask_move(4);
  cluster->turn();
  EXPECT_EQ(watch(false).move().target(), 4u);
  const auto reply = answer(call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->move().fate(), proto::MOVE_FLIPPED);
  EXPECT_TRUE(settled_at(4));
}

TEST_F(MoveDeskTest, WhoAsksForTheSameMoveHearsOfIt) {
  const CallId first = ask_move(4), second = ask_move(4), other = ask_move(3);
  EXPECT_EQ(answer(other)->detail(), "another move is open");
  EXPECT_EQ(answer(first)->move().move_id(), 1u);
  EXPECT_EQ(answer(second)->move().move_id(), 1u);
}

TEST_F(MoveDeskTest, ManyMovesGoAFewAtATime) {
  std::vector<CallId> calls;
  for (int i = 0; i < 60; ++i) {
    proto::AccountQuery create;
    create.set_account("many" + std::to_string(i));
    create.set_create(true);
    const auto made = store::ask<proto::AccountReply>(*directory, create);
    const std::uint64_t player = 100 + static_cast<std::uint64_t>(i);
    EXPECT_EQ(step<proto::StoreReply>(made.shard(), store::creation(player, made.account_id())).code(), proto::STORED);
    calls.push_back(ask_move(made.shard() == 3 ? 4 : 3, made.account_id()));
  }
  for (const CallId call : calls) EXPECT_EQ(answer(call)->code(), proto::STORED);
  EXPECT_EQ(audit_of(3).players + audit_of(4).players, 62u);
}

// An owner that plays on through everything: it sends its window until it is saved, asks where the player is when a
// shard says so, and never starts anew. Its own sum is the ledger the shards must agree with.
class PlayingOwner {
 public:
  PlayingOwner(test::FakeCluster& cluster, std::uint64_t player) : cluster_(cluster), player_(player) {}

  void turn() {
    if (locating_) {
      const auto found = cluster_.take_reply<proto::PlayerLocateReply>(kGeneral, *locating_);
      if (!found) return;
      locating_.reset();
      if (found->code() == proto::STORED) shard_ = found->shard();
    }
    if (saving_) {
      const auto reply = cluster_.take_reply<proto::ApplyReply>(kGeneral, *saving_);
      if (!reply) return;
      saving_.reset();
      ++answers_[reply->code()];
      if (reply->code() == proto::STORED) saved_ = reply->saved_pseq();
      if (reply->code() == proto::WRONG_SHARD || reply->code() == proto::NO_SUCH) {
        proto::PlayerLocate locate;
        locate.set_player_id(player_);
        locate.set_any_state(true);
        locating_ = cluster_.ask(kGeneral, locate);
        return;
      }
    }
    applied_ += 1;
    store::Ops ops(player_, 1);
    for (std::uint64_t k = saved_ + 1; k <= applied_ && k <= saved_ + 64; ++k) ops.op(k).balance("gold", 1).mint(k);
    ops.request.set_shard(shard_);
    saving_ = cluster_.ask(kGeneral, ops.request);
  }
  std::uint64_t saved() const { return saved_; }
  int answers(proto::StoreCode code) { return answers_[code]; }

 private:
  test::FakeCluster& cluster_;
  std::uint64_t player_, applied_ = 0, saved_ = 0;
  std::uint32_t shard_ = 3;
  std::optional<CallId> saving_, locating_;
  std::map<int, int> answers_;
};

TEST_F(MoveDeskTest, AnOwnerPlaysOnWhileItsPlayerMovesBackAndForth) {
  proto::ReserveName reserve;
  reserve.set_name("Mina");
  reserve.set_player_id(1);
  reserve.set_account_id(account);
  reserve.set_reservation(7);
  store::ask<proto::ReserveNameReply>(*directory, reserve);
  proto::ClaimName claim;
  claim.set_name("Mina");
  claim.set_player_id(1);
  claim.set_reservation(7);
  EXPECT_EQ(store::ask<proto::StoreReply>(*directory, claim).code(), proto::STORED);

  PlayingOwner owner(*cluster, 1);
  std::uint32_t to = 4;
  std::uint64_t pause_max = 0;
  for (int moves = 0; moves < 20; ++moves, to = 7 - to) {
    const CallId call = ask_move(to);
    std::optional<proto::MoveAccountReply> reply;
    for (int i = 0; i < 2000 && !reply; ++i) {
      owner.turn();
      cluster->run(milliseconds(1), milliseconds(1));
      reply = cluster->take_reply<proto::MoveAccountReply>(kTool, call);
    }
    ASSERT_TRUE(reply);
    ASSERT_EQ(reply->code(), proto::STORED) << reply->detail();
    pause_max = std::max(pause_max, reply->pause_us());
    const auto merged = expect_clean();
    EXPECT_LE(merged.items - owner.saved(), 64u);
  }
  for (int i = 0; i < 200; ++i) {
    owner.turn();
    cluster->run(milliseconds(1), milliseconds(1));
  }
  cluster->run(milliseconds(50));
  owner.turn();
  EXPECT_EQ(owner.answers(proto::REJECTED) + owner.answers(proto::STALE_EPOCH) + owner.answers(proto::GAP), 0);
  EXPECT_GT(owner.answers(proto::WRONG_SHARD), 10);
  EXPECT_GT(owner.answers(proto::STORED), 40);
  EXPECT_LE(pause_max, 60'000u);
  cluster->run(milliseconds(50));
  const auto grant = reacquire(query(0).shard(), 1, 1);
  EXPECT_EQ(store::gold_of(grant.aggregate()), static_cast<std::int64_t>(grant.ended_last_pseq()));
  EXPECT_EQ(grant.aggregate().items_size(), static_cast<int>(grant.ended_last_pseq()));
  EXPECT_GE(grant.ended_last_pseq(), owner.saved());
}

}  // namespace
}  // namespace dure
