// Mail out of a zone, and what comes out of an inbox while its owner plays.
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

class MailTest : public LobbyTest {
 protected:
  MailTest() {
    EXPECT_EQ(admit(1).code(), proto::OK);
    cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(
        kAgent, [this](auto&, const auto& query) -> std::optional<proto::PlayerLocateReply> {
          proto::PlayerLocateReply reply;
          if (query.player_id() != 0) return reply;
          if (!directory_answers_) return std::nullopt;
          const auto at = names_.find(query.name());
          reply.set_code(at == names_.end() ? proto::NO_SUCH : proto::STORED);
          if (at != names_.end()) reply.set_player_id(at->second);
          return reply;
        });
    cluster_->answers<proto::InboxQuery, proto::InboxReply>(kAgent, [this](auto&, const auto& query) {
      proto::InboxReply reply = query.claimed_reason().empty() ? inbox_ : read_;
      if (query.claimed_reason().empty()) ++inbox_reads_;
      if (query.epoch() != epochs_[query.player_id()]) reply.set_code(proto::STALE_EPOCH);
      return reply;
    });
    cluster_->run(milliseconds(200));
    applied_.clear();
    cluster_->forget_sent();
  }
  sample::MailSendRequest letter(std::uint64_t creq, const std::string& to, std::int64_t gold = 0) {
    sample::MailSendRequest request;
    request.set_creq(creq);
    request.set_to_name(to);
    request.set_text("hello");
    if (gold != 0) amount(&request, "gold", gold);
    return request;
  }
  static void amount(sample::MailSendRequest* request, const std::string& name, std::int64_t value) {
    auto* attached = request->add_amounts();
    attached->set_name(name);
    attached->set_value(value);
  }
  proto::Code send(const sample::MailSendRequest& request) {
    const auto reply = ask<sample::MailSendReply>(1, request);
    return reply ? reply->code() : proto::INTERNAL;
  }
  void deliver(std::uint64_t message, std::int64_t gold, const std::string& reason = "gm.give") {
    auto* entry = inbox_.add_entries();
    entry->set_message_id(message);
    entry->set_reason(reason);
    auto* attached = entry->add_balances();
    attached->set_name("gold");
    attached->set_value(gold);
  }
  void notice() {
    proto::InboxNotice notice;
    notice.set_player_id(1);
    cluster_->say(kAgent, notice);
    cluster_->run(milliseconds(50));
  }
  // The ACQUIRE that comes of it, which the database does not answer.
  MeshHeader held_acquire(const std::function<void()>& act) {
    const auto asked = std::make_shared<std::optional<MeshHeader>>();
    cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(
        kAgent, [asked](auto& header, auto&) -> std::optional<proto::AcquireReply> {
          if (!*asked) *asked = header;
          return std::nullopt;
        });
    act();
    cluster_->run(milliseconds(300));
    EXPECT_TRUE(asked->has_value());
    return asked->value_or(MeshHeader());
  }
  void grant(const MeshHeader& asked, std::uint64_t player) {
    proto::AcquireReply grant;
    grant.set_epoch(++epochs_[player]);
    grant.mutable_aggregate()->set_player_id(player);
    auto* gold = grant.mutable_aggregate()->add_balances();
    gold->set_name("gold");
    gold->set_value(500);
    grant.mutable_aggregate()->add_flags(sample::kStarterFlag);
    cluster_->answer(kAgent, asked, grant);
    cluster_->run(milliseconds(200));
  }
  std::map<std::string, std::uint64_t> names_{{"Anna", 2}, {"Me", 1}, {"auction:1", 90}};
  proto::InboxReply inbox_, read_;  // unclaimed; claimed long ago
  bool directory_answers_ = true;
  int inbox_reads_ = 0;
};

TEST_F(MailTest, ALetterIsOneOperationWithItsFee) {
  auto request = letter(5, "Anna", 100);
  amount(&request, "potion", 2);
  const auto reply = ask<sample::MailSendReply>(1, request);
  ASSERT_TRUE(reply.has_value());
  ASSERT_EQ(reply->code(), proto::OK);
  EXPECT_EQ(reply->touched().balances(0).value(), 500 - 100 - sample::kMailFeeGold);
  cluster_->run(milliseconds(50));
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(applied_[0].creq(), 5u) << "repeatable over a reconnect, though the name was looked up first";
  const auto& sent = applied_[0].effects(1).send();
  EXPECT_EQ(sent.to_player(), 2u);
  EXPECT_EQ(sent.balances_size(), 2);
  sample::MailMemo memo;
  ASSERT_TRUE(memo.ParseFromString(sent.memo()));
  EXPECT_EQ(memo.from_name(), "P1");
  EXPECT_EQ(memo.text(), "hello");
  EXPECT_LE(sent.memo().size(), 256u);
  EXPECT_EQ(told<proto::SavedNotice>()->creq(), 5u);
  EXPECT_EQ(send(request), proto::OK) << "the same again is the same answer";
  cluster_->run(milliseconds(50));
  EXPECT_EQ(applied_.size(), 1u);
}

TEST_F(MailTest, AnItemLeavesTheBagWithItsLetter) {
  proto::Operation mint;
  mint.set_reason("loot");
  auto* sword = mint.add_effects()->mutable_mint()->mutable_item();
  sword->mutable_id()->set_high(1);
  sword->mutable_id()->set_low(9);
  sword->set_template_("iron_sword");
  sword->set_version(1);
  ASSERT_EQ(lobby_->commit(player(1), mint), Mirror::Guard::kOk);
  auto request = letter(5, "Anna");
  *request.add_items() = sword->id();
  const auto reply = ask<sample::MailSendReply>(1, request);
  ASSERT_EQ(reply->code(), proto::OK);
  EXPECT_EQ(reply->touched().items_removed_size(), 1);
  EXPECT_TRUE(player(1).mirror.items().empty());
  request.set_creq(6);
  EXPECT_EQ(send(request), proto::NOT_FOUND) << "it is gone";
}

TEST_F(MailTest, NonsenseIsRefusedAndCostsNothing) {
  std::uint64_t creq = 0;
  EXPECT_EQ(send(letter(++creq, "Nobody", 1)), proto::NOT_FOUND);
  EXPECT_EQ(send(letter(++creq, "guild:Me", 1)), proto::NOT_FOUND) << "not a character's name";
  EXPECT_EQ(send(letter(++creq, "Me", 1)), proto::INVALID) << "to oneself";
  EXPECT_EQ(send(letter(++creq, "Anna", -1)), proto::INVALID);
  EXPECT_EQ(send(letter(++creq, "Anna", INT64_MAX)), proto::INVALID);
  EXPECT_EQ(send(letter(++creq, "Anna", 501)), proto::NOT_ENOUGH);
  EXPECT_EQ(send(letter(++creq, "Anna", 500)), proto::NOT_ENOUGH) << "nothing left for the fee";
  auto twice = letter(++creq, "Anna", 1);
  amount(&twice, "gold", 1);
  EXPECT_EQ(send(twice), proto::INVALID);
  auto moon = letter(++creq, "Anna");
  amount(&moon, "moon", 1);
  EXPECT_EQ(send(moon), proto::NOT_FOUND);
  auto sword = letter(++creq, "Anna");
  amount(&sword, "iron_sword", 1);
  EXPECT_EQ(send(sword), proto::NOT_FOUND) << "an item has no balance";
  auto many = letter(++creq, "Anna");
  for (int i = 0; i < 6; ++i) many.add_items()->set_low(static_cast<std::uint64_t>(i));
  EXPECT_EQ(send(many), proto::FULL);
  auto loud = letter(++creq, "Anna", 1);
  loud.set_text(std::string(161, 'x'));
  EXPECT_EQ(send(loud), proto::INVALID);
  auto hidden = letter(++creq, "Anna", 1);
  hidden.set_text("a\x01");
  EXPECT_EQ(send(hidden), proto::INVALID);
  auto empty = letter(++creq, "Anna");
  empty.clear_text();
  EXPECT_EQ(send(empty), proto::INVALID);
  EXPECT_EQ(player(1).mirror.balance("gold"), 500);
  cluster_->run(milliseconds(50));
  EXPECT_TRUE(applied_.empty());
}

TEST_F(MailTest, ALetterThatWasOvertakenIsNotSent) {
  directory_answers_ = false;
  client(1, letter(5, "Anna", 100));
  sample::UseItemRequest use;
  use.set_creq(6);
  use.set_stack("potion");
  ASSERT_EQ(ask<sample::UseItemReply>(1, use)->code(), proto::OK);
  const auto asked = cluster_->take<proto::PlayerLocate>(kAgent);
  ASSERT_TRUE(asked.has_value());
  proto::PlayerLocateReply found;
  found.set_player_id(2);
  cluster_->answer(kAgent, asked->first, found);
  cluster_->turn();
  EXPECT_EQ(told<sample::MailSendReply>()->code(), proto::SUPERSEDED);
  EXPECT_EQ(player(1).mirror.balance("gold"), 500);
}

TEST_F(MailTest, WhatIsDeliveredIsClaimedOnceAndToldWhenSaved) {
  database_saves_ = false;
  deliver(70, 40);
  notice();
  EXPECT_EQ(player(1).mirror.balance("gold"), 540);
  EXPECT_FALSE(told<proto::AggregateChanged>().has_value()) << "not before it is saved";
  const std::uint64_t epoch = player(1).epoch;
  notice();  // the entry is still unclaimed in the database
  EXPECT_EQ(player(1).mirror.balance("gold"), 540);
  database_saves_ = true;
  cluster_->run(seconds(6));
  const auto changed = told<proto::AggregateChanged>();
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(changed->aggregate().balances(0).value(), 540);
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(applied_[0].effects(0).claim().message_id(), 70u);
  EXPECT_GT(applied_[0].effects(0).claim().caps(0).value(), 0) << "one law at two ends";
  EXPECT_EQ(player(1).epoch, epoch) << "nothing was acquired anew";
}

TEST_F(MailTest, AGiftReachesWhoSitsAtATable) {
  proto::Admit beside;
  beside.set_zone("town");
  beside.set_channel(1);
  ASSERT_EQ(admit(2, beside).code(), proto::OK);
  cluster_->run(milliseconds(200));
  player(2).position = player(1).position;
  cluster_->forget_sent();
  sample::TradeInviteRequest invite;
  invite.set_player(2);
  const auto invited = ask<sample::TradeInviteReply>(1, invite);
  ASSERT_EQ(invited->code(), proto::OK);
  sample::TradeAnswerRequest accept;
  accept.set_table(invited->table());
  accept.set_accept(true);
  ASSERT_EQ(ask<sample::TradeAnswerReply>(2, accept)->code(), proto::OK);
  sample::TradeOfferRequest offer;
  offer.set_table(invited->table());
  offer.add_amounts()->set_name("gold");
  offer.mutable_amounts(0)->set_value(500);
  ASSERT_EQ(ask<sample::TradeOfferReply>(1, offer)->code(), proto::OK);
  applied_.clear();
  deliver(70, 40);
  notice();
  EXPECT_EQ(player(1).mirror.balance("gold"), 540);
  ASSERT_EQ(applied_.size(), 1u) << "claimed at once, once; the offer stands";
  offer.mutable_amounts(0)->set_value(540);
  EXPECT_EQ(ask<sample::TradeOfferReply>(1, offer)->code(), proto::OK);
}

TEST_F(MailTest, AClaimWaitsForRoom) {
  proto::Operation rich;
  rich.set_reason("loot");
  auto* gold = rich.add_effects()->mutable_balance();
  gold->set_currency("gold");
  gold->set_delta(sample_.items.gold_max - 520);
  ASSERT_EQ(lobby_->commit(player(1), rich), Mirror::Guard::kOk);
  cluster_->run(milliseconds(50));
  applied_.clear();
  deliver(70, 40);
  deliver(71, 10);
  notice();
  EXPECT_TRUE(player(1).mirror.waiting_in_inbox(70));
  ASSERT_EQ(applied_.size(), 1u) << "the smaller one fits";
  ASSERT_EQ(send(letter(5, "Anna", 100)), proto::OK);
  cluster_->run(seconds(2));
  EXPECT_FALSE(player(1).mirror.waiting_in_inbox(70));
}

TEST_F(MailTest, ALetterThatCameIsReadToItsReceiver) {
  deliver(70, 40, "mail.send");
  sample::MailMemo memo;
  memo.set_from_name("Anna");
  memo.set_text("for you");
  inbox_.mutable_entries(0)->set_memo(memo.SerializeAsString());
  notice();
  const auto arrived = told<sample::MailArrived>();
  ASSERT_TRUE(arrived.has_value());
  EXPECT_EQ(arrived->from_name(), "Anna");
  EXPECT_EQ(arrived->text(), "for you");
  EXPECT_EQ(arrived->amounts(0).value(), 40);
  EXPECT_FALSE(arrived->returned());
}

TEST_F(MailTest, WhatWasAnsweredBusyIsDoneUnderTheSameNumber) {
  directory_answers_ = false;
  client(1, letter(5, "Anna", 100));
  cluster_->run(seconds(3));
  ASSERT_EQ(told<sample::MailSendReply>()->code(), proto::BUSY);
  directory_answers_ = true;
  EXPECT_EQ(send(letter(5, "Anna", 100)), proto::OK);
  cluster_->run(milliseconds(50));
  ASSERT_EQ(applied_.size(), 1u);
  EXPECT_EQ(send(letter(5, "Anna", 100)), proto::OK);
  cluster_->run(milliseconds(50));
  EXPECT_EQ(applied_.size(), 1u) << "and once";
}

TEST_F(MailTest, ALetterCanBeReadAgain) {
  auto* entry = read_.add_entries();
  entry->set_message_id(70);
  entry->set_reason(sample::kMailReason);
  sample::MailMemo memo;
  memo.set_from_name("Anna");
  memo.set_text("for you");
  entry->set_memo(memo.SerializeAsString());
  read_.add_entries()->set_message_id(71);
  const auto list = ask<sample::MailListReply>(1, sample::MailListRequest());
  ASSERT_TRUE(list.has_value());
  EXPECT_EQ(list->code(), proto::OK);
  ASSERT_EQ(list->letters_size(), 2);
  EXPECT_EQ(list->letters(0).letter(), 70u);
  EXPECT_EQ(list->letters(0).from_name(), "Anna");
  EXPECT_EQ(list->letters(0).text(), "for you");
  read_.set_code(proto::RETRY);
  EXPECT_EQ(ask<sample::MailListReply>(1, sample::MailListRequest())->code(), proto::BUSY);
}

TEST_F(MailTest, AZombieThatLooksIntoTheInboxIsGoneAndItsPlayerAskedOnByTheGateway) {
  const std::uint64_t epoch = epochs_[1]++;
  notice();
  EXPECT_EQ(lobby_->find(PlayerId(1)), nullptr);
  const auto drop = cluster_->take<proto::RouteDrop>(kGateway);
  ASSERT_TRUE(drop);
  EXPECT_TRUE(drop->second.ask_lobby());
  EXPECT_EQ(drop->second.player_epoch(), epoch) << "a gateway that knows a later owner stays with it";
}

TEST_F(MailTest, WhatNoNoticeToldOfIsFoundWithinHalfAMinute) {
  deliver(70, 40);
  cluster_->run(seconds(32), milliseconds(100));
  EXPECT_EQ(player(1).mirror.balance("gold"), 540);
  EXPECT_LE(inbox_reads_, 2);
}

// The grant says what the row held before the gift; the notice is there before it.
TEST_F(MailTest, AGiftThatComesWhileItsReceiverArrivesIsLookedFor) {
  proto::Admit request;
  request.set_player_id(2);
  request.set_session_id(20);
  request.set_session_epoch(1);
  request.set_gateway(kGateway.value);
  const auto asked = held_acquire([&] { cluster_->ask(kGateway, request); });
  deliver(70, 40);
  proto::InboxNotice notice;
  notice.set_player_id(2);
  cluster_->say(kAgent, notice);
  grant(asked, 2);
  ASSERT_NE(lobby_->find(PlayerId(2)), nullptr);
  EXPECT_EQ(player(2).mirror.balance("gold"), 540);
}

TEST_F(MailTest, AGiftThatComesWhileItsReceiverIsAcquiredAgainIsLookedFor) {
  const auto asked = held_acquire([&] { lobby_->zone(player(1).place)->broken = true; });
  deliver(70, 40);
  proto::InboxNotice notice;
  notice.set_player_id(1);
  cluster_->say(kAgent, notice);
  grant(asked, 1);
  ASSERT_NE(lobby_->find(PlayerId(1)), nullptr);
  EXPECT_EQ(player(1).mirror.balance("gold"), 540);
}

TEST_F(MailTest, AnInboxIsAskedForHoweverLongTheAgentIsSilent) {
  bool answers = false;
  cluster_->answers<proto::InboxQuery, proto::InboxReply>(kAgent,
                                                          [&](auto&, auto&) -> std::optional<proto::InboxReply> {
                                                            if (!answers) return std::nullopt;
                                                            return inbox_;
                                                          });
  deliver(70, 40);
  notice();
  cluster_->run(seconds(90), milliseconds(100));
  answers = true;
  cluster_->run(seconds(11), milliseconds(100));
  EXPECT_EQ(player(1).mirror.balance("gold"), 540);
}

TEST_F(MailTest, AnAgentThatIsBackIsAskedForWhatWasMissed) {
  deliver(70, 40);
  cluster_->down(kAgent);
  cluster_->run(milliseconds(100));
  PeerFacts agent;
  agent.shards = {0};
  agent.directory = true;
  cluster_->up(kAgent, agent);
  cluster_->run(seconds(1));
  EXPECT_EQ(player(1).mirror.balance("gold"), 540);
}

}  // namespace
}  // namespace dure::test
