// Logins by ticket, and what becomes of a login when its session is to begin.
#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

// As the worker says of a ticket whose signature is good, made with the key of that kind.
class TicketTest : public GatewayTest {
 protected:
  explicit TicketTest(const GatewayOptions& options = {}) : GatewayTest(identity(), options) {
    account_exists();
    ticket_.set_account("mina");
    ticket_.set_cluster_id(identity().cluster_id);
    ticket_.set_nonce(8);
    ticket_.set_not_after_unix_ms(unix_ms(cluster_.wall) + 1000);
  }
  proto::LoginReply show(char key, const proto::Ticket& ticket, const std::string& address = "127.0.0.1:5") {
    return show_bytes(key + ticket.SerializeAsString(), address);
  }
  proto::LoginReply show_bytes(const std::string& checked, const std::string& address = "127.0.0.1:5") {
    checked_ticket_ = checked;
    const ClientId client(++clients_);
    open(client, address);
    send(client, ticket_login());
    const auto reply = pick<proto::LoginReply>(seen(client)).value_or(proto::LoginReply());
    EXPECT_TRUE(reply.has_characters() || reply.has_denied()) << reply.DebugString();
    port_.closed(client, cluster_.now);
    settle();
    return reply;
  }
  bool good(const proto::Ticket& ticket) { return show('t', ticket).has_characters(); }

  proto::Ticket ticket_;
  std::uint64_t clients_ = 100;
};

TEST_F(TicketTest, IsOfThisClusterOfAShowableAccountAndOfItsTime) {
  EXPECT_TRUE(good(ticket_));
  const auto with = [&](const auto& change) {
    proto::Ticket other = ticket_;
    change(other);
    return good(other);
  };
  EXPECT_FALSE(with([](auto& t) { t.set_cluster_id("another"); }));
  EXPECT_FALSE(with([](auto& t) { t.clear_account(); }));
  EXPECT_TRUE(with([](auto& t) { t.set_account(std::string(64, 'a')); }));
  EXPECT_FALSE(with([](auto& t) { t.set_account(std::string(65, 'a')); }));
  EXPECT_FALSE(with([](auto& t) { t.set_account("a\nb"); }));
  EXPECT_FALSE(with([](auto& t) { t.clear_nonce(); }));
  EXPECT_FALSE(with([&](auto& t) { t.set_not_after_unix_ms(unix_ms(cluster_.wall) - 1); })) << "it is over";
  EXPECT_FALSE(with([&](auto& t) { t.set_not_after_unix_ms(unix_ms(cluster_.wall) + to_ms(std::chrono::hours(99))); }))
      << "nobody signs for so long";
  EXPECT_EQ(show_bytes("t\xFF").denied().reason(), "ticket") << "signed, and no ticket";
  EXPECT_TRUE(good(ticket_));
}

TEST_F(TicketTest, OfTheDevelopersKeyIsGoodOnLoopbackAlone) {
  EXPECT_TRUE(show('d', ticket_).has_characters());
  EXPECT_TRUE(show('d', ticket_, "10.0.0.1:5").has_denied());
  EXPECT_TRUE(show('t', ticket_, "10.0.0.1:5").has_characters());
}

class OpenTicketTest : public TicketTest {
 protected:
  OpenTicketTest() : TicketTest(options()) {}
  static GatewayOptions options() {
    GatewayOptions options;
    options.developer_key_off_loopback = true;
    options.tickets_waiting_max = 1;
    return options;
  }
};

TEST_F(OpenTicketTest, OfTheDevelopersKeyIsGoodEverywhereIfSoConfigured) {
  EXPECT_TRUE(show('d', ticket_, "10.0.0.1:5").has_characters());
}

TEST_F(OpenTicketTest, BeyondWhatMayWaitIsAskedForAgain) {
  worker_answers_ = false;
  for (const ClientId client : {kMina, kAgain}) {
    open(client);
    send(client, ticket_login());
  }
  EXPECT_FALSE(pick<proto::LoginReply>(seen(kMina)));
  const auto second = pick<proto::LoginReply>(seen(kAgain));
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->has_busy());
  EXPECT_EQ(unworked_.size(), 1u);
}

// As it runs for players: nobody is registered by a password that nobody knows, and loopback is an address like others.
class ProductionTest : public GatewayTest {
 protected:
  ProductionTest() : GatewayTest(production()) {}
  static NodeIdentity production() {
    NodeIdentity self = identity();
    self.developer = false;
    return self;
  }
};

TEST_F(ProductionTest, AnUnknownAccountIsNotMade) {
  open(kMina);
  const auto reply = log_in(kMina);
  EXPECT_EQ(reply.denied().reason(), "account or password");
  EXPECT_TRUE(password_hash_.empty());
  EXPECT_EQ(hashed_, 1) << "and costs what a known one does";
}

class NoRegistrationTest : public GatewayTest {
 protected:
  NoRegistrationTest() : GatewayTest(identity(), options()) {}
  static GatewayOptions options() {
    GatewayOptions options;
    options.register_unknown = false;
    return options;
  }
};

TEST_F(NoRegistrationTest, AnUnknownAccountIsNotMadeForDevelopersEither) {
  open(kMina);
  EXPECT_TRUE(log_in(kMina).has_denied());
  EXPECT_TRUE(password_hash_.empty());
}

TEST_F(TicketTest, OfAClientThatIsGoneBeginsNothing) {
  worker_answers_ = false;
  open(kMina);
  send(kMina, ticket_login());
  ASSERT_EQ(unworked_.size(), 1u);
  port_.closed(kMina, cluster_.now);
  settle();
  cluster_.in(WorkDone{unworked_.front().work_id, Bytes("t" + ticket_.SerializeAsString())});
  settle();
  EXPECT_EQ(session_epoch_, 3u);
  EXPECT_FALSE(cluster_.take<proto::SessionBegin>(kAgent).has_value());
}

TEST_F(TicketTest, WhoseAccountIsOnTheMoveIsAskedForAgain) {
  cluster_.answers<proto::AccountQuery, proto::AccountReply>(kAgent, [](const MeshHeader&, const proto::AccountQuery&) {
    proto::AccountReply retry;
    retry.set_code(proto::RETRY);
    retry.set_account_id(5);
    retry.set_shard(1);
    retry.set_session_epoch(3);
    return std::optional(retry);
  });
  checked_ticket_ = "t" + ticket_.SerializeAsString();
  open(kMina);
  send(kMina, ticket_login());
  const auto reply = pick<proto::LoginReply>(seen(kMina));
  ASSERT_TRUE(reply);
  EXPECT_GT(reply->busy().retry_after_ms(), 0u);
  EXPECT_EQ(session_epoch_, 3u);
}

TEST_F(GatewayTest, APasswordThatThereIsNoMemoryToHashRegistersNobody) {
  worker_answers_ = false;
  open(kMina);
  (void)log_in(kMina);
  ASSERT_EQ(unworked_.size(), 1u);
  account_exists();  // without a password, if it were made now
  cluster_.in(WorkDone{unworked_.front().work_id, Bytes("")});
  settle();
  EXPECT_TRUE(pick<proto::LoginReply>(seen(kMina))->has_busy());
  EXPECT_EQ(gateway_.sessions(), 0u);
}

TEST_F(GatewayTest, PasswordsOfClientsThatAreGoneDoNotMakeAHashSeemCheap) {
  worker_answers_ = false;
  // How many of so many, each with an account and an address of its own, may wait for the worker.
  const auto may_wait = [&](std::uint64_t first, std::uint64_t many) {
    std::uint64_t waiting = 0;
    for (std::uint64_t i = first; i < first + many; ++i) {
      open(ClientId(i), "10.0." + std::to_string(i) + ".1:5");
      proto::LoginRequest login = ticket_login();
      login.clear_ticket();
      login.set_account("account" + std::to_string(i));
      login.set_password("secret");
      send(ClientId(i), login);
      waiting += pick<proto::LoginReply>(seen(ClientId(i))) ? 0 : 1;
    }
    return waiting;
  };
  ASSERT_EQ(may_wait(100, 15), 15u);
  for (std::uint64_t i = 101; i < 115; ++i) port_.closed(ClientId(i), cluster_.now);
  settle();
  cluster_.run(milliseconds(100));
  work_on(1);
  ASSERT_EQ(unworked_.size(), 0u) << "of those that are gone nothing is hashed";
  EXPECT_EQ(may_wait(200, 30), 15u);
}

TEST_F(GatewayTest, OfTwoWhoRegisterANameAtOnceTheSecondHasToKnowThePasswordOfTheFirst) {
  open(kAgain);
  ASSERT_TRUE(log_in(kAgain, "secret").has_characters());
  cluster_.answers<proto::AccountQuery, proto::AccountReply>(
      kAgent, [this](const MeshHeader&, const proto::AccountQuery& query) {
        proto::AccountReply reply;
        if (!query.create()) reply.set_code(proto::NO_SUCH);  // the first one's is on its way
        reply.set_account_id(5);
        reply.set_shard(1);
        reply.set_session_epoch(session_epoch_);
        if (query.create()) reply.set_password_hash(password_hash_);
        return std::optional(reply);
      });
  open(kMina);
  EXPECT_EQ(log_in(kMina, "another").denied().reason(), "account or password");
  EXPECT_EQ(gateway_.session(session_)->client, kAgain);
  EXPECT_TRUE(log_in(kMina, "secret").has_characters());
}

TEST_F(GatewayTest, ANameThatATicketMadeAnAccountOfMeanwhileHasNoPasswordThatIsRight) {
  cluster_.answers<proto::AccountQuery, proto::AccountReply>(kAgent,
                                                             [](const MeshHeader&, const proto::AccountQuery& query) {
                                                               proto::AccountReply reply;
                                                               if (!query.create()) reply.set_code(proto::NO_SUCH);
                                                               reply.set_account_id(5);
                                                               reply.set_shard(1);
                                                               return std::optional(reply);
                                                             });
  open(kMina);
  EXPECT_EQ(log_in(kMina, "secret").denied().reason(), "account or password");
  EXPECT_EQ(gateway_.sessions(), 0u);
}

TEST_F(GatewayTest, ABeginThatLosesEveryRaceIsBusyAndABannedOneIsToldUntilWhen) {
  password_hash_ = "";
  open(kMina);
  int begins = 0;
  const auto answer = [&](proto::StoreCode code, std::int64_t banned_until) {
    cluster_.answers<proto::SessionBegin, proto::SessionReply>(
        kAgent, [&begins, code, banned_until](const MeshHeader&, const proto::SessionBegin&) {
          ++begins;
          proto::SessionReply reply;
          reply.set_code(code);
          reply.set_detail("why");
          reply.set_session_epoch(static_cast<std::uint32_t>(begins));
          reply.set_banned_until_unix_ms(banned_until);
          return std::optional(reply);
        });
  };
  answer(proto::EXPECTED_OTHER, 0);
  EXPECT_TRUE(log_in(kMina).has_busy());
  EXPECT_GT(begins, 1);
  EXPECT_LT(begins, 10);
  answer(proto::NO_SUCH, 0);
  EXPECT_TRUE(log_in(kMina).has_busy());
  const std::int64_t tomorrow = unix_ms(cluster_.wall) + 86'400'000;
  answer(proto::REJECTED, tomorrow);
  EXPECT_EQ(log_in(kMina).banned().until_unix_ms(), tomorrow);
  answer(proto::REJECTED, 0);
  EXPECT_EQ(log_in(kMina).denied().reason(), "why");
  EXPECT_FALSE(gateway_.session(session_));
}

}  // namespace
}  // namespace dure::test
