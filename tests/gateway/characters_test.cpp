// Characters of a session: deleted, chosen, left.
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

class CharactersTest : public GatewayTest {
 protected:
  CharactersTest() {
    open(kMina);
    EXPECT_TRUE(log_in(kMina).has_characters());
  }
  void shard_says(proto::StoreCode code) {
    cluster_.answers<proto::DeletePlayerRequest, proto::StoreReply>(
        kAgent, [this, code](const MeshHeader&, const proto::DeletePlayerRequest& request) {
          erased_.push_back(request);
          proto::StoreReply reply;
          reply.set_code(code);
          return std::optional(reply);
        });
  }
  proto::DeleteCharacterReply erase(bool restore = false) {
    proto::DeleteCharacterRequest request;
    request.set_player_id(50);
    request.set_restore(restore);
    send(kMina, request);
    cluster_.run(seconds(4));
    return pick<proto::DeleteCharacterReply>(seen(kMina)).value_or(proto::DeleteCharacterReply());
  }
  proto::Code select(std::uint64_t player = 50) {
    proto::SelectCharacterRequest request;
    request.set_player_id(player);
    send(kMina, request);
    cluster_.run(seconds(4));
    return pick<proto::SelectCharacterReply>(seen(kMina)).value_or(proto::SelectCharacterReply()).code();
  }
  void owner_does_not_let_go() {
    cluster_.answers<proto::LeavePlayer, proto::LeavePlayerReply>(kGeneral,
                                                                  [](const MeshHeader&, const proto::LeavePlayer&) {
                                                                    proto::LeavePlayerReply reply;
                                                                    reply.set_code(proto::BUSY);
                                                                    return std::optional(reply);
                                                                  });
  }
  void enter_the_world() {
    cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [this](const MeshHeader&, const proto::Admit&) {
      route(kGeneral, 7);
      return std::optional(proto::AdmitReply());
    });
    ASSERT_EQ(select(), proto::OK);
  }
  // Its bytes, without waiting for what comes of them.
  template <class Message>
  void write(const Message& message) {
    const auto id = static_cast<std::uint16_t>(route_id(Message::descriptor()));
    port_.received(kMina, encode_frame(id, ++seq_[kMina], message.SerializeAsString()), cluster_.now);
  }
  // What the client wrote is read; the session is over before it is done.
  void overtake() {
    std::vector<Inbound> events;
    port_.take_events(&events);
    for (auto& event : events) cluster_.in(std::move(event));
    proto::SessionFenced fenced;
    fenced.set_account_id(5);
    fenced.set_session_epoch(session_epoch_);
    fenced.set_reason("logged in elsewhere");
    cluster_.say(kAgent, fenced);
    settle();
    EXPECT_EQ(gateway_.sessions(), 0u);
  }
  std::vector<proto::DeletePlayerRequest> erased_;
};

TEST_F(CharactersTest, ADeletionHasItsGraceAndIsTakenBack) {
  shard_says(proto::STORED);
  const auto reply = erase();
  EXPECT_EQ(reply.code(), proto::OK);
  ASSERT_EQ(erased_.size(), 1u);
  EXPECT_EQ(erased_[0].account_id(), 5u);
  EXPECT_EQ(reply.delete_at_unix_ms(), erased_[0].delete_at_unix_ms());
  EXPECT_GT(reply.delete_at_unix_ms(), unix_ms(cluster_.wall) + to_ms(std::chrono::hours(24 * 6)));
  EXPECT_EQ(erase(true).code(), proto::OK);
  EXPECT_EQ(erased_[1].delete_at_unix_ms(), 0);
}

TEST_F(CharactersTest, ADeletionFollowsAnAccountThatMovesForSomeTries) {
  shard_says(proto::WRONG_SHARD);
  EXPECT_EQ(erase().code(), proto::BUSY);
  EXPECT_GT(erased_.size(), 1u);
  shard_says(proto::RETRY);
  EXPECT_EQ(erase().code(), proto::BUSY);
  shard_says(proto::NO_SUCH);
  EXPECT_EQ(erase().code(), proto::NOT_FOUND);
  // Nor does it go on when the directory no longer knows where that is.
  cluster_.answers<proto::AccountQuery, proto::AccountReply>(kAgent, [](const MeshHeader&, const proto::AccountQuery&) {
    proto::AccountReply reply;
    reply.set_code(proto::NO_SUCH);
    return std::optional(reply);
  });
  shard_says(proto::WRONG_SHARD);
  erased_.clear();
  EXPECT_EQ(erase().code(), proto::BUSY);
  EXPECT_EQ(erased_.size(), 1u);
}

TEST_F(CharactersTest, AShardThatNeverHasTheAccountIsNotAskedForEver) {
  int asked = 0;
  cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(
      kAgent, [&](const MeshHeader&, const proto::CharactersRequest&) {
        ++asked;
        proto::CharactersReply reply;
        reply.set_code(proto::WRONG_SHARD);
        return std::optional(reply);
      });
  EXPECT_EQ(select(), proto::BUSY);
  EXPECT_GT(asked, 1);
  EXPECT_LT(asked, 100);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kAccount);
}

TEST_F(CharactersTest, ACreationIsRefusedByTheDirectoryOrFollowsItsAccountForSomeTries) {
  proto::StoreCode reserved = proto::REJECTED;
  int created = 0;
  cluster_.answers<proto::ReserveName, proto::ReserveNameReply>(kAgent,
                                                                [&](const MeshHeader&, const proto::ReserveName&) {
                                                                  proto::ReserveNameReply reply;
                                                                  reply.set_code(reserved);
                                                                  return std::optional(reply);
                                                                });
  cluster_.answers<proto::CreatePlayerRequest, proto::StoreReply>(
      kAgent, [&](const MeshHeader&, const proto::CreatePlayerRequest&) {
        ++created;
        proto::StoreReply reply;
        reply.set_code(proto::WRONG_SHARD);
        return std::optional(reply);
      });
  const auto create = [&] {
    proto::CreateCharacterRequest request;
    request.set_name("Anna");
    send(kMina, request);
    cluster_.run(seconds(4));
    return pick<proto::CreateCharacterReply>(seen(kMina)).value_or(proto::CreateCharacterReply()).code();
  };
  EXPECT_EQ(create(), proto::INVALID);
  EXPECT_EQ(created, 0);
  reserved = proto::STORED;
  EXPECT_EQ(create(), proto::BUSY);
  EXPECT_GT(created, 1);
  EXPECT_LT(created, 100);
}

TEST_F(CharactersTest, ACharacterThatIsBeingDeletedIsNotPlayed) {
  cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(
      kAgent, [](const MeshHeader&, const proto::CharactersRequest&) {
        proto::CharactersReply reply;
        auto* character = reply.add_characters();
        character->set_player_id(50);
        character->set_delete_at_unix_ms(1);
        return std::optional(reply);
      });
  EXPECT_EQ(select(), proto::NOT_FOUND);
  EXPECT_EQ(select(51), proto::NOT_FOUND);
}

TEST_F(CharactersTest, ASessionThatEndsWhileItsListIsReadPlaysNobody) {
  for (const bool listed : {true, false}) {
    open(ClientId(9 + listed));
    ASSERT_TRUE(log_in(ClientId(9 + listed)).has_characters());
    using Listed = std::optional<proto::CharactersReply>;
    using Selected = std::optional<proto::StoreReply>;
    if (listed)
      cluster_.answers<proto::SessionSelect, proto::StoreReply>(
          kAgent, [](const MeshHeader&, const proto::SessionSelect&) { return Selected(); });
    else
      cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(
          kAgent, [](const MeshHeader&, const proto::CharactersRequest&) { return Listed(); });
    cluster_.forget_sent();
    proto::SelectCharacterRequest request;
    request.set_player_id(50);
    send(ClientId(9 + listed), request);
    proto::SessionFenced fenced;
    fenced.set_account_id(5);
    fenced.set_session_epoch(session_epoch_);
    fenced.set_reason("logged in elsewhere");
    cluster_.up(NodeId(Role::kGateway, 2));
    cluster_.say(NodeId(Role::kGateway, 2), fenced);
    settle();
    EXPECT_EQ(gateway_.session(session_), nullptr);
    if (listed) {
      const auto asked = cluster_.take<proto::SessionSelect>(kAgent);
      ASSERT_TRUE(asked);
      cluster_.answer(kAgent, asked->first, proto::StoreReply());
    } else {
      const auto asked = cluster_.take<proto::CharactersRequest>(kAgent);
      ASSERT_TRUE(asked);
      cluster_.answer(kAgent, asked->first, proto::CharactersReply());
    }
    settle();
    EXPECT_FALSE(cluster_.take<proto::Admit>(kGeneral));
    answer_as_a_database();
  }
}

TEST_F(CharactersTest, AnOwnerThatDoesNotLetGoKeepsWhoWantedToLeave) {
  enter_the_world();
  owner_does_not_let_go();
  send(kMina, proto::LeaveWorldRequest());
  settle();
  EXPECT_EQ(pick<proto::LeaveWorldReply>(seen(kMina))->code(), proto::BUSY);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

// The old owner was about to hand it on when it was asked to let go; the next one's word came while it was to leave.
TEST_F(CharactersTest, AnOwnerThatDoesNotLetGoAndHasItNoMoreIsLeft) {
  enter_the_world();
  owner_does_not_let_go();
  int attached = 0, admitted = 0;
  cluster_.answers<proto::Attach, proto::AttachReply>(kGeneral, [&](const MeshHeader&, const proto::Attach&) {
    ++attached;
    proto::AttachReply reply;
    reply.set_code(proto::NOT_FOUND);
    return std::optional(reply);
  });
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [&](const MeshHeader&, const proto::Admit&) {
    ++admitted;
    route(kGeneral, 9);
    return std::optional(proto::AdmitReply());
  });
  send(kMina, proto::LeaveWorldRequest());
  cluster_.run(milliseconds(500));
  EXPECT_EQ(attached, 1);
  EXPECT_EQ(admitted, 1) << "it is walked home";
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(CharactersTest, WhoseOwnerDiesWhileItLeavesIsWalkedHome) {
  enter_the_world();
  cluster_.up(kDungeon);
  route(kDungeon, 8, "run/1");
  settle();
  send(kMina, proto::LeaveWorldRequest());
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [this](const MeshHeader&, const proto::Admit&) {
    route(kGeneral, 9);
    return std::optional(proto::AdmitReply());
  });
  cluster_.down(kDungeon);
  cluster_.run(milliseconds(100));
  const auto frames = seen(kMina);
  EXPECT_EQ(pick<proto::LeaveWorldReply>(frames)->code(), proto::BUSY);
  EXPECT_EQ(gateway_.session(session_)->route.owner, kGeneral);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(CharactersTest, WhoHasAsManyAsItMayMakesNoOther) {
  cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(
      kAgent, [](const MeshHeader&, const proto::CharactersRequest&) {
        proto::CharactersReply reply;
        for (std::uint32_t i = 0; i < GatewayOptions().character_slots; ++i)
          reply.add_characters()->set_player_id(50 + i);
        return std::optional(reply);
      });
  cluster_.forget_sent();
  proto::CreateCharacterRequest request;
  request.set_name("Anna");
  send(kMina, request);
  EXPECT_EQ(pick<proto::CreateCharacterReply>(seen(kMina))->code(), proto::FULL);
  EXPECT_FALSE(cluster_.take<proto::ReserveName>(kAgent)) << "no name is taken from others";
}

TEST_F(CharactersTest, OfASessionThatEndsBeforeItsWordIsReadNothingIsDone) {
  const auto nothing_done = [&](const auto& request) {
    cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(
        kAgent,
        [](const MeshHeader&, const proto::CharactersRequest&) { return std::optional<proto::CharactersReply>(); });
    cluster_.forget_sent();
    write(request);
    overtake();
    EXPECT_TRUE(cluster_.sent(kAgent).empty()) << request.GetTypeName();
    answer_as_a_database();
    port_.closed(kMina, cluster_.now);
    settle();
    open(kMina);
    EXPECT_TRUE(log_in(kMina).has_characters());
  };
  proto::CreateCharacterRequest create;
  create.set_name("Anna");
  nothing_done(create);
  proto::DeleteCharacterRequest deletion;
  deletion.set_player_id(50);
  nothing_done(deletion);
  proto::SelectCharacterRequest play;
  play.set_player_id(50);
  nothing_done(play);
}

TEST_F(CharactersTest, WhoseSessionEndsBeforeItsLeaveIsReadIsNotAskedToBeSaved) {
  enter_the_world();
  cluster_.forget_sent();
  write(proto::LeaveWorldRequest());
  overtake();
  EXPECT_FALSE(cluster_.take<proto::LeavePlayer>(kGeneral));
  EXPECT_TRUE(cluster_.take<proto::SessionLost>(kGeneral)) << "its owner lets it go by itself";
}

TEST_F(CharactersTest, TwoChoicesOrLeavesOfOneMomentAreOne) {
  int selected = 0;
  cluster_.answers<proto::SessionSelect, proto::StoreReply>(kAgent,
                                                            [&](const MeshHeader&, const proto::SessionSelect&) {
                                                              ++selected;
                                                              return std::optional(proto::StoreReply());
                                                            });
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [this](const MeshHeader&, const proto::Admit&) {
    route(kGeneral, 7);
    return std::optional(proto::AdmitReply());
  });
  proto::SelectCharacterRequest play;
  play.set_player_id(50);
  write(play);
  write(play);
  settle();
  EXPECT_EQ(selected, 1);
  EXPECT_EQ(pick<proto::SelectCharacterReply>(seen(kMina))->code(), proto::WRONG_STATE) << "the second, at once";
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);

  write(proto::LeaveWorldRequest());
  write(proto::LeaveWorldRequest());
  settle();
  EXPECT_TRUE(cluster_.take<proto::LeavePlayer>(kGeneral));
  EXPECT_FALSE(cluster_.take<proto::LeavePlayer>(kGeneral));
  EXPECT_EQ(pick<proto::LeaveWorldReply>(seen(kMina))->code(), proto::WRONG_STATE);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kLeaving);
}

TEST_F(CharactersTest, WhoseSessionEndsWhileItsNameIsClaimedIsNotAskedForAgain) {
  int admits = 0;
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [&](const MeshHeader&, const proto::Admit&) {
    ++admits;
    proto::AdmitReply unknown;
    unknown.set_code(proto::NOT_FOUND);
    return std::optional(unknown);
  });
  cluster_.answers<proto::ReserveName, proto::ReserveNameReply>(
      kAgent, [](const MeshHeader&, const proto::ReserveName&) { return std::optional<proto::ReserveNameReply>(); });
  cluster_.answers<proto::ClaimName, proto::StoreReply>(
      kAgent, [](const MeshHeader&, const proto::ClaimName&) { return std::optional(proto::StoreReply()); });
  proto::SelectCharacterRequest play;
  play.set_player_id(50);
  send(kMina, play);
  ASSERT_EQ(admits, 1);
  const auto asked = cluster_.take<proto::ReserveName>(kAgent);
  ASSERT_TRUE(asked);
  overtake();
  cluster_.answer(kAgent, asked->first, proto::ReserveNameReply());
  settle();
  EXPECT_EQ(admits, 1);
}

}  // namespace
}  // namespace dure::test
