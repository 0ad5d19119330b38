// The register of moves in the directory: moves out of turn, ends of moves that have ended otherwise.
#include "common/proto/shard_map.pb.h"
#include "tests/sim/rogue/forgery.h"
#include "tests/sim/rogue/judge.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes and messages, tables of both

constexpr std::uint32_t kNoShard = 77;

std::string as_it_was(const Exchange& exchange) { return what_stays(exchange.message_id, exchange.answered); }

std::optional<MoveIntent> not_the_next(MoveIntent intent, const MoveReply&, const Known&, Rng& rng) {
  intent.set_move_id(intent.move_id() + 1000 + rng.below(1000));
  return intent;
}

std::optional<MoveIntent> to_no_shard(MoveIntent intent, const MoveReply&, const Known&, Rng&) {
  intent.set_move_id(intent.move_id() + 1);
  intent.set_target(kNoShard);
  return intent;
}

std::optional<MoveIntent> while_open(MoveIntent intent, const MoveReply& reply, const Known&, Rng&) {
  if (reply.intent() != intent.move_id()) return std::nullopt;
  intent.set_move_id(intent.move_id() + 1);
  return intent;
}

std::optional<MoveIntent> to_where_it_is(MoveFlip flip, const MoveReply& reply, const Known&, Rng&) {
  MoveIntent intent;
  intent.set_account_id(flip.account_id());
  intent.set_move_id(flip.move_id() + 1);
  intent.set_target(reply.shard());
  return intent;
}

MoveFlip flip_of(const MoveIntent& intent) {
  MoveFlip flip;
  flip.set_account_id(intent.account_id());
  flip.set_move_id(intent.move_id());
  flip.set_arrived_shard(intent.target());
  flip.set_arrived_move(intent.move_id());
  return flip;
}

std::optional<MoveFlip> arrived_elsewhere(MoveIntent intent, const MoveReply& reply, const Known&, Rng&) {
  if (reply.intent() != intent.move_id()) return std::nullopt;
  MoveFlip flip = flip_of(intent);
  flip.set_arrived_shard(reply.move().source());
  return flip;
}

std::optional<MoveFlip> arrived_before(MoveIntent intent, const MoveReply& reply, const Known&, Rng&) {
  if (reply.intent() != intent.move_id()) return std::nullopt;
  MoveFlip flip = flip_of(intent);
  flip.set_arrived_move(intent.move_id() - 1);
  return flip;
}

std::optional<MoveFlip> of_the_aborted(MoveAbort abort, const MoveReply& reply, const Known&, Rng&) {
  MoveFlip flip;
  flip.set_account_id(abort.account_id());
  flip.set_move_id(abort.move_id());
  flip.set_arrived_shard(reply.move().target());
  flip.set_arrived_move(abort.move_id());
  return flip;
}

std::optional<MoveAbort> of_the_flipped(MoveFlip flip, const MoveReply&, const Known&, Rng&) {
  MoveAbort abort;
  abort.set_account_id(flip.account_id());
  abort.set_move_id(flip.move_id());
  return abort;
}

std::optional<MoveAbort> of_no_move(MoveIntent intent, const MoveReply&, const Known&, Rng& rng) {
  MoveAbort abort;
  abort.set_account_id(intent.account_id());
  abort.set_move_id(intent.move_id() + 1000 + rng.below(1000));
  return abort;
}

// It has arrived as it said; another place or move makes no difference any more.
std::optional<MoveFlip> again_elsewhere(MoveFlip flip, const MoveReply&, const Known&, Rng&) {
  flip.set_arrived_shard(kNoShard);
  return flip;
}

}  // namespace

std::vector<Forgery> register_forgeries() {
  constexpr auto kAnyTime = When::kAnyTime, kBehind = When::kBehind;
  const std::set<int> no = {EXPECTED_OTHER};
  return {
      forgery<MoveIntent, MoveReply>("intent.not-the-next", kAnyTime, no, not_the_next),
      forgery<MoveIntent, MoveReply>("intent.no-shard", kAnyTime, no, to_no_shard),
      forgery<MoveIntent, MoveReply>("intent.while-open", kBehind, no, while_open),
      forgery<MoveFlip, MoveReply>("intent.where-it-is", kBehind, no, to_where_it_is),
      forgery<MoveIntent, MoveReply>("flip.another-shard", kBehind, no, arrived_elsewhere),
      forgery<MoveIntent, MoveReply>("flip.another-move", kBehind, no, arrived_before),
      forgery<MoveAbort, MoveReply>("flip.aborted", kAnyTime, no, of_the_aborted),
      forgery<MoveFlip, MoveReply>("flip.again-elsewhere", kAnyTime, {STORED}, again_elsewhere, as_it_was),
      forgery<MoveFlip, MoveReply>("abort.flipped", kAnyTime, no, of_the_flipped),
      forgery<MoveIntent, MoveReply>("abort.no-move", kAnyTime, no, of_no_move),
  };
}

}  // namespace dure::sim
