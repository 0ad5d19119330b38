#include "gateway/gateway.h"

#include <gtest/gtest.h>

#include "common/proto/client_frame.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "gateway/client_port.h"
#include "gateway/password_worker.h"
#include "gateway/port_options.h"
#include "tests/common/fake_cluster.h"

namespace dure {
namespace {

const NodeId kSelf(Role::kGateway, 1), kGeneral(Role::kGeneral, 1), kGeneral2(Role::kGeneral, 2),
    kDungeon(Role::kDungeon, 1), kAgent(Role::kDbagent, 1), kChat(Role::kChat, 1);

struct Seen {
  std::uint16_t message_id;
  std::uint32_t seq;
  std::string body;
};

// The gateway and one ClientPort, as a process has them, with everything else faked.
class GatewayTest : public ::testing::Test {
 protected:
  GatewayTest()
      : routes_(std::move(*Routes::build(engine_files()))),
        worker_({}, PasswordCost{1, 8192 * 1024}),
        port_(routes_, port_options_),
        gateway_(identity(), routes_, Seams{&log_, &entropy_, nullptr, nullptr}, GatewayOptions()),
        cluster_(gateway_, routes_) {
    cluster_.on_effect = [this](Outbound& out) { return effect(out); };
    PeerFacts agent;
    agent.shards = {1};
    agent.directory = true;
    cluster_.up(kAgent, agent);
    cluster_.up(kGeneral);
    answer_as_a_database();
  }
  static NodeIdentity identity() {
    NodeIdentity identity;
    identity.id = kSelf;
    identity.name = "gateway-1";
    identity.incarnation = {9, 9};
    identity.developer = true;
    return identity;
  }
  void TearDown() override { EXPECT_TRUE(log_.errors.empty()) << log_.errors.front(); }

  bool effect(Outbound& out) {
    if (auto* work = std::get_if<Work>(&out)) {
      cluster_.in(WorkDone{work->work_id, Bytes(worker_.run(work->request.view()))});
      return true;
    }
    if (std::get_if<Stopped>(&out) != nullptr) return false;
    port_.command(out, cluster_.now);
    return true;
  }
  void answer_as_a_database() {
    using H = const MeshHeader&;
    cluster_.answers<proto::AccountQuery, proto::AccountReply>(kAgent, [this](H, const proto::AccountQuery& query) {
      proto::AccountReply reply;
      if (query.create()) password_hash_ = query.password_hash();
      reply.set_code(password_hash_.empty() ? proto::NO_SUCH : proto::STORED);
      reply.set_account_id(5);
      reply.set_shard(1);
      reply.set_session_epoch(session_epoch_);
      reply.set_password_hash(password_hash_);
      return std::optional(reply);
    });
    cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(kAgent, [](H, const proto::CharactersRequest&) {
      proto::CharactersReply reply;
      auto* character = reply.add_characters();
      character->set_player_id(50);
      character->set_name("Mina");
      return std::optional(reply);
    });
    cluster_.answers<proto::SessionBegin, proto::SessionReply>(kAgent, [this](H, const proto::SessionBegin& begin) {
      proto::SessionReply reply;
      if (begin.expected_session_epoch() != session_epoch_)
        reply.set_code(proto::EXPECTED_OTHER);
      else
        ++session_epoch_;
      reply.set_session_epoch(session_epoch_);
      reply.set_account_id(5);
      reply.set_shard(1);
      return std::optional(reply);
    });
    cluster_.answers<proto::SessionResume, proto::SessionReply>(kAgent, [this](H, const proto::SessionResume&) {
      proto::SessionReply reply;
      reply.set_session_epoch(++session_epoch_);
      reply.set_account_id(5);
      reply.set_shard(1);
      return std::optional(reply);
    });
    cluster_.answers<proto::SessionSelect, proto::StoreReply>(
        kAgent, [](H, const proto::SessionSelect&) { return std::optional(proto::StoreReply()); });
  }

  void settle() {
    for (int i = 0; i < 5; ++i) {
      std::vector<Inbound> events;
      port_.take_events(&events);
      for (auto& event : events) cluster_.in(std::move(event));
      cluster_.turn();
    }
  }
  void open(ClientId client) {
    ASSERT_TRUE(port_.opened(client, "127.0.0.1:5", cluster_.now));
    seq_[client] = 0;
  }
  template <class Message>
  std::uint32_t send(ClientId client, const Message& message) {
    const std::uint32_t seq = ++seq_[client];
    const auto id = static_cast<std::uint16_t>(route_id(Message::descriptor()));
    port_.received(client, encode_frame(id, seq, message.SerializeAsString()), cluster_.now);
    settle();
    return seq;
  }
  std::vector<Seen> seen(ClientId client) {
    std::vector<std::string_view> pieces;
    port_.gather(client, 10000, &pieces);
    std::string all;
    for (const auto piece : pieces) all += piece;
    port_.wrote(client, all.size(), cluster_.now);
    std::vector<Seen> frames;
    for (std::string_view rest = all; !rest.empty();) {
      const FrameCut cut = cut_frame(rest, 1 << 20);
      frames.push_back({cut.frame.message_id, cut.frame.seq, std::string(cut.frame.body)});
      rest.remove_prefix(cut.bytes);
    }
    return frames;
  }
  template <class Message>
  static std::optional<Message> pick(const std::vector<Seen>& frames) {
    for (const auto& frame : frames)
      if (frame.message_id == route_id(Message::descriptor())) {
        Message message;
        if (message.ParseFromString(frame.body)) return message;
      }
    return std::nullopt;
  }

  proto::LoginReply log_in(ClientId client, const std::string& password = "secret") {
    proto::LoginRequest login;
    login.set_protocol_version(kProtocolVersion);
    login.set_content_version(1);
    login.set_account("mina");
    login.set_password(password);
    send(client, login);
    auto reply = pick<proto::LoginReply>(seen(client)).value_or(proto::LoginReply());
    if (reply.session_id() != 0) session_ = SessionId(reply.session_id()), token_ = reply.resume_token();
    return reply;
  }
  void route(NodeId owner, std::uint64_t epoch, const std::string& place = "town/1") {
    proto::RouteSet set;
    set.set_session_id(session_.value);
    set.set_session_epoch(session_epoch_);
    set.set_player_id(50);
    set.set_player_epoch(epoch);
    set.set_place(place);
    cluster_.say(owner, set);
  }
  // Logged in and in the world at kGeneral with epoch 7.
  void enter(ClientId client) {
    open(client);
    ASSERT_TRUE(log_in(client).has_characters());
    cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [this](const MeshHeader&, const proto::Admit&) {
      route(kGeneral, 7);
      return std::optional(proto::AdmitReply());
    });
    proto::SelectCharacterRequest select;
    select.set_player_id(50);
    send(client, select);
    const auto frames = seen(client);
    ASSERT_TRUE(pick<proto::RouteNotice>(frames));
    ASSERT_EQ(pick<proto::SelectCharacterReply>(frames)->code(), proto::OK);
    ASSERT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
    cluster_.forget_sent();
  }
  template <class Message>
  void owner_says(NodeId owner, std::uint64_t epoch, const Message& message) {
    MeshHeader header;
    header.kind = MeshKind::kToClient;
    header.message_id = route_id(Message::descriptor());
    header.session = session_;
    header.session_epoch = session_epoch_;
    header.player_epoch = epoch;
    cluster_.raw(owner, header, message.SerializeAsString());
    settle();
  }

  test::MemoryLog log_;
  SeededEntropy entropy_{1};
  PortOptions port_options_;
  Routes routes_;
  PasswordWorker worker_;
  ClientPort port_;
  Gateway gateway_;
  test::FakeCluster cluster_;
  std::map<ClientId, std::uint32_t> seq_;
  std::string password_hash_, token_;
  std::uint32_t session_epoch_ = 3;
  SessionId session_;
};

const ClientId kMina(1), kAgain(2);

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
  proto::SwitchesNotice switches;
  auto* row = switches.add_switches();
  row->set_name("maintenance");
  row->set_on(true);
  switches.set_maintenance_until_unix_ms(77);
  cluster_.say(kAgent, switches);
  open(kMina);
  EXPECT_EQ(log_in(kMina).maintenance().until_unix_ms(), 77);
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
  proto::RouteHold hold;
  hold.set_session_id(session_.value);
  hold.set_player_epoch(7);
  cluster_.say(kGeneral, hold);
  send(kMina, proto::Echo());
  EXPECT_FALSE(cluster_.take<proto::Echo>(kGeneral));
  route(kDungeon, 8);
  settle();
  EXPECT_TRUE(cluster_.take<proto::Echo>(kDungeon));
}

TEST_F(GatewayTest, HeldInputIsAnsweredBusyWhenTheHandoffFails) {
  enter(kMina);
  proto::RouteHold hold;
  hold.set_session_id(session_.value);
  hold.set_player_epoch(7);
  cluster_.say(kGeneral, hold);
  send(kMina, proto::Echo());
  cluster_.run(milliseconds(2200));
  EXPECT_EQ(pick<proto::ErrorReply>(seen(kMina))->code(), proto::BUSY);
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

TEST_F(GatewayTest, LeavingTheWorldIsAnsweredWhenSaved) {
  enter(kMina);
  send(kMina, proto::LeaveWorldRequest());
  EXPECT_TRUE(seen(kMina).empty());
  const auto leave = cluster_.take<proto::LeavePlayer>(kGeneral);
  ASSERT_TRUE(leave);
  cluster_.answer(kGeneral, leave->first, proto::LeavePlayerReply());
  settle();
  EXPECT_EQ(pick<proto::LeaveWorldReply>(seen(kMina))->code(), proto::OK);
  EXPECT_EQ(gateway_.session(session_)->state, SessionState::kAccount);
}

TEST_F(GatewayTest, ChatDownIsAnsweredBusy) {
  enter(kMina);
  MeshHeader none;
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
  EXPECT_TRUE(cluster_.effects<Stopped>().empty());
  cluster_.answer(kGeneral, leave->first, proto::LeavePlayerReply());
  cluster_.run(milliseconds(100));
  EXPECT_EQ(cluster_.effects<Stopped>().size(), 1u);
  EXPECT_TRUE(port_.closing(kMina));
}

}  // namespace
}  // namespace dure
