#include "common/host/event_log.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace dure {
namespace {

class EventLogTest : public testing::Test {
 protected:
  void SetUp() override { path_ = testing::TempDir() + "event_log_test." + std::to_string(getpid()); }
  void TearDown() override { unlink(path_.c_str()); }
  std::vector<std::string> lines() const {
    std::ifstream file(path_);
    std::vector<std::string> found;
    for (std::string line; std::getline(file, line);) found.push_back(line);
    return found;
  }
  std::string path_;
};

TEST_F(EventLogTest, writes_a_json_object_a_line_and_escapes_what_strangers_send) {
  auto log = HostEventLog::open({path_, LogFormat::kJson, LogLevel::kInfo, 20});
  ASSERT_TRUE(log);
  (*log)->event(LogLevel::kInfo, "client.said", {{"text", "a\"\n{\x1b[2J"}, {"player", PlayerId(7)}});
  (*log)->event(LogLevel::kDebug, "not.shown", {});
  (*log)->flush();
  const auto found = lines();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].find(R"("event":"client.said","text":"a\"\n{\u001b[2J","player":7})"), std::string::npos)
      << found[0];
}

TEST_F(EventLogTest, limits_warnings_of_one_name) {
  auto log = HostEventLog::open({path_, LogFormat::kText, LogLevel::kInfo, 3});
  ASSERT_TRUE(log);
  for (int i = 0; i < 50; ++i) (*log)->event(LogLevel::kWarning, "flood", {{"i", i}});
  (*log)->event(LogLevel::kWarning, "another", {});
  (*log)->flush();
  EXPECT_LE(lines().size(), 3u + 3u + 1u);  // the second may have turned in between
}

}  // namespace
}  // namespace dure
