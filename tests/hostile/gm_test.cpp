// Who pretends to be a game master: the gate between Redis and the logic.
#include <gtest/gtest.h>
#include <sodium.h>

#include "common/host/gm_gate.h"
#include "common/proto/cluster.pb.h"

namespace dure {
namespace {

class HostileGm : public ::testing::Test {
 protected:
  HostileGm() {
    EXPECT_GE(sodium_init(), 0);
    secret_ = keypair(7, &public_key_);
    command_.set_id(5);
    command_.set_issuer("anna");
    command_.set_cluster_id("dure");
    command_.set_verb("announce");
    command_.set_not_after_unix_ms(unix_ms(now_) + 1000);
  }
  static std::string keypair(unsigned char seed_byte, GmPublicKey* key) {
    std::string secret(crypto_sign_SECRETKEYBYTES, '\0'), seed(crypto_sign_SEEDBYTES, static_cast<char>(seed_byte));
    crypto_sign_seed_keypair(key->data(), reinterpret_cast<unsigned char*>(secret.data()),
                             reinterpret_cast<const unsigned char*>(seed.data()));
    return secret;
  }
  proto::SignedGmCommand sealed(const std::string& secret) const {
    proto::SignedGmCommand out;
    out.set_command(command_.SerializeAsString());
    out.set_key_name("anna");
    out.mutable_signature()->resize(crypto_sign_BYTES);
    crypto_sign_detached(reinterpret_cast<unsigned char*>(out.mutable_signature()->data()), nullptr,
                         reinterpret_cast<const unsigned char*>(out.command().data()), out.command().size(),
                         reinterpret_cast<const unsigned char*>(secret.data()));
    return out;
  }
  std::string verdict(const std::string& payload) const {
    const GmGate gate({{"anna", public_key_}}, "dure", "d:");
    const auto admitted = gate.admit(payload, now_);
    return admitted ? "in" : admitted.error().detail;
  }
  GmPublicKey public_key_{};
  std::string secret_;
  proto::GmCommand command_;
  WallTime now_{seconds(1'800'000'000)};
};

TEST_F(HostileGm, ARightSignatureIsLetIn) { EXPECT_EQ(verdict(sealed(secret_).SerializeAsString()), "in"); }

TEST_F(HostileGm, ForgedCommandsAreRefused) {
  GmPublicKey strangers{};
  const std::string stranger = keypair(8, &strangers);
  EXPECT_EQ(verdict(sealed(stranger).SerializeAsString()), "wrong signature");
  auto unsigned_one = sealed(secret_);
  unsigned_one.clear_signature();
  EXPECT_EQ(verdict(unsigned_one.SerializeAsString()), "wrong signature");
  auto changed = sealed(secret_);
  command_.set_verb("give");
  changed.set_command(command_.SerializeAsString());
  EXPECT_EQ(verdict(changed.SerializeAsString()), "wrong signature");
  auto renamed = sealed(secret_);
  renamed.set_key_name("root");
  EXPECT_EQ(verdict(renamed.SerializeAsString()), "unknown key");
}

TEST_F(HostileGm, AnotherClustersAndAnOldCommandAreRefused) {
  command_.set_cluster_id("live");
  EXPECT_EQ(verdict(sealed(secret_).SerializeAsString()), "meant for another cluster");
  command_.set_cluster_id("dure");
  now_ += milliseconds(1001);
  EXPECT_EQ(verdict(sealed(secret_).SerializeAsString()), "too late");
}

TEST_F(HostileGm, ACommandInAnothersNameIsRefused) {
  command_.set_issuer("root");
  EXPECT_EQ(verdict(sealed(secret_).SerializeAsString()), "issued in another's name");
}

class HostileGmRights : public HostileGm {
 protected:
  HostileGmRights() {
    otto_secret_ = keypair(9, &otto_key_);
    command_.set_verb("give");
    for (const char* word : {"Anna", "gold", "101"}) command_.add_arguments(word);
    rights_.grant_limit_count = 100;
  }
  // Whether the gate lets it in, and if so whether it may be done.
  std::string verdict(const proto::SignedGmCommand& sealed) const {
    const GmGate gate({{"anna", public_key_}, {"otto", otto_key_}}, "dure", "d:", rights_);
    const auto admitted = gate.admit(sealed.SerializeAsString(), now_);
    if (!admitted) return admitted.error().detail;
    const auto allowed = gate.allows(*admitted);
    return allowed ? "in" : allowed.error().detail;
  }
  proto::SignedGmCommand sealed_by_both(const std::string& first, const std::string& second) {
    command_.set_issuer("anna+otto");
    proto::SignedGmCommand both = sealed(first);
    both.set_key_name("anna+otto");
    both.mutable_signature()->append(sealed(second).signature());
    return both;
  }
  GmPublicKey otto_key_{};
  std::string otto_secret_;
  GmRights rights_;
};

TEST_F(HostileGmRights, AKeyDoesOnlyWhatItMay) {
  command_.set_arguments(2, "1");
  EXPECT_EQ(verdict(sealed(secret_)), "in") << "no line: everything";
  rights_.verbs["anna"] = {"kick", "announce"};
  EXPECT_EQ(verdict(sealed(secret_)), "anna may not give (gm.rights)");
  command_.set_verb("kick");
  EXPECT_EQ(verdict(sealed(secret_)), "in");
}

TEST_F(HostileGmRights, AGrantAboveTheLimitNeedsTwoPersons) {
  EXPECT_NE(verdict(sealed(secret_)).find("more than 100 at once is given by two"), std::string::npos);
  EXPECT_EQ(verdict(sealed_by_both(secret_, otto_secret_)), "in");
  EXPECT_EQ(verdict(sealed_by_both(secret_, secret_)), "wrong signature") << "one person twice";
  proto::SignedGmCommand half = sealed_by_both(secret_, otto_secret_);
  half.mutable_signature()->resize(crypto_sign_BYTES);
  EXPECT_EQ(verdict(half), "wrong signature");
  rights_.verbs["otto"] = {"status"};
  EXPECT_EQ(verdict(sealed_by_both(secret_, otto_secret_)), "otto may not give (gm.rights)")
      << "both must be allowed to";
  command_.set_issuer("anna+anna");
  proto::SignedGmCommand twice = sealed(secret_);
  twice.set_key_name("anna+anna");
  twice.mutable_signature()->append(twice.signature());
  EXPECT_EQ(verdict(twice), "unknown key");
}

TEST_F(HostileGm, NoiseAndHugePayloadsAreRefusedUnread) {
  EXPECT_EQ(verdict("\xff\xff\xff"), "unreadable");
  EXPECT_EQ(verdict(std::string(kGmBytesMax + 1, 'x')), "too long");
  EXPECT_EQ(verdict(""), "unknown key");
  proto::SignedGmCommand empty;
  empty.set_key_name("anna");
  EXPECT_EQ(verdict(empty.SerializeAsString()), "wrong signature");
}

}  // namespace
}  // namespace dure
