// How an owner finds the shard of who arrives while the account is on the move, how it gives up, and what it makes of a
// place that does not take who was acquired for it.
#include <gtest/gtest.h>

#include <optional>
#include <utility>
#include <vector>

#include "common/proto/gateway.pb.h"
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
      row.set_owner_node(owner_.value);
      *row.mutable_owner_incarnation() = uid_of({kLives + 1, owner_.value});
      return row;
    });
    cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(kAgent, [this](auto&, const auto& request) {
      acquired_at_.push_back(request.shard());
      if (moves_to_ != 0) is_at_ = found_at_ = std::exchange(moves_to_, 0);
      expected_.push_back(request.expected_epoch());
      proto::AcquireReply row;
      row.set_code(request.shard() == is_at_ ? granted_ : elsewhere_);
      row.set_epoch(granted_epoch_);
      row.set_last_pseq(std::exchange(counted_, 0));
      row.mutable_aggregate()->set_player_id(request.player_id());
      if (locate_fails_) located_ = located_ == proto::STORED ? proto::RETRY : proto::STORED;
      granted_ = proto::STORED;
      if (vanishes_) {
        located_ = proto::NO_SUCH;
        row.set_code(elsewhere_);
      }
      return row;
    });
  }
  // Another living node owns everybody, and answers so many Attaches by that.
  void owned_elsewhere(int attaches, proto::Code code) {
    owner_ = NodeId(Role::kGeneral, 2);
    cluster_->up(owner_);
    cluster_->answers<proto::Attach, proto::AttachReply>(owner_, [this, attaches, code](auto&, auto&) {
      proto::AttachReply answer;
      answer.set_code(attached_++ < attaches ? code : proto::NOT_FOUND);
      return answer;
    });
  }
  proto::AdmitReply admit(const proto::Admit& request = {}) {
    const CallId call = ask_in(1, request);
    cluster_->run(seconds(5));
    const auto reply = cluster_->take_reply<proto::AdmitReply>(kGateway, call);
    EXPECT_TRUE(reply.has_value());
    return reply.value_or(proto::AdmitReply());
  }

  // By whom a player is handed over.
  static proto::Admit by_ticket() {
    proto::Admit request;
    request.set_ticket(true);
    return request;
  }
  // What the gateway is told to do with a session; nothing: nothing.
  std::optional<proto::RouteDrop> dropped() {
    const auto found = cluster_->take<proto::RouteDrop>(kGateway);
    if (!found) return std::nullopt;
    return found->second;
  }

  proto::StoreCode located_ = proto::STORED, elsewhere_ = proto::WRONG_SHARD;
  std::uint32_t found_at_ = 1, is_at_ = 1;  // what the directory says, and what is so
  std::uint32_t moves_to_ = 0;              // just before it would be acquired
  bool vanishes_ = false;
  static constexpr std::uint64_t kLives = 2;  // of the agent and the gateway: the next one is the other owner's
  NodeId owner_;
  int attached_ = 0;
  bool locate_fails_ = false;                 // after the first ACQUIRE, until the second
  proto::StoreCode granted_ = proto::STORED;  // the first ACQUIRE
  std::uint64_t granted_epoch_ = 1;
  std::uint64_t counted_ = 0;  // operations of the epoch that is granted first
  std::vector<std::uint32_t> acquired_at_;
  std::vector<std::uint64_t> expected_;  // epochs, by ACQUIREs
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

TEST_F(OwnerArriveTest, WhoIsGoneWhenItIsToBeAcquiredIsNobodyAndTheGatewayNeedNotAskAgain) {
  vanishes_ = true;
  EXPECT_EQ(admit().code(), proto::NOT_FOUND);
  EXPECT_EQ(acquired_at_.size(), 1u);
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
}

TEST_F(OwnerArriveTest, WhoIsGoneSinceItWasHereIsNobodyAlthoughItsShardIsStillKnownHere) {
  ASSERT_EQ(admit().code(), proto::OK);
  inn_->forget(PlayerId(1));
  elsewhere_ = proto::NO_SUCH;
  is_at_ = 2;
  located_ = proto::NO_SUCH;
  EXPECT_EQ(admit().code(), proto::NOT_FOUND);
  EXPECT_EQ(acquired_at_.size(), 1u);
}

TEST_F(OwnerArriveTest, WhoIsJustLeavingItsOwnerIsTakenWhenThatHasSavedIt) {
  owned_elsewhere(3, proto::BUSY);
  ASSERT_EQ(admit().code(), proto::OK);
  EXPECT_EQ(attached_, 4);
  EXPECT_EQ(acquired_at_.size(), 1u);
}

TEST_F(OwnerArriveTest, WhoCannotLeaveItsOwnerIsTakenAfterTwoSeconds) {
  owned_elsewhere(1000, proto::BUSY);
  const CallId call = ask_in(1);
  cluster_->run(milliseconds(1900));
  EXPECT_TRUE(acquired_at_.empty());
  cluster_->run(milliseconds(300));
  EXPECT_EQ(acquired_at_.size(), 1u);
  EXPECT_EQ(cluster_->take_reply<proto::AdmitReply>(kGateway, call)->code(), proto::OK);
}

TEST_F(OwnerArriveTest, WhomANewerSessionHasIsNotTakenFromIt) {
  owned_elsewhere(1000, proto::NOT_ALLOWED);
  EXPECT_EQ(admit().code(), proto::BUSY);
  EXPECT_EQ(attached_, 1);
  EXPECT_TRUE(acquired_at_.empty());
}

TEST_F(OwnerArriveTest, WhoIsOnTheMoveForTooLongIsAskedForAgainByItsGateway) {
  elsewhere_ = proto::RETRY;
  is_at_ = 2;
  const auto reply = admit();
  EXPECT_EQ(reply.code(), proto::BUSY);
  EXPECT_EQ(reply.detail(), "the player is on the move");
  EXPECT_TRUE(acquired_at_.empty());
}

TEST_F(OwnerArriveTest, ADirectoryThatIsBusyIsAskedAgainWhereWhoLeftItsShardIs) {
  moves_to_ = 2;
  locate_fails_ = true;
  ASSERT_EQ(admit().code(), proto::OK);
  EXPECT_EQ(acquired_at_, (std::vector<std::uint32_t>{1, 1, 2}));
  EXPECT_EQ(inn_->find(PlayerId(1))->shard, 2u);
}

TEST_F(OwnerArriveTest, AGrantThatCountsOperationsAlreadyIsFencedAndReadAgain) {
  counted_ = 3;
  granted_epoch_ = 4;
  ASSERT_EQ(admit().code(), proto::OK);
  EXPECT_EQ(expected_, (std::vector<std::uint64_t>{0, 4})) << "what was read did not know of them";
}

TEST_F(OwnerArriveTest, ALoginTakesWhomAnotherEpochHasAndATicketDoesNot) {
  granted_ = proto::EXPECTED_OTHER;
  granted_epoch_ = 4;
  EXPECT_EQ(admit(by_ticket()).code(), proto::ABORTED);
  EXPECT_EQ(expected_, (std::vector<std::uint64_t>{0}));
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
  expected_.clear();
  granted_ = proto::EXPECTED_OTHER;
  EXPECT_EQ(admit().code(), proto::OK);
  EXPECT_EQ(expected_, (std::vector<std::uint64_t>{0, 4}));
}

TEST_F(OwnerArriveTest, WhomTheDatabaseRefusesIsNotAskedForAgain) {
  granted_ = proto::REJECTED;
  EXPECT_EQ(admit().code(), proto::ABORTED);
  EXPECT_EQ(acquired_at_.size(), 1u);
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
}

TEST_F(OwnerArriveTest, WhoIsSentFromNodeToNodeEndsSomewhere) {
  proto::Admit request;
  request.set_hops(5);
  const auto reply = admit(request);
  EXPECT_EQ(reply.code(), proto::BUSY);
  EXPECT_EQ(reply.detail(), "nobody holds the place");
  EXPECT_TRUE(acquired_at_.empty());
  request.set_hops(4);
  EXPECT_EQ(admit(request).code(), proto::OK);
}

TEST_F(OwnerArriveTest, WhomNoPlaceTakesIsNotAcquired) {
  inn_->placed = {false, {}, proto::FULL, ""};
  EXPECT_EQ(admit().code(), proto::FULL);
  inn_->placed = {false, {}, 0, ""};
  EXPECT_EQ(admit().code(), proto::BUSY) << "nobody said why";
  inn_->placed = {false, inn_->id(), 0, ""};
  const auto itself = admit();
  EXPECT_EQ(itself.code(), proto::BUSY);
  EXPECT_EQ(itself.detail(), "") << "it asks nobody, nor itself, to take whom it does not take";
  EXPECT_TRUE(acquired_at_.empty());
}

TEST_F(OwnerArriveTest, ALoginWhosePlaceClosedMeanwhileIsToldSoAndHeldByNobody) {
  inn_->open = false;
  const auto reply = admit();
  EXPECT_EQ(reply.code(), proto::BUSY);
  EXPECT_EQ(reply.detail(), "the place closed");
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
  EXPECT_FALSE(cluster_->take<proto::RouteSet>(kGateway));
}

// Its last owner has let it go: there is no way back.
TEST_F(OwnerArriveTest, WhoCameByTicketToAPlaceThatClosedMeanwhileIsWalkedOnByItsGateway) {
  inn_->open = false;
  EXPECT_EQ(admit(by_ticket()).code(), proto::OK);
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
  EXPECT_TRUE(cluster_->take<proto::RouteSet>(kGateway)) << "or nobody believed its word";
  const auto drop = dropped();
  ASSERT_TRUE(drop);
  EXPECT_TRUE(drop->ask_lobby());
  EXPECT_EQ(drop->reason(), "the place closed");
  EXPECT_EQ(drop->player_epoch(), 1u);
}

TEST_F(OwnerArriveTest, WhoseArrivalFaultsWhenItsSocketIsBackIsWalkedOn) {
  const auto attach = [&] {
    proto::Attach request;
    request.set_player_id(1);
    request.set_session_id(10);
    request.set_session_epoch(2);
    request.set_gateway(kGateway.value);
    const CallId call = cluster_->ask(kGateway, request);
    cluster_->turn();
    const auto reply = cluster_->take_reply<proto::AttachReply>(kGateway, call);
    EXPECT_TRUE(reply.has_value());
    return reply.value_or(proto::AttachReply());
  };
  for (const bool anew : {true, false}) {
    inn_->floor_breaks = false;
    ASSERT_EQ(admit().code(), proto::OK);
    inn_->floor_breaks = true;
    EXPECT_EQ(anew ? admit().code() : attach().code(), proto::INTERNAL) << "another login of who is here: " << anew;
    EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
    const auto drop = dropped();
    ASSERT_TRUE(drop);
    EXPECT_TRUE(drop->ask_lobby());
  }
}

TEST_F(OwnerArriveTest, WhoseArrivalFaultsWithoutASocketIsGoneWithoutAWord) {
  ASSERT_EQ(admit().code(), proto::OK);
  proto::SessionLost lost;
  lost.set_player_id(1);
  lost.set_session_id(10);
  cluster_->say(kGateway, lost);
  cluster_->turn();
  inn_->floor_breaks = true;
  inn_->spawn([](test::Inn* inn) -> Task<void> {
    const PlayerRef ref{PlayerId(1), 1};
    const std::string why = "test";
    (void)co_await inn->reacquire(ref, why);
  }(inn_.get()));
  cluster_->run(seconds(1));
  EXPECT_EQ(inn_->find(PlayerId(1)), nullptr);
  EXPECT_FALSE(dropped());
}

// Taken by another owner meanwhile, who hands it back here, while a later login binds itself to what stands here yet.
TEST_F(OwnerArriveTest, WhoIsBoundToAZombieThatIsReplacedIsAskedOnByItsGateway) {
  ASSERT_EQ(admit().code(), proto::OK);
  cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(kAgent, [](auto&, auto&) { return std::nullopt; });
  ask_in(1, by_ticket());
  const auto acquire = cluster_->take<proto::AcquireRequest>(kAgent);
  ASSERT_TRUE(acquire);
  proto::Admit later;
  later.set_player_id(1);
  later.set_session_id(20);
  later.set_session_epoch(2);
  later.set_gateway(kGateway.value);
  const CallId call = cluster_->ask(kGateway, later);
  cluster_->turn();
  ASSERT_EQ(cluster_->take_reply<proto::AdmitReply>(kGateway, call)->code(), proto::OK);
  cluster_->forget_sent_to(kGateway);

  proto::AcquireReply row;
  row.set_epoch(6);
  row.mutable_aggregate()->set_player_id(1);
  cluster_->answer(kAgent, acquire->first, row);
  cluster_->turn();
  EXPECT_EQ(inn_->find(PlayerId(1))->epoch, 6u);
  const auto drop = dropped();
  ASSERT_TRUE(drop);
  EXPECT_EQ(drop->session_id(), 20u);
  EXPECT_EQ(drop->player_epoch(), 1u);
  EXPECT_TRUE(drop->ask_lobby());
}

TEST_F(OwnerArriveTest, WhoComesBackToItsZombieInTheSameSessionIsOnlyToldWhereItIs) {
  ASSERT_EQ(admit().code(), proto::OK);
  granted_epoch_ = 6;
  cluster_->forget_sent_to(kGateway);
  ASSERT_EQ(admit(by_ticket()).code(), proto::OK);
  EXPECT_EQ(cluster_->take<proto::RouteSet>(kGateway)->second.player_epoch(), 6u);
  EXPECT_FALSE(dropped());
}

}  // namespace
}  // namespace dure
