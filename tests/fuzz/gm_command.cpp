// What anybody may publish on the game masters' channel. Unsigned bytes are refused; bytes that the right key signed
// are admitted only for this cluster and in their time.
#include <google/protobuf/stubs/logging.h>
#include <sodium.h>

#include "common/base/check.h"
#include "common/host/gm_gate.h"
#include "common/proto/cluster.pb.h"
#include "tests/fuzz/input.h"

namespace dure {
namespace {

struct Key {
  GmPublicKey open{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
  Key() {
    CHECK(sodium_init() >= 0);
    google::protobuf::SetLogHandler(nullptr);  // as the program does
    std::array<unsigned char, crypto_sign_SEEDBYTES> seed{};
    crypto_sign_seed_keypair(open.data(), secret.data(), seed.data());
  }
};

std::string sign(const Key& key, std::string_view command) {
  proto::SignedGmCommand envelope;
  envelope.set_command(std::string(command));
  envelope.set_key_name("key");
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr,
                       reinterpret_cast<const unsigned char*>(command.data()), command.size(), key.secret.data());
  envelope.set_signature(signature);
  return envelope.SerializeAsString();
}

}  // namespace
}  // namespace dure

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const dure::Key key;
  static const dure::GmGate gate({{"key", key.open}}, "dure", "dure:");
  const dure::WallTime now(std::chrono::seconds(1'800'000'000));
  dure::fuzz::Input input(data, size);
  const bool properly = input.byte() % 2 == 1;
  const std::string_view bytes = input.rest();
  const auto admitted = gate.admit(properly ? dure::sign(key, bytes) : std::string(bytes), now);
  CHECK(properly || !admitted);
  dure::proto::GmCommand command;
  if (admitted)
    CHECK(command.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) && command.cluster_id() == "dure");
  return 0;
}
