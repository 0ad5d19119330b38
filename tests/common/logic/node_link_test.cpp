// What a node believes of whom: incarnations, goodbyes, foreign clusters, clients' rights.
#include <gtest/gtest.h>

#include "tests/common/logic/test_node.h"

namespace dure::test {
namespace {

proto::Hello hello_of(NodeId node, Incarnation incarnation, Incarnation echo) {
  proto::Hello hello;
  hello.set_protocol_version(kProtocolVersion);
  hello.set_content_version(1);
  hello.set_cluster_id("dure");
  hello.set_realm_id(1);
  hello.set_node(node.value);
  hello.set_node_name(to_text(node));
  hello.mutable_incarnation()->set_high(incarnation.high);
  hello.mutable_incarnation()->set_low(incarnation.low);
  hello.mutable_echo_incarnation()->set_high(echo.high);
  hello.mutable_echo_incarnation()->set_low(echo.low);
  return hello;
}

TEST(NodeLink, UpAndDownAreToldInOrder) {
  Bench b;
  b.cluster.up(b.dungeon);
  EXPECT_EQ(b.node.peers(Role::kDungeon), std::vector<NodeId>{b.dungeon});
  b.cluster.down(b.dungeon);
  EXPECT_TRUE(b.node.peers(Role::kDungeon).empty());
  b.cluster.up(b.dungeon);
  EXPECT_EQ(b.node.story,
            (std::vector<std::string>{"up dungeon-1", "down dungeon-1 connection closed", "up dungeon-1"}));
}

TEST(NodeLink, MessagesOfAnOldIncarnationAreDropped) {
  Bench b;
  int heard = 0;
  b.node.on_raw(251, [&](const From&, std::string_view) { ++heard; });
  b.cluster.up(b.dungeon);
  MeshHeader old;
  old.from = b.dungeon;
  old.to = b.general;
  old.sender = {99, 99};
  old.message_id = 251;
  b.cluster.in(BusMessage{Bytes(encode_mesh(old, ""))});
  b.cluster.turn();
  EXPECT_EQ(heard, 0);
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_EQ(heard, 1);
}

TEST(NodeLink, AToolThatEndedIsForgottenWithItsConnection) {
  Bench b;
  const NodeId tool(Role::kTool, 9);
  const auto greet = [&](const std::string& address) {
    proto::Hello hello = hello_of(tool, {5, 5}, {7, 7});
    hello.set_address(address);
    b.cluster.say(tool, hello);
    b.cluster.turn();
  };
  std::string last;
  b.cluster.on_effect = [&](Outbound& outbound) {
    if (const auto* connect = std::get_if<BusConnect>(&outbound)) last = "connect " + connect->address;
    if (std::get_if<BusDisconnect>(&outbound) != nullptr) last = "disconnect";
    return false;
  };
  greet("here:1");
  EXPECT_EQ(last, "connect here:1");
  b.cluster.up(tool);
  b.cluster.down(tool);
  b.cluster.run(seconds(4));
  EXPECT_EQ(last, "disconnect");
  EXPECT_EQ(b.node.link(tool), nullptr);

  // One that never was connected, too; and its number is another's meanwhile.
  greet("here:2");
  EXPECT_EQ(last, "connect here:2");
  greet("here:3");
  EXPECT_EQ(last, "connect here:3");
  b.cluster.run(seconds(4));
  EXPECT_EQ(last, "disconnect");

  b.cluster.up(b.dungeon);
  b.cluster.down(b.dungeon);
  b.cluster.run(seconds(60));
  EXPECT_NE(b.node.link(b.dungeon), nullptr) << "a node of the cluster comes back";
}

TEST(NodeLink, AStrangersMessageIsDropped) {
  Bench b;
  int heard = 0;
  b.node.on_raw(251, [&](const From&, std::string_view) { ++heard; });
  b.cluster.say(b.dungeon, proto::MatchFound());
  b.cluster.turn();
  EXPECT_EQ(heard, 0);
}

TEST(NodeLink, GarbageOnTheBusIsLoggedAndDropped) {
  Bench b;
  b.cluster.up(b.dungeon);
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(119, 'U'), std::string(200, '\0')})
    b.cluster.in(BusMessage{Bytes(bytes)});
  b.cluster.turn();
  EXPECT_TRUE(b.node.faults.empty());
  EXPECT_TRUE(b.node.peer_up(b.dungeon));
}

TEST(NodeLink, APeerOfAnotherClusterRealmOrProtocolIsRefused) {
  for (int what = 0; what < 4; ++what) {
    Bench b;
    b.cluster.in(PeerFound{b.dungeon, "dungeon-1", "there"});
    b.cluster.in(BusUp{b.dungeon});
    proto::Hello hello = hello_of(b.dungeon, {5, 5}, {7, 7});
    if (what == 0) hello.set_cluster_id("other");
    if (what == 1) hello.set_realm_id(2);
    if (what == 2) hello.set_protocol_version(kProtocolVersion + 2);
    if (what == 3) hello.set_node(b.dungeon_2.value);
    b.cluster.say(b.dungeon, hello);
    b.cluster.turn();
    EXPECT_FALSE(b.node.peer_up(b.dungeon)) << what;
    EXPECT_FALSE(b.log.errors.empty()) << what;
  }
}

TEST(NodeLink, APeerThatIsRefusedFourTimesASecondIsOneLineASecondWithACount) {
  Bench b;
  b.cluster.in(PeerFound{b.dungeon, "dungeon-1", "there"});
  b.cluster.in(BusUp{b.dungeon});
  proto::Hello hello = hello_of(b.dungeon, {5, 5}, {7, 7});
  hello.set_cluster_id(std::string(100000, 'x'));
  for (int i = 0; i < 40; ++i) {
    b.cluster.say(b.dungeon, hello);
    b.cluster.run(milliseconds(250));
  }
  EXPECT_GE(b.log.errors.size(), 9u);
  EXPECT_LE(b.log.errors.size(), 11u);
  EXPECT_NE(b.log.errors.back().find("times=4"), std::string::npos) << b.log.errors.back();
  for (const auto& line : b.log.errors) EXPECT_LT(line.size(), 1000u);
}

TEST(NodeLink, OneProtocolVersionApartIsSpokenWith) {
  Bench b;
  b.cluster.in(PeerFound{b.dungeon, "dungeon-1", "there"});
  b.cluster.in(BusUp{b.dungeon});
  proto::Hello hello = hello_of(b.dungeon, {}, {7, 7});
  hello.set_protocol_version(kProtocolVersion + 1);
  b.cluster.say(b.dungeon, hello);
  b.cluster.turn();
  EXPECT_TRUE(b.node.peer_up(b.dungeon));
}

TEST(NodeLink, AStoppedNodeSaysGoodbyeAndIsNotHeardAgain) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.cluster.in(StopRequested{});
  b.cluster.turn();
  EXPECT_EQ(b.cluster.effects<Stopped>().size(), 1u);
  ASSERT_TRUE(b.cluster.take<proto::Goodbye>(b.dungeon));
  // The peer greets it again, as its own link fell: a stopped node must not seem to come back.
  b.cluster.say(b.dungeon, hello_of(b.dungeon, {5, 5}, {}));
  std::vector<Inbound> in;
  std::vector<Outbound> out;
  b.cluster.turn();
  b.node.turn(b.cluster.now + milliseconds(500), b.cluster.wall, &in, &out);
  for (const auto& effect : out) EXPECT_EQ(std::get_if<BusSend>(&effect), nullptr);
}

TEST(NodeLink, DrainingPeersAreNotWilling) {
  Bench b;
  b.cluster.up(b.dungeon);
  b.cluster.up(b.dungeon_2);
  proto::Heartbeat beat;
  beat.set_draining(true);
  b.cluster.say(b.dungeon, beat);
  b.cluster.turn();
  EXPECT_EQ(b.node.peers(Role::kDungeon).size(), 2u);
  EXPECT_EQ(b.node.peers(Role::kDungeon, true), std::vector<NodeId>{b.dungeon_2});
  for (std::uint64_t key = 0; key < 20; ++key) EXPECT_EQ(b.node.rendezvous(Role::kDungeon, key), b.dungeon_2);
}

TEST(NodeLink, RendezvousMovesOnlyWhatTheLostNodeHad) {
  Bench b;
  const NodeId third(Role::kDungeon, 3);
  for (const NodeId node : {b.dungeon, b.dungeon_2, third}) b.cluster.up(node);
  std::map<std::uint64_t, NodeId> before;
  for (std::uint64_t key = 0; key < 300; ++key) before[key] = b.node.rendezvous(Role::kDungeon, key);
  b.cluster.down(third);
  int moved = 0;
  for (const auto& [key, node] : before)
    if (node == third)
      ++moved;
    else
      EXPECT_EQ(b.node.rendezvous(Role::kDungeon, key), node);
  EXPECT_GT(moved, 60);
  EXPECT_LT(moved, 140);
  EXPECT_FALSE(b.node.rendezvous(Role::kChat, 1));
}

// ── clients ─────────────────────────────────────────────────────────────────────────────────────────────────

proto::ErrorReply error_to_client(Bench& b, std::uint32_t id, bool developer) {
  (void)developer;
  MeshHeader header;
  header.kind = MeshKind::kFromClient;
  header.message_id = id;
  header.session = SessionId(4);
  header.client_seq = 17;
  b.cluster.raw(b.gateway, header, "");
  b.cluster.turn();
  proto::ErrorReply error;
  if (b.cluster.sent(b.gateway).empty()) return error;
  const Sent& sent = b.cluster.sent(b.gateway).front();
  EXPECT_EQ(sent.header.kind, MeshKind::kToClient);
  EXPECT_EQ(sent.header.client_seq, 17u);
  EXPECT_EQ(sent.header.session, SessionId(4));
  EXPECT_TRUE(error.ParseFromString(sent.body));
  return error;
}

TEST(NodeLink, AClientMayNotSendWhatOnlyPeersMay) {
  Bench b;
  int ran = 0;
  b.node.on_raw(250, [&](const From&, std::string_view) { ++ran; });
  b.cluster.up(b.gateway);
  EXPECT_EQ(error_to_client(b, 250, false).code(), proto::UNKNOWN_MESSAGE);
  EXPECT_EQ(ran, 0);
}

TEST(NodeLink, DeveloperOnlyMessagesAreRefusedOutsideOfDevelopment) {
  Bench b;
  int ran = 0;
  b.node.on_raw(320, [&](const From&, std::string_view) { ++ran; });
  b.cluster.up(b.gateway);
  EXPECT_EQ(error_to_client(b, 320, false).code(), proto::NOT_ALLOWED);
  EXPECT_EQ(ran, 0);
}

TEST(NodeLink, DeveloperOnlyMessagesPassInDevelopment) {
  MemoryLog log;
  SeededEntropy entropy(1);
  NodeIdentity identity = Bench::identity(NodeId(Role::kGeneral, 1));
  identity.developer = true;
  TestNode node(identity, Seams{&log, &entropy, nullptr, nullptr});
  FakeCluster cluster(node, engine_routes());
  int ran = 0;
  node.on_raw(320, [&](const From&, std::string_view) { ++ran; });
  const NodeId gateway(Role::kGateway, 1);
  cluster.up(gateway);
  MeshHeader header;
  header.kind = MeshKind::kFromClient;
  header.message_id = 320;
  cluster.raw(gateway, header, "");
  cluster.turn();
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace dure::test
