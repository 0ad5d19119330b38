#include "tools/launcher/plan.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

TEST(Plan, StartsFromTheDataOutward) {
  const auto config = load_config(DURE_SOURCE_DIR "/configs/local.toml");
  ASSERT_TRUE(config) << config.error().detail;
  std::string names;
  for (const PlannedProcess& process : plan_processes(*config)) names += process.name + " ";
  EXPECT_EQ(names, "dbagent-1 chat-1 general-1 general-2 dungeon-1 dungeon-2 gateway-1 gateway-2 ");
}

TEST(Plan, PutsAUnitedServerIntoOneProcess) {
  const auto config = load_config(DURE_SOURCE_DIR "/configs/all.toml");
  ASSERT_TRUE(config) << config.error().detail;
  const auto plan = plan_processes(*config);
  ASSERT_EQ(plan.size(), 1u);
  EXPECT_EQ(plan[0].name, "all-1");
  EXPECT_EQ(plan[0].role, "all");
  EXPECT_EQ(plan[0].nodes.size(), 5u);
  EXPECT_EQ(plan[0].ports, (std::vector<std::string>{"127.0.0.1:7001", "127.0.0.1:7011"}));
}

}  // namespace
}  // namespace dure
