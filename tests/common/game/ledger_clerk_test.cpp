// A clerk over a real store: deposits are settled once, whoever else works on the same aggregate, however often it is
// asked. The agent's answers may be lost.
#include "common/game/ledger_clerk.h"

#include <algorithm>

#include "tests/common/fake_cluster.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::test {
namespace {

using store::ask;
using store::uid;

const NodeId kAgent(Role::kDbagent, 1);

class Feature : public Node {
 public:
  Feature(const Routes& routes, Seams seams) : Node(identity_of(), routes, seams) {}
  static NodeIdentity identity_of() {
    NodeIdentity identity;
    identity.id = NodeId(Role::kGeneral, 1);
    identity.incarnation = {7, 7};
    return identity;
  }
};

class ClerkTest : public testing::Test {
 protected:
  ClerkTest()
      : routes_(Routes::build(engine_files()).value()),
        node_(routes_, Seams{&log_, &entropy_}),
        cluster_(node_, routes_) {
    auto options = store::shard_options(folder_.file("shard.db"));
    options.shard = 0;
    options.sync = false;
    shard_ = store::open_shard(options);
    directory_ = store::open_directory(folder_.file("directory.db"));
    PeerFacts facts;
    facts.shards = {0};
    facts.directory = true;
    cluster_.up(kAgent, facts);
    serve<proto::AccountQuery, proto::AccountReply>(*directory_);
    serve<proto::ReserveName, proto::ReserveNameReply>(*directory_);
    serve<proto::ClaimName, proto::StoreReply>(*directory_);
    serve<proto::PlayerLocate, proto::PlayerLocateReply>(*directory_);
    serve<proto::CreatePlayerRequest, proto::StoreReply>(*shard_);
    serve<proto::OwnerlessRead, proto::OwnerlessReadReply>(*shard_);
    serve<proto::OwnerlessApply, proto::OwnerlessReply>(*shard_);
    cluster_.turn();
  }
  template <class Request, class Reply, class Store>
  void serve(Store& store) {
    cluster_.answers<Request, Reply>(kAgent, [this, &store](auto&, const Request& request) -> std::optional<Reply> {
      const Reply reply = ask<Reply>(store, request);
      if (lost_answers_ > 0) {
        --lost_answers_;
        return std::nullopt;  // done, and nobody hears of it
      }
      return reply;
    });
  }
  template <class T>
  T run(Task<Result<T>> task) {
    std::optional<Result<T>> result;
    node_.spawn([](Task<Result<T>> inner, std::optional<Result<T>>* out) -> Task<void> {
      out->emplace(co_await inner);
    }(std::move(task), &result));
    for (int i = 0; i < 200 && !result; ++i) cluster_.run(milliseconds(100));
    EXPECT_TRUE(result.has_value() && result->has_value()) << (result && !*result ? result->error().detail : "no end");
    return result && *result ? **result : T{};
  }
  // It has worked through, and something cannot pass.
  bool refused(const LedgerClerk::Rule& rule) {
    std::optional<Result<int>> ended;
    node_.spawn([](LedgerClerk* self, LedgerClerk::Rule by, std::optional<Result<int>>* out) -> Task<void> {
      out->emplace(co_await self->work_through(by));
    }(&clerk_, rule, &ended));
    cluster_.run(seconds(20));
    return ended.has_value() && !*ended && ended->error().trouble == Trouble::kRefused;
  }
  void deposit(std::uint64_t message, std::int64_t gold, const std::string& memo) {
    auto letter = store::delivery(clerk_.aggregate(), message, gold);
    letter.set_shard(0);
    letter.set_memo(memo);
    letter.set_from_player(4);
    ASSERT_EQ(ask<proto::DeliverReply>(*shard_, letter).code(), proto::STORED);
  }
  // Gold is booked under the memo; what says "no" goes back.
  LedgerClerk::Rule rule_ = [this](const LedgerClerk::Book& book, const proto::InboxEntry& entry,
                                   proto::OwnerlessApply* operation) {
    ++asked_;
    if (entry.memo() == "no") return LedgerClerk::send_back(entry, 5000 + entry.message_id(), operation);
    const auto at = book.records.find(entry.memo());
    const std::int64_t had = at == book.records.end() ? 0 : std::stoll(at->second.body());
    LedgerClerk::put_record(book, entry.memo(), std::to_string(had + entry.balances(0).value()), operation);
  };
  LedgerClerk::Book book() { return run(clerk_.read()); }

  Routes routes_;
  MemoryLog log_;
  SeededEntropy entropy_{1};
  store::TempFolder folder_;
  std::unique_ptr<store::ShardStore> shard_;
  std::unique_ptr<store::DirectoryStore> directory_;
  Feature node_;
  FakeCluster cluster_;
  LedgerClerk clerk_{node_, "bank:one"};
  int lost_answers_ = 0, asked_ = 0;
};

TEST_F(ClerkTest, ItIsFoundedOnceAndFoundAgain) {
  const std::uint64_t id = run(clerk_.open(true));
  EXPECT_NE(id, 0u);
  EXPECT_EQ(run(clerk_.open(true)), id);
  LedgerClerk another(node_, "bank:one");
  EXPECT_EQ(run(another.open(false)), id);
}

TEST_F(ClerkTest, AFoundingWhoseAnswersAreLostIsGoneOnWith) {
  lost_answers_ = 5;
  EXPECT_NE(run(clerk_.open(true)), 0u);
}

TEST_F(ClerkTest, AFoundingThatWasBegunIsGoneOnWithAndOneThatWasRuledOutIsBegunAnew) {
  proto::AccountQuery account;
  account.set_account("ownerless:bank:one");
  account.set_create(true);
  proto::ReserveName reserve;
  reserve.set_name("bank:one");
  reserve.set_player_id(70);
  reserve.set_account_id(ask<proto::AccountReply>(*directory_, account).account_id());
  reserve.set_reservation(71);
  ASSERT_EQ(ask<proto::ReserveNameReply>(*directory_, reserve).code(), proto::STORED);
  EXPECT_EQ(run(clerk_.open(true)), 70u);

  LedgerClerk other(node_, "bank:two");
  account.set_account("ownerless:bank:two");
  reserve.set_name("bank:two");
  reserve.set_player_id(80);
  reserve.set_account_id(ask<proto::AccountReply>(*directory_, account).account_id());
  ASSERT_EQ(ask<proto::ReserveNameReply>(*directory_, reserve).code(), proto::STORED);
  proto::ClaimName release;
  release.set_name("bank:two");
  release.set_player_id(80);
  release.set_reservation(71);
  release.set_release(true);
  release.set_ruled_out(true);
  ASSERT_EQ(ask<proto::StoreReply>(*directory_, release).code(), proto::STORED);
  EXPECT_NE(run(other.open(true)), 80u);
}

TEST_F(ClerkTest, EachDepositIsSettledOnceThoughAnswersAreLost) {
  run(clerk_.open(true));
  deposit(1, 10, "anna");
  deposit(2, 5, "anna");
  deposit(3, 7, "no");
  lost_answers_ = 4;
  EXPECT_EQ(run(clerk_.work_through(rule_)), 3);
  EXPECT_EQ(run(clerk_.work_through(rule_)), 0);
  const auto now = book();
  EXPECT_EQ(now.records.at("anna").body(), "15");
  EXPECT_EQ(now.balances.at("gold"), 15);
  EXPECT_TRUE(now.inbox.empty());
  const auto out = ask<proto::OutboxReply>(*shard_, proto::OutboxQuery());
  ASSERT_EQ(out.pending_size(), 1);
  EXPECT_EQ(out.pending(0).player_id(), 4u);
}

TEST_F(ClerkTest, ItsCallerHasATurnHoweverMuchComesIn) {
  run(clerk_.open(true));
  std::uint64_t message = 0;
  deposit(++message, 1, "anna");
  const LedgerClerk::Rule endless = [&](const LedgerClerk::Book& book, const proto::InboxEntry& entry,
                                        proto::OwnerlessApply* operation) {
    rule_(book, entry, operation);
    deposit(++message, 1, "anna");
  };
  EXPECT_EQ(run(clerk_.work_through(endless)), LedgerClerk::kSettledAtOnce);
  EXPECT_FALSE(book().inbox.empty());
}

TEST_F(ClerkTest, TwoClerksDoNotSettleADepositTwice) {
  run(clerk_.open(true));
  LedgerClerk other(node_, "bank:one");
  run(other.open(true));
  for (std::uint64_t message = 1; message <= 20; ++message) deposit(message, 1, "anna");
  int both = 0;
  for (LedgerClerk* clerk : {&clerk_, &other})
    node_.spawn([](LedgerClerk* self, LedgerClerk::Rule rule, int* sum) -> Task<void> {
      const Result<int> settled = co_await self->work_through(rule);
      *sum += settled ? *settled : 0;
    }(clerk, rule_, &both));
  cluster_.run(seconds(20));
  EXPECT_EQ(book().records.at("anna").body(), "20");
  EXPECT_EQ(book().balances.at("gold"), 20);
  EXPECT_GE(both, 20) << "a repeat of what is done is done";
}

TEST_F(ClerkTest, AChangeIsComputedAgainFromWhatIsSoNow) {
  run(clerk_.open(true));
  deposit(1, 10, "anna");
  run(clerk_.work_through(rule_));
  bool interfered = false;
  const LedgerClerk::Change withdraw = [&](const LedgerClerk::Book& book, proto::OwnerlessApply* operation) {
    if (!interfered) {  // somebody is faster
      interfered = true;
      proto::OwnerlessApply theirs;
      theirs.set_aggregate_id(clerk_.aggregate());
      theirs.set_reason("other");
      *theirs.mutable_operation_id() = uid(9, 9);
      LedgerClerk::put_record(book, "anna", "4", &theirs);
      EXPECT_EQ(ask<proto::OwnerlessReply>(*shard_, theirs).code(), proto::STORED);
    }
    const std::int64_t has = std::stoll(book.records.at("anna").body());
    if (has < 3) return 6;
    LedgerClerk::put_record(book, "anna", std::to_string(has - 3), operation);
    auto* send = operation->add_sends();
    send->set_message_id(77);
    send->set_to_player(4);
    auto* gold = send->add_balances();
    gold->set_name("gold");
    gold->set_value(3);
    return 0;
  };
  EXPECT_EQ(run(clerk_.change("withdraw", withdraw)), 0);
  EXPECT_EQ(book().records.at("anna").body(), "1");
  EXPECT_EQ(run(clerk_.change("withdraw", withdraw)), 6) << "the rule's own answer";
  EXPECT_EQ(book().balances.at("gold"), 7);
}

TEST_F(ClerkTest, WhatCannotPassStaysAndDoesNotBlockTheRest) {
  run(clerk_.open(true));
  deposit(1, 10, "bad");
  deposit(2, 10, "good");
  const LedgerClerk::Rule greedy = [this](const LedgerClerk::Book& book, const proto::InboxEntry& entry,
                                          proto::OwnerlessApply* operation) {
    if (entry.memo() == "good") return rule_(book, entry, operation);
    auto* send = operation->add_sends();
    send->set_message_id(88);
    send->set_to_player(4);
    auto* gold = send->add_balances();
    gold->set_name("gold");
    gold->set_value(1000);
  };
  EXPECT_TRUE(refused(greedy));
  EXPECT_EQ(book().records.count("good"), 1u);
  EXPECT_EQ(book().inbox.size(), 1u);
}

TEST_F(ClerkTest, HoweverManyCannotPassThoseBehindThemAreSettled) {
  run(clerk_.open(true));
  for (std::uint64_t message = 1; message <= 60; ++message) deposit(message, 1, "bad");
  deposit(61, 10, "good");
  const LedgerClerk::Rule greedy = [this](const LedgerClerk::Book& book, const proto::InboxEntry& entry,
                                          proto::OwnerlessApply* operation) {
    if (entry.memo() == "good") return rule_(book, entry, operation);
    auto* spent = operation->add_spends();
    spent->set_name("gold");
    spent->set_value(1000);
  };
  EXPECT_TRUE(refused(greedy));
  EXPECT_EQ(book().records.count("good"), 1u);
  EXPECT_EQ(book().balances.at("gold"), 10);
}

TEST_F(ClerkTest, WhoseAnswerCannotPassIsGivenTheOtherOne) {
  run(clerk_.open(true));
  deposit(1, 10, "buyer");
  deposit(2, 1, "anna");
  const LedgerClerk::Rule rule = [this](const LedgerClerk::Book& book, const proto::InboxEntry& entry,
                                        proto::OwnerlessApply* operation) {
    if (entry.memo() != "buyer") return rule_(book, entry, operation);
    if (book.refused) return LedgerClerk::send_back(entry, 5000, operation);
    proto::Effect::Send* goods = operation->add_sends();
    goods->set_message_id(5000);
    goods->set_to_player(entry.from_player());
    *goods->add_items() = store::uid(77, 1);  // not here
  };
  EXPECT_EQ(run(clerk_.work_through(rule)), 2);
  EXPECT_TRUE(book().inbox.empty());
  const auto out = ask<proto::OutboxReply>(*shard_, proto::OutboxQuery());
  ASSERT_EQ(out.pending_size(), 1);
  EXPECT_EQ(out.pending(0).balances(0).value(), 10);
}

// As after a restore that has redone the answer, and not what it was computed from.
TEST_F(ClerkTest, WhatWasAnsweredInAThirdWayIsKeptOnceNothingElseHelps) {
  run(clerk_.open(true));
  const LedgerClerk::Change told = [](const LedgerClerk::Book&, proto::OwnerlessApply* operation) {
    proto::Effect::Send* sold = operation->add_sends();
    sold->set_message_id(5001);
    sold->set_to_player(4);
    sold->set_memo("sold");
    return 0;
  };
  EXPECT_EQ(run(clerk_.change("auction", told)), 0);
  deposit(1, 10, "no");
  deposit(2, 1, "anna");
  const LedgerClerk::Rule rule = [this](const LedgerClerk::Book& book, const proto::InboxEntry& entry,
                                        proto::OwnerlessApply* operation) {
    rule_(book, entry, operation);
    EXPECT_TRUE(entry.memo() != "no" || operation->sends(0).message_id() == 5001);
  };
  EXPECT_EQ(run(clerk_.work_through(rule)), 2);
  EXPECT_TRUE(book().inbox.empty());
  EXPECT_EQ(book().balances.at("gold"), 11);
  EXPECT_EQ(asked_, 5) << "one that passes, and both answers before it and after";
  EXPECT_TRUE(std::any_of(log_.lines.begin(), log_.lines.end(),
                          [](const auto& line) { return line.rfind("clerk.kept", 0) == 0; }));
  EXPECT_EQ(ask<proto::OutboxReply>(*shard_, proto::OutboxQuery()).pending_size(), 1);
}

TEST_F(ClerkTest, WhatCannotPassIsTriedAgainAfterOthersWereSettled) {
  run(clerk_.open(true));
  deposit(1, 1, "taker");
  deposit(2, 10, "giver");
  const LedgerClerk::Rule rule = [this](const LedgerClerk::Book& book, const proto::InboxEntry& entry,
                                        proto::OwnerlessApply* operation) {
    rule_(book, entry, operation);
    if (entry.memo() != "taker") return;
    auto* spent = operation->add_spends();
    spent->set_name("gold");
    spent->set_value(11);
  };
  EXPECT_EQ(run(clerk_.work_through(rule)), 2);
  EXPECT_TRUE(book().inbox.empty());
}

}  // namespace
}  // namespace dure::test
