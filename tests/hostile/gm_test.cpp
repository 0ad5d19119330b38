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
