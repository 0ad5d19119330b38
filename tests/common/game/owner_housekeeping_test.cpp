// What an owner does once a second for everybody, and what becomes of that when it throws for one of them.
#include <stdexcept>
#include <utility>

#include "tests/common/game/owner_fixture.h"

namespace dure {
namespace {

OwnerNode::Options cursed_coins() {
  OwnerNode::Options options;
  options.cap = [](const std::string& currency) -> std::int64_t {
    if (currency == "cursed") throw std::runtime_error("a test");
    return 0;
  };
  return options;
}

class OwnerHousekeepingTest : public test::OwnerTest {
 protected:
  OwnerHousekeepingTest() : OwnerTest(cursed_coins()) {}
  // As if it had found no room until now: the next look after its player claims it.
  void letter(std::uint64_t id, std::uint64_t message) {
    proto::InboxEntry entry;
    entry.set_message_id(message);
    entry.set_reason("mail");
    auto* gold = entry.add_balances();
    gold->set_name("gold");
    gold->set_value(5);
    now_do([this, id, entry] { player(id).mirror.receive(entry); });
  }
  void count_kill(std::uint64_t id) {
    now_do([this, id] { inn_->commit_soft(player(id), "kill", "kills", 1, true); });
  }
  std::int64_t kills(std::uint64_t id) { return player(id).mirror.counter("kills"); }
};

TEST_F(OwnerHousekeepingTest, AClaimThatThrowsOnceIsNotTheEndOfIt) {
  bool breaks = true;
  inn_->with_claims([&breaks](auto&, auto&, auto) {
    if (std::exchange(breaks, false)) throw std::runtime_error("a test");
  });
  letter(1, 7);
  cluster_->run(seconds(2));
  ASSERT_FALSE(breaks);
  count_kill(1);
  count_kill(2);
  cluster_->run(seconds(2));
  EXPECT_EQ(kills(1), 1);
  EXPECT_EQ(kills(2), 1);
  EXPECT_EQ(applied_.size(), 2u);
  lose_socket(2);
  cluster_->run(seconds(25));
  EXPECT_FALSE(here(2));
}

TEST_F(OwnerHousekeepingTest, WhoCannotBeLookedAfterHidesNobodyBehindIt) {
  inn_->forgotten = PlayerId(1);
  lose_socket(1);
  lose_socket(2);
  cluster_->run(seconds(10));
  count_kill(2);
  cluster_->run(seconds(5));
  EXPECT_EQ(kills(2), 1);
  cluster_->run(seconds(10));
  EXPECT_FALSE(here(2));
  ASSERT_TRUE(here(1));
  EXPECT_LE(acquires_, 26) << "it alone is read again, once a second";
  inn_->forgotten = {};
  cluster_->run(seconds(2));
  EXPECT_FALSE(here(1));
}

TEST_F(OwnerHousekeepingTest, ASumThatThrowsWhenItIsMadeAnOperationIsItsPlayersAlone) {
  ask_in(11);
  acquires_ = 0;
  count_kill(11);
  now_do([this] { inn_->commit_soft(player(1), "kill", "cursed", 1, false); });
  cluster_->run(seconds(2));
  EXPECT_EQ(kills(11), 1) << "of the same tenth of a second";
  EXPECT_EQ(acquires_, 1);
  EXPECT_EQ(player(1).epoch, 2u) << "what it lost is not known";
}

TEST_F(OwnerHousekeepingTest, ALetterWhoseClaimThrowsWaitsAndItsPlayerPlaysOn) {
  inn_->with_claims([](auto&, const proto::InboxEntry& entry, auto) {
    if (entry.message_id() == 7) throw std::runtime_error("a test");
  });
  letter(1, 7);
  letter(1, 8);
  cluster_->run(seconds(10));
  EXPECT_EQ(player(1).epoch, 1u) << "it is not read again for that";
  EXPECT_EQ(player(1).mirror.balance("gold"), 5);
  EXPECT_EQ(player(1).mirror.inbox().count(7), 1u);
  EXPECT_EQ(log_.errors.size(), 1u) << "nor does it throw each second";
  // Nor does it keep a login out.
  auto* waits = row_.add_inbox();
  waits->set_message_id(7);
  waits->set_reason("mail");
  const CallId call = ask_in(3);
  const auto reply = cluster_->take_reply<proto::AdmitReply>(kGateway, call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::OK);
  cluster_->run(seconds(2));
  EXPECT_EQ(player(3).session.session, SessionId(30));
}

}  // namespace
}  // namespace dure
