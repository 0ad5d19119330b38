// The header of every message between processes; the body follows unread. Little-endian, 120 bytes:
//
//    0 u16 magic 0x4455 'UD'    24 u64 sender incarnation high   72 u64 player epoch
//    2 u8  version 1            32 u64 sender incarnation low    80 u64 trace id
//    3 u8  kind                 40 u64 call id (0: no answer)    88 u32 client seq
//    4 u32 from node            48 u64 session id                92 u32 session epoch
//    8 u32 to node              56 u64 player id                 96 u64 account id
//   12 u32 message id           64 u64 reserved, 0              104 u64 reserved, 0
//   16 u32 remaining ms of the call's deadline                  112 u64 reserved, 0
//   20 u32 reserved, 0
//
// A whole message is at most kMeshBytesMax. Pure functions, any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/ids.h"

namespace dure {

inline constexpr std::size_t kMeshHeaderBytes = 120;
inline constexpr std::size_t kMeshBytesMax = 4u << 20;

enum class MeshKind : std::uint8_t {
  kNotice = 0,
  kRequest = 1,  // wants an answer to call_id within remaining_ms
  kReply = 2,
  kFailure = 3,     // a reply whose body is CallFailed
  kFromClient = 4,  // a client's frame, forwarded by the gateway; client_seq names it
  kToClient = 5,    // a frame for a session's client; the body is the message's
};

struct MeshHeader {
  MeshKind kind = MeshKind::kNotice;
  NodeId from, to;
  std::uint32_t message_id = 0;
  std::uint32_t remaining_ms = 0;
  Incarnation sender;
  CallId call;
  SessionId session;
  std::uint32_t session_epoch = 0;
  PlayerId player;
  std::uint64_t player_epoch = 0;
  AccountId account;
  TraceId trace;
  std::uint32_t client_seq = 0;
};

std::string encode_mesh(const MeshHeader& header, std::string_view body);
// False: too short, too long, foreign magic or version, or a kind nobody knows.
[[nodiscard]] bool decode_mesh(std::string_view bytes, MeshHeader* header, std::string_view* body);

}  // namespace dure
