// The arrows of the house: who may include whom.
#include <gtest/gtest.h>

#include <map>

#include "tests/layers/source_file.h"

namespace dure::layers {
namespace {

bool begins(const std::string& text, const std::string& with) { return text.rfind(with, 0) == 0; }

TEST(Layers, ThereAreSourcesToRead) {
  EXPECT_GT(all_sources().size(), 50u);
  EXPECT_NE(find_source("common/logic/node.h"), nullptr);
}

TEST(Layers, LogicIncludesNoThreadSocketClockSqlOrRedisHeader) {
  for (const auto& file : all_sources()) {
    if (!is_logic(file)) continue;
    for (const auto& include : file.includes)
      for (const char* banned : {"<thread>",
                                 "<mutex>",
                                 "<shared_mutex>",
                                 "<condition_variable>",
                                 "<future>",
                                 "<atomic>",
                                 "<semaphore>",
                                 "<latch>",
                                 "<barrier>",
                                 "<stop_token>",
                                 "<random>",
                                 "<ctime>",
                                 "<time.h>",
                                 "<iostream>",
                                 "<fstream>",
                                 "<filesystem>",
                                 "<csignal>",
                                 "<signal.h>",
                                 "<sys/",
                                 "<netinet/",
                                 "<arpa/",
                                 "<netdb.h>",
                                 "<unistd.h>",
                                 "<fcntl.h>",
                                 "<poll.h>",
                                 "<pthread.h>",
                                 "<zmq",
                                 "<hiredis",
                                 "<sqlite3",
                                 "<libpq",
                                 "<spdlog/",
                                 "<fmt/",
                                 "<openssl/",
                                 "\"common/host/",
                                 "\"dbagent/store/",
                                 "\"tools/",
                                 "\"tests/"})
        EXPECT_FALSE(begins(include, banned)) << file.path << " includes " << include;
  }
}

// Folder → what of ours it may include; the first match counts.
TEST(Layers, EachFolderIncludesOnlyWhatStandsBelowIt) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> arrows = {
      {"common/base", {"common/base"}},
      {"common/proto", {"common/base", "common/proto"}},
      {"common/logic", {"common/base", "common/proto", "common/logic"}},
      {"common/game", {"common/base", "common/proto", "common/logic", "common/game"}},
      {"common/host", {"common/base", "common/proto", "common/logic", "common/host"}},
      {"gateway", {"common/base", "common/proto", "common/logic", "gateway"}},
      {"lobby", {"common/base", "common/proto", "common/logic", "common/game", "lobby"}},
      {"dungeon", {"common/base", "common/proto", "common/logic", "common/game", "dungeon"}},
      {"chat", {"common/base", "common/proto", "common/logic", "common/game", "chat"}},
      {"dbagent/store", {"common/base", "common/proto", "dbagent/store"}},
      {"dbagent", {"common/base", "common/proto", "common/logic", "dbagent"}},
  };
  for (const auto& file : all_sources())
    for (const auto& [folder, below] : arrows) {
      if (!file.in(folder)) continue;
      for (const auto& include : file.includes) {
        if (include[0] != '"') continue;
        bool allowed = false;
        for (const auto& other : below) allowed |= begins(include, "\"" + other + "/");
        EXPECT_TRUE(allowed) << file.path << " includes " << include;
      }
      break;
    }
}

TEST(Layers, TheSampleGameIsIncludedOnlyByItselfByToolsAndByTests) {
  for (const auto& file : all_sources()) {
    if (file.in_sample() || file.in("tools") || file.in("tests")) continue;
    for (const auto& include : file.includes)
      EXPECT_EQ(include.find("/sample/"), std::string::npos) << file.path << " includes " << include;
  }
}

TEST(Layers, TheSimulationNeverIncludesTheHost) {
  for (const auto& file : all_sources()) {
    if (!file.in("tests/sim")) continue;
    for (const auto& include : file.includes) EXPECT_FALSE(begins(include, "\"common/host/")) << file.path;
  }
}

// Compile time is a budget: whoever includes a role must not pay for these.
TEST(Layers, HeadersOfEngineAndRolesIncludeNoSpdlogHeader) {
  for (const auto& file : all_sources()) {
    if (file.in("tests") || file.path.substr(file.path.size() - 2) != ".h") continue;
    for (const auto& include : file.includes) EXPECT_FALSE(begins(include, "<spdlog/")) << file.path;
  }
}

}  // namespace
}  // namespace dure::layers
