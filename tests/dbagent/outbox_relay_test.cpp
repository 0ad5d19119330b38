// The relay of an agent with shard 3 on a fake bus: the outbox, the directory and the receivers' shards are played
// here.
#include "dbagent/outbox_relay.h"

#include <gtest/gtest.h>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/agent.h"
#include "tests/common/fake_cluster.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1), kDirectory(Role::kDbagent, 2), kAgentOfFour(Role::kDbagent, 4),
    kAgentOfFive(Role::kDbagent, 5), kOwner(Role::kGeneral, 1);
constexpr std::uint64_t kReceiver = 7;

class OutboxRelayTest : public ::testing::Test {
 protected:
  void SetUp() override {
    NodeIdentity identity;
    identity.id = kAgent;
    identity.name = to_text(kAgent);
    identity.incarnation = {1, 1};
    identity.shards = {3};
    AgentOptions options;
    options.moves.scan_interval = {};
    options.books.interval = {};
    agent = std::make_unique<Agent>(identity, routes, Seams{&log, &entropy}, options);
    cluster = std::make_unique<test::FakeCluster>(*agent, routes);
    cluster->on_effect = [this](Outbound& outbound) {
      auto* work = std::get_if<Work>(&outbound);
      if (work != nullptr) cluster->in(WorkDone{work->work_id, Bytes(own_shard(*work).SerializeAsString())});
      return work != nullptr;
    };
    cluster->up(kDirectory, PeerFacts{{}, 1, {}, true});
    cluster->up(kAgentOfFour, PeerFacts{{}, 1, {4}, false});
    cluster->up(kAgentOfFive, PeerFacts{{}, 1, {5}, false});
    cluster->up(kOwner);
    cluster->answers<proto::PlayerLocate, proto::PlayerLocateReply>(
        kDirectory, [this](const MeshHeader&, const proto::PlayerLocate& query) {
          proto::PlayerLocateReply found;
          found.set_player_id(query.player_id());
          found.set_shard(shard_of_receiver);
          return found;
        });
    for (const NodeId there : {kAgentOfFour, kAgentOfFive})
      cluster->answers<proto::DeliverRequest, proto::DeliverReply>(
          there, [this, there](const MeshHeader&, const proto::DeliverRequest& letter) {
            proto::DeliverReply reply;
            reply.set_code(busy == there ? proto::RETRY : proto::STORED);
            reply.set_owner_node(kOwner.value);
            if (busy != there) delivered.emplace_back(letter.message_id(), letter.shard());
            return reply;
          });
  }
  void TearDown() override {
    agent->scope().end();
    agent->scope().sweep();
  }
  proto::StoreBatchReply own_shard(const Work& work) {
    proto::StoreBatch batch;
    EXPECT_TRUE(batch.ParseFromArray(work.request.data(), static_cast<int>(work.request.size())));
    proto::StoreBatchReply reply;
    for (const auto& item : batch.items()) {
      auto* out = reply.add_items();
      out->set_message_id(item.message_id());
      if (item.message_id() == route_id(proto::OutboxQuery::descriptor())) {
        proto::OutboxReply pending;
        for (const std::uint64_t message : outbox) {
          auto* letter = pending.add_pending();
          letter->set_message_id(message);
          letter->set_player_id(kReceiver);
        }
        out->set_body(pending.SerializeAsString());
      } else if (item.message_id() == route_id(proto::OutboxSent::descriptor())) {
        proto::OutboxSent sent;
        sent.ParseFromString(item.body());
        outbox.erase(sent.message_id());
        if (sent_unheard) {
          proto::StoreReply lost;
          lost.set_code(proto::RETRY);
          out->set_body(lost.SerializeAsString());
        }
      }
    }
    return reply;
  }

  using Delivered = std::vector<std::pair<std::uint64_t, std::uint32_t>>;  // message, shard

  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  std::set<std::uint64_t> outbox;
  std::uint32_t shard_of_receiver = 4;
  NodeId busy;
  bool sent_unheard = false;  // SENT is done, and answered otherwise
  Delivered delivered;
  std::unique_ptr<Agent> agent;
  std::unique_ptr<test::FakeCluster> cluster;
};

TEST_F(OutboxRelayTest, ALetterFollowsItsReceiverFromAShardThatIsAway) {
  outbox = {100};
  cluster->run(seconds(3));
  ASSERT_EQ(delivered, (Delivered{{100, 4}}));
  shard_of_receiver = 5;
  cluster->down(kAgentOfFour);
  outbox = {101};
  cluster->run(seconds(10));
  EXPECT_EQ(delivered, (Delivered{{100, 4}, {101, 5}}));
}

TEST_F(OutboxRelayTest, ALetterFollowsItsReceiverFromAShardThatIsBusyForLong) {
  outbox = {100};
  cluster->run(seconds(3));
  ASSERT_EQ(delivered, (Delivered{{100, 4}}));
  shard_of_receiver = 5;
  busy = kAgentOfFour;
  outbox = {101};
  cluster->run(seconds(10));
  EXPECT_EQ(delivered, (Delivered{{100, 4}, {101, 5}}));
}

TEST_F(OutboxRelayTest, ALetterToAShardThatWasAwayForLongComesSoonAfterItIsBack) {
  busy = kAgentOfFour;
  outbox = {100};
  cluster->run(seconds(120));
  ASSERT_TRUE(delivered.empty());
  busy = {};
  cluster->run(seconds(7));
  EXPECT_EQ(delivered, (Delivered{{100, 4}}));
}

// Nobody carries it again: the store has it as sent.
TEST_F(OutboxRelayTest, ItsReceiverIsToldThoughNobodyHeardThatItWasMarkedSent) {
  sent_unheard = true;
  outbox = {100};
  cluster->run(seconds(3));
  ASSERT_EQ(delivered, (Delivered{{100, 4}}));
  const auto told = cluster->take<proto::InboxNotice>(kOwner);
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->second.player_id(), kReceiver);
}

}  // namespace
}  // namespace dure
