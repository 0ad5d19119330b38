// Guilds over a real store: players, guilds and everything on its way lie on one shard; the relay is done by hand.
// After every test the books are right.
#include "common/game/sample/guild.h"

#include "tests/dbagent/store/store_fixture.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {
namespace {

using sample::GuildChangeRequest;
using sample::GuildMemo;
using sample::GuildNotice;

constexpr std::uint64_t kAnna = 1, kBert = 2, kCleo = 3;
constexpr std::int64_t kDayMs = 86'400'000;

class GuildTest : public LobbyTest {
 protected:
  GuildTest() {
    auto options = store::shard_options(folder_.file("shard.db"));
    options.shard = 0;
    options.sync = false;
    store_ = store::open_shard(options);
    store::DirectoryOptions directory;
    directory.path = folder_.file("directory.db");
    directory.cluster_id = "test";
    directory.agent_incarnation = {1, 1};
    directory.sync = false;
    directory_ = std::move(*store::DirectoryStore::open(directory));
    serve<proto::AccountQuery, proto::AccountReply>(*directory_);
    serve<proto::ReserveName, proto::ReserveNameReply>(*directory_);
    serve<proto::ClaimName, proto::StoreReply>(*directory_);
    serve<proto::PlayerLocate, proto::PlayerLocateReply>(*directory_);
    serve<proto::CreatePlayerRequest, proto::StoreReply>(*store_);
    serve<proto::OwnerQuery, proto::AcquireReply>(*store_);
    serve<proto::AcquireRequest, proto::AcquireReply>(*store_);
    serve<proto::ApplyRequest, proto::ApplyReply>(*store_);
    serve<proto::InboxQuery, proto::InboxReply>(*store_);
    serve<proto::OwnerlessRead, proto::OwnerlessReadReply>(*store_);
    serve<proto::OwnerlessApply, proto::OwnerlessReply>(*store_);
    be_born(kAnna, "Anna");
    be_born(kBert, "Bert");
    be_born(kCleo, "Cleo");
    for (const auto player : {kAnna, kBert, kCleo}) come(player);
    settle();
  }
  ~GuildTest() override {
    proto::AuditRequest request;
    request.set_shard(0);
    const auto audit = store::ask<proto::AuditReply>(*store_, request);
    EXPECT_EQ(audit.ledger_sum(), 0);
    for (const auto& finding : audit.findings()) ADD_FAILURE() << finding;
    EXPECT_TRUE(log_.errors.empty()) << log_.errors.front();
  }
  template <class Request, class Reply, class Store>
  void serve(Store& from) {
    cluster_->answers<Request, Reply>(
        kAgent, [this, &from](auto&, const Request& request) { return store::ask<Reply>(from, request, now_); });
  }
  void be_born(std::uint64_t player, const std::string& name) {
    proto::AccountQuery account;
    account.set_account("account" + name);
    account.set_create(true);
    const auto id = store::ask<proto::AccountReply>(*directory_, account).account_id();
    accounts_[player] = id;
    proto::ReserveName reserve;
    reserve.set_name(name);
    reserve.set_player_id(player);
    reserve.set_account_id(id);
    reserve.set_reservation(player);
    ASSERT_EQ(store::ask<proto::ReserveNameReply>(*directory_, reserve).code(), proto::STORED);
    auto birth = store::creation(player, id);
    birth.set_shard(0);
    birth.set_name(name);
    birth.set_reservation(player);
    ASSERT_EQ(store::ask<proto::StoreReply>(*store_, birth).code(), proto::STORED);
    proto::ClaimName claim;
    claim.set_name(name);
    claim.set_player_id(player);
    claim.set_reservation(player);
    ASSERT_EQ(store::ask<proto::StoreReply>(*directory_, claim).code(), proto::STORED);
  }
  void come(std::uint64_t id) {
    proto::Admit request;
    request.set_player_id(id);
    request.set_session_id(id * 10);
    request.set_session_epoch(1);
    request.set_gateway(kGateway.value);
    request.set_reason("login");
    const CallId call = cluster_->ask(kGateway, request);
    cluster_->run(milliseconds(100));
    const auto reply = cluster_->take_reply<proto::AdmitReply>(kGateway, call);
    ASSERT_TRUE(reply && reply->code() == proto::OK);
    epochs_[id] = player(id).epoch;
  }
  // What is on its way arrives. How many letters.
  int deliver() {
    const auto out = store::ask<proto::OutboxReply>(*store_, proto::OutboxQuery());
    for (const auto& letter : out.pending()) {
      EXPECT_EQ(store::ask<proto::DeliverReply>(*store_, letter, now_).code(), proto::STORED);
      proto::OutboxSent sent;
      sent.set_message_id(letter.message_id());
      store::ask<proto::StoreReply>(*store_, sent);
      proto::InboxNotice notice;
      notice.set_player_id(letter.player_id());
      cluster_->say(kAgent, notice);
    }
    return out.pending_size();
  }
  // Everything on its way arrives, is worked on and answered, until nothing moves any more.
  void settle() {
    for (int quiet = 0; quiet < 2;) {
      cluster_->run(milliseconds(100));
      quiet = deliver() == 0 ? quiet + 1 : 0;
    }
    while (auto notice = cluster_->take<GuildNotice>(kGateway))
      heard_[notice->first.player.value].push_back(notice->second);
  }
  // What a player has heard since, as "WELCOME" or "REFUSED:FULL".
  std::vector<std::string> heard(std::uint64_t player) {
    std::vector<std::string> all;
    for (const auto& notice : heard_[player]) {
      std::string word = GuildMemo::Kind_Name(notice.what());
      if (notice.code() != proto::OK) word += ":" + proto::Code_Name(notice.code());
      all.push_back(word);
    }
    heard_[player].clear();
    return all;
  }
  using Words = std::vector<std::string>;

  proto::Code found(std::uint64_t who, const std::string& name) {
    sample::GuildFoundRequest request;
    request.set_creq(++creq_);
    request.set_name(name);
    const auto reply = answer<sample::GuildFoundReply>(who, request);
    if (reply.code() == proto::OK) guild_ = reply.guild();
    return reply.code();
  }
  proto::Code change(std::uint64_t who, GuildChangeRequest::What what, std::uint64_t whom = 0,
                     const std::string& name = {}, sample::GuildRank rank = sample::GUILD_NOBODY) {
    GuildChangeRequest request;
    request.set_creq(++creq_);
    request.set_what(what);
    request.set_player(whom);
    request.set_name(name);
    request.set_rank(rank);
    request.set_guild(guild_);
    return answer<sample::GuildChangeReply>(who, request).code();
  }
  proto::Code deposit(std::uint64_t who, std::int64_t gold) {
    sample::GuildDepositRequest request;
    request.set_creq(++creq_);
    add_gold(gold, request.add_amounts());
    return answer<sample::GuildDepositReply>(who, request).code();
  }
  proto::Code withdraw(std::uint64_t who, std::int64_t gold) {
    sample::GuildWithdrawRequest request;
    request.set_creq(++creq_);
    add_gold(gold, request.add_amounts());
    return answer<sample::GuildWithdrawReply>(who, request).code();
  }
  proto::Code withdraw_item(std::uint64_t who, const proto::Uid& item) {
    sample::GuildWithdrawRequest request;
    request.set_creq(++creq_);
    *request.add_items() = item;
    return answer<sample::GuildWithdrawReply>(who, request).code();
  }
  static void add_gold(std::int64_t gold, proto::Amount* to) {
    to->set_name("gold");
    to->set_value(gold);
  }
  template <class Reply, class Request>
  Reply answer(std::uint64_t who, const Request& request) {
    client(who, request);
    cluster_->run(milliseconds(50));
    auto reply = told<Reply>();
    EXPECT_TRUE(reply.has_value());
    return reply.value_or(Reply());
  }
  sample::GuildReply seen_by(std::uint64_t who) {
    cluster_->run(seconds(1));
    return answer<sample::GuildReply>(who, sample::GuildRequest());
  }
  sample::GuildRank rank_of(std::uint64_t who) {
    const auto guild = seen_by(kBert);
    for (const auto& member : guild.members())
      if (member.player() == who) return member.rank();
    return sample::GUILD_NOBODY;
  }
  // Deleted, and its grace is over.
  void purge(std::uint64_t who) {
    lobby_->forget(PlayerId(who));
    proto::DeletePlayerRequest erase;
    erase.set_account_id(accounts_.at(who));
    erase.set_player_id(who);
    erase.set_delete_at_unix_ms(now_ + 1);
    ASSERT_EQ(store::ask<proto::StoreReply>(*store_, erase, now_).code(), proto::STORED);
    proto::PurgePlayer request;
    request.set_player_id(who);
    ASSERT_EQ(store::ask<proto::StoreReply>(*store_, request, now_ += 2).code(), proto::STORED);
  }
  std::int64_t gold(std::uint64_t who) { return player(who).mirror.balance("gold"); }
  void found_with_bert() {
    ASSERT_EQ(found(kAnna, "Wolves"), proto::OK);
    settle();
    ASSERT_EQ(change(kAnna, GuildChangeRequest::INVITE, 0, "Bert"), proto::OK);
    settle();
    ASSERT_EQ(change(kBert, GuildChangeRequest::ACCEPT), proto::OK);
    settle();
    heard_.clear();
  }
  proto::Uid give_sword(std::uint64_t who) {
    proto::Operation mint;
    mint.set_reason("loot");
    auto* sword = mint.add_effects()->mutable_mint()->mutable_item();
    *sword->mutable_id() = store::uid(1, 9);
    sword->set_template_("iron_sword");
    sword->set_version(1);
    EXPECT_EQ(lobby_->commit(player(who), mint), Mirror::Guard::kOk);
    return sword->id();
  }

  store::TempFolder folder_;
  std::unique_ptr<store::ShardStore> store_;
  std::unique_ptr<store::DirectoryStore> directory_;
  std::map<std::uint64_t, std::vector<GuildNotice>> heard_;
  std::map<std::uint64_t, std::uint64_t> accounts_;
  std::uint64_t creq_ = 0, guild_ = 0;
  std::int64_t now_ = store::kNow;
};

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
  now_ += kDayMs;
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
    now_ += kDayMs;
    ASSERT_EQ(deposit(kBert, 5), proto::OK);
    settle();
  }
  come(kAnna);
  settle();
  EXPECT_TRUE(heard(kAnna).empty());
  EXPECT_EQ(rank_of(kAnna), sample::GUILD_LEADER);
  EXPECT_EQ(rank_of(kBert), sample::GUILD_MEMBER);
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
