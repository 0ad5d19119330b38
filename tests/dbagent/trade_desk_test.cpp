// Two agents over real stores, each on a fake bus of its own; what they say to each other is carried between the two,
// unless a test loses it. Time is turned by hand.
#include "dbagent/trade_desk.h"

#include <gtest/gtest.h>

#include <deque>

#include "common/proto/store.pb.h"
#include "dbagent/agent.h"
#include "tests/common/fake_cluster.h"
#include "tests/dbagent/store/trade_fixture.h"

namespace dure {
namespace {

const NodeId kGeneral(Role::kGeneral, 1);
NodeId agent_of(std::uint32_t shard) { return NodeId(Role::kDbagent, static_cast<std::uint16_t>(shard)); }

struct Life {
  std::unique_ptr<Agent> agent;
  std::unique_ptr<test::FakeCluster> cluster;
};

class TradeDeskTest : public store::TradeTest {
 protected:
  void SetUp() override {
    store::TradeTest::SetUp();
    for (const std::uint64_t player : {1, 2, 3}) {
      auto request = store::acquisition(player, 1, 900 + player);
      request.set_owner_node(kGeneral.value);
      EXPECT_EQ(on<proto::AcquireReply>(player == 3 ? 2 : 1, request).epoch(), 2u);
    }
    for (const std::uint32_t shard : {1, 2}) start(shard);
    meet();
  }
  void TearDown() override {
    lives.clear();
    store::TradeTest::TearDown();
  }
  // A new life of an agent and its store; what both had in memory is gone.
  void start(std::uint32_t shard) {
    open(shard);
    NodeIdentity identity;
    identity.id = agent_of(shard);
    identity.name = to_text(identity.id);
    identity.incarnation = {1, 1};  // of the store's file: the fixture opens it, too
    identity.shards = {shard};
    Life& life = lives[shard];
    const MonoTime before = life.cluster ? life.cluster->now : MonoTime{seconds(1000)};
    const WallTime wall = life.cluster ? life.cluster->wall : WallTime{seconds(1'800'000'000)};
    life.cluster.reset();
    life.agent = std::make_unique<Agent>(identity, routes, Seams{&log, &entropy}, AgentOptions{});
    life.cluster = std::make_unique<test::FakeCluster>(*life.agent, routes);
    life.cluster->now = before;
    life.cluster->wall = wall;
    life.cluster->on_effect = [this, shard](Outbound& outbound) {
      auto* work = std::get_if<Work>(&outbound);
      if (work == nullptr) return false;
      if (dead.contains(shard)) return true;
      if (refuses == shard && holds_finish(*work)) {
        refused = true;
        proto::StoreBatchReply full;
        full.set_retry(true);
        lives.at(shard).cluster->in(WorkDone{work->work_id, Bytes(full.SerializeAsString())});
        return true;
      }
      proto::StoreBatchReply reply;
      EXPECT_TRUE(reply.ParseFromString(stores.at(shard)->run(work->request.view())));
      for (; !forged[shard].empty(); forged[shard].pop_front()) *reply.add_events() = forged[shard].front();
      lives.at(shard).cluster->in(WorkDone{work->work_id, Bytes(reply.SerializeAsString())});
      return true;
    };
  }
  static bool holds_finish(const Work& work) {
    proto::StoreBatch batch;
    EXPECT_TRUE(batch.ParseFromString(std::string(work.request.view())));
    for (const auto& item : batch.items())
      if (item.message_id() == route_id(proto::TradeFinish::descriptor())) return true;
    return false;
  }
  void meet() {
    for (const std::uint32_t shard : {1, 2}) {
      lives.at(shard).cluster->up(kGeneral);
      lives.at(shard).cluster->up(agent_of(3 - shard), PeerFacts{{}, 1, {3 - shard}, false});
    }
  }
  void carry(std::uint32_t from) {
    test::FakeCluster& sender = *lives.at(from).cluster;
    test::FakeCluster& receiver = *lives.at(3 - from).cluster;
    const auto& sent = sender.sent(agent_of(3 - from));
    const std::vector<test::Sent> words(sent.begin(), sent.end());
    sender.forget_sent_to(agent_of(3 - from));
    for (const test::Sent& word : words) {
      const bool request = word.header.kind == MeshKind::kRequest;
      if (dead.contains(from) || dead.contains(3 - from) || (request && lost.contains(word.header.message_id)))
        continue;
      receiver.raw(agent_of(from), word.header, word.body);
    }
  }
  void run(Duration duration) {
    for (Duration passed{}; passed < duration; passed += milliseconds(5)) {
      for (auto& [shard, life] : lives) life.cluster->run(milliseconds(5), milliseconds(5));
      for (const std::uint32_t shard : {1, 2}) carry(shard);
    }
  }
  CallId send_leg(const proto::TradeTerms& agreed, std::uint32_t side) {
    const std::uint32_t shard = agreed.sides(static_cast<int>(side)).player_id() == 3 ? 2 : 1;
    proto::ApplyRequest request = leg(agreed, side, 1, 2).request;
    request.set_shard(shard);
    return lives.at(shard).cluster->ask(kGeneral, request);
  }
  std::optional<proto::TradeNotice> notice(std::uint32_t shard) {
    const auto taken = lives.at(shard).cluster->take<proto::TradeNotice>(kGeneral);
    return taken ? std::optional(taken->second) : std::nullopt;
  }
  void expect_settled(proto::LegState state) {
    for (const std::uint64_t player : {1, 3}) {
      const auto outcome = state_of(player == 3 ? 2 : 1, player, terms).outcome();
      EXPECT_EQ(outcome.state(), state) << "player " << player;
    }
    for (const std::uint32_t shard : {1, 2}) EXPECT_EQ(open_holds(shard).holds_size(), 0);
    EXPECT_TRUE(log.errors.empty());
  }

  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  std::map<std::uint32_t, Life> lives;
  std::set<std::uint32_t> dead;  // shards whose agent does not live
  std::set<std::uint32_t> lost;  // messages that do not arrive
  std::uint32_t refuses = 0;     // the shard whose store has no room for a FINISH
  bool refused = false;          // it has refused one
  std::map<std::uint32_t, std::deque<proto::StoreEvent>>
      forged;  // what a shard says with its next group, and should not
  proto::TradeTerms terms = store::terms_of(1, 1, {1, 30, {}}, {3, 0, {30}});
};

TEST_F(TradeDeskTest, ATradeOfTwoAgentsIsDecidedFinishedAndTold) {
  const CallId first = send_leg(terms, 0), second = send_leg(terms, 1);
  run(milliseconds(100));
  for (const std::uint32_t shard : {1, 2}) {
    const auto reply = lives.at(shard).cluster->take_reply<proto::ApplyReply>(kGeneral, shard == 1 ? first : second);
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->legs(0).state(), proto::LEG_HELD);
    const auto told = notice(shard);
    ASSERT_TRUE(told) << "shard " << shard;
    EXPECT_EQ(told->player_epoch(), 2u);
    EXPECT_EQ(told->outcome().state(), proto::LEG_COMMITTED);
    EXPECT_EQ(told->outcome().settle_seq(), 1u);
    EXPECT_EQ(lives.at(shard).agent->trade_desk().under_way(), 0u);
  }
  expect_settled(proto::LEG_COMMITTED);
}

TEST_F(TradeDeskTest, WhicheverLegComesFirst) {
  send_leg(terms, 1);
  run(milliseconds(50));
  send_leg(terms, 0);
  run(milliseconds(100));
  EXPECT_TRUE(notice(2));
  expect_settled(proto::LEG_COMMITTED);
}

TEST_F(TradeDeskTest, AVoteThatWasLostIsFoundByTheScan) {
  lost.insert(route_id(proto::TradeVote::descriptor()));
  send_leg(terms, 0);
  send_leg(terms, 1);
  run(milliseconds(1500));
  EXPECT_FALSE(notice(1));
  lost.clear();
  run(seconds(12));
  // Only the other shard's vote was lost, the register's own hold may have been given up before it came.
  const auto decided = verdict(1, terms, false).verdict();
  ASSERT_NE(decided, proto::UNDECIDED);
  expect_settled(decided == proto::COMMIT ? proto::LEG_COMMITTED : proto::LEG_ABORTED);
}

TEST_F(TradeDeskTest, AVerdictThatWasLostIsFoundByTheScan) {
  lost.insert(route_id(proto::TradeFinish::descriptor()));
  send_leg(terms, 1);
  run(milliseconds(50));
  send_leg(terms, 0);
  run(milliseconds(300));
  EXPECT_EQ(state_of(1, 1, terms).outcome().state(), proto::LEG_COMMITTED);
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_HELD);
  run(seconds(5));
  expect_settled(proto::LEG_COMMITTED);
}

TEST_F(TradeDeskTest, AHoldWhosePartnerNeverComesIsGivenBack) {
  send_leg(terms, 1);
  run(milliseconds(1500));
  EXPECT_FALSE(notice(2));
  run(seconds(3));
  const auto told = notice(2);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->outcome().state(), proto::LEG_ABORTED);
  EXPECT_EQ(told->outcome().settle_seq(), 1u);
  EXPECT_EQ(told->outcome().items(0).id().low(), 30u);
  const CallId late = send_leg(terms, 0);
  run(milliseconds(50));
  const auto reply = lives.at(1).cluster->take_reply<proto::ApplyReply>(kGeneral, late);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->legs(0).state(), proto::LEG_ABORTED);
}

TEST_F(TradeDeskTest, ASwapThatWaitsTooLongIsAborted) {
  const auto swap = store::terms_of(2, 1, {1, 30, {}}, {2, 0, {20}});
  send_leg(swap, 0);
  run(milliseconds(1500));
  EXPECT_FALSE(notice(1));
  run(seconds(3));
  const auto told = notice(1);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->outcome().state(), proto::LEG_ABORTED);
  EXPECT_EQ(told->outcome().settle_seq(), 0u);
  EXPECT_EQ(verdict(1, swap, false).verdict(), proto::ABORT);
}

TEST_F(TradeDeskTest, TheFirstLegOfASwapHearsWhenTheSecondComes) {
  const auto swap = store::terms_of(2, 1, {1, 30, {}}, {2, 0, {20}});
  send_leg(swap, 0);
  run(milliseconds(50));
  send_leg(swap, 1);
  run(milliseconds(50));
  const auto told = notice(1);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->player_id(), 1u);
  EXPECT_EQ(told->outcome().state(), proto::LEG_COMMITTED);
}

TEST_F(TradeDeskTest, ARegisterThatIsAwayIsWaitedForAndNothingIsLost) {
  send_leg(terms, 0);
  run(milliseconds(50));
  dead.insert(1);
  send_leg(terms, 1);
  run(seconds(8));
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_HELD);
  EXPECT_GE(lives.at(2).agent->trade_desk().stuck(), 1u);
  dead.clear();
  start(1);
  meet();
  run(seconds(10));
  EXPECT_NE(verdict(1, terms, false).verdict(), proto::UNDECIDED);
  const bool committed = verdict(1, terms, false).verdict() == proto::COMMIT;
  expect_settled(committed ? proto::LEG_COMMITTED : proto::LEG_ABORTED);
  EXPECT_EQ(lives.at(2).agent->trade_desk().stuck(), 0u);
}

TEST_F(TradeDeskTest, HoldsThatWaitForARegisterThatIsAwayDoNotHideTheOthers) {
  constexpr std::uint64_t kWaiting = 600;
  store::Ops rich(3, 2);
  rich.op(1).balance("gold", 2 * kWaiting);
  const auto ask = [&](store::Ops ops) {
    ops.request.set_shard(2);
    lives.at(2).cluster->ask(kGeneral, ops.request);
    run(milliseconds(5));
  };
  ask(rich);
  dead.insert(1);
  std::uint64_t pseq = 1;
  for (std::uint64_t trade = 1; trade <= kWaiting; ++trade)
    ask(leg(store::terms_of(trade, 1, {1, 1, {}}, {3, 1, {}}), 1, ++pseq, 2));
  const auto here = store::terms_of(9999, 2, {1, 1, {}}, {3, 1, {}});
  ask(leg(here, 1, ++pseq, 2));
  run(seconds(8));
  EXPECT_EQ(state_of(2, 3, here).outcome().state(), proto::LEG_ABORTED);
  EXPECT_EQ(lives.at(2).agent->trade_desk().stuck(), kWaiting);
}

TEST_F(TradeDeskTest, AVerdictIsNotCarriedOnWhenItsRegisterIsGone) {
  lost.insert(route_id(proto::TradeFinish::descriptor()));  // the register's own word does not arrive
  refuses = 2;
  send_leg(terms, 0);
  send_leg(terms, 1);
  for (int i = 0; i < 100 && !refused; ++i) run(milliseconds(5));
  ASSERT_TRUE(refused);
  // It may come back as it was before it decided: until then nobody acts on what it said.
  dead.insert(1);
  refuses = 0;
  for (auto& [shard, life] : lives) life.cluster->down(agent_of(3 - shard));
  run(seconds(5));
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_HELD);

  dead.clear();
  start(1);
  meet();
  run(seconds(5));
  expect_settled(proto::LEG_COMMITTED);
}

TEST_F(TradeDeskTest, AFinishThatWasRefusedIsTriedAgainWithinMoments) {
  lost.insert(route_id(proto::TradeFinish::descriptor()));
  refuses = 2;
  send_leg(terms, 0);
  send_leg(terms, 1);
  for (int i = 0; i < 100 && !refused; ++i) run(milliseconds(5));
  ASSERT_TRUE(refused);
  refuses = 0;
  run(milliseconds(300));
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_COMMITTED);
}

TEST_F(TradeDeskTest, ANoticeIsForWhoOwnsPlayersAlone) {
  const NodeId dungeon(Role::kDungeon, 1), chat(Role::kChat, 1);
  test::FakeCluster& cluster = *lives.at(1).cluster;
  for (const NodeId node : {dungeon, chat}) cluster.up(node);
  for (const NodeId node : {dungeon, chat}) {
    auto* notice = forged[1].emplace_back().mutable_to_owner();
    notice->set_node(node.value);
    notice->mutable_trade()->set_player_id(1);
  }
  run(seconds(2));
  EXPECT_TRUE(forged[1].empty());
  EXPECT_TRUE(cluster.take<proto::TradeNotice>(dungeon).has_value());
  EXPECT_FALSE(cluster.take<proto::TradeNotice>(chat).has_value());
}

// The register and a leg that do not agree: nothing changes, and somebody has to look.
TEST_F(TradeDeskTest, AVerdictThatALegRefusesIsAnErrorOfOurs) {
  send_leg(terms, 1);
  run(milliseconds(50));
  auto* undecided = forged[1].emplace_back().mutable_finish();
  undecided->set_shard(2);
  *undecided->mutable_txn() = terms.txn();
  undecided->set_side(1);
  run(seconds(1));
  EXPECT_EQ(lives.at(1).agent->trade_desk().under_way(), 0u);
  ASSERT_EQ(log.errors.size(), 1u);
  EXPECT_EQ(log.errors[0], "trade.stuck node=dbagent-1 shard=2 side=1");
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_HELD);
}

// A vote that another shard cannot take is not carried on.
TEST_F(TradeDeskTest, AVoteForARegisterThatIsElsewhereEndsHere) {
  auto* vote = forged[1].emplace_back().mutable_vote();
  vote->set_shard(2);  // whose terms name shard 1
  *vote->mutable_terms() = terms;
  vote->set_yes(true);
  run(seconds(2));
  EXPECT_EQ(lives.at(1).agent->trade_desk().under_way(), 0u);
  EXPECT_EQ(verdict(1, terms, false).verdict(), proto::UNDECIDED);
  EXPECT_TRUE(log.errors.empty());
}

TEST_F(TradeDeskTest, AnAgentsNewLifeDrivesWhatItsOldOneLeft) {
  lost.insert(route_id(proto::TradeVote::descriptor()));
  send_leg(terms, 1);
  run(milliseconds(50));
  start(2);
  lost.clear();
  meet();
  run(seconds(5));
  EXPECT_EQ(state_of(2, 3, terms).outcome().state(), proto::LEG_ABORTED);
  EXPECT_EQ(verdict(1, terms, false).verdict(), proto::ABORT);
}

}  // namespace
}  // namespace dure
