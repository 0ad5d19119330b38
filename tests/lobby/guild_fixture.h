// Guilds over a real store: players, guilds and everything on its way lie on one shard; the relay is done by hand.
// After every test the books are right.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/game/sample/block.pb.h"
#include "common/game/sample/guild.h"
#include "tests/dbagent/store/store_fixture.h"
#include "tests/lobby/lobby_fixture.h"

namespace dure::test {

using sample::GuildChangeRequest;
using sample::GuildMemo;
using sample::GuildNotice;

inline constexpr std::uint64_t kAnna = 1, kBert = 2, kCleo = 3;
using sample::kGuildDayMs;

class GuildTest : public LobbyTest {
 protected:
  GuildTest() {
    auto options = store::shard_options(folder_.file("shard.db"));
    options.shard = 0;
    options.sync = false;
    store_ = store::open_shard(options);
    directory_ = store::open_directory(folder_.file("directory.db"));
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
  // How many of that kind the guild has.
  int records(const std::string& prefix) {
    proto::OwnerlessRead query;
    query.set_aggregate_id(guild_);
    query.set_prefix(prefix);
    return store::ask<proto::OwnerlessReadReply>(*store_, query, now_).records_size();
  }
  // Items from nobody, which the guild keeps.
  void endow(int count, const std::string& item_template, const std::string& attribute = {}) {
    auto letter = store::delivery(guild_, ++letters_, 1);
    letter.set_shard(0);
    letter.clear_balances();
    for (int i = 0; i < count; ++i) {
      auto* item = letter.add_items();
      *item->mutable_id() = store::uid(2, ++letters_);
      item->set_template_(item_template);
      item->set_version(1);
      if (!attribute.empty()) item->add_attributes()->set_key(attribute);
    }
    ASSERT_EQ(store::ask<proto::DeliverReply>(*store_, letter, now_).code(), proto::STORED);
    proto::InboxNotice notice;
    notice.set_player_id(guild_);
    cluster_->say(kAgent, notice);
    settle();
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
  std::uint64_t creq_ = 0, guild_ = 0, letters_ = 1'000'000;
  std::int64_t now_ = store::kNow;
};

}  // namespace dure::test
