// Wrong passwords by the thousand, passwords that are no passwords, tickets that are not ours.
#include <set>

#include "tests/gateway/gateway_fixture.h"

namespace dure::test {
namespace {

class HostileLogin : public GatewayTest {
 protected:
  proto::LoginReply try_login(ClientId client, const std::string& account, const std::string& password) {
    proto::LoginRequest login;
    login.set_protocol_version(kProtocolVersion);
    login.set_content_version(1);
    login.set_account(account);
    login.set_password(password);
    send(client, login);
    return pick<proto::LoginReply>(seen(client)).value_or(proto::LoginReply());
  }
  // From a connection and an address of its own.
  proto::LoginReply try_from(const std::string& address, const std::string& account, const std::string& password) {
    const ClientId client(++next_);
    EXPECT_TRUE(port_.opened(client, address, cluster_.now));
    seq_[client] = 0;
    auto reply = try_login(client, account, password);
    port_.closed(client, cluster_.now);
    settle();
    return reply;
  }
  std::string address(int n) { return "10.1." + std::to_string(n / 250) + "." + std::to_string(n % 250) + ":7"; }
  std::uint64_t next_ = 100;
};

TEST_F(HostileLogin, OneAccountIsTriedAFewTimesWhereverTheTriesComeFrom) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());  // the account exists now
  const int before = hashed_;
  int denied = 0, busy = 0;
  for (int i = 0; i < 200; ++i) {
    const auto reply = try_from(address(i), "mina", "wrong");
    denied += reply.has_denied();
    busy += reply.has_busy();
    if (reply.has_busy()) {
      EXPECT_GT(reply.busy().retry_after_ms(), 0u);
    }
  }
  EXPECT_EQ(denied + busy, 200);
  EXPECT_LE(hashed_ - before, 5);
  EXPECT_EQ(gateway_.sessions(), 1u) << "whoever plays is not disturbed";
}

TEST_F(HostileLogin, OneAddressIsHeardAFewTimesWhateverAccountsItTries) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());  // every account has this password now
  const int before = hashed_;
  int busy = 0;
  for (int i = 0; i < 200; ++i) {
    const ClientId client(++next_);
    if (!port_.opened(client, "10.9.9.9:7", cluster_.now)) continue;
    seq_[client] = 0;
    for (int n = 0; n < 3; ++n)
      busy += try_login(client, "account" + std::to_string(3 * i + n), "wrong").has_busy() ? 1 : 0;
    port_.closed(client, cluster_.now);
    settle();
  }
  EXPECT_EQ(hashed_ - before, 40) << "the burst of one address";
  EXPECT_EQ(busy, 80);
}

TEST_F(HostileLogin, HashesThatWaitAreBoundedAndTheRestIsBusy) {
  worker_answers_ = false;
  int busy = 0;
  for (int i = 0; i < 500; ++i) {
    const ClientId client(++next_);
    ASSERT_TRUE(port_.opened(client, address(i), cluster_.now));
    seq_[client] = 0;
    const auto reply = try_login(client, "account" + std::to_string(i), "wrong");
    if (!reply.has_busy()) continue;
    ++busy;
    EXPECT_GE(reply.busy().retry_after_ms(), 1000u) << "the queue's own length";
  }
  EXPECT_EQ(hashed_, 1) << "one at a time";
  EXPECT_EQ(busy, 485) << "a second and a half of work waits";
}

TEST_F(HostileLogin, AFloodFromAThousandAddressesDoesNotKeepAPlayerOutWhoLoggedInBefore) {
  ASSERT_TRUE(try_from("10.200.0.1:7", "mina", "secret").has_characters());
  worker_answers_ = false;
  for (int i = 0; i < 300; ++i) {
    const ClientId client(++next_);
    ASSERT_TRUE(port_.opened(client, address(i), cluster_.now));
    seq_[client] = 0;
    (void)try_login(client, i % 2 == 0 ? "mina" : "account" + std::to_string(i), "wrong");
  }
  const ClientId home(++next_);
  ASSERT_TRUE(port_.opened(home, "10.200.0.1:8", cluster_.now));
  seq_[home] = 0;
  EXPECT_FALSE(try_login(home, "mina", "secret").has_busy());
  work_on(2);
  EXPECT_TRUE(pick<proto::LoginReply>(seen(home)).value_or(proto::LoginReply()).has_characters())
      << "at the second turn at the latest";
}

TEST_F(HostileLogin, TenThousandWrongLoginsInASecondCostABoundedNumberOfQueriesAndOneHashAtATime) {
  enter(kMina);
  int queries = 0;
  cluster_.answers<proto::AccountQuery, proto::AccountReply>(
      kAgent, [&queries](const MeshHeader&, const proto::AccountQuery&) {
        ++queries;
        proto::AccountReply nobody;
        nobody.set_code(proto::STORED);
        nobody.set_account_id(99);
        nobody.set_password_hash("$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAA");
        return std::optional(nobody);
      });
  worker_answers_ = false;
  const int before = hashed_;
  const auto id = static_cast<std::uint16_t>(route_id(proto::LoginRequest::descriptor()));
  for (int i = 0; i < 10000; ++i) {
    const ClientId client(++next_);
    ASSERT_TRUE(port_.opened(client, address(i), cluster_.now));
    proto::LoginRequest login;
    login.set_protocol_version(kProtocolVersion);
    login.set_content_version(1);
    login.set_account("account" + std::to_string(i));
    login.set_password("wrong");
    port_.received(client, encode_frame(id, 1, login.SerializeAsString()), cluster_.now);
    if (i % 100 != 99) continue;
    cluster_.run(milliseconds(10));
    settle();
  }
  EXPECT_LE(queries, 1600) << "the ramp: a burst of 1,000 and 500 a second";
  EXPECT_EQ(hashed_ - before, 1);
  EXPECT_LE(unworked_.size(), 1u);
  send(kMina, proto::Ping());
  EXPECT_TRUE(pick<proto::Pong>(seen(kMina))) << "who is in plays on";
  owner_says(kGeneral, 7, proto::SavedNotice());
  EXPECT_TRUE(pick<proto::SavedNotice>(seen(kMina)));
}

TEST_F(HostileLogin, AResumeNeedsNoHashWhateverTheQueue) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  port_.closed(kMina, cluster_.now);
  settle();
  worker_answers_ = false;
  for (int i = 0; i < 100; ++i) {
    const ClientId client(++next_);
    ASSERT_TRUE(port_.opened(client, address(i), cluster_.now));
    seq_[client] = 0;
    (void)try_login(client, "mina", "wrong");
  }
  const int before = hashed_;
  open(kAgain);
  proto::ResumeRequest resume;
  resume.set_protocol_version(kProtocolVersion);
  resume.set_content_version(1);
  resume.set_session_id(session_.value);
  resume.set_resume_token(token_);
  send(kAgain, resume);
  EXPECT_EQ(pick<proto::ResumeReply>(seen(kAgain))->code(), proto::OK);
  EXPECT_EQ(hashed_, before);
}

TEST_F(HostileLogin, APasswordInAnotherUnicodeFormIsTheSamePassword) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina, "caf\xc3\xa9 \xed\x95\x9c").has_characters());
  open(kAgain);
  EXPECT_TRUE(log_in(kAgain, "cafe\xcc\x81\xc2\xa0\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab").has_characters());
  const ClientId third(3);
  open(third);
  EXPECT_TRUE(log_in(third, "cafe \xed\x95\x9c").has_denied());
}

TEST_F(HostileLogin, TheNonceOfATicketGoesToTheDirectoryWithTheSession) {
  proto::Ticket ticket;
  ticket.set_account("mina");
  ticket.set_cluster_id("dure");
  ticket.set_not_after_unix_ms(unix_ms(cluster_.wall) + 60'000);
  ticket.set_nonce(4711);
  std::set<std::uint64_t> used;
  cluster_.answers<proto::SessionBegin, proto::SessionReply>(
      kAgent, [&](const MeshHeader&, const proto::SessionBegin& begin) {
        EXPECT_EQ(begin.ticket_not_after_unix_ms(), ticket.not_after_unix_ms());
        proto::SessionReply reply;
        if (!used.insert(begin.ticket_nonce()).second) {
          reply.set_code(proto::REJECTED);
          reply.set_detail("ticket used");
          return std::optional(reply);
        }
        reply.set_session_epoch(++session_epoch_);
        reply.set_account_id(5);
        reply.set_shard(1);
        return std::optional(reply);
      });
  account_exists();
  checked_ticket_ = "t" + ticket.SerializeAsString();  // as the worker says of a good signature
  const auto show = [&](ClientId client) {
    send(client, ticket_login());
    return pick<proto::LoginReply>(seen(client)).value_or(proto::LoginReply());
  };
  open(kMina);
  EXPECT_TRUE(show(kMina).has_characters());
  open(kAgain);
  EXPECT_TRUE(show(kAgain).has_denied());
  EXPECT_EQ(used, std::set<std::uint64_t>{4711});
  EXPECT_EQ(gateway_.sessions(), 1u);
}

TEST_F(HostileLogin, PasswordsThatAreNoneAreDeniedBeforeAnyWork) {
  open(kMina);
  EXPECT_TRUE(try_login(kMina, "mina", "").has_denied());
  EXPECT_TRUE(try_login(kMina, "mina", std::string(129, 'x')).has_denied());
  EXPECT_TRUE(try_login(kMina, "", "secret").has_denied());
  EXPECT_TRUE(try_login(kMina, std::string(65, 'x'), "secret").has_denied());
  EXPECT_EQ(hashed_, 0);
  cluster_.run(seconds(5));
  EXPECT_TRUE(try_login(kMina, "mi\xe2\x80\xaena", "secret").has_denied()) << "right-to-left override";
  EXPECT_TRUE(try_login(kMina, std::string("mi\0na", 5), "secret").has_denied());
  EXPECT_EQ(hashed_, 0);
}

TEST_F(HostileLogin, APasswordOfOneMebibyteIsRefusedOnTheHeader) {
  open(kMina);
  proto::LoginRequest login;
  login.set_account("mina");
  login.set_password(std::string(1 << 20, 'x'));
  port_.received(kMina, encode_frame(100, 1, login.SerializeAsString()).substr(0, 4), cluster_.now);
  EXPECT_TRUE(port_.closing(kMina));
}

TEST_F(HostileLogin, APasswordWithANulIsTakenWholeAndTheLongestOneWorks) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina, std::string("sec\0ret", 7)).has_characters());
  open(kAgain);
  EXPECT_TRUE(log_in(kAgain, "sec").has_denied());
  EXPECT_TRUE(log_in(kAgain, std::string("sec\0rex", 7)).has_denied());
  EXPECT_TRUE(log_in(kAgain, std::string("sec\0ret", 7)).has_characters());
  password_hash_.clear();
  const ClientId third(3);
  open(third);
  EXPECT_TRUE(log_in(third, std::string(128, 'x')).has_characters());
}

TEST_F(HostileLogin, ATicketWithoutASignatureLetsNobodyIn) {
  proto::Ticket ticket;
  ticket.set_account("mina");
  ticket.set_cluster_id("dure");
  ticket.set_not_after_unix_ms(unix_ms(cluster_.wall) + 60'000);
  proto::SignedTicket forged;
  forged.set_ticket(ticket.SerializeAsString());
  for (const std::string& signature : {std::string(), std::string(64, '\0'), std::string(63, 'x')}) {
    forged.set_signature(signature);
    open(kMina);
    proto::LoginRequest login;
    login.set_protocol_version(kProtocolVersion);
    login.set_content_version(1);
    login.set_ticket(forged.SerializeAsString());
    send(kMina, login);
    EXPECT_TRUE(pick<proto::LoginReply>(seen(kMina))->has_denied());
    port_.closed(kMina, cluster_.now);
    settle();
  }
  EXPECT_EQ(gateway_.sessions(), 0u);
}

TEST_F(HostileLogin, WithoutTheDatabaseALoginIsBusyAndNobodyIsLost) {
  open(kMina);
  ASSERT_TRUE(log_in(kMina).has_characters());
  cluster_.down(kAgent);
  open(kAgain);
  EXPECT_TRUE(log_in(kAgain).has_busy());
  EXPECT_EQ(gateway_.sessions(), 1u);
  EXPECT_FALSE(port_.closing(kMina));
}

}  // namespace
}  // namespace dure::test
