#include "common/game/sample/block_list.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/game/blocks.h"
#include "common/game/sample/block.pb.h"
#include "common/game/sample/outcome.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/value.pb.h"

namespace dure::sample {
namespace {

template <class Reply>
Reply refused(proto::Code code) {
  Reply reply;
  reply.set_code(code);
  return reply;
}

}  // namespace

proto::Code write_block(const Mirror& mirror, PlayerId self, PlayerId other, bool unblock,
                        proto::Operation* operation) {
  if (!other || other == self) return proto::INVALID;
  if (blocks(mirror, other) != unblock) return proto::WRONG_STATE;
  const int slot = find_block(mirror, unblock ? other : PlayerId());
  if (slot == 0) return proto::FULL;
  operation->set_reason(kBlockReason);
  auto* count = operation->add_effects()->mutable_count();
  count->set_counter(block_slot(slot));
  const auto number = static_cast<std::int64_t>(other.value);
  count->set_delta(unblock ? -number : number);
  // Two at once in one slot cannot be: what it holds then is neither of them.
  count->set_cap(number);
  return proto::OK;
}

Task<bool> has_blocked(OwnerNode& node, PlayerId character, std::uint32_t shard, PlayerId by) {
  if (const Player* here = node.find(character)) co_return blocks(here->mirror, by);
  proto::OwnerQuery query;
  query.set_shard(shard);
  query.set_player_id(character.value);
  query.set_counters(kBlockPrefix);
  const NodeId agent = node.shard_agent(shard);
  const Result<proto::AcquireReply> row = co_await node.call<proto::AcquireReply>(agent, query);
  if (!row) co_return false;
  const auto& counters = row->aggregate().counters();
  co_return std::any_of(counters.begin(), counters.end(), [by](const proto::Amount& counter) {
    return static_cast<std::uint64_t>(counter.value()) == by.value;
  });
}

BlockList::BlockList(OwnerNode& node) : node_(node) {
  node.on_player(this, &BlockList::block);
  node.on_player(this, &BlockList::list);
}

Task<BlockReply> BlockList::block(PlayerRef ref, BlockRequest request) {
  const OwnerNode::ValueRequest asked = node_.running_request();
  if (!valid_name(request.name())) co_return refused<BlockReply>(proto::NOT_FOUND);
  proto::PlayerLocate query;
  query.set_name(request.name());
  query.set_any_state(request.unblock());  // else whom nobody finds any more keeps its slot for ever
  const NodeId directory = node_.directory_agent();
  const Result<proto::PlayerLocateReply> found = co_await node_.call<proto::PlayerLocateReply>(directory, query);
  Player* player = node_.find(ref);
  if (player == nullptr || player->state != Player::State::kActive) co_return refused<BlockReply>(proto::BUSY);
  if (!found || found->code() == proto::RETRY) co_return refused<BlockReply>(proto::BUSY);
  if (found->code() != proto::STORED) co_return refused<BlockReply>(proto::NOT_FOUND);
  if (node_.overtaken(*player, asked)) co_return refused<BlockReply>(proto::SUPERSEDED);
  const PlayerId other(found->player_id());
  proto::Operation operation;
  proto::Code code = write_block(player->mirror, player->id, other, request.unblock(), &operation);
  if (code == proto::OK) code = code_of(node_.commit(*player, operation, asked));
  if (code == proto::OK) node_.tell_presence(*player);
  BlockReply reply = refused<BlockReply>(code);
  reply.set_player(other.value);
  co_return reply;
}

Task<BlockListReply> BlockList::list(PlayerRef ref, BlockListRequest) {
  BlockListReply reply;
  const std::vector<PlayerId> blocked = blocked_by(node_.find(ref)->mirror);
  const NodeId directory = node_.directory_agent();
  for (const PlayerId other : blocked) {
    proto::PlayerLocate query;
    query.set_player_id(other.value);
    query.set_any_state(true);
    const Result<proto::PlayerLocateReply> found = co_await node_.call<proto::PlayerLocateReply>(directory, query);
    auto* one = reply.add_players();
    one->set_player(other.value);
    if (found && found->code() == proto::STORED) one->set_name(found->name());
  }
  co_return reply;
}

}  // namespace dure::sample
