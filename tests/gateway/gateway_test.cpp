#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

TEST_F(GatewayTest, HasAHandlerForEveryMessageThatGoesToIt) {
  // hello, heartbeat and their like are the node's own
  for (const auto& name : gateway_.routes_without_handler()) ADD_FAILURE() << name;
}

TEST_F(GatewayTest, RegistersThenKnowsThePassword) {
  open(kMina);
  EXPECT_EQ(log_in(kMina).characters().characters(0).name(), "Mina");
  open(kAgain);
  EXPECT_TRUE(log_in(kAgain, "wrong").has_denied());
  EXPECT_EQ(gateway_.sessions(), 1u);
  EXPECT_TRUE(log_in(kAgain).has_characters());
  EXPECT_EQ(gateway_.sessions(), 1u) << "the older session of the account is closed";
  EXPECT_TRUE(pick<proto::CloseNotice>(seen(kMina)));
  EXPECT_TRUE(port_.closing(kMina));
}

TEST_F(GatewayTest, OldClientsAreToldToUpdate) {
  open(kMina);
  proto::LoginRequest login;
  login.set_protocol_version(kProtocolVersion + 5);
  send(kMina, login);
  EXPECT_TRUE(pick<proto::LoginReply>(seen(kMina))->has_update_required());
}

TEST_F(GatewayTest, MaintenanceIsAnswered) {
  maintenance_begins();
  open(kMina);
  EXPECT_EQ(log_in(kMina).maintenance().until_unix_ms(), 77);
}

TEST_F(GatewayTest, WhoWasLoggingInWhenMaintenanceBeganDoesNotGetIn) {
  cluster_.answers<proto::SessionBegin, proto::SessionReply>(kAgent, [this](const MeshHeader&, const auto&) {
    maintenance_begins();
    proto::SessionReply reply;
    reply.set_session_epoch(++session_epoch_);
    reply.set_account_id(5);
    return std::optional(reply);
  });
  open(kMina);
  EXPECT_EQ(log_in(kMina).maintenance().until_unix_ms(), 77);
  EXPECT_EQ(gateway_.sessions(), 0u);
  const auto end = cluster_.take<proto::SessionEnd>(kAgent);
  ASSERT_TRUE(end) << "the directory believes in no session either";
  EXPECT_EQ(end->second.session_epoch(), session_epoch_);
}

TEST_F(GatewayTest, ForwardsFramesToTheOwnerWithWhoSentThem) {
  enter(kMina);
  proto::Echo echo;
  echo.set_stamp(4);
  const std::uint32_t seq = send(kMina, echo);
  const auto got = cluster_.take<proto::Echo>(kGeneral);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->first.kind, MeshKind::kFromClient);
  EXPECT_EQ(got->first.session, session_);
  EXPECT_EQ(got->first.player, PlayerId(50));
  EXPECT_EQ(got->first.player_epoch, 7u);
  EXPECT_EQ(got->first.client_seq, seq);
}

TEST_F(GatewayTest, AFrameInTheWrongStateIsRefused) {
  open(kMina);
  send(kMina, proto::Echo());
  EXPECT_EQ(pick<proto::ErrorReply>(seen(kMina))->code(), proto::WRONG_STATE);
}

TEST_F(GatewayTest, OnlyFramesOfTheRoutesEpochPass) {
  enter(kMina);
  owner_says(kGeneral, 6, proto::SavedNotice());
  EXPECT_TRUE(seen(kMina).empty());
  owner_says(kGeneral, 7, proto::SavedNotice());
  EXPECT_EQ(seen(kMina).size(), 1u);
  cluster_.up(kDungeon);
  route(kDungeon, 8, "run/1");
  owner_says(kDungeon, 8, proto::SavedNotice());
  owner_says(kGeneral, 7, proto::SavedNotice());
  const auto frames = seen(kMina);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].message_id, route_id(proto::RouteNotice::descriptor())) << "before any frame of the new owner";
}

TEST_F(GatewayTest, HeldInputGoesToTheNewOwner) {
  enter(kMina);
  cluster_.up(kDungeon);
  hold(kGeneral, 7);
  send(kMina, proto::Echo());
  EXPECT_FALSE(cluster_.take<proto::Echo>(kGeneral));
  route(kDungeon, 8);
  settle();
  EXPECT_TRUE(cluster_.take<proto::Echo>(kDungeon));
}

TEST_F(GatewayTest, HeldInputIsAnsweredBusyWhenTheHandoffFails) {
  enter(kMina);
  hold(kGeneral, 7);
  send(kMina, proto::Echo());
  cluster_.run(milliseconds(2200));
  EXPECT_EQ(pick<proto::ErrorReply>(seen(kMina))->code(), proto::BUSY);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(GatewayTest, WhenAHoldEndsWithoutAWordItsOwnerIsAskedUntilItKnows) {
  enter(kMina);
  int asked = 0;
  cluster_.answers<proto::Attach, proto::AttachReply>(kGeneral, [&](const MeshHeader&, const proto::Attach& attach) {
    EXPECT_EQ(attach.session_id(), session_.value);
    proto::AttachReply answer;
    // It is about to hand the player over, then it has: to somebody of whom nothing was ever heard.
    answer.set_code(++asked == 1 ? proto::BUSY : proto::NOT_FOUND);
    return std::optional(answer);
  });
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [&](const MeshHeader&, const proto::Admit&) {
    route(kGeneral, 9);
    return std::optional(proto::AdmitReply());
  });
  hold(kGeneral, 7);
  cluster_.run(milliseconds(1500));
  EXPECT_EQ(asked, 0);
  (void)seen(kMina);
  cluster_.run(milliseconds(2500));
  EXPECT_EQ(asked, 2);
  const auto notice = pick<proto::RouteNotice>(seen(kMina));
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->epoch(), 9u);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(GatewayTest, ALostDungeonsPlayerIsWalkedToAGeneral) {
  enter(kMina);
  cluster_.up(kDungeon);
  route(kDungeon, 8, "run/1");
  settle();
  (void)seen(kMina);
  std::string reason;
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [&](const MeshHeader&, const proto::Admit& admit) {
    reason = admit.reason();
    route(kGeneral, 9);
    return std::optional(proto::AdmitReply());
  });
  cluster_.down(kDungeon);
  settle();
  EXPECT_EQ(reason, "fault");
  const auto notice = pick<proto::RouteNotice>(seen(kMina));
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->epoch(), 9u);
  EXPECT_EQ(notice->returned_because(), "dungeon lost");
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(GatewayTest, TopicsEndWithTheRouteAndReachOnlySubscribers) {
  enter(kMina);
  TopicKey topic;
  topic.place = 3;
  proto::Subscribe subscribe;
  subscribe.set_session_id(session_.value);
  subscribe.add_topics(encode_topic(topic));
  cluster_.say(kGeneral, subscribe);
  proto::Publish publish;
  publish.set_topic(encode_topic(topic));
  publish.set_frame(encode_frame(212, 0, ""));
  cluster_.say(kGeneral, publish);
  settle();
  EXPECT_EQ(seen(kMina).size(), 1u);
  cluster_.up(kDungeon);
  route(kDungeon, 8);
  settle();
  (void)seen(kMina);
  cluster_.say(kGeneral, publish);
  settle();
  EXPECT_TRUE(seen(kMina).empty());
}

TEST_F(GatewayTest, AResumeReplaysWhatWasMissed) {
  enter(kMina);
  port_.closed(kMina, cluster_.now);
  settle();
  ASSERT_TRUE(cluster_.take<proto::SessionLost>(kGeneral));
  owner_says(kGeneral, 7, proto::SavedNotice());
  open(kAgain);
  proto::ResumeRequest resume;
  resume.set_protocol_version(kProtocolVersion);
  resume.set_content_version(1);
  resume.set_session_id(session_.value);
  resume.set_resume_token(token_);
  resume.set_reliable_received(2);  // RouteNotice, SelectCharacterReply
  send(kAgain, resume);
  const auto frames = seen(kAgain);
  ASSERT_EQ(frames.size(), 2u);
  const auto reply = pick<proto::ResumeReply>(frames);
  ASSERT_TRUE(reply);
  EXPECT_EQ(frames[0].message_id, route_id(proto::ResumeReply::descriptor()));
  EXPECT_TRUE(reply->replayed());
  EXPECT_EQ(reply->player_id(), 50u);
  EXPECT_EQ(frames[1].message_id, route_id(proto::SavedNotice::descriptor()));
  const auto attach = cluster_.take<proto::Attach>(kGeneral);
  ASSERT_TRUE(attach);
  EXPECT_EQ(attach->second.session_epoch(), session_epoch_);
}

TEST_F(GatewayTest, ACreationThatEndedWithAGatewayIsGoneOnWithByItsAccount) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  using H = const MeshHeader&;
  proto::ReserveNameReply taken;
  taken.set_code(proto::NAME_TAKEN);
  cluster_.answers<proto::ReserveName, proto::ReserveNameReply>(
      kAgent, [&](H, const proto::ReserveName&) { return std::optional(taken); });
  std::optional<proto::CreatePlayerRequest> create;
  proto::StoreReply created;
  cluster_.answers<proto::CreatePlayerRequest, proto::StoreReply>(kAgent,
                                                                  [&](H, const proto::CreatePlayerRequest& asked) {
                                                                    create = asked;
                                                                    return std::optional(created);
                                                                  });
  int claims = 0;
  cluster_.answers<proto::ClaimName, proto::StoreReply>(kAgent, [&](H, const proto::ClaimName& claim) {
    EXPECT_FALSE(claim.release());
    ++claims;
    return std::optional(proto::StoreReply());
  });
  proto::CreateCharacterRequest request;
  request.set_name("Nora");
  send(kMina, request);
  EXPECT_EQ(pick<proto::CreateCharacterReply>(seen(kMina))->code(), proto::TAKEN) << "it is another account's";
  EXPECT_FALSE(create);
  taken.set_own_player(51);
  taken.set_own_reservation(77);
  // What is refused now keeps its reservation: it may be gone on with, or is ruled out by who looks after the names.
  created.set_code(proto::REJECTED);
  send(kMina, request);
  EXPECT_EQ(pick<proto::CreateCharacterReply>(seen(kMina))->code(), proto::FULL);
  created.set_code(proto::EXPECTED_OTHER);
  send(kMina, request);
  EXPECT_EQ(pick<proto::CreateCharacterReply>(seen(kMina))->code(), proto::BUSY) << "just ruled out: another, soon";
  EXPECT_EQ(claims, 0);
  created.set_code(proto::STORED);
  send(kMina, request);
  const auto reply = pick<proto::CreateCharacterReply>(seen(kMina));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::OK);
  EXPECT_EQ(reply->character().player_id(), 51u);
  ASSERT_TRUE(create);
  EXPECT_EQ(create->player_id(), 51u);
  EXPECT_EQ(create->reservation(), 77u);
}

TEST_F(GatewayTest, ACharacterWhoseGatewayDiedBeforeItsNameWasClaimedComesIn) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  using H = const MeshHeader&;
  proto::ReserveNameReply reserved;
  reserved.set_code(proto::NAME_TAKEN);
  reserved.set_own_player(50);
  reserved.set_own_reservation(77);
  cluster_.answers<proto::ReserveName, proto::ReserveNameReply>(
      kAgent, [&](H, const proto::ReserveName&) { return std::optional(reserved); });
  bool claimed = false;
  cluster_.answers<proto::ClaimName, proto::StoreReply>(kAgent, [&](H, const proto::ClaimName& claim) {
    EXPECT_EQ(claim.name(), "Mina");
    EXPECT_EQ(claim.player_id(), 50u);
    EXPECT_EQ(claim.reservation(), 77u);
    EXPECT_FALSE(claim.release());
    EXPECT_FALSE(std::exchange(claimed, true));
    return std::optional(proto::StoreReply());
  });
  known_when(claimed);
  expect_selected(kMina);
  EXPECT_TRUE(claimed);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
}

TEST_F(GatewayTest, ACharacterWhoseNameTheDirectoryHasLostGetsItBack) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  using H = const MeshHeader&;
  std::uint64_t reservation = 0;
  cluster_.answers<proto::ReserveName, proto::ReserveNameReply>(kAgent, [&](H, const proto::ReserveName& reserve) {
    EXPECT_EQ(reserve.player_id(), 50u);
    EXPECT_EQ(reserve.name(), "Mina");
    reservation = reserve.reservation();
    return std::optional(proto::ReserveNameReply());
  });
  bool claimed = false;
  cluster_.answers<proto::ClaimName, proto::StoreReply>(kAgent, [&](H, const proto::ClaimName& claim) {
    EXPECT_EQ(claim.reservation(), reservation);
    claimed = true;
    return std::optional(proto::StoreReply());
  });
  known_when(claimed);
  expect_selected(kMina);
}

TEST_F(GatewayTest, ACharacterThatNobodyKnowsAndWhoseNameIsNotItsOwnIsNotClaimedFor) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  using H = const MeshHeader&;
  proto::ReserveNameReply reserved;
  reserved.set_code(proto::NAME_TAKEN);
  cluster_.answers<proto::ReserveName, proto::ReserveNameReply>(
      kAgent, [&](H, const proto::ReserveName&) { return std::optional(reserved); });
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [](H, const proto::Admit&) {
    proto::AdmitReply reply;
    reply.set_code(proto::NOT_FOUND);
    return std::optional(reply);
  });
  proto::SelectCharacterRequest select;
  select.set_player_id(50);
  for (const std::uint64_t own : {0, 51}) {
    reserved.set_own_player(own);
    send(kMina, select);
    EXPECT_EQ(pick<proto::SelectCharacterReply>(seen(kMina))->code(), proto::NOT_FOUND);
    EXPECT_FALSE(cluster_.take<proto::ClaimName>(kAgent));
    EXPECT_EQ(gateway_.session(session_)->state, SessionState::kAccount);
  }
}

TEST_F(GatewayTest, WhoWasNotAdmittedKeepsNothingThatTheChatSubscribedItTo) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  cluster_.up(kChat);
  cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [this](const MeshHeader&, const proto::Admit&) {
    TopicKey topic;
    topic.place = 3;
    proto::Subscribe subscribe;
    subscribe.set_session_id(session_.value);
    subscribe.add_topics(encode_topic(topic));
    cluster_.say(kChat, subscribe);
    proto::AdmitReply reply;
    reply.set_code(proto::BUSY);
    return std::optional(reply);
  });
  proto::SelectCharacterRequest select;
  select.set_player_id(50);
  send(kMina, select);
  settle();
  EXPECT_EQ(pick<proto::SelectCharacterReply>(seen(kMina))->code(), proto::BUSY);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kAccount);
  EXPECT_TRUE(gateway_.session(session_)->topics.empty());
  gateway_.check_invariants();
}

TEST_F(GatewayTest, LeavingTheWorldIsAnsweredWhenSaved) {
  enter(kMina);
  send(kMina, proto::LeaveWorldRequest());
  EXPECT_TRUE(seen(kMina).empty());
  const auto leave = cluster_.take<proto::LeavePlayer>(kGeneral);
  ASSERT_TRUE(leave);
  EXPECT_EQ(leave->second.session_id(), session_.value);
  cluster_.answer(kGeneral, leave->first, proto::LeavePlayerReply());
  settle();
  EXPECT_EQ(pick<proto::LeaveWorldReply>(seen(kMina))->code(), proto::OK);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kAccount);
}

TEST_F(GatewayTest, ChatDownIsAnsweredBusy) {
  enter(kMina);
  port_.received(kMina, encode_frame(400, ++seq_[kMina], ""), cluster_.now);
  settle();
  EXPECT_EQ(pick<proto::ErrorReply>(seen(kMina))->code(), proto::BUSY);
}

TEST_F(GatewayTest, DrainSavesEverybodyThenStops) {
  enter(kMina);
  cluster_.in(StopRequested{});
  cluster_.turn();
  const auto leave = cluster_.take<proto::LeavePlayer>(kGeneral);
  ASSERT_TRUE(leave);
  EXPECT_EQ(leave->second.session_id(), session_.value);
  EXPECT_TRUE(cluster_.effects<Stopped>().empty());
  cluster_.answer(kGeneral, leave->first, proto::LeavePlayerReply());
  cluster_.run(milliseconds(100));
  EXPECT_EQ(cluster_.effects<Stopped>().size(), 1u);
  EXPECT_TRUE(port_.closing(kMina));
}

TEST_F(GatewayTest, WhatItsIoThreadsCountIsAmongItsMonitorValues) {
  cluster_.in(ClientFigures{0, {{"connections", 3}, {"send_queue_bytes_max", 700}}});
  cluster_.in(ClientFigures{1, {{"connections", 4}, {"send_queue_bytes_max", 900}, {"closed_flood", 2}}});
  cluster_.in(ClientFigures{1, {{"connections", 5}, {"send_queue_bytes_max", 800}, {"closed_flood", 2}}});
  cluster_.run(seconds(1));
  ASSERT_TRUE(cluster_.monitor);
  const std::map<std::string, std::string> values(cluster_.monitor->fields.begin(), cluster_.monitor->fields.end());
  EXPECT_EQ(values.at("connections"), "8");
  EXPECT_EQ(values.at("send_queue_bytes_max"), "800");
  EXPECT_EQ(values.at("closed_flood"), "2");
}

}  // namespace
}  // namespace dure::test
