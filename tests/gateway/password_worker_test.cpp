#include "gateway/password_worker.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "common/proto/gateway.pb.h"

namespace dure {
namespace {

const PasswordCost kCheap{1, 8192 * 1024};

TEST(PasswordWorker, VerifiesWhatItHashedAndNothingElse) {
  PasswordWorker worker({}, kCheap);
  const std::string hash = worker.run(hash_request("secret", std::string(kPasswordSaltBytes, 'x')));
  EXPECT_TRUE(hash.starts_with("$argon2id$")) << hash;
  EXPECT_EQ(worker.run(verify_request("secret", hash)), "1");
  EXPECT_EQ(worker.run(verify_request("Secret", hash)), "0");
  EXPECT_EQ(worker.run(verify_request("nobody's", "")), "0") << "an unknown account is never right";
}

TEST(PasswordWorker, TellsTheDevelopersKeyFromATrustedOne) {
  ASSERT_GE(sodium_init(), 0);
  std::string key(crypto_sign_PUBLICKEYBYTES, 0), secret(crypto_sign_SECRETKEYBYTES, 0), seed(crypto_sign_SEEDBYTES, 7);
  const auto raw = [](std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); };
  crypto_sign_seed_keypair(raw(key), raw(secret), raw(seed));
  proto::SignedTicket ticket;
  ticket.set_ticket("what it says");
  std::string signature(crypto_sign_BYTES, 0), said = ticket.ticket();
  crypto_sign_detached(raw(signature), nullptr, raw(said), said.size(), raw(secret));
  ticket.set_signature(signature);
  EXPECT_EQ(PasswordWorker({{key}, ""}).run(ticket_request(ticket.SerializeAsString())), "twhat it says");
  EXPECT_EQ(PasswordWorker({{}, key}).run(ticket_request(ticket.SerializeAsString())), "dwhat it says");
  ticket.set_ticket("something else");
  EXPECT_EQ(PasswordWorker({{key}, ""}).run(ticket_request(ticket.SerializeAsString())), "");
}

TEST(PasswordWorker, AnswersNothingToBadBytes) {
  PasswordWorker worker({}, kCheap);
  EXPECT_EQ(worker.run(""), "");
  EXPECT_EQ(worker.run("hxxxxyyyy"), "");
  EXPECT_EQ(worker.run(ticket_request("\xff\xff")), "");
}

}  // namespace
}  // namespace dure
