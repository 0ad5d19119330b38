// What is given to a guild and taken out, and when it is neither.
#include "tests/lobby/guild_fixture.h"

namespace dure::test {
namespace {

TEST_F(GuildTest, TheBankTakesFromMembersAndGivesByRankAndDayAndKeepsALog) {
  found_with_bert();
  ASSERT_EQ(deposit(kAnna, 300), proto::OK);
  settle();
  EXPECT_EQ(gold(kAnna), 100);
  ASSERT_EQ(withdraw(kBert, 60), proto::OK);
  ASSERT_EQ(withdraw(kBert, 60), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert).size(), 2u);
  EXPECT_EQ(gold(kBert), 560) << "100 a day for a member";
  ASSERT_EQ(withdraw(kAnna, 241), proto::OK);
  settle();
  EXPECT_EQ(heard(kAnna), (Words{"REFUSED:NOT_ENOUGH"}));
  ASSERT_EQ(withdraw(kAnna, 240), proto::OK);
  settle();
  EXPECT_EQ(heard(kAnna), (Words{"WITHDRAWN"}));
  EXPECT_EQ(gold(kAnna), 340);
  const auto guild = seen_by(kAnna);
  EXPECT_EQ(guild.amounts_size(), 0);
  std::int64_t sum = 0, at = 0;
  for (const auto& line : guild.log()) {
    EXPECT_GE(line.at_ms(), at);
    at = line.at_ms();
    if (line.what() == GuildMemo::DEPOSIT) sum += line.amounts(0).value();
    if (line.what() == GuildMemo::WITHDRAW) sum -= line.amounts(0).value();
  }
  EXPECT_GT(at, 0);
  EXPECT_EQ(sum, 0) << "who, what and when, once each";
}

TEST_F(GuildTest, WhatWasTakenInADayCountsOnForWhoLeavesAndComesBack) {
  found_with_bert();
  ASSERT_EQ(deposit(kAnna, 300), proto::OK);
  settle();
  ASSERT_EQ(withdraw(kBert, 100), proto::OK);
  settle();
  for (const bool kicked : {true, false}) {
    if (kicked)
      ASSERT_EQ(change(kAnna, GuildChangeRequest::KICK, kBert), proto::OK);
    else
      ASSERT_EQ(change(kBert, GuildChangeRequest::LEAVE), proto::OK);
    settle();
    ASSERT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Bert"), proto::OK);
    settle();
    ASSERT_EQ(change(kBert, GuildChangeRequest::ACCEPT), proto::OK);
    settle();
    EXPECT_EQ(records("taken/"), 0) << "a member has it in its own record";
    heard_.clear();
    ASSERT_EQ(withdraw(kBert, 100), proto::OK);
    settle();
    EXPECT_EQ(heard(kBert), (Words{"REFUSED:NOT_ALLOWED"}));
  }
  now_ += kGuildDayMs;
  ASSERT_EQ(withdraw(kBert, 100), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"WITHDRAWN"}));
}

TEST_F(GuildTest, WhatWasTakenIsForgottenADayLater) {
  found_with_bert();
  ASSERT_EQ(deposit(kAnna, 300), proto::OK);
  settle();
  ASSERT_EQ(withdraw(kBert, 100), proto::OK);
  settle();
  ASSERT_EQ(change(kBert, GuildChangeRequest::LEAVE), proto::OK);
  settle();
  ASSERT_EQ(withdraw(kAnna, 5), proto::OK);
  settle();
  EXPECT_EQ(records("taken/"), 1);
  now_ += kGuildDayMs;
  ASSERT_EQ(withdraw(kAnna, 5), proto::OK);
  settle();
  EXPECT_EQ(records("taken/"), 0);
}

TEST_F(GuildTest, AFullBankIsInheritedThoughItIsMoreThanALineOfTheLogHolds) {
  ASSERT_EQ(found(kAnna, "Wolves"), proto::OK);
  settle();
  const auto most = static_cast<int>(sample::kGuildItemsMost);
  for (int left = most; left > 0; left -= 10) endow(10, "sword_of_a_long_name");
  ASSERT_EQ(deposit(kAnna, 50), proto::OK);
  settle();
  purge(kAnna);
  now_ += kGuildDayMs;
  ASSERT_EQ(found(kBert, "Wolves"), proto::OK) << "its leader is asked after";
  settle();
  heard_.clear();
  ASSERT_EQ(found(kBert, "Wolves"), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"WELCOME"}));
  const auto guild = seen_by(kBert);
  EXPECT_EQ(guild.items_size(), most);
  std::set<std::uint64_t> told;
  std::int64_t gold = 0;
  for (const auto& line : guild.log()) {
    for (const auto& item : line.items()) EXPECT_TRUE(told.insert(item.id().low()).second);
    for (const auto& amount : line.amounts()) gold += amount.value();
  }
  EXPECT_EQ(told.size(), sample::kGuildItemsMost) << "the log tells all of the bank";
  EXPECT_EQ(gold, 50);
}

TEST_F(GuildTest, WhatTheLogCannotHoldIsRefusedAndNobodyWaitsForEver) {
  found_with_bert();
  endow(1, "iron_sword", std::string(5000, 'x'));
  const auto bank = seen_by(kAnna);
  ASSERT_EQ(bank.items_size(), 1) << "kept without a line";
  ASSERT_EQ(withdraw_item(kAnna, bank.items(0).id()), proto::OK);
  settle();
  EXPECT_EQ(heard(kAnna), (Words{"REFUSED:REFUSED"}));
  EXPECT_EQ(seen_by(kAnna).items_size(), 1);
  ASSERT_EQ(deposit(kBert, 5), proto::OK);
  settle();
  EXPECT_EQ(seen_by(kBert).amounts_size(), 1) << "and what comes next is settled";
}

TEST_F(GuildTest, WhatTheBankWasJustShownWithoutIsNotAskedFor) {
  found_with_bert();
  ASSERT_EQ(deposit(kAnna, 50), proto::OK);
  settle();
  ASSERT_EQ(seen_by(kAnna).amounts_size(), 1);
  EXPECT_EQ(withdraw(kBert, 51), proto::NOT_ENOUGH);
  EXPECT_EQ(withdraw_item(kBert, store::uid(5, 5)), proto::NOT_FOUND);
  EXPECT_EQ(withdraw(kBert, 50), proto::OK);
  settle();
  cluster_->run(seconds(3));
  EXPECT_EQ(withdraw(kBert, 51), proto::OK) << "it may have come since";
  settle();
  EXPECT_EQ(heard(kBert), (Words{"WITHDRAWN", "REFUSED:NOT_ENOUGH"}));
}

TEST_F(GuildTest, TheLastSwordIsGivenToOneOfTwo) {
  found_with_bert();
  ASSERT_EQ(change(kAnna, GuildChangeRequest::RANK, kBert, {}, sample::GUILD_OFFICER), proto::OK);
  const proto::Uid sword = give_sword(kAnna);
  sample::GuildDepositRequest request;
  request.set_creq(++creq_);
  *request.add_items() = sword;
  ASSERT_EQ(answer<sample::GuildDepositReply>(kAnna, request).code(), proto::OK);
  EXPECT_TRUE(player(kAnna).mirror.items().empty());
  settle();
  heard_.clear();
  ASSERT_EQ(seen_by(kBert).items_size(), 1);
  ASSERT_EQ(withdraw_item(kAnna, sword), proto::OK);
  ASSERT_EQ(withdraw_item(kBert, sword), proto::OK);
  settle();
  EXPECT_EQ(player(kAnna).mirror.items().size() + player(kBert).mirror.items().size(), 1u);
  const auto anna = heard(kAnna), bert = heard(kBert);
  EXPECT_TRUE((anna == Words{"WITHDRAWN"} && bert == Words{"REFUSED:NOT_FOUND"}) ||
              (bert == Words{"WITHDRAWN"} && anna == Words{"REFUSED:NOT_FOUND"}));
}

TEST_F(GuildTest, WhatAMemberGaveAfterItWasKickedComesBack) {
  found_with_bert();
  ASSERT_EQ(change(kAnna, GuildChangeRequest::KICK, kBert), proto::OK);
  cluster_->run(milliseconds(200));
  ASSERT_EQ(deliver(), 1) << "letters of one millisecond have no order: the kick comes first";
  cluster_->run(milliseconds(200));
  ASSERT_EQ(deposit(kBert, 50), proto::OK) << "it does not know yet";
  settle();
  EXPECT_EQ(gold(kBert), 500);
  EXPECT_EQ(sample::guild_of(player(kBert).mirror), 0u);
}

TEST_F(GuildTest, ARequestThatIsRepeatedHasOneEffectAndOtherContentIsAConflict) {
  found_with_bert();
  sample::GuildDepositRequest request;
  request.set_creq(++creq_);
  add_gold(40, request.add_amounts());
  const auto first = answer<sample::GuildDepositReply>(kBert, request);
  EXPECT_EQ(answer<sample::GuildDepositReply>(kBert, request).request(), first.request());
  request.mutable_amounts(0)->set_value(41);
  EXPECT_EQ(answer<sample::GuildDepositReply>(kBert, request).code(), proto::CONFLICT);
  settle();
  EXPECT_EQ(seen_by(kBert).amounts(0).value(), 40);
  // The same number after a change of owner: it was done.
  request.mutable_amounts(0)->set_value(40);
  lobby_->forget(PlayerId(kBert));
  come(kBert);
  EXPECT_EQ(answer<sample::GuildDepositReply>(kBert, request).code(), proto::OK);
  settle();
  EXPECT_EQ(seen_by(kBert).amounts(0).value(), 40);
}

TEST_F(GuildTest, NonsenseIsRefusedAndNothingLeaves) {
  found_with_bert();
  EXPECT_EQ(deposit(kBert, 0), proto::INVALID);
  EXPECT_EQ(deposit(kBert, -1), proto::INVALID);
  EXPECT_EQ(deposit(kBert, INT64_MAX), proto::INVALID);
  EXPECT_EQ(deposit(kBert, 501), proto::NOT_ENOUGH);
  EXPECT_EQ(withdraw(kBert, 0), proto::INVALID);
  EXPECT_EQ(withdraw(kBert, INT64_MAX), proto::INVALID);
  EXPECT_EQ(withdraw_item(kBert, store::uid(5, 5)), proto::OK);
  EXPECT_EQ(change(kBert, GuildChangeRequest::NOTHING), proto::INVALID);
  EXPECT_EQ(change(kBert, static_cast<GuildChangeRequest::What>(99)), proto::INVALID);
  guild_ = kAnna;
  EXPECT_EQ(change(kCleo, GuildChangeRequest::ACCEPT), proto::NOT_FOUND) << "a character is no guild";
  EXPECT_EQ(change(kCleo, GuildChangeRequest::DECLINE), proto::NOT_FOUND);
  guild_ = 12345;
  EXPECT_EQ(change(kCleo, GuildChangeRequest::ACCEPT), proto::NOT_FOUND);
  guild_ = UINT64_MAX;
  EXPECT_EQ(change(kCleo, GuildChangeRequest::ACCEPT), proto::NOT_FOUND);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"REFUSED:NOT_FOUND"}));
  EXPECT_EQ(gold(kBert), 500);
}

TEST_F(GuildTest, AnItemThatIsDepositedIsInNoOtherFeature) {
  found_with_bert();
  const proto::Uid sword = give_sword(kBert);
  sample::GuildDepositRequest request;
  request.set_creq(++creq_);
  *request.add_items() = sword;
  ASSERT_EQ(answer<sample::GuildDepositReply>(kBert, request).code(), proto::OK);
  sample::MailSendRequest letter;
  letter.set_creq(++creq_);
  letter.set_to_name("Anna");
  *letter.add_items() = sword;
  EXPECT_EQ(answer<sample::MailSendReply>(kBert, letter).code(), proto::NOT_FOUND);
  sample::AuctionListRequest listing;
  listing.set_creq(++creq_);
  *listing.mutable_item() = sword;
  listing.set_price(5);
  listing.set_duration_s(60);
  const auto listed = answer<sample::AuctionListReply>(kBert, listing).code();
  EXPECT_TRUE(listed == proto::NOT_FOUND || listed == proto::BUSY) << listed;
  sample::UseItemRequest use;
  use.set_creq(++creq_);
  *use.mutable_item() = sword;
  EXPECT_NE(answer<sample::UseItemReply>(kBert, use).code(), proto::OK);
  request.set_creq(++creq_);
  EXPECT_EQ(answer<sample::GuildDepositReply>(kBert, request).code(), proto::NOT_FOUND) << "nor here a second time";
  settle();
  EXPECT_EQ(seen_by(kBert).items_size(), 1);
}

}  // namespace
}  // namespace dure::test
