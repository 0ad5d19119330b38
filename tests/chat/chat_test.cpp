#include "chat/chat.h"

#include "common/proto/client_frame.h"
#include "tests/chat/chat_fixture.h"

namespace dure::test {
namespace {

const NodeId kGatewayA(Role::kGateway, 1), kGatewayB(Role::kGateway, 2);

class ChatTest : public ChatFixture {
 protected:
  void present(std::uint64_t player, const std::string& name, NodeId gateway, const std::string& place,
               std::uint64_t epoch = 1) {
    proto::Presence presence;
    presence.set_player_epoch(epoch);
    ChatFixture::present(player, name, gateway, place, presence);
  }
  proto::Code say(std::uint64_t player, NodeId gateway, const std::string& text, bool world = true) {
    proto::SayRequest request;
    request.set_channel(world ? proto::WORLD_CHANNEL : proto::PLACE_CHANNEL);
    request.set_text(text);
    return client<proto::SayReply>(player, gateway, request).code();
  }
  std::vector<proto::ChatLine> published(NodeId gateway) {
    std::vector<proto::ChatLine> lines;
    while (auto publish = cluster_->take<proto::Publish>(gateway)) {
      proto::ChatLine line;
      EXPECT_TRUE(line.ParseFromString(std::string(cut_frame(publish->second.frame(), 65536).frame.body)));
      lines.push_back(line);
    }
    return lines;
  }
};

TEST_F(ChatTest, EveryMessageRoutedHereHasAHandler) {
  EXPECT_EQ(chat_->routes_without_handler(), std::vector<std::string>{});
}

TEST_F(ChatTest, ALineToAGuildReachesItsMembersWhereverTheyAreAndNobodyElse) {
  const auto joins = [this](std::uint64_t player, const std::string& name, NodeId gateway, std::uint64_t guild) {
    proto::Presence presence;
    presence.set_guild(guild);
    ChatFixture::present(player, name, gateway, "town/" + std::to_string(player), presence);
  };
  const auto says = [this](std::uint64_t player, NodeId gateway, const std::string& text) {
    proto::SayRequest request;
    request.set_channel(proto::GUILD_CHANNEL);
    request.set_text(text);
    return client<proto::SayReply>(player, gateway, request).code();
  };
  joins(1, "Anna", kGatewayA, 77);
  joins(2, "Bert", kGatewayB, 77);
  joins(3, "Carl", kGatewayB, 0);
  EXPECT_EQ(says(1, kGatewayA, "to the gates"), proto::OK);
  EXPECT_EQ(says(3, kGatewayB, "me too"), proto::WRONG_STATE);
  const auto a = published(kGatewayA), b = published(kGatewayB);
  ASSERT_EQ(a.size(), 1u);
  ASSERT_EQ(b.size(), 1u);
  EXPECT_EQ(b[0].text(), "to the gates");
  EXPECT_EQ(b[0].place(), "guild/77");
  joins(2, "Bert", kGatewayB, 0);
  EXPECT_EQ(says(1, kGatewayA, "who left?"), proto::OK);
  EXPECT_EQ(published(kGatewayA).size(), 1u);
  EXPECT_TRUE(published(kGatewayB).empty()) << "who left hears nothing more";
  EXPECT_EQ(says(2, kGatewayB, "hello?"), proto::WRONG_STATE);
}

struct ToldLuck : Luck {
  bool unlucky(UnluckySite site) override { return site.name() == fires; }
  std::string fires;
};

class UnluckyChatTest : protected ToldLuck, public ChatFixture {
 protected:
  UnluckyChatTest() : ChatFixture(std::make_unique<SeededEntropy>(1), this) {}
};

TEST_F(UnluckyChatTest, ASiteTakesItsRarePathOnlyWhileItIsToldTo) {
  present(1, "Anna", kGatewayA, "town/1");
  proto::SayRequest request;
  request.set_text("hello");
  EXPECT_EQ(client<proto::SayReply>(1, kGatewayA, request).code(), proto::OK);
  fires = "speaker.unknown";
  EXPECT_EQ(client<proto::SayReply>(1, kGatewayA, request).code(), proto::BUSY);
  fires = "window.full";
  EXPECT_EQ(client<proto::SayReply>(1, kGatewayA, request).code(), proto::OK) << "each site is asked by its own name";
}

TEST_F(ChatTest, NobodyIsUnluckyWhereNoLuckIsGiven) {
  EXPECT_EQ(Seams().luck, nullptr) << "as production and its replay have it";
  present(1, "Anna", kGatewayA, "town/1");
  for (int i = 0; i < 1000; ++i) EXPECT_FALSE(chat_->unlucky("speaker.unknown"));
  EXPECT_EQ(say(1, kGatewayA, "hello"), proto::OK);
}

TEST_F(ChatTest, ALineCrossesOncePerGatewayAndItsNumberRises) {
  present(1, "Anna", kGatewayA, "town/1");
  present(2, "Bert", kGatewayA, "town/1");
  present(3, "Carl", kGatewayB, "field/1");
  EXPECT_EQ(say(1, kGatewayA, "hello"), proto::OK);
  EXPECT_EQ(say(3, kGatewayB, "hi"), proto::OK);
  const auto a = published(kGatewayA), b = published(kGatewayB);
  ASSERT_EQ(a.size(), 2u);
  ASSERT_EQ(b.size(), 2u);
  EXPECT_EQ(a[0].number(), 1u);
  EXPECT_EQ(a[1].number(), 2u);
  EXPECT_NE(a[0].home_incarnation(), 0u);
  EXPECT_EQ(a[1].home_incarnation(), a[0].home_incarnation());
  EXPECT_EQ(a[1].from(), "Carl");
}

TEST_F(ChatTest, APlaceIsHeardOnlyByThoseWhoAreThere) {
  present(1, "Anna", kGatewayA, "town/1");
  present(3, "Carl", kGatewayB, "field/1");
  EXPECT_EQ(say(1, kGatewayA, "here", false), proto::OK);
  EXPECT_EQ(published(kGatewayA).size(), 1u);
  EXPECT_TRUE(published(kGatewayB).empty());
  present(3, "Carl", kGatewayB, "town/1", 2);
  EXPECT_EQ(say(1, kGatewayA, "here again", false), proto::OK);
  EXPECT_EQ(published(kGatewayB).size(), 1u);
}

TEST_F(ChatTest, AWhisperCrossesGatewaysAndReachesOnlyItsName) {
  present(1, "Anna", kGatewayA, "town/1");
  present(3, "Carl", kGatewayB, "field/1");
  proto::WhisperRequest request;
  request.set_to("Carl");
  request.set_text("psst");
  EXPECT_EQ(client<proto::WhisperReply>(1, kGatewayA, request).code(), proto::OK);
  const auto line = cluster_->take<proto::ChatLine>(kGatewayB);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->first.session, SessionId(30));
  request.set_to("Nobody");
  EXPECT_EQ(client<proto::WhisperReply>(1, kGatewayA, request).code(), proto::NOT_FOUND);
}

TEST_F(ChatTest, AFloodIsToldWhenToComeBack) {
  present(1, "Anna", kGatewayA, "town/1");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(say(1, kGatewayA, "spam"), proto::OK);
  EXPECT_EQ(say(1, kGatewayA, "spam"), proto::TOO_FAST);
  cluster_->run(seconds(2));
  EXPECT_EQ(say(1, kGatewayA, "calm"), proto::OK);
}

TEST_F(ChatTest, WhoLeavesAndComesAgainIsNoCalmerThanBefore) {
  present(1, "Anna", kGatewayA, "town/1");
  for (int i = 0; i < 5; ++i) EXPECT_EQ(say(1, kGatewayA, "spam"), proto::OK);
  present(1, "Anna", kGatewayA, "");
  ASSERT_EQ(chat_->present(), 0u);
  present(1, "Anna", kGatewayA, "town/1");
  EXPECT_EQ(say(1, kGatewayA, "spam"), proto::TOO_FAST);
  cluster_->run(milliseconds(4500));
  int said = 0;
  while (said < 10 && say(1, kGatewayA, "spam") == proto::OK) ++said;
  EXPECT_EQ(said, 4) << "what was not full was not forgotten";
  cluster_->run(seconds(11));
  for (said = 0; said < 10 && say(1, kGatewayA, "spam") == proto::OK;) ++said;
  EXPECT_EQ(said, 5);
}

TEST_F(ChatTest, TextThatWouldDeceiveOthersIsRefused) {
  present(1, "Anna", kGatewayA, "town/1");
  EXPECT_EQ(say(1, kGatewayA, ""), proto::INVALID);
  EXPECT_EQ(say(1, kGatewayA, "abc\xe2\x80\xae txt"), proto::INVALID) << "right-to-left override";
  EXPECT_EQ(say(1, kGatewayA, std::string(300, 'x')), proto::INVALID);
}

TEST_F(ChatTest, WhispersAndLinesHaveOneBucketAndNobodyElsePays) {
  present(1, "Anna", kGatewayA, "town/1");
  present(2, "Bert", kGatewayA, "town/1");
  proto::WhisperRequest request;
  request.set_to("Bert");
  request.set_text("psst");
  int reached = 0;
  for (int i = 0; i < 1000; ++i)
    reached += client<proto::WhisperReply>(1, kGatewayA, request).code() == proto::OK ? 1 : 0;
  EXPECT_EQ(reached, 5);
  EXPECT_EQ(say(1, kGatewayA, "hello"), proto::TOO_FAST);
  EXPECT_EQ(say(2, kGatewayA, "hello"), proto::OK);
}

TEST_F(ChatTest, AChannelThatDoesNotExistIsRefused) {
  present(1, "Anna", kGatewayA, "town/1");
  proto::SayRequest request;
  request.set_text("hello");
  for (const int channel : {4, 10000, -1, 2147483647}) {
    request.set_channel(static_cast<proto::Channel>(channel));
    EXPECT_EQ(client<proto::SayReply>(1, kGatewayA, request).code(), proto::INVALID) << channel;
  }
  EXPECT_TRUE(published(kGatewayA).empty());
}

TEST_F(ChatTest, TheLastFiftyLinesAreKept) {
  present(1, "Anna", kGatewayA, "town/1");
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(say(1, kGatewayA, "line " + std::to_string(i)), proto::OK);
    cluster_->run(seconds(1), milliseconds(250));
  }
  const auto history = client<proto::HistoryReply>(1, kGatewayA, proto::HistoryRequest());
  ASSERT_EQ(history.lines_size(), 50);
  EXPECT_EQ(history.lines(49).text(), "line 59");
}

TEST_F(ChatTest, AStrangerIsToldToWait) { EXPECT_EQ(say(9, kGatewayA, "hello"), proto::BUSY); }

TEST_F(ChatTest, WhoseGatewayIsOutOfReachIsPresentButNotFound) {
  present(1, "Anna", kGatewayA, "town/1");
  present(3, "Carl", kGatewayB, "field/1");
  cluster_->down(kGatewayB);
  EXPECT_EQ(chat_->present(), 2u) << "its owner says when it is gone";
  proto::WhisperRequest request;
  request.set_to("Carl");
  request.set_text("psst");
  EXPECT_EQ(client<proto::WhisperReply>(1, kGatewayA, request).code(), proto::NOT_FOUND);
}

TEST_F(ChatTest, WhenTheLinkToAGatewayWasCutItsPlayersSpeakAndHearAgain) {
  present(1, "Anna", kGatewayA, "town/1");
  present(3, "Carl", kGatewayB, "field/1");
  cluster_->down(kGatewayB);
  EXPECT_EQ(say(1, kGatewayA, "anybody?"), proto::OK);
  cluster_->again(kGatewayB);
  cluster_->forget_sent();
  EXPECT_EQ(say(3, kGatewayB, "back"), proto::OK);
  EXPECT_EQ(say(3, kGatewayB, "here", false), proto::OK);
  EXPECT_EQ(published(kGatewayA).size(), 1u);
  EXPECT_EQ(published(kGatewayB).size(), 2u);
}

TEST_F(ChatTest, WhoLeftWhileTheChatWasCutOffIsGoneWhenItsOwnerHasToldOfTheOthers) {
  present(1, "Anna", kGatewayA, "town/1");
  present(3, "Carl", kGatewayA, "town/1");
  present(2, "Bert", kGatewayB, "town/2");
  for (const NodeId peer : {kGatewayA, owner(1)}) cluster_->down(peer);
  cluster_->run(seconds(20));
  for (const NodeId peer : {kGatewayA, owner(1)}) cluster_->again(peer);
  present(1, "Anna", kGatewayA, "town/1");
  EXPECT_EQ(chat_->present(), 3u);
  cluster_->run(seconds(4));
  EXPECT_EQ(chat_->present(), 2u) << "Carl left meanwhile, and nobody could say so";
  EXPECT_EQ(say(1, kGatewayA, "hello"), proto::OK);
}

TEST_F(ChatTest, WhoseOwnerAndGatewayDiedTogetherIsGoneWhenTheOwnerIsBack) {
  present(1, "Anna", kGatewayA, "town/1");
  present(2, "Bert", kGatewayB, "town/2");
  cluster_->down(kGatewayA);
  cluster_->down(owner(1));
  cluster_->run(seconds(20));
  cluster_->up(owner(1));
  cluster_->up(kGatewayA);
  cluster_->run(seconds(4));
  EXPECT_EQ(chat_->present(), 1u) << "its next life knows nobody";
  EXPECT_EQ(say(2, kGatewayB, "hello"), proto::OK);
}

TEST_F(ChatTest, WhoResumesAtANewLifeOfItsGatewayHearsTheChannelsAgain) {
  present(1, "Anna", kGatewayA, "town/1");
  cluster_->down(kGatewayA);
  cluster_->up(kGatewayA);
  cluster_->forget_sent();
  proto::Presence resumed;
  resumed.set_player_epoch(1);
  resumed.set_session_epoch(2);
  ChatFixture::present(1, "Anna", kGatewayA, "town/1", resumed);
  const auto told = cluster_->take<proto::Subscribe>(kGatewayA);
  ASSERT_TRUE(told) << "the gateway that has the session now was never told";
  EXPECT_EQ(told->second.topics_size(), 2);
}

TEST_F(ChatTest, ASessionThatIsLostAtAnEarlierGatewayIsNotLost) {
  present(1, "Anna", kGatewayA, "town/1");
  present(1, "Anna", kGatewayB, "town/1", 2);
  proto::SessionLost lost;
  lost.set_session_id(10);
  lost.set_player_id(1);
  lost.set_gone(true);
  cluster_->say(kGatewayA, lost);
  cluster_->turn();
  EXPECT_EQ(chat_->present(), 1u) << "it was resumed at another one";
  cluster_->say(kGatewayB, lost);
  cluster_->turn();
  EXPECT_EQ(chat_->present(), 0u);
}

TEST_F(ChatTest, WhoIsPlayedNextInASessionHearsOnWhenTheFormerOneIsForgotten) {
  present(1, "Anna", kGatewayA, "town/1");
  present(2, "Bert", kGatewayB, "town/1");
  cluster_->down(owner(1));
  cluster_->run(seconds(1));
  cluster_->again(owner(1));
  cluster_->forget_sent();
  proto::Presence presence;
  presence.set_session_id(10);
  ChatFixture::present(3, "Carl", kGatewayA, "town/1", presence);
  EXPECT_EQ(chat_->present(), 2u) << "Anna is not played any more, though nobody said so";
  std::vector<std::uint32_t> told;
  for (const auto& sent : cluster_->sent(kGatewayA)) told.push_back(sent.header.message_id);
  EXPECT_EQ(told, (std::vector<std::uint32_t>{route_id(proto::Unsubscribe::descriptor()),
                                              route_id(proto::Subscribe::descriptor())}));
  cluster_->run(seconds(4));
  EXPECT_EQ(chat_->present(), 2u);
  EXPECT_EQ(say(2, kGatewayB, "still there?"), proto::OK);
  EXPECT_EQ(published(kGatewayA).size(), 1u);
}

TEST_F(ChatTest, ARunsChannelEndsWithTheLastWhoWasInIt) {
  present(1, "Anna", kGatewayA, "run/5");
  present(2, "Bert", kGatewayA, "run/5");
  EXPECT_EQ(say(1, kGatewayA, "here", false), proto::OK);
  present(1, "Anna", kGatewayA, "run/6", 2);
  EXPECT_EQ(say(1, kGatewayA, "and here", false), proto::OK);
  EXPECT_EQ(chat_->channels(), 2u) << "Bert is still there";
  present(1, "Anna", kGatewayA, "town/1", 3);
  present(2, "Bert", kGatewayA, "");
  EXPECT_EQ(chat_->channels(), 0u);
  present(2, "Bert", kGatewayA, "town/1");
  EXPECT_EQ(say(2, kGatewayA, "home", false), proto::OK);
  present(2, "Bert", kGatewayA, "");
  EXPECT_EQ(chat_->channels(), 1u) << "a zone is come back to";
}

TEST_F(ChatTest, AGuildsLinesEndWithTheLastOfItWhoIsHere) {
  const auto joins = [this](std::uint64_t player, const std::string& name, std::uint64_t guild) {
    proto::Presence presence;
    presence.set_guild(guild);
    ChatFixture::present(player, name, kGatewayA, "town/1", presence);
  };
  const auto said = [this](std::uint64_t player) {
    proto::HistoryRequest request;
    request.set_channel(proto::GUILD_CHANNEL);
    return client<proto::HistoryReply>(player, kGatewayA, request).lines_size();
  };
  proto::SayRequest request;
  request.set_channel(proto::GUILD_CHANNEL);
  request.set_text("between us");
  joins(1, "Anna", 77);
  joins(2, "Bert", 77);
  EXPECT_EQ(client<proto::SayReply>(1, kGatewayA, request).code(), proto::OK);
  joins(1, "Anna", 0);
  EXPECT_EQ(said(2), 1) << "Bert is still of it";
  joins(2, "Bert", 0);
  joins(3, "Carl", 77);
  EXPECT_EQ(said(3), 0) << "another guild of the same name";
  EXPECT_EQ(client<proto::SayReply>(3, kGatewayA, request).code(), proto::OK);
  present(3, "Carl", kGatewayA, "");
  joins(2, "Bert", 77);
  EXPECT_EQ(said(2), 0) << "nobody was there who could say which guild it is";
  EXPECT_EQ(chat_->channels(), 0u);
}

TEST_F(ChatTest, ALateWordOfAnEarlierOwnerChangesNothing) {
  present(1, "Anna", kGatewayA, "run/5", 7);
  present(1, "Anna", kGatewayA, "", 6);
  EXPECT_EQ(chat_->present(), 1u);
  present(1, "Anna", kGatewayA, "", 7);
  EXPECT_EQ(chat_->present(), 0u);
}

}  // namespace
}  // namespace dure::test
