#include "tools/bots/crowd.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "tests/tools/bots/altering_proxy.h"
#include "tests/tools/bots/fake_gateway.h"

namespace dure {

namespace {

// Eight bots live `story` for some seconds at a gateway that `meddle` prepares; `midway` happens after 1.5 s.
class CrowdTest : public testing::Test, private Reactor::Sleeper {
 protected:
  const Report& play(const std::string& story, Duration duration, std::function<void()> midway = {}) {
    midway_ = std::move(midway);
    BotsOptions options;
    options.count = 8;
    options.story = story;
    options.duration = duration;
    options.gateways = {through_proxy_ ? proxy_.address() : gateway_.address()};
    options.progress_interval = {};
    auto crowd = Crowd::open(options, reactor_);
    EXPECT_TRUE(crowd) << crowd.error().detail;
    crowd_ = std::move(*crowd);
    crowd_->start();
    reactor_.wake_in(milliseconds(1500), this, 0);
    reactor_.run([&] { return crowd_->gone(); });
    return crowd_->finish();
  }
  void on_time(std::uint32_t) override {
    if (midway_) midway_();
  }

  Reactor reactor_;
  FakeGateway gateway_{reactor_};
  AlteringProxy proxy_{reactor_, gateway_.address()};
  bool through_proxy_ = false;
  std::unique_ptr<Crowd> crowd_;
  std::function<void()> midway_;
};

std::string all_mismatches(const Report& report) {
  std::string text;
  for (const Mismatch& line : report.mismatches)
    text += line.bot + ": " + line.what + ": " + line.expected + " / " + line.seen + "\n";
  for (const auto& [code, count] : report.errors) text += code + " " + std::to_string(count) + "\n";
  return text;
}

}  // namespace

TEST_F(CrowdTest, AnHonestEveningIsCleanAndItsFiguresAreThere) {
  const Report& report = play("evening", seconds(6), [&] { gateway_.move_everybody(); });
  EXPECT_TRUE(report.clean()) << all_mismatches(report);
  EXPECT_EQ(report.entered, 8u);
  EXPECT_EQ(report.connected_max, 8u);
  EXPECT_GT(report.chat_lines, 0u);
  EXPECT_GT(report.value_operations, 0u);
  EXPECT_GT(report.rtt.count(), 0u);
  EXPECT_GT(report.act_to_seen.count(), 0u);
  EXPECT_EQ(report.applied_to_saved.count(), report.value_operations);
  EXPECT_GE(static_cast<double>(report.moves) / report.played_bot_s, 2.0);
  const auto json = nlohmann::json::parse(report.to_json());
  EXPECT_EQ(json["mismatches"]["count"], 0);
  EXPECT_EQ(json["bots"], 8);
}

TEST_F(CrowdTest, AWalkBackTakesFromTheLastWordOfTheLostPlaceToTheStateInTheLobby) {
  const Report& report = play("walk", seconds(4), [&] { gateway_.move_everybody("the dungeon is lost"); });
  EXPECT_EQ(report.mismatch_count, 0u) << all_mismatches(report);
  EXPECT_EQ(report.returned_to_lobby, 8u);
  EXPECT_EQ(report.lobby_return.count(), 8u);
  const auto json = nlohmann::json::parse(report.to_json());
  EXPECT_GT(json["lobby_return_ms"]["max"].get<double>(), 0.0) << json.dump(1);
}

TEST_F(CrowdTest, OneAlteredItemTwoSwappedLinesAndAnOldEpochAreReportedAndNothingElse) {
  gateway_.swap_lines_of = 1;
  gateway_.alter_item_of = 2;
  gateway_.replay_epoch_of = 3;
  const Report& report = play("chat", seconds(5), [&] { gateway_.move_everybody(); });
  ASSERT_EQ(report.mismatch_count, 3u) << all_mismatches(report);
  std::set<std::string> found;
  for (const Mismatch& line : report.mismatches)
    found.insert(line.bot + " " + line.what.substr(0, line.what.find(" 0")));
  EXPECT_EQ(found, (std::set<std::string>{"bot00001 chat line out of order", "bot00002 item",
                                          "bot00003 epoch of SavedNotice"}))
      << all_mismatches(report);
  EXPECT_FALSE(report.clean());
}

TEST_F(CrowdTest, TheLiesOfAProxyBeforeAnHonestGatewayAreReportedAndNothingElse) {
  through_proxy_ = true;
  proxy_.swap_lines_of = "bot00001";
  proxy_.alter_item_of = "bot00002";
  proxy_.replay_epoch_of = "bot00003";
  const Report& report = play("chat", seconds(5), [&] { gateway_.move_everybody(); });
  EXPECT_TRUE(proxy_.swapped && proxy_.altered && proxy_.replayed);
  ASSERT_EQ(report.mismatch_count, 3u) << all_mismatches(report);
  std::set<std::string> found;
  for (const Mismatch& line : report.mismatches)
    found.insert(line.bot + " " + line.what.substr(0, line.what.find(" 0")));
  EXPECT_EQ(found, (std::set<std::string>{"bot00001 chat line out of order", "bot00002 item",
                                          "bot00003 epoch of PlayerState"}))
      << all_mismatches(report);
}

TEST_F(CrowdTest, ABillOneGoldTooHighIsReported) {
  gateway_.steal_gold_of = 4;
  const Report& report = play("shop", seconds(5));
  ASSERT_EQ(report.mismatch_count, 1u) << all_mismatches(report);
  EXPECT_EQ(report.mismatches.front().bot, "bot00004");
  EXPECT_EQ(report.mismatches.front().what, "balance gold");
}

TEST_F(CrowdTest, ALostConnectionIsCountedAndTakenUpAgain) {
  const Report& report = play("walk", seconds(4), [&] { gateway_.drop(5); });
  EXPECT_EQ(report.disconnects, 1u);
  EXPECT_EQ(report.resumes, 1u);
  EXPECT_EQ(report.mismatch_count, 0u) << all_mismatches(report);
  EXPECT_FALSE(report.clean());
}

TEST_F(CrowdTest, WhoIsSentAwayKnowsHowMuchOfItsSessionItHas) {
  const Report& report = play("walk", seconds(3), [&] { gateway_.send_away(5); });
  EXPECT_EQ(report.resumes, 1u);
  EXPECT_GT(gateway_.resumed_with, 0u);
  EXPECT_EQ(gateway_.resumed_with, gateway_.resumed_sent) << "the word why it was sent away is none of its session's";
}

TEST_F(CrowdTest, OptionsThatMakeNoSenseAreRefused) {
  BotsOptions options;
  EXPECT_FALSE(Crowd::open(options, reactor_));
  options.gateways = {gateway_.address()};
  options.story = "opera";
  EXPECT_FALSE(Crowd::open(options, reactor_));
  options.story = "walk";
  options.developer_key = "not a key";
  EXPECT_FALSE(Crowd::open(options, reactor_));
}

}  // namespace dure
