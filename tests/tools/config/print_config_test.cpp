#include "tools/config/print_config.h"

#include <gtest/gtest.h>

#include <functional>
#include <sstream>

#include "tools/config/schema.h"

namespace dure {
namespace {

TEST(PrintConfig, ShowsOnlyWhatConcernsTheRoleAndWhereItCameFrom) {
  const auto config = parse_config("[cluster]\ncluster_id = \"t\"\n[chat]\nhistory_lines = 20\n[dev]\nticket_key = \"" +
                                       std::string(64, 'a') + "\"\n",
                                   "x.toml");
  ASSERT_TRUE(config) << config.error().detail;
  std::ostringstream out;
  print_config(*config, Role::kChat, out);
  const std::string text = out.str();
  EXPECT_NE(text.find("chat.history_lines = 20                                  # x.toml:4\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("cluster.realm_id = 1                                     # default\n"), std::string::npos);
  EXPECT_NE(text.find("dev.ticket_key = (set) "), std::string::npos);
  EXPECT_EQ(text.find(std::string(64, 'a')), std::string::npos);
  EXPECT_EQ(text.find("gateway."), std::string::npos);
}

TEST(PrintConfig, ListsNodesAndOverridesOfANode) {
  const auto config = load_config(DURE_SOURCE_DIR "/configs/local.toml");
  ASSERT_TRUE(config) << config.error().detail;
  std::ostringstream out;
  print_config(*config, NodeId(Role::kGateway, 2), out);
  EXPECT_NE(out.str().find("gateway.listen = \"127.0.0.1:7002\""), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("cluster.node[0].name = \"dbagent-1\""), std::string::npos);
}

TEST(PrintConfig, ChecksAFileAndAnswersWithTheExitCode) {
  std::ostringstream out, errors;
  EXPECT_EQ(check_config(DURE_SOURCE_DIR "/configs/local.toml", out, errors), 0);
  EXPECT_NE(out.str().find("ok, cluster local, 8 nodes"), std::string::npos);
  EXPECT_EQ(check_config("nowhere.toml", out, errors), 78);
  EXPECT_EQ(errors.str(), "nowhere.toml: No such file or directory\n");
}

// Walks every setting of the schema.
void each_setting(const google::protobuf::Descriptor& message, const std::function<void(const SettingField&)>& visit) {
  for (int i = 0; i < message.field_count(); ++i) {
    visit(*message.field(i));
    if (message.field(i)->message_type()) each_setting(*message.field(i)->message_type(), visit);
  }
}

TEST(Schema, GivesEverySettingASentenceAndEveryNumberBoundsAroundItsDefault) {
  proto::Config config;
  set_defaults(&config);
  each_setting(*proto::Config::descriptor(), [](const SettingField& field) {
    const proto::Setting& setting = setting_of(field);
    EXPECT_FALSE(setting.means().empty()) << field.full_name();
    if (field.cpp_type() != SettingField::CPPTYPE_UINT32) return;
    EXPECT_LT(setting.min(), setting.max()) << field.full_name();
    if (field.is_repeated()) return;
    EXPECT_GE(std::stoll(setting.standard()), setting.min()) << field.full_name();
    EXPECT_LE(std::stoll(setting.standard()), setting.max()) << field.full_name();
  });
  std::ostringstream out;
  print_settings(out);
  EXPECT_NE(out.str().find("gateway.frame_bytes_max = 65536"), std::string::npos);
}

}  // namespace
}  // namespace dure
