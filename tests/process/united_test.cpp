// Every role in one process: all the threads there are at once, so this is what runs under the sanitizers, too.
#include <filesystem>
#include <fstream>

#include "tests/process/expectations.h"

namespace dure {
namespace {

using std::chrono::seconds;

TEST(United, TheServerInOneProcessNeedsNothingElse) {
  test::ClusterProcess cluster("all.toml");
  cluster.up({"--bots", "30", "--story", "evening", "--for", "15s", "--report", cluster.path("report.json")});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  EXPECT_EQ(cluster.wait(seconds(150)), 0) << cluster.output();
  EXPECT_EQ(cluster.sanitizer_reports(), "");
  test::expect_clean(cluster.report("report.json"));
  test::expect_audit_clean(cluster.config());
}

// As on a disk that is full: neither its flight recorder nor its journal can be made.
TEST(United, TheServerServesThoughNothingOfItCanBeRecorded) {
  test::ClusterProcess cluster("all.toml");
  const std::string data = cluster.path("data");
  std::filesystem::create_directories(data);
  std::ofstream(data + "/flight") << "a file, where a folder is to be made";
  cluster.up({"--bots", "5", "--story", "walk", "--for", "3s", "--journal", data + "/flight"});
  ASSERT_TRUE(cluster.printed("ready in", seconds(60))) << cluster.output();
  EXPECT_EQ(cluster.wait(seconds(60)), 0) << cluster.output();
  EXPECT_EQ(cluster.sanitizer_reports(), "");
}

}  // namespace
}  // namespace dure
