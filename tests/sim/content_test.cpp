// Content is changed while it is played: the agent loads another version, a game master activates it, owners switch, a
// run goes on with what it began with; nobody is refused, disconnected, or paid by two rules.
#include <gtest/gtest.h>

#include "common/proto/cluster.pb.h"
#include "dbagent/agent.h"
#include "dbagent/content_desk.h"
#include "tests/sim/fixture.h"

namespace dure::sim {
namespace {

// An evening whose content is not everybody's.
struct ContentEvening {
  explicit ContentEvening(std::uint64_t seed) : stores(seed), cluster(seed) {
    add_roles(cluster, own, shape, stores);
    cluster.start_all();
    cluster.run(seconds(3));
    for (int i = 0; i < 6; ++i) players.push_back(std::make_unique<ScriptedPlayer>(cluster, gateway_node(), i, i < 4));
    for (auto& player : players) player->start();
  }
  // The agent comes back with other files: they are loaded as the next version, and not played.
  void load() {
    cluster.kill(agent_node());
    cluster.start(agent_node(), milliseconds(200));
    cluster.run(seconds(2));
  }
  void activate(std::uint32_t version) {
    proto::GmCommand command;
    command.set_id(++commands);
    command.set_issuer("tester");
    command.set_cluster_id("dure");
    command.set_not_after_unix_ms(INT64_MAX);
    command.set_verb("content");
    command.add_arguments("activate");
    command.add_arguments(std::to_string(version));
    cluster.give(agent_node(), GmCommandIn{Bytes(command.SerializeAsString()), "answers"});
    cluster.run(milliseconds(500));
  }
  std::uint32_t active() { return cluster.as<Agent>(agent_node())->content_desk().active(); }
  std::uint32_t lobbys() { return cluster.as<Lobby>(general_node())->content_version(); }
  std::uint32_t dungeons() { return cluster.as<Dungeon>(dungeon_node())->content_version(); }
  // Of the runs under way, by run.
  std::vector<std::uint32_t> runs() {
    std::vector<std::uint32_t> versions;
    for (const auto& [run, instance] : cluster.as<Dungeon>(dungeon_node())->instances())
      if (instance->state == Instance::State::kRunning) versions.push_back(instance->content_version);
    return versions;
  }
  void expect_undisturbed() {
    for (const auto& player : players) EXPECT_EQ(player->disconnects(), 0) << player->last_error();
    for (const auto& line : cluster.errors()) ADD_FAILURE() << line;
  }
  void check_saved() {
    for (auto& player : players) player->be_quiet();
    cluster.run(seconds(3));
    std::vector<std::uint64_t> ids;
    for (const auto& player : players) {
      EXPECT_TRUE(player->all_saved()) << player->last_error();
      EXPECT_TRUE(player->mismatches().empty()) << player->player_id() << ": " << to_text(player->mismatches());
      ids.push_back(player->player_id());
    }
    cluster.kill(agent_node());
    const Stored stored = stores.read(shape.shards, ids);
    EXPECT_EQ(stored.ledger_sum, 0);
    EXPECT_TRUE(stores.broken().empty()) << to_text(stores.broken());
    for (const auto& line : stored.findings) ADD_FAILURE() << line;
  }
  Game own;
  Stores stores;
  Shape shape;
  Cluster cluster;
  std::vector<std::unique_ptr<ScriptedPlayer>> players;
  std::uint64_t commands = 1000;
};

TEST(ContentSim, AFreshClusterPlaysWhatItCameWith) {
  ContentEvening evening(61);
  evening.cluster.run(seconds(2));
  EXPECT_EQ(evening.active(), 1u);
  EXPECT_EQ(evening.lobbys(), 1u);
  EXPECT_EQ(evening.cluster.as<Agent>(agent_node())->content_desk().installed(), evening.shape.shards);
  evening.expect_undisturbed();
}

TEST(ContentSim, AnotherVersionIsActivatedDuringPlayAndARunKeepsItsOwn) {
  ContentEvening evening(62);
  const auto fighting = [&] { return !evening.runs().empty() && evening.players[0]->attacks() > 2; };
  for (int i = 0; i < 150 && !fighting(); ++i) evening.cluster.run(milliseconds(100));
  ASSERT_TRUE(fighting());

  // Dearer bread; a monster whose gold the old rules would never pay, and the new ones do.
  evening.own.edit("items.toml", "buy_price = 6", "buy_price = 7");
  evening.own.edit("dungeons.toml", "reward_gold = 50", "reward_gold = 90");
  evening.load();
  EXPECT_EQ(evening.active(), 1u) << "loaded is not active";
  EXPECT_EQ(evening.lobbys(), 1u);

  const std::size_t before = evening.runs().size();
  evening.activate(2);
  EXPECT_EQ(evening.active(), 2u);
  EXPECT_EQ(evening.lobbys(), 2u);
  EXPECT_EQ(evening.dungeons(), 2u);
  EXPECT_EQ(evening.cluster.as<Agent>(agent_node())->content_desk().installed(), evening.shape.shards);
  ASSERT_GT(before, 0u);
  ASSERT_FALSE(evening.runs().empty()) << "the run was to last";
  EXPECT_EQ(evening.runs().front(), 1u) << "a run keeps the version it began with";

  const int bought = evening.players[5]->bought();
  evening.cluster.run(seconds(20));
  EXPECT_GT(evening.players[5]->bought(), bought) << "at the new price";
  evening.expect_undisturbed();
  evening.check_saved();
}

TEST(ContentSim, ASecondChangeEndsARunOfTheFirstVersionInTheLobby) {
  ContentEvening evening(63);
  const auto fighting = [&] { return !evening.runs().empty() && evening.players[0]->attacks() > 2; };
  for (int i = 0; i < 150 && !fighting(); ++i) evening.cluster.run(milliseconds(100));
  ASSERT_TRUE(fighting());
  evening.own.edit("items.toml", "buy_price = 6", "buy_price = 7");
  evening.load();
  evening.activate(2);
  evening.own.edit("items.toml", "buy_price = 7", "buy_price = 8");
  evening.load();
  ASSERT_FALSE(evening.runs().empty()) << "the run was to last";
  evening.activate(3);
  EXPECT_EQ(evening.active(), 3u);
  EXPECT_TRUE(evening.runs().empty());
  evening.cluster.run(seconds(3));
  for (const auto& player : evening.players) EXPECT_EQ(player->place().rfind("town", 0), 0u) << player->place();
  evening.expect_undisturbed();
  evening.check_saved();
}

TEST(ContentSim, OneGoesBackByTheSameStep) {
  ContentEvening evening(64);
  evening.cluster.run(seconds(3));
  evening.own.edit("items.toml", "buy_price = 6", "buy_price = 7");
  evening.load();
  evening.activate(2);
  EXPECT_EQ(evening.lobbys(), 2u);
  evening.activate(3);
  EXPECT_EQ(evening.active(), 2u) << "not loaded";
  evening.cluster.run(seconds(3));
  evening.activate(1);
  EXPECT_EQ(evening.active(), 1u);
  EXPECT_EQ(evening.lobbys(), 1u);
  const int bought = evening.players[5]->bought();
  evening.cluster.run(seconds(5));
  EXPECT_GT(evening.players[5]->bought(), bought);
  evening.expect_undisturbed();
  evening.check_saved();
}

TEST(ContentSim, TwoStepsBackEndARunOfTheNewestVersion) {
  ContentEvening evening(65);
  for (auto& player : evening.players) player->be_tireless();
  evening.cluster.run(seconds(5));
  evening.own.edit("items.toml", "buy_price = 6", "buy_price = 7");
  evening.load();
  evening.activate(2);
  evening.own.edit("items.toml", "buy_price = 7", "buy_price = 8");
  evening.load();
  evening.activate(3);
  const auto newest = [&] {
    const auto runs = evening.runs();
    return std::find(runs.begin(), runs.end(), 3u) != runs.end() && evening.players[0]->attacks() > 2;
  };
  for (int i = 0; i < 600 && !newest(); ++i) evening.cluster.run(milliseconds(100));
  ASSERT_TRUE(newest());
  evening.activate(2);
  EXPECT_FALSE(evening.runs().empty()) << "one step is borne";
  evening.activate(1);
  EXPECT_EQ(evening.active(), 1u);
  evening.cluster.run(seconds(3));
  EXPECT_EQ(evening.lobbys(), 1u);
  EXPECT_EQ(evening.dungeons(), 1u);
  for (const std::uint32_t run : evening.runs()) EXPECT_LE(run, 2u);
  evening.cluster.run(seconds(5));
  evening.expect_undisturbed();
  evening.check_saved();
}

}  // namespace
}  // namespace dure::sim
