// An agent over a real shard and, in half of the tests, a real directory: versions of content are loaded, activated by
// a game master, told, and judged by. Time is turned by hand.
#include "dbagent/content_desk.h"

#include "common/proto/cluster.pb.h"
#include "common/proto/content.pb.h"
#include "dbagent/agent.h"
#include "tests/common/fake_cluster.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure {
namespace {

const NodeId kSelf(Role::kDbagent, 1), kOther(Role::kDbagent, 2), kGeneral(Role::kGeneral, 1),
    kDungeon(Role::kDungeon, 1), kGateway(Role::kGateway, 1), kChat(Role::kChat, 1);

// Loot of at most so much gold.
proto::ContentLoad content(std::int64_t gold) {
  proto::ContentLoad load;
  load.set_hash(static_cast<std::uint64_t>(gold) + 1000);
  load.set_activate_first(true);
  load.mutable_guards()->set_closed(true);
  auto* loot = load.mutable_guards()->add_reasons();
  loot->set_name("loot");
  auto* limit = loot->add_creates();
  limit->set_name("gold");
  limit->set_operation_max(gold);
  return load;
}

class ContentDeskTest : public ::testing::Test {
 protected:
  void start(bool with_directory, const std::string& own) {
    store = store::open_shard(store::shard_options(folder.file("shard")));
    store::ask<proto::StoreReply>(*store, store::creation(1));
    store::ask<proto::AcquireReply>(*store, store::acquisition(1, 0, 70));
    NodeIdentity identity;
    identity.id = kSelf;
    identity.name = to_text(kSelf);
    identity.incarnation = {1, 1};
    identity.shards = {3};
    identity.directory = with_directory;
    if (with_directory) {
      store::DirectoryOptions options;
      options.path = folder.file("directory");
      options.cluster_id = "test";
      options.agent_incarnation = {1, 1};
      auto opened = store::DirectoryStore::open(options);
      ASSERT_TRUE(opened) << opened.error().detail;
      directory = std::move(*opened);
    }
    AgentOptions options;
    options.moves.scan_interval = {};
    options.books.interval = {};
    options.content = own;
    agent = std::make_unique<Agent>(identity, routes, Seams{&log, &entropy}, options);
    cluster = std::make_unique<test::FakeCluster>(*agent, routes);
    cluster->wall = WallTime{milliseconds(store::kNow)};
    cluster->on_effect = [this](Outbound& outbound) {
      auto* work = std::get_if<Work>(&outbound);
      if (work == nullptr) return false;
      const bool of_directory = work->queue == Agent::kDirectoryQueue;
      cluster->in(WorkDone{work->work_id, Bytes(of_directory ? directory->run(work->request.view())
                                                             : store->run(work->request.view()))});
      return true;
    };
  }
  template <class Reply, class Request>
  Reply ask(const Request& request) {
    const CallId call = cluster->ask(kGeneral, request);
    cluster->run(milliseconds(100));
    const auto reply = cluster->take_reply<Reply>(kGeneral, call);
    EXPECT_TRUE(reply);
    return reply ? *reply : Reply();
  }
  proto::ApplyReply loot(std::int64_t gold, std::uint32_t version) {
    store::Ops ops(1, 1);
    ops.op(pseq + 1).balance("gold", gold);
    ops.request.mutable_operations(0)->set_reason("loot");
    ops.request.mutable_operations(0)->set_content_version(version);
    const auto reply = ask<proto::ApplyReply>(ops.request);
    if (reply.code() == proto::STORED) ++pseq;
    return reply;
  }
  // What the game master was answered.
  std::string activate(const std::string& version) {
    proto::GmCommand command;
    command.set_id(++commands);
    command.set_issuer("tester");
    command.set_cluster_id("dure");
    command.set_not_after_unix_ms(unix_ms(cluster->wall) + 30'000);
    command.set_verb("content");
    command.add_arguments("activate");
    command.add_arguments(version);
    cluster->in(GmCommandIn{Bytes(command.SerializeAsString()), "answers"});
    cluster->run(milliseconds(200));
    std::string text;
    for (const auto& out : cluster->effects<GmAnswerOut>()) {
      proto::GmAnswer answer;
      answer.ParseFromString(std::string(out.answer.view()));
      if (answer.id() == commands) text = answer.text();
    }
    return text;
  }

  store::TempFolder folder;
  std::unique_ptr<store::ShardStore> store;
  std::unique_ptr<store::DirectoryStore> directory;
  Routes routes = std::move(*Routes::build(engine_files()));
  test::MemoryLog log;
  SeededEntropy entropy{1};
  std::unique_ptr<Agent> agent;
  std::unique_ptr<test::FakeCluster> cluster;
  std::uint64_t pseq = 0, commands = 900;
};

TEST_F(ContentDeskTest, WhatItCameWithIsActiveToldAndJudgedBy) {
  start(true, content(100).SerializeAsString());
  for (const NodeId peer : {kGeneral, kDungeon, kOther, kGateway, kChat}) cluster->up(peer);
  cluster->run(seconds(2));
  for (const NodeId peer : {kGeneral, kDungeon, kOther}) {
    const auto notice = cluster->take<proto::ContentNotice>(peer);
    ASSERT_TRUE(notice) << to_text(peer);
    EXPECT_EQ(notice->second.active(), 1u);
    EXPECT_EQ(notice->second.versions(0).hash(), 1100u);
  }
  EXPECT_FALSE(cluster->take<proto::ContentNotice>(kGateway));
  EXPECT_FALSE(cluster->take<proto::ContentNotice>(kChat));
  EXPECT_EQ(agent->content_desk().installed(), 1u);
  EXPECT_EQ(loot(100, 1).code(), proto::STORED);
  EXPECT_EQ(loot(101, 1).code(), proto::REJECTED);
}

TEST_F(ContentDeskTest, APeerThatComesLaterIsToldToo) {
  start(true, content(100).SerializeAsString());
  cluster->run(seconds(2));
  cluster->up(kDungeon);
  ASSERT_TRUE(cluster->take<proto::ContentNotice>(kDungeon));
}

TEST_F(ContentDeskTest, AGameMasterActivatesAVersionThatWasLoaded) {
  start(true, content(100).SerializeAsString());
  cluster->up(kGeneral);
  cluster->run(seconds(2));
  EXPECT_EQ(ask<proto::ContentLoaded>(content(500)).version(), 2u);
  EXPECT_EQ(agent->content_desk().active(), 1u);
  cluster->run(seconds(2));
  EXPECT_EQ(loot(400, 2).code(), proto::RETRY) << "nobody has heard of it yet";
  while (cluster->take<proto::ContentNotice>(kGeneral)) {
  }
  EXPECT_EQ(activate("2"), "content 2 is active");
  const auto notice = cluster->take<proto::ContentNotice>(kGeneral);
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->second.active(), 2u);
  cluster->run(seconds(2));
  EXPECT_EQ(loot(100, 1).code(), proto::STORED) << "an owner that has not heard yet";
  EXPECT_EQ(loot(400, 2).code(), proto::STORED);
  EXPECT_EQ(loot(10, 9).code(), proto::RETRY);
  ask<proto::ContentLoaded>(content(600));
  EXPECT_EQ(activate("3"), "content 3 is active");
  cluster->run(seconds(2));
  const auto late = loot(10, 1);
  EXPECT_EQ(late.code(), proto::OTHER_CONTENT);
  EXPECT_EQ(late.detail(), "content 1, active is 3");
  EXPECT_EQ(loot(401, 2).code(), proto::STORED) << "nobody was fenced";
}

// A version that was loaded is corrected under the same number before it is active.
TEST_F(ContentDeskTest, WhatWasNeverActiveIsToldToOwnersAndJudgedByNobody) {
  start(true, content(100).SerializeAsString());
  for (const NodeId peer : {kGeneral, kOther}) cluster->up(peer);
  cluster->run(seconds(2));
  ask<proto::ContentLoaded>(content(50));
  EXPECT_EQ(ask<proto::ContentLoaded>(content(500)).version(), 2u);
  cluster->run(seconds(2));
  std::optional<proto::ContentNotice> to_owners, to_agents;
  while (const auto notice = cluster->take<proto::ContentNotice>(kGeneral)) to_owners = notice->second;
  while (const auto notice = cluster->take<proto::ContentNotice>(kOther)) to_agents = notice->second;
  ASSERT_TRUE(to_owners && to_agents);
  ASSERT_EQ(to_owners->versions_size(), 2);
  EXPECT_EQ(to_owners->versions(1).hash(), 1500u);
  EXPECT_EQ(to_agents->versions_size(), 1);
  EXPECT_EQ(agent->content_desk().installed(), 1u) << "else it is installed again and again";
  EXPECT_EQ(activate("2"), "content 2 is active");
  cluster->run(seconds(1));
  EXPECT_EQ(agent->content_desk().installed(), 1u);
  EXPECT_EQ(loot(400, 2).code(), proto::STORED);
  EXPECT_EQ(activate("1"), "content 1 is active");
  cluster->run(seconds(1));
  EXPECT_EQ(loot(400, 2).code(), proto::STORED) << "an owner that has not heard of the step back";
  EXPECT_EQ(activate("2"), "content 2 is active");
  cluster->run(seconds(1));
  EXPECT_EQ(loot(400, 2).code(), proto::STORED);
  EXPECT_EQ(loot(100, 1).code(), proto::STORED);
}

TEST_F(ContentDeskTest, WhatCannotBeActivatedSaysWhy) {
  start(true, content(100).SerializeAsString());
  cluster->up(kGeneral);
  cluster->run(seconds(2));
  EXPECT_EQ(activate("2"), "not activated: version 2 is not loaded");
  EXPECT_EQ(activate("zwei"), "content: activate, a version's number");
  EXPECT_EQ(activate("0"), "content: activate, a version's number");
  EXPECT_EQ(activate("1"), "content 1 is active");
}

TEST_F(ContentDeskTest, WithoutContentNothingIsJudgedAndNobodyIsTold) {
  start(true, "");
  cluster->up(kGeneral);
  cluster->run(seconds(3));
  EXPECT_FALSE(cluster->take<proto::ContentNotice>(kGeneral));
  EXPECT_EQ(loot(1'000'000, 7).code(), proto::STORED);
}

TEST_F(ContentDeskTest, AnAgentOfShardsAloneAsksTheDirectorysForTheGuards) {
  start(false, "");
  PeerFacts facts;
  facts.directory = true;
  int asked = 0;
  cluster->answers<proto::ContentQuery, proto::ContentReply>(
      kOther, [&](auto&, const auto& query) -> std::optional<proto::ContentReply> {
        EXPECT_TRUE(query.guards());
        if (++asked == 1) return std::nullopt;  // lost: asked again
        proto::ContentReply reply;
        reply.set_active(4);
        auto* version = reply.add_versions();
        version->set_version(4);
        version->set_hash(44);
        *version->mutable_guards() = content(100).guards();
        return reply;
      });
  cluster->up(kOther, facts);
  cluster->up(kGeneral);
  proto::ContentNotice notice;
  notice.set_active(4);
  auto* version = notice.add_versions();
  version->set_version(4);
  version->set_hash(44);
  cluster->say(kOther, notice);
  cluster->run(seconds(8));
  EXPECT_GE(asked, 2);
  EXPECT_EQ(agent->content_desk().installed(), 1u);
  EXPECT_EQ(loot(101, 4).code(), proto::REJECTED);
}

}  // namespace
}  // namespace dure
