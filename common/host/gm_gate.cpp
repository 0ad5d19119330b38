#include "common/host/gm_gate.h"

#include <sodium.h>

#include "common/proto/cluster.pb.h"
#include "common/proto/routes.h"

namespace dure {

GmGate::GmGate(std::map<std::string, GmPublicKey> keys, std::string cluster_id, std::string prefix)
    : keys_(std::move(keys)), cluster_id_(std::move(cluster_id)), prefix_(std::move(prefix)) {}

Result<GmCommandIn> GmGate::admit(std::string_view payload, WallTime now) const {
  if (payload.size() > kGmBytesMax) return fail(Trouble::kInvalid, "too long");
  proto::SignedGmCommand sealed;
  if (!parse_strict(payload, &sealed)) return fail(Trouble::kInvalid, "unreadable");
  const auto key = keys_.find(sealed.key_name());
  if (key == keys_.end()) return fail(Trouble::kInvalid, "unknown key");
  const auto bytes = [](const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  if (sealed.signature().size() != crypto_sign_BYTES ||
      crypto_sign_verify_detached(bytes(sealed.signature()), bytes(sealed.command()), sealed.command().size(),
                                  key->second.data()) != 0)
    return fail(Trouble::kInvalid, "wrong signature");
  proto::GmCommand command;
  if (!parse_strict(sealed.command(), &command)) return fail(Trouble::kInvalid, "unreadable command");
  if (command.cluster_id() != cluster_id_) return fail(Trouble::kInvalid, "meant for another cluster");
  if (unix_ms(now) > command.not_after_unix_ms()) return fail(Trouble::kInvalid, "too late");
  return GmCommandIn{Bytes(sealed.command()), prefix_ + "gm:reply:" + std::to_string(command.id())};
}

}  // namespace dure
