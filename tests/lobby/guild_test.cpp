// Who founds, joins, leads and leaves a guild.
#include "tests/lobby/guild_fixture.h"

namespace dure::test {
namespace {

TEST_F(GuildTest, AFoundersFeeIsSpentAndItLeads) {
  EXPECT_EQ(found(kAnna, "Wolves"), proto::OK);
  EXPECT_EQ(gold(kAnna), 400);
  EXPECT_EQ(sample::member_of(player(kAnna).mirror), 0u) << "not before the guild says so";
  settle();
  EXPECT_EQ(heard(kAnna), (Words{"WELCOME"}));
  EXPECT_EQ(sample::member_of(player(kAnna).mirror), guild_);
  const auto guild = seen_by(kAnna);
  EXPECT_EQ(guild.name(), "Wolves");
  ASSERT_EQ(guild.members_size(), 1);
  EXPECT_EQ(guild.members(0).rank(), sample::GUILD_LEADER);
  EXPECT_EQ(guild.amounts_size(), 0) << "the fee went to a sink, not into the bank";
  EXPECT_EQ(found(kBert, "Wolves"), proto::TAKEN);
  EXPECT_EQ(found(kBert, "w0lves"), proto::TAKEN) << "nor what looks like it";
  EXPECT_EQ(found(kAnna, "Foxes"), proto::WRONG_STATE) << "one guild each";
  EXPECT_EQ(found(kBert, "no name"), proto::INVALID);
}

TEST_F(GuildTest, OfTwoFoundersOneHasTheNameAndTheOtherItsFee) {
  EXPECT_EQ(found(kAnna, "Wolves"), proto::OK);
  EXPECT_EQ(found(kBert, "Wolves"), proto::OK) << "nothing has reached the guild yet";
  settle();
  const bool anna = sample::member_of(player(kAnna).mirror) != 0;
  const std::uint64_t first = anna ? kAnna : kBert, second = anna ? kBert : kAnna;
  EXPECT_EQ(heard(first), (Words{"WELCOME"}));
  EXPECT_EQ(heard(second), (Words{"REFUSED:TAKEN"}));
  EXPECT_EQ(gold(second), 500);
  EXPECT_EQ(found(second, "Foxes"), proto::OK) << "it is in none";
  settle();
  EXPECT_EQ(heard(second), (Words{"WELCOME"}));
}

TEST_F(GuildTest, WhoseFoundingCameToNothingWaitsForTheNextName) {
  const auto founding = [this](const std::string& name) {
    sample::GuildFoundRequest request;
    request.set_creq(++creq_);
    request.set_name(name);
    return request;
  };
  const auto overtaken = [&](const std::string& name, bool unblock) {
    client_at_once(kAnna, founding(name));
    sample::BlockRequest block;
    block.set_creq(++creq_);
    block.set_name("Bert");
    block.set_unblock(unblock);
    client(kAnna, block);
    cluster_->run(milliseconds(50));
    EXPECT_EQ(told<sample::BlockReply>()->code(), proto::OK);
    return told<sample::GuildFoundReply>()->code();
  };
  EXPECT_EQ(overtaken("Wolves", false), proto::SUPERSEDED);
  EXPECT_EQ(found(kAnna, "Foxes"), proto::BUSY);
  EXPECT_EQ(found(kBert, "Foxes"), proto::OK) << "nobody else waits";
  settle();
  EXPECT_EQ(overtaken("Wolves", true), proto::SUPERSEDED) << "the same name makes nothing more";
  EXPECT_EQ(found(kAnna, "Bears"), proto::BUSY) << "and changes nothing";
  cluster_->run(seconds(61), milliseconds(100));
  client_at_once(kAnna, founding("Bears"));
  client(kAnna, founding("Lions"));
  cluster_->run(milliseconds(50));
  std::multiset<int> codes;
  while (const auto reply = told<sample::GuildFoundReply>()) codes.insert(reply->code());
  EXPECT_EQ(codes, (std::multiset<int>{proto::OK, proto::BUSY})) << "one at a time";
  settle();
  EXPECT_EQ(heard(kAnna), (Words{"WELCOME"}));
}

TEST_F(GuildTest, ANameThatIsTakenKeepsNobodyFromAnother) {
  ASSERT_EQ(found(kAnna, "Wolves"), proto::OK);
  settle();
  EXPECT_EQ(found(kBert, "Wolves"), proto::TAKEN);
  EXPECT_EQ(found(kBert, "Foxes"), proto::OK);
}

TEST_F(GuildTest, WhoIsInvitedAndAcceptsIsAMemberAndNobodyElse) {
  ASSERT_EQ(found(kAnna, "Wolves"), proto::OK);
  settle();
  EXPECT_EQ(change(kBert, GuildChangeRequest::ACCEPT), proto::NOT_FOUND) << "not invited";
  EXPECT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Nobody"), proto::NOT_FOUND);
  EXPECT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Anna"), proto::INVALID);
  EXPECT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Bert"), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"INVITED"}));
  EXPECT_EQ(change(kBert, GuildChangeRequest::ACCEPT), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"WELCOME"}));
  EXPECT_EQ(change(kBert, GuildChangeRequest::INVITE, 0, "Cleo"), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"REFUSED:NOT_ALLOWED"})) << "officers invite";
  EXPECT_EQ(seen_by(kBert).members_size(), 2);
  EXPECT_EQ(answer<sample::GuildReply>(kCleo, sample::GuildRequest()).code(), proto::WRONG_STATE);
  EXPECT_EQ(deposit(kCleo, 5), proto::WRONG_STATE);
}

TEST_F(GuildTest, RanksAreTheLeadersToGiveAndTheHigherRankKicks) {
  found_with_bert();
  EXPECT_EQ(change(kBert, GuildChangeRequest::KICK, kAnna), proto::OK);
  EXPECT_EQ(change(kBert, GuildChangeRequest::RANK, kBert, {}, sample::GUILD_LEADER), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"REFUSED:NOT_ALLOWED", "REFUSED:NOT_ALLOWED"}));
  EXPECT_EQ(change(kAnna, GuildChangeRequest::LEAVE), proto::OK);
  settle();
  EXPECT_EQ(heard(kAnna), (Words{"REFUSED:WRONG_STATE"})) << "somebody must lead";
  EXPECT_EQ(change(kAnna, GuildChangeRequest::RANK, kBert, {}, sample::GUILD_LEADER), proto::OK);
  settle();
  EXPECT_EQ(change(kBert, GuildChangeRequest::KICK, kAnna), proto::OK);
  settle();
  EXPECT_EQ(heard(kAnna), (Words{"DONE", "LEFT:NOT_ALLOWED"}));
  EXPECT_EQ(sample::guild_of(player(kAnna).mirror), 0u);
  EXPECT_EQ(seen_by(kBert).members(0).rank(), sample::GUILD_LEADER);
}

TEST_F(GuildTest, WhoIsAwayHearsWhenItComes) {
  found_with_bert();
  lobby_->forget(PlayerId(kBert));
  ASSERT_EQ(change(kAnna, GuildChangeRequest::KICK, kBert), proto::OK);
  settle();
  ASSERT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Bert"), proto::OK);
  settle();
  come(kBert);
  settle();
  const auto words = heard(kBert);
  EXPECT_EQ(std::set<std::string>(words.begin(), words.end()), (std::set<std::string>{"LEFT:NOT_ALLOWED", "INVITED"}));
  EXPECT_EQ(sample::guild_of(player(kBert).mirror), 0u);
  EXPECT_EQ(change(kBert, GuildChangeRequest::ACCEPT), proto::OK);
  settle();
  EXPECT_EQ(sample::member_of(player(kBert).mirror), guild_);
}

TEST_F(GuildTest, WhoFollowsALeaderThatWasPurgedLeadsThoughItNeverSaysSo) {
  found_with_bert();
  purge(kAnna);
  ASSERT_EQ(deposit(kBert, 5), proto::OK);
  settle();
  EXPECT_EQ(rank_of(kBert), sample::GUILD_MEMBER) << "the leader was heard of today";
  now_ += kGuildDayMs;
  ASSERT_EQ(change(kBert, GuildChangeRequest::DISBAND), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"REFUSED:NOT_ALLOWED"}));
  ASSERT_EQ(seen_by(kBert).members_size(), 1);
  EXPECT_EQ(rank_of(kBert), sample::GUILD_LEADER);
}

TEST_F(GuildTest, ALeaderThatLivesStaysItAndIsNotTold) {
  found_with_bert();
  lobby_->forget(PlayerId(kAnna));
  for (int day = 0; day < 3; ++day) {
    now_ += kGuildDayMs;
    ASSERT_EQ(deposit(kBert, 5), proto::OK);
    settle();
  }
  come(kAnna);
  settle();
  EXPECT_TRUE(heard(kAnna).empty());
  EXPECT_EQ(rank_of(kAnna), sample::GUILD_LEADER);
  EXPECT_EQ(rank_of(kBert), sample::GUILD_MEMBER);
}

TEST_F(GuildTest, AnInvitationIsNotSentAgainAtOnce) {
  ASSERT_EQ(found(kAnna, "Wolves"), proto::OK);
  settle();
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Bert"), proto::OK);
    settle();
  }
  EXPECT_EQ(heard(kAnna), (Words{"WELCOME", "DONE", "REFUSED:TAKEN"}));
  EXPECT_EQ(heard(kBert), (Words{"INVITED"}));
  now_ += sample::kGuildInvitationFirmMs;
  ASSERT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Bert"), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"INVITED"}));
  EXPECT_EQ(seen_by(kAnna).invited_size(), 1);
}

TEST_F(GuildTest, OfTooManyInvitationsTheOldestGivesWayOnceItHadItsTime) {
  ASSERT_EQ(found(kAnna, "Wolves"), proto::OK);
  settle();
  const auto most = static_cast<int>(sample::kGuildInvitedMost);
  for (int i = 0; i < most; ++i) {
    const std::string name = std::string("Guest") + static_cast<char>('a' + i);
    be_born(100 + static_cast<std::uint64_t>(most - i), name);
    now_ += 1000;
    ASSERT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, name), proto::OK);
    settle();
  }
  heard_.clear();
  ASSERT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Bert"), proto::OK);
  settle();
  EXPECT_EQ(heard(kAnna), (Words{"REFUSED:FULL"}));
  now_ += sample::kGuildInvitationFirmMs;
  ASSERT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Bert"), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"INVITED"}));
  const auto guild = seen_by(kAnna);
  EXPECT_EQ(guild.invited_size(), most);
  for (const auto& one : guild.invited()) EXPECT_NE(one.name(), "Guesta");
}

TEST_F(GuildTest, WhoIsBlockedDoesNotInvite) {
  ASSERT_EQ(found(kAnna, "Wolves"), proto::OK);
  settle();
  sample::BlockRequest block;
  block.set_creq(++creq_);
  block.set_name("Anna");
  ASSERT_EQ(answer<sample::BlockReply>(kBert, block).code(), proto::OK);
  EXPECT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Bert"), proto::REFUSED);
  settle();
  EXPECT_TRUE(heard(kBert).empty());
  EXPECT_EQ(seen_by(kAnna).invited_size(), 0);
}

TEST_F(GuildTest, AGuildWhoseLastMemberWasPurgedLeavesItsNameAndItsBankToTheNext) {
  ASSERT_EQ(found(kAnna, "Wolves"), proto::OK);
  settle();
  ASSERT_EQ(deposit(kAnna, 50), proto::OK);
  settle();
  ASSERT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Cleo"), proto::OK);
  settle();
  purge(kAnna);
  EXPECT_EQ(found(kBert, "Wolves"), proto::TAKEN) << "its leader was heard of today";
  now_ += kGuildDayMs;
  EXPECT_EQ(found(kBert, "Wolves"), proto::OK) << "it is asked after";
  settle();
  EXPECT_EQ(heard(kBert), (Words{"REFUSED:TAKEN"}));
  EXPECT_EQ(gold(kBert), 500);
  EXPECT_EQ(change(kCleo, GuildChangeRequest::ACCEPT), proto::NOT_FOUND);
  ASSERT_EQ(found(kBert, "Wolves"), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"WELCOME"}));
  const auto guild = seen_by(kBert);
  ASSERT_EQ(guild.amounts_size(), 1);
  EXPECT_EQ(guild.amounts(0).value(), 50);
  ASSERT_EQ(guild.log_size(), 2) << "a log that begins with the guild tells all of the bank";
  EXPECT_EQ(guild.log(1).what(), GuildMemo::DEPOSIT);
  EXPECT_EQ(guild.log(1).amounts(0).value(), 50);
}

TEST_F(GuildTest, WhoWantsANameWhoseLeaderLivesDoesNotGetIt) {
  ASSERT_EQ(found(kAnna, "Wolves"), proto::OK);
  settle();
  for (int day = 0; day < 2; ++day) {
    now_ += kGuildDayMs;
    EXPECT_EQ(found(kBert, "Wolves"), proto::OK);
    settle();
    EXPECT_EQ(found(kBert, "Wolves"), proto::TAKEN);
    EXPECT_EQ(heard(kBert), (Words{"REFUSED:TAKEN"}));
  }
  EXPECT_EQ(heard(kAnna), (Words{"WELCOME"}));
  EXPECT_EQ(seen_by(kAnna).members_size(), 1);
}

TEST_F(GuildTest, AGuildEndsWithAnEmptyBankAndItsNameMayBeTakenAgain) {
  found_with_bert();
  ASSERT_EQ(deposit(kBert, 5), proto::OK);
  settle();
  ASSERT_EQ(change(kBert, GuildChangeRequest::DISBAND), proto::OK);
  ASSERT_EQ(change(kAnna, GuildChangeRequest::DISBAND), proto::OK);
  settle();
  EXPECT_EQ(heard(kBert), (Words{"REFUSED:NOT_ALLOWED"}));
  EXPECT_EQ(heard(kAnna), (Words{"REFUSED:WRONG_STATE"}));
  ASSERT_EQ(withdraw(kAnna, 5), proto::OK);
  settle();
  heard_.clear();
  ASSERT_EQ(change(kAnna, GuildChangeRequest::DISBAND), proto::OK);
  settle();
  EXPECT_EQ(heard(kAnna), (Words{"LEFT:CLOSED"}));
  EXPECT_EQ(heard(kBert), (Words{"LEFT:CLOSED"}));
  EXPECT_EQ(found(kCleo, "Wolves"), proto::OK);
  settle();
  EXPECT_EQ(heard(kCleo), (Words{"WELCOME"}));
  EXPECT_EQ(seen_by(kCleo).log_size(), 1) << "what was before it is not its own";
}

TEST_F(GuildTest, WhileOneOfItsPeopleWaitsForTheGuildItIsNotReadForOthers) {
  found_with_bert();
  cluster_->run(seconds(1));
  int reads = 0;
  cluster_->answers<proto::OwnerlessRead, proto::OwnerlessReadReply>(
      kAgent, [&](auto&, const auto&) -> std::optional<proto::OwnerlessReadReply> {
        ++reads;
        return std::nullopt;
      });
  const sample::GuildRequest request;
  client(kAnna, request);
  reads = 0;
  for (int i = 0; i < 10; ++i) client(kBert, request);
  EXPECT_EQ(reads, 0);
  const auto other = told<sample::GuildReply>();
  ASSERT_TRUE(other.has_value());
  EXPECT_EQ(other->code(), proto::BUSY) << "nothing was shown yet";
}

}  // namespace
}  // namespace dure::test
