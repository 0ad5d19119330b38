// Bots at the WebSocket's door of a real cluster, beside others at the plain one.
#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;
using test::ClusterProcess;

TEST(WebSocketEvening, BotsPlayByWebSocketAndPlainOnesBesideThem) {
  ClusterProcess cluster("local.toml");
  cluster.up(
      {"--websocket", "--bots", "40", "--story", "evening", "--for", "20s", "--report", cluster.path("web.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  const auto plain = test::run_dure({"bots", "--config", cluster.config(), "--first", "1001", "--count", "10", "--for",
                                     "8s", "--story", "chat", "--report", cluster.path("plain.json")});
  EXPECT_EQ(plain.exit_code, 0) << plain.output;
  EXPECT_EQ(cluster.wait(seconds(90)), 0) << cluster.output();
  for (const char* name : {"web.json", "plain.json"}) test::expect_clean(cluster.report(name));
  EXPECT_EQ(cluster.report("web.json")["connected_max"], 40);
  test::expect_audit_clean(cluster.config());
}

TEST(WebSocketEvening, APlainDoorIsNotTakenForAWebSocketsNorTheOtherWayRound) {
  ClusterProcess cluster("all.toml");
  cluster.up({});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  const std::string text = test::text_of(cluster.config());
  const auto address = [&text](const std::string& key) {
    const auto at = text.find(key + " = \"") + key.size() + 4;
    return text.substr(at, text.find('"', at) - at);
  };
  for (const std::string& gateway : {"ws://" + address("\nlisten"), address("\nlisten_websocket")}) {
    const std::string report = cluster.path("wrong.json");
    const auto bots = test::run_dure({"bots", "--config", cluster.config(), "--gateway", gateway, "--count", "1",
                                      "--for", "3s", "--story", "idle", "--report", report});
    EXPECT_EQ(cluster.report("wrong.json")["connected_max"], 0) << gateway << "\n" << bots.output;
  }
  EXPECT_EQ(cluster.stop(), 0) << cluster.output();
}

}  // namespace
}  // namespace dure
