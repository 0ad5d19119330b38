// What the directory's agent tells of its switches, and how one that was set until a time falls back.
#include "tests/dbagent/agent_fixture.h"

namespace dure {
namespace {

TEST_F(AgentTest, SwitchesAreToldWholeToEveryPeerThatComesUp) {
  auto* row = switches_.add_switches();
  row->set_name("shop");
  row->set_on(false);
  cluster_.run(milliseconds(50));
  cluster_.up(kGateway);
  const auto notice = cluster_.take<proto::SwitchesNotice>(kGateway);
  ASSERT_TRUE(notice);
  ASSERT_EQ(notice->second.switches_size(), 1);
  EXPECT_EQ(notice->second.switches(0).name(), "shop");
  EXPECT_FALSE(notice->second.switches(0).on());
  EXPECT_FALSE(agent_.switched_on("shop"));
}

TEST_F(AgentTest, MaintenanceUntilATimeEndsByItself) {
  cluster_.up(kGateway);
  const std::int64_t until = unix_ms(cluster_.wall) + 2000;
  order(12, "maintenance", {"on", std::to_string(until)});
  EXPECT_TRUE(agent_.switched_on("maintenance", false));
  EXPECT_EQ(agent_.maintenance_until_unix_ms(), until);
  cluster_.run(seconds(4));
  EXPECT_FALSE(agent_.switched_on("maintenance", false));
}

TEST_F(AgentTest, MaintenanceUntilATimeEndsAlsoWhereItsEndCannotBeWrittenAtOnce) {
  cluster_.up(kGateway);
  order(12, "maintenance", {"on", std::to_string(unix_ms(cluster_.wall) + 2000)});
  switch_retries_ = 2;
  cluster_.run(seconds(7));
  EXPECT_EQ(switch_retries_, 0);
  EXPECT_FALSE(agent_.switched_on("maintenance", false));
  const std::size_t sets = switch_sets_.size();
  cluster_.run(seconds(5));
  EXPECT_EQ(switch_sets_.size(), sets) << "it is asked no longer than until it is so";
}

TEST_F(AgentTest, TheEndOfMaintenanceDoesNotOverrideThatItWasExtended) {
  const std::int64_t until = unix_ms(cluster_.wall) + 2000;
  order(12, "maintenance", {"on", std::to_string(until)});
  switch_sets_.clear();
  cluster_.run(seconds(4));
  ASSERT_EQ(switch_sets_.size(), 1u);
  EXPECT_FALSE(switch_sets_[0].on());
  EXPECT_EQ(switch_sets_[0].expected_until_unix_ms(), until);
}

}  // namespace
}  // namespace dure
