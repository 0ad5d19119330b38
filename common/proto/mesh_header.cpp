#include "common/proto/mesh_header.h"

#include "common/base/bytes.h"

namespace dure {
namespace {
constexpr std::uint16_t kMagic = 0x4455;
constexpr std::uint8_t kVersion = 1;
}  // namespace

std::string encode_mesh(const MeshHeader& h, std::string_view body) {
  std::string out(kMeshHeaderBytes, '\0');
  out.reserve(kMeshHeaderBytes + body.size());
  char* p = out.data();
  store_le<std::uint16_t>(p, kMagic);
  store_le<std::uint8_t>(p + 2, kVersion);
  store_le<std::uint8_t>(p + 3, static_cast<std::uint8_t>(h.kind));
  store_le<std::uint32_t>(p + 4, h.from.value);
  store_le<std::uint32_t>(p + 8, h.to.value);
  store_le<std::uint32_t>(p + 12, h.message_id);
  store_le<std::uint32_t>(p + 16, h.remaining_ms);
  store_le<std::uint64_t>(p + 24, h.sender.high);
  store_le<std::uint64_t>(p + 32, h.sender.low);
  store_le<std::uint64_t>(p + 40, h.call.value);
  store_le<std::uint64_t>(p + 48, h.session.value);
  store_le<std::uint64_t>(p + 56, h.player.value);
  store_le<std::uint64_t>(p + 72, h.player_epoch);
  store_le<std::uint64_t>(p + 80, h.trace.value);
  store_le<std::uint32_t>(p + 88, h.client_seq);
  store_le<std::uint32_t>(p + 92, h.session_epoch);
  store_le<std::uint64_t>(p + 96, h.account.value);
  out += body;
  return out;
}

bool decode_mesh(std::string_view bytes, MeshHeader* h, std::string_view* body) {
  if (bytes.size() < kMeshHeaderBytes || bytes.size() > kMeshBytesMax) return false;
  const char* p = bytes.data();
  if (load_le<std::uint16_t>(p) != kMagic || load_le<std::uint8_t>(p + 2) != kVersion) return false;
  const auto kind = load_le<std::uint8_t>(p + 3);
  if (kind > static_cast<std::uint8_t>(MeshKind::kToClient)) return false;
  h->kind = static_cast<MeshKind>(kind);
  h->from = NodeId(load_le<std::uint32_t>(p + 4));
  h->to = NodeId(load_le<std::uint32_t>(p + 8));
  h->message_id = load_le<std::uint32_t>(p + 12);
  h->remaining_ms = load_le<std::uint32_t>(p + 16);
  h->sender = {load_le<std::uint64_t>(p + 24), load_le<std::uint64_t>(p + 32)};
  h->call = CallId(load_le<std::uint64_t>(p + 40));
  h->session = SessionId(load_le<std::uint64_t>(p + 48));
  h->player = PlayerId(load_le<std::uint64_t>(p + 56));
  h->player_epoch = load_le<std::uint64_t>(p + 72);
  h->trace = TraceId(load_le<std::uint64_t>(p + 80));
  h->client_seq = load_le<std::uint32_t>(p + 88);
  h->session_epoch = load_le<std::uint32_t>(p + 92);
  h->account = AccountId(load_le<std::uint64_t>(p + 96));
  *body = bytes.substr(kMeshHeaderBytes);
  return true;
}

}  // namespace dure
