// Blocking and unblocking, wherever one is. The list is the character's own (common/game/blocks.h); the chat hears of
// it with the presence, trades look at it in the other's mirror, mail asks the database. Registers itself with the node
// that owns the player; lives as long as that node takes turns.
#pragma once
#include "common/game/owner.h"
#include "common/proto/route.pb.h"

namespace dure::proto {
class PlayerLocateReply;
}

namespace dure::sample {

class BlockListReply;
class BlockListRequest;
class BlockReply;
class BlockRequest;

inline constexpr const char* kBlockReason = "block";

// The one operation. INVALID: oneself; WRONG_STATE: it is so already; FULL.
proto::Code write_block(const Mirror& mirror, PlayerId self, PlayerId other, bool unblock, proto::Operation* operation);
// Whether that character, wherever it is and whether it plays or not, has blocked `by`. What cannot be read is no
// block.
Task<bool> has_blocked(OwnerNode& node, PlayerId character, std::uint32_t shard, PlayerId by);

class BlockList {
 public:
  explicit BlockList(OwnerNode& node);
  BlockList(const BlockList&) = delete;
  BlockList& operator=(const BlockList&) = delete;

 private:
  Task<BlockReply> block(PlayerRef ref, BlockRequest request);
  Task<BlockListReply> list(PlayerRef ref, BlockListRequest request);
  OwnerNode& node_;
};

}  // namespace dure::sample
