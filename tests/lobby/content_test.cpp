// The lobby while its content changes: prices follow the active version, operations name it, and one that came too late
// costs nobody a session.
#include "common/game/content_keeper.h"
#include "common/proto/content.pb.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

class LobbyContentTest : public LobbyTest {
 protected:
  LobbyContentTest() {
    hints_[1].set_zone("town");
    hints_[1].set_x_cm(12800);
    hints_[1].set_y_cm(13000);
    // As add_live_sample does; a version's text is the price of bread.
    live_ = std::make_shared<LiveContent<sample::LobbyContent>>(
        sample_, content_hash({{"bread.toml", "6"}}),
        [this](const std::vector<ContentFile>& files) -> Result<sample::LobbyContent> {
          sample::LobbyContent content = sample_;
          content.items.templates.at("bread").buy_price = std::stoi(files.at(0).text);
          return content;
        },
        [](const sample::LobbyContent& content, const std::string& name) { return content.items.cap(name); });
    cluster_->answers<proto::ContentQuery, proto::ContentReply>(kAgent, [this](auto&, const auto&) {
      proto::ContentReply reply;
      reply.set_active(active_);
      *reply.mutable_versions() = notice_.versions();
      for (auto& version : *reply.mutable_versions()) {
        version.add_files()->set_name("bread.toml");
        version.mutable_files(0)->set_text(std::to_string(prices_.at(version.version())));
      }
      return reply;
    });
    EXPECT_EQ(admit(1).code(), proto::OK);
    cluster_->run(milliseconds(100));
    cluster_->forget_sent();
  }
  void activate(std::uint32_t version) {
    active_ = version;
    notice_.Clear();
    notice_.set_active(version);
    for (const auto& [number, price] : prices_) {
      auto* one = notice_.add_versions();
      one->set_version(number);
      one->set_hash(content_hash({{"bread.toml", std::to_string(price)}}));
    }
    cluster_->say(kAgent, notice_);
    cluster_->run(milliseconds(100));
  }
  proto::Code buy(std::uint64_t creq, std::int64_t price = 0) {
    sample::BuyRequest request;
    request.set_creq(creq);
    request.set_npc("Mira");
    request.set_template_("bread");
    request.set_count(1);
    request.set_price(price);
    const auto code = ask<sample::BuyReply>(1, request)->code();
    cluster_->run(milliseconds(50));
    return code;
  }
  std::shared_ptr<LiveContent<sample::LobbyContent>> live_;
  std::map<std::uint32_t, int> prices_{{1, 6}, {2, 9}, {3, 11}};
  proto::ContentNotice notice_;
  std::uint32_t active_ = 1;
};

TEST_F(LobbyContentTest, OperationsNameTheVersionThatIsPlayed) {
  EXPECT_EQ(applied_.back().content_version(), 1u);
  activate(4);  // nobody reads it here: the version is only a number
  EXPECT_EQ(lobby_->content_version(), 1u) << "what was not told of is not played";
  prices_[4] = 12;
  activate(4);
  EXPECT_EQ(lobby_->content_version(), 4u);
  EXPECT_EQ(buy(1), proto::OK);
  EXPECT_EQ(applied_.back().content_version(), 4u);
}

TEST_F(LobbyContentTest, ALiveVersionIsFetchedAndItsPriceIsPaid) {
  lobby_->use_content(live_);
  activate(1);
  activate(2);
  EXPECT_EQ(lobby_->content_version(), 2u);
  EXPECT_EQ(live_->now().items.find("bread")->buy_price, 9);
  EXPECT_TRUE(log_.errors.empty());
}

TEST_F(LobbyContentTest, WhoPlaysIsToldAndAPriceThatWasSeenBeforeBuysNothing) {
  sample_.items.templates.at("bread").buy_price = 6;
  cluster_->forget_sent();
  prices_[4] = 12;
  activate(4);
  const auto changed = told<proto::ContentChanged>();
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->version(), 4u);
  EXPECT_EQ(buy(1, 5), proto::ABORTED);
  EXPECT_EQ(buy(2, -6), proto::ABORTED);
  EXPECT_EQ(player(1).mirror.balance("bread"), 0);
  EXPECT_EQ(buy(3, 6), proto::OK);
  const std::int64_t gold = player(1).mirror.balance("gold");
  sample::SellRequest sale;
  sale.set_npc("Mira");
  sale.set_stack("bread");
  sale.set_count(1);
  sale.set_creq(4);
  sale.set_price(2);
  EXPECT_EQ(ask<sample::SellReply>(1, sale)->code(), proto::ABORTED);
  sale.set_creq(5);
  sale.set_price(1);
  EXPECT_EQ(ask<sample::SellReply>(1, sale)->code(), proto::OK);
  EXPECT_EQ(player(1).mirror.balance("gold"), gold + 1);
}

TEST_F(LobbyContentTest, WhatCameTooLateIsAcquiredAnewAndNobodyIsDisconnected) {
  bool late = true;
  cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(kAgent, [&](auto&, const auto& request) {
    proto::ApplyReply reply;
    if (late) {
      reply.set_code(proto::OTHER_CONTENT);
      reply.set_detail("content 1, active is 3");
      return reply;
    }
    for (const auto& operation : request.operations()) reply.set_saved_pseq(operation.pseq());
    return reply;
  });
  const std::uint64_t epoch = epochs_[1];
  veterans_.insert(1);
  rows_[1].add_balances()->set_name("gold");
  rows_[1].mutable_balances(0)->set_value(100);
  EXPECT_EQ(buy(1), proto::OK) << "applied in memory";
  EXPECT_EQ(epochs_[1], epoch + 1) << "at once: nothing of it can still be saved";
  late = false;
  cluster_->run(milliseconds(200));
  ASSERT_NE(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(player(1).mirror.balance("gold"), 100) << "as the database has it";
  EXPECT_FALSE(told<proto::SavedNotice>());
  EXPECT_TRUE(log_.errors.empty());
  EXPECT_EQ(buy(2), proto::OK);
  EXPECT_EQ(told<proto::SavedNotice>()->creq(), 2u);
}

}  // namespace
}  // namespace dure::test
