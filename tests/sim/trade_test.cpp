// Trades in a whole cluster: between characters of one shard and of two, while owners and the agent die. Whatever
// happens, each trade took place on both sides or on neither, both are told the same, and nothing was made or lost.
#include <gtest/gtest.h>

#include "tests/sim/fixture.h"
#include "tests/sim/trader.h"

namespace dure::sim {
namespace {

struct Market {
  Market(std::uint64_t seed, Shape of, int traders) : stores(seed), shape(of), cluster(seed) {
    add_roles(cluster, game(), shape, stores);
    cluster.start_all();
    cluster.run(seconds(3));
    for (int i = 0; i < traders; ++i) {
      crowd.push_back(std::make_unique<Trader>(cluster, gateway_node(), i));
      crowd.back()->start();
      cluster.run(milliseconds(300));  // accounts come one after the other: shards take turns
    }
  }
  void pair(int a, int b) {
    crowd[a]->partner(crowd[b].get(), true);
    crowd[b]->partner(crowd[a].get(), false);
  }
  bool all_traded(int times) const {
    for (const auto& trader : crowd)
      if (trader->committed() < times) return false;
    return true;
  }
  std::string story() const {
    std::string all;
    for (const auto& trader : crowd) all += trader->story();
    for (const auto& line : cluster.errors()) all += line + "\n";
    return all;
  }
  void check() {
    for (auto& trader : crowd) trader->be_quiet();
    cluster.run(seconds(8));
    std::vector<std::uint64_t> ids;
    for (const auto& trader : crowd) ids.push_back(trader->player_id());
    cluster.kill(agent_node());
    const Stored stored = stores.read(shape.shards, ids);
    Verdict verdict = stores.broken();
    judge_books(stored, &verdict);
    trades_are_whole(crowd, &verdict);
    trades_make_nothing(crowd, stored, prices_of(game()), false, &verdict);
    for (const auto& trader : crowd) judge_trader(*trader, stored, &verdict);
    EXPECT_TRUE(verdict.empty()) << to_text(verdict) << story();
  }
  Stores stores;
  Shape shape;
  Cluster cluster;
  std::vector<std::unique_ptr<Trader>> crowd;
};

TEST(Trade, CharactersOfTwoShardsTrade) {
  Market market(31, Shape{}, 2);
  market.pair(0, 1);
  market.cluster.run(seconds(15));
  EXPECT_TRUE(market.all_traded(3)) << market.story();
  EXPECT_TRUE(market.cluster.errors().empty()) << market.story();
  market.check();
}

TEST(Trade, CharactersOfOneShardTrade) {
  Shape shape;
  shape.shards = 1;
  Market market(32, shape, 2);
  market.pair(0, 1);
  market.cluster.run(seconds(15));
  EXPECT_TRUE(market.all_traded(3)) << market.story();
  EXPECT_TRUE(market.cluster.errors().empty()) << market.story();
  market.check();
}

void die_again_and_again(std::uint64_t seed, std::uint32_t shards, NodeId victim) {
  Shape shape;
  shape.shards = shards;
  Market market(seed, shape, 4);
  market.pair(0, 1);
  market.pair(2, 3);
  market.cluster.run(seconds(8));
  EXPECT_TRUE(market.all_traded(1)) << market.story();
  Rng rng(seed, 0xdead);
  for (int i = 0; i < 6; ++i) {
    // In the middle of a trade, if there is one.
    for (int wait = 0; wait < 400 && !market.crowd[0]->settling() && !market.crowd[2]->settling(); ++wait)
      market.cluster.run(milliseconds(5));
    market.cluster.run(milliseconds(static_cast<std::int64_t>(rng.below(12))));
    market.cluster.kill(victim);
    market.cluster.start(victim, milliseconds(200 + static_cast<std::int64_t>(rng.below(1500))));
    market.cluster.run(seconds(7));
  }
  market.cluster.run(seconds(10));
  EXPECT_TRUE(market.all_traded(4)) << market.story();
  market.check();
}

TEST(Trade, AKilledLobbyTradesAreWholeOrNotAtAll) {
  for (const std::uint64_t seed : {41, 42}) die_again_and_again(seed, 2, general_node());
}
TEST(Trade, AKilledAgentsTradesAreWholeOrNotAtAll) {
  for (const std::uint64_t seed : {51, 52}) die_again_and_again(seed, 2, agent_node());
}
TEST(Trade, SwapsSurviveTheDeathOfEither) {
  die_again_and_again(61, 1, general_node());
  die_again_and_again(62, 1, agent_node());
}

}  // namespace
}  // namespace dure::sim
