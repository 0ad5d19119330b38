#include "tools/launcher/node_table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dure {
namespace {

std::vector<NodeRow> rows() {
  NodeRow gateway{"gateway-1", "gateway", "ready", 4711, {}};
  gateway.values.players = 100;
  gateway.values.input_wait_p99_us = 812;
  gateway.values.turn_p99_us = 12300;
  gateway.values.turn_max_us = 48100;
  gateway.values.sent_per_s = 1900;
  gateway.values.figures["connections"] = 17;
  return {gateway, {"chat-1", "chat", "restart in 0.4 s", 0, {}}};
}

TEST(NodeTable, AlignsColumnsAndShowsADashForTheUnknown) {
  EXPECT_EQ(format_table(rows()),
            "node       role      pid  state             players  input wait p99  turn p99  turn max  sent/s\n"
            "gateway-1  gateway  4711  ready                 100          812 µs   12.3 ms   48.1 ms    1900\n"
            "chat-1     chat        –  restart in 0.4 s        –               –         –         –       –\n");
}

TEST(NodeTable, SpeaksJsonWithNullForTheUnknown) {
  const auto json = nlohmann::json::parse(format_json(rows()));
  EXPECT_EQ(json[0]["pid"], 4711);
  EXPECT_EQ(json[0]["input_wait_p99_us"], 812);
  EXPECT_EQ(json[0]["turn_max_us"], 48100);
  EXPECT_EQ(json[0]["figures"]["connections"], 17);
  EXPECT_TRUE(json[1]["players"].is_null());
  EXPECT_TRUE(json[1]["pid"].is_null());
}

TEST(NodeTable, PicksTheUnitOfATime) {
  EXPECT_EQ(format_us(0), "0 µs");
  EXPECT_EQ(format_us(1500), "1.5 ms");
  EXPECT_EQ(format_us(2'000'000), "2.0 s");
}

}  // namespace
}  // namespace dure
