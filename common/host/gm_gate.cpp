#include "common/host/gm_gate.h"

#include <sodium.h>

#include <algorithm>
#include <charconv>

#include "common/proto/cluster.pb.h"
#include "common/proto/routes.h"

namespace dure {
namespace {

constexpr std::size_t kSignersMax = 2;

// "anna+otto" → both; nothing if one is named twice or there are too many.
std::vector<std::string> signers(const std::string& issuer) {
  std::vector<std::string> names;
  for (std::size_t from = 0; from <= issuer.size();) {
    const std::size_t to = std::min(issuer.find('+', from), issuer.size());
    names.push_back(issuer.substr(from, to - from));
    if (names.size() > kSignersMax || std::count(names.begin(), names.end(), names.back()) > 1) return {};
    from = to + 1;
  }
  return names;
}

}  // namespace

GmGate::GmGate(std::map<std::string, GmPublicKey> keys, std::string cluster_id, std::string prefix, GmRights rights)
    : keys_(std::move(keys)),
      cluster_id_(std::move(cluster_id)),
      prefix_(std::move(prefix)),
      rights_(std::move(rights)) {}

bool GmGate::signed_by(const std::vector<std::string>& names, const std::string& command,
                       const std::string& signature) const {
  const auto bytes = [](const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  if (signature.size() != names.size() * crypto_sign_BYTES) return false;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (crypto_sign_verify_detached(bytes(signature) + i * crypto_sign_BYTES, bytes(command), command.size(),
                                    keys_.at(names[i]).data()) != 0)
      return false;
  return true;
}

Result<GmCommandIn> GmGate::admit(std::string_view payload, WallTime now) const {
  if (payload.size() > kGmBytesMax) return fail(Trouble::kInvalid, "too long");
  proto::SignedGmCommand sealed;
  if (!parse_strict(payload, &sealed)) return fail(Trouble::kInvalid, "unreadable");
  const std::vector<std::string> names = signers(sealed.key_name());
  if (names.empty() || !std::all_of(names.begin(), names.end(), [this](const auto& n) { return keys_.count(n) != 0; }))
    return fail(Trouble::kInvalid, "unknown key");
  if (!signed_by(names, sealed.command(), sealed.signature())) return fail(Trouble::kInvalid, "wrong signature");
  proto::GmCommand command;
  if (!parse_strict(sealed.command(), &command)) return fail(Trouble::kInvalid, "unreadable command");
  if (command.issuer() != sealed.key_name()) return fail(Trouble::kInvalid, "issued in another's name");
  if (command.cluster_id() != cluster_id_) return fail(Trouble::kInvalid, "meant for another cluster");
  if (unix_ms(now) > command.not_after_unix_ms()) return fail(Trouble::kInvalid, "too late");
  return GmCommandIn{Bytes(sealed.command()), prefix_ + "gm:reply:" + std::to_string(command.id())};
}

Result<> GmGate::allows(const GmCommandIn& admitted) const {
  proto::GmCommand command;
  if (!parse_strict(admitted.command.view(), &command)) return fail(Trouble::kInvalid, "unreadable command");
  const std::vector<std::string> names = signers(command.issuer());
  for (const auto& name : names)
    if (const auto may = rights_.verbs.find(name); may != rights_.verbs.end() && !may->second.count(command.verb()))
      return fail(Trouble::kInvalid, name + " may not " + command.verb() + " (gm.rights)");
  if (command.verb() != "give" || command.arguments_size() < 3 || names.size() == kSignersMax) return {};
  const std::string& text = command.arguments(2);
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  // What is no number is refused where it would be executed.
  if (error == std::errc() && end == text.data() + text.size() && count > rights_.grant_limit_count)
    return fail(Trouble::kInvalid, "more than " + std::to_string(rights_.grant_limit_count) +
                                       " at once is given by two: dure gm --with NAME … (gm.grant_limit_count)");
  return {};
}

}  // namespace dure
