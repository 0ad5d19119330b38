// The desk over real stores: an agent with two shards and the directory on a fake bus; its workers' requests are run at
// once, or kept while a store is "away". Time is turned by hand.
#include "dbagent/move_desk.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/proto/cluster.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/agent.h"
#include "tests/common/fake_cluster.h"
#include "tests/dbagent/store/move_fixture.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1), kTool(Role::kTool, 1), kGeneral(Role::kGeneral, 1);

class MoveDeskTest : public store::MoveTest {
 protected:
  void SetUp() override {
    store::MoveTest::SetUp();
    start();
  }
  void TearDown() override {
    cluster.reset();
    agent.reset();
    store::MoveTest::TearDown();
  }
  // A new life of the agent; what the last one had in memory is gone.
  void start(MoveLimits moves = {}, bool with_directory = true) {
    AgentOptions options;
    options.moves = moves;
    NodeIdentity identity;
    identity.id = kAgent;
    identity.name = to_text(kAgent);
    identity.incarnation = {1, ++agents};
    identity.shards = {3, 4};
    identity.directory = with_directory;
    const MonoTime before = cluster ? cluster->now : MonoTime{seconds(1000)};
    cluster.reset();
    agent = std::make_unique<Agent>(identity, routes, Seams{&log, &entropy}, options);
    cluster = std::make_unique<test::FakeCluster>(*agent, routes);
    cluster->now = before;
    cluster->on_effect = [this](Outbound& outbound) { return worked(outbound); };
    cluster->up(kTool);
    cluster->up(kGeneral);
  }
  bool worked(Outbound& outbound) {
    auto* work = std::get_if<Work>(&outbound);
    if (work == nullptr) return false;
    if (works_left == 0) return true;  // nobody works any more: never answered
    if (away == work->queue) {
      kept.push_back(*work);
      return true;
    }
    --works_left;
    do_work(*work);
    return true;
  }
  void do_work(const Work& work) {
    const std::string reply = work.queue == Agent::kDirectoryQueue ? directory->run(work.request.view())
                              : work.queue == "shard-3"            ? shard(3)->run(work.request.view())
                                                                   : shard(4)->run(work.request.view());
    cluster->in(WorkDone{work.work_id, Bytes(reply)});
  }
  // The disk that was away does what it was asked for meanwhile.
  void come_back() {
    away.clear();
    for (const Work& work : std::exchange(kept, {})) do_work(work);
  }
  CallId ask_move(std::uint32_t target, std::uint64_t which = 0) {
    proto::MoveAccount request;
    request.set_account_id(which == 0 ? account : which);
    request.set_target(target);
    return cluster->ask(kTool, request);
  }
  std::optional<proto::MoveAccountReply> answer(CallId call, Duration patience = seconds(5)) {
    for (Duration waited{}; waited < patience; waited += milliseconds(1)) {
      cluster->run(milliseconds(1), milliseconds(1));
      if (auto reply = cluster->take_reply<proto::MoveAccountReply>(kTool, call)) return reply;
    }
    return std::nullopt;
  }
  proto::MoveAccountReply watch(bool cancel) {
    proto::MoveWatch request;
    request.set_account_id(account);
    request.set_cancel(cancel);
    const CallId call = cluster->ask(kTool, request);
    cluster->turn();
    return cluster->take_reply<proto::MoveAccountReply>(kTool, call).value();
  }
  bool settled_at(std::uint32_t number) {
    for (const std::uint32_t one : {3u, 4u})
      if (step<proto::UnsettledMovesReply>(one, proto::UnsettledMoves()).moves_size() != 0) return false;
    proto::OwnerQuery who;
    who.set_player_id(1);
    return query(0).shard() == number && query(0).intent() == 0 &&
           step<proto::AcquireReply>(number, who).code() == proto::STORED;
  }

  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  std::uint64_t agents = 0;
  int works_left = 1'000'000;
  std::string away;
  std::vector<Work> kept;
  std::unique_ptr<Agent> agent;
  std::unique_ptr<test::FakeCluster> cluster;
};

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

TEST_F(MoveDeskTest, WhereverItDiesTheNextDeskGoesOn) {
  std::uint32_t at = 3, to = 4;
  int finished = 0;
  for (int works = 1; works <= 12; ++works) {
    SCOPED_TRACE(works);
    (void)ask_move(to);
    works_left = works;
    cluster->run(milliseconds(300), milliseconds(1));
    open_all();
    works_left = 1'000'000;
    start();
    cluster->run(seconds(5));
    ASSERT_TRUE(settled_at(at) || settled_at(to));
    if (settled_at(to)) std::swap(at, to), ++finished;
    EXPECT_EQ(apply(at, store::Ops(1, 1).op(static_cast<std::uint64_t>(works)).balance("gold", 1)).code(),
              proto::STORED);
    expect_clean();
  }
  EXPECT_GE(finished, 8) << "an open move is driven on, not back";
}

TEST_F(MoveDeskTest, AShardThatDoesNotAnswerFreezesNobodyForLong) {
  away = "shard-4";
  const CallId call = ask_move(4);
  EXPECT_FALSE(answer(call, seconds(4))) << "the copy may still come: DISCARD has to be answered";
  EXPECT_EQ(apply(3, store::Ops(1, 1).op(1).balance("gold", 1)).code(), proto::STORED) << "but the account plays on";
  EXPECT_EQ(query(1).move().fate(), proto::MOVE_ABORTED);
  come_back();
  EXPECT_EQ(answer(call)->detail(), "the copy does not come to its end");
  EXPECT_TRUE(settled_at(3));
}

TEST_F(MoveDeskTest, AMoveIsCancelledUntilItIsDecided) {
  away = "shard-4";
  const CallId call = ask_move(4);
  cluster->run(milliseconds(100));
  EXPECT_EQ(watch(true).step(), proto::MOVE_FROZEN);
  come_back();
  const auto reply = answer(call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(reply->detail(), "cancelled");
  EXPECT_TRUE(settled_at(3));
  EXPECT_EQ(watch(true).code(), proto::NO_SUCH);
}

TEST_F(MoveDeskTest, AFreezeThatCameAfterItsMoveWasOverIsThawed) {
  intent(1, 4);
  abort(1);
  EXPECT_EQ(freeze(3, 1).code(), proto::STORED);
  cluster->run(seconds(3));
  EXPECT_TRUE(settled_at(3));
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
