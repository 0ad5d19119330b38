#include <gtest/gtest.h>

#include "lobby/lobby.h"
#include "tests/common/fake_cluster.h"

namespace dure::test {
namespace {

TEST(EmptyGame, RunsALobbyWithoutAnyFeature) {
  Routes routes = std::move(*Routes::build(engine_files()));
  MemoryLog log;
  SeededEntropy entropy(1);
  NodeIdentity identity;
  identity.id = NodeId(Role::kGeneral, 1);
  Lobby::Options options;
  options.content = std::move(*parse_content({"zones.toml", "[[zone]]\nname = \"meadow\"\n"}, {"dungeons.toml", ""}));
  Lobby lobby(identity, routes, Seams{&log, &entropy, nullptr, nullptr}, options);
  EXPECT_EQ(lobby.routes_without_handler(), std::vector<std::string>());
  FakeCluster cluster(lobby, routes);
  cluster.run(seconds(2));
  EXPECT_EQ(log.errors, std::vector<std::string>());
}

}  // namespace
}  // namespace dure::test
