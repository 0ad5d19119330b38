// Steps of a move on a shard that were not its turn: right behind a FREEZE that froze the account here and a COPY with
// which it is arriving here, of other moves, by fates that it does not have, and COPY of what nobody sent.
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
#include "dbagent/store/move_content.h"
#include "tests/sim/rogue/forgery.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes and messages, tables of both

template <class Forged>
std::optional<Forged> step(std::uint32_t shard, std::uint64_t account_id, std::uint64_t move_id,
                           MoveFate fate = MOVE_UNKNOWN) {
  Forged forged;
  forged.set_shard(shard);
  forged.set_account_id(account_id);
  forged.set_move_id(move_id);
  if constexpr (requires { forged.set_fate(fate); }) forged.set_fate(fate);
  return forged;
}

// FLIPPED is for ACTIVATE and RETIRE, ABORTED for the others: any but this.
MoveFate any_but(MoveFate right, Rng& rng) {
  static constexpr MoveFate kAll[] = {MOVE_UNKNOWN, MOVE_OPEN, MOVE_FLIPPED, MOVE_ABORTED};
  for (;;)
    if (const MoveFate fate = kAll[rng.below(std::size(kAll))]; fate != right) return fate;
}

// ── behind FREEZE: MOVING(m) here ───────────────────────────────────────────────────────────────────────────
bool moving(const MoveFreeze& freeze, const MoveContentReply& reply) {
  return reply.state() == ACCOUNT_MOVING && reply.mv() == freeze.move_id();
}

// Of an account that has nothing; its numbers fit one another.
MoveCopy copy_of_nothing(std::uint32_t shard, std::uint64_t account_id, std::uint64_t move_id) {
  MoveContent content;
  content.set_account_id(account_id);
  content.set_move_id(move_id);
  MoveCopy copy = *step<MoveCopy>(shard, account_id, move_id);
  copy.set_bytes(content.SerializeAsString());
  copy.set_bytes_total(copy.bytes().size());
  copy.set_hash(store::hash_of(copy.bytes()));
  return copy;
}

std::optional<MoveCopy> onto_the_frozen(MoveFreeze freeze, const MoveContentReply& reply, const Known&, Rng&) {
  if (!moving(freeze, reply)) return std::nullopt;
  return copy_of_nothing(freeze.shard(), freeze.account_id(), freeze.move_id() + 1);
}

// Behind ACTIVATE: it is here, and counts.
std::optional<MoveCopy> onto_the_active(MoveActivate activate, const MoveStepReply& reply, const Known&, Rng&) {
  if (reply.state() != ACCOUNT_ACTIVE) return std::nullopt;
  return copy_of_nothing(activate.shard(), activate.account_id(), reply.mv() + 1);
}

// `kMore`: to the number of the move. `kRight`: the fate that this step needs; it gets it, or another one.
template <class Forged, int kMore, MoveFate kRight, bool kTold>
std::optional<Forged> to_the_frozen(MoveFreeze freeze, const MoveContentReply& reply, const Known&, Rng& rng) {
  if (!moving(freeze, reply)) return std::nullopt;
  const std::uint64_t move_id = freeze.move_id() + static_cast<std::uint64_t>(static_cast<std::int64_t>(kMore));
  return step<Forged>(freeze.shard(), freeze.account_id(), move_id, kTold ? kRight : any_but(kRight, rng));
}

// ── behind COPY: ARRIVING(m) here ───────────────────────────────────────────────────────────────────────────
template <class Forged, int kMore, MoveFate kRight, bool kTold>
std::optional<Forged> to_the_arriving(MoveCopy copy, const MoveStepReply& reply, const Known&, Rng& rng) {
  if (reply.state() != ACCOUNT_ARRIVING || reply.mv() != copy.move_id()) return std::nullopt;
  const std::uint64_t move_id = copy.move_id() + static_cast<std::uint64_t>(static_cast<std::int64_t>(kMore));
  return step<Forged>(copy.shard(), copy.account_id(), move_id, kTold ? kRight : any_but(kRight, rng));
}

// ── behind RETIRE: MOVED(m), and what left by it is kept ────────────────────────────────────────────────────
bool moved(const MoveRetire& retire, const MoveStepReply& reply) {
  return reply.state() == ACCOUNT_MOVED && reply.mv() == retire.move_id();
}

std::optional<MoveRetire> retired(MoveRetire retire, const MoveStepReply& reply, const Known&, Rng&) {
  if (!moved(retire, reply)) return std::nullopt;
  return retire;
}

std::optional<KeptContent> kept(MoveRetire retire, const MoveStepReply& reply, const Known&, Rng&) {
  if (!moved(retire, reply)) return std::nullopt;
  return step<KeptContent>(retire.shard(), retire.account_id(), retire.move_id());
}

// ── at any time ─────────────────────────────────────────────────────────────────────────────────────────────
std::optional<MoveFreeze> earlier_freeze(MoveFreeze freeze, const MoveContentReply&, const Known&, Rng&) {
  freeze.set_move_id(freeze.move_id() - 1);
  return freeze;
}

// As it would be if that had been another move: its numbers fit one another.
std::optional<MoveCopy> copy_of(MoveCopy copy, std::uint64_t account_id, std::uint64_t move_id) {
  MoveContent content;
  if (copy.offset() != 0 || copy.bytes().size() != copy.bytes_total() || !content.ParseFromString(copy.bytes()))
    return std::nullopt;
  content.set_account_id(account_id);
  content.set_move_id(move_id);
  copy.set_bytes(content.SerializeAsString());
  copy.set_bytes_total(copy.bytes().size());
  copy.set_hash(store::hash_of(copy.bytes()));
  return copy;
}

std::optional<MoveCopy> earlier_copy(MoveCopy copy, const MoveStepReply& reply, const Known&, Rng&) {
  if (reply.state() != ACCOUNT_ARRIVING) return std::nullopt;
  const std::uint64_t earlier = copy.move_id() - 1;
  auto forged = copy_of(copy, copy.account_id(), earlier);
  if (forged) forged->set_move_id(earlier);
  return forged;
}

// ── ahead of COPY ───────────────────────────────────────────────────────────────────────────────────────────
std::optional<MoveCopy> wrong_hash(MoveCopy copy, const MoveStepReply&, const Known&, Rng&) {
  if (copy.hash().empty() || copy.offset() != 0 || copy.bytes().size() != copy.bytes_total()) return std::nullopt;
  (*copy.mutable_hash())[0] ^= 1;
  return copy;
}

std::optional<MoveCopy> of_another_account(MoveCopy copy, const MoveStepReply&, const Known&, Rng& rng) {
  return copy_of(copy, own_number(rng), copy.move_id());
}

std::optional<MoveCopy> of_another_move(MoveCopy copy, const MoveStepReply&, const Known&, Rng&) {
  return copy_of(copy, copy.account_id(), copy.move_id() + 1);
}

// What is not written as it is read is nobody's content, though its hash fits.
std::optional<MoveCopy> in_another_order(MoveCopy copy, const MoveStepReply&, const Known&, Rng&) {
  MoveContent content;
  if (copy.offset() != 0 || copy.bytes().size() != copy.bytes_total() || !content.ParseFromString(copy.bytes()) ||
      content.balances_size() < 2)
    return std::nullopt;
  content.mutable_balances()->SwapElements(0, 1);
  copy.set_bytes(content.SerializeAsString());
  copy.set_hash(store::hash_of(copy.bytes()));
  return copy;
}

std::vector<std::uint64_t> owners_in(const std::string& forged) {
  MoveCopy copy;
  MoveContent content;
  copy.ParseFromString(forged);
  content.ParseFromString(copy.bytes());
  std::vector<std::uint64_t> players;
  for (const auto& balance : content.balances()) players.push_back(balance.player_id());
  return players;
}

Forgery copy_in_another_order() {
  auto one = forgery<MoveCopy, MoveStepReply>("copy.another-order", When::kAhead, {EXPECTED_OTHER, REJECTED, STORED},
                                              in_another_order);
  one.players = owners_in;
  return one;
}

}  // namespace

std::vector<Forgery> move_forgeries() {
  constexpr auto kAnyTime = When::kAnyTime, kBehind = When::kBehind, kAhead = When::kAhead;
  const std::set<int> no = {EXPECTED_OTHER}, done_or_no = {EXPECTED_OTHER, STORED};
  const auto frozen = [&](const char* rule, auto forge) {
    return forgery<MoveFreeze, MoveContentReply>(rule, kBehind, no, forge);
  };
  const auto arriving = [&](const char* rule, auto forge) {
    return forgery<MoveCopy, MoveStepReply>(rule, kBehind, no, forge);
  };
  return {
      frozen("freeze.frozen", to_the_frozen<MoveFreeze, 1, MOVE_UNKNOWN, true>),
      frozen("activate.frozen", to_the_frozen<MoveActivate, 0, MOVE_FLIPPED, true>),
      frozen("retire.other-fate", to_the_frozen<MoveRetire, 0, MOVE_FLIPPED, false>),
      frozen("retire.earlier-move", to_the_frozen<MoveRetire, -1, MOVE_FLIPPED, true>),
      frozen("unfreeze.other-fate", to_the_frozen<MoveUnfreeze, 0, MOVE_ABORTED, false>),
      frozen("unfreeze.earlier-move", to_the_frozen<MoveUnfreeze, -1, MOVE_ABORTED, true>),
      frozen("discard.frozen", to_the_frozen<MoveDiscard, 0, MOVE_ABORTED, true>),
      frozen("copy.frozen", onto_the_frozen),
      forgery<MoveActivate, MoveStepReply>("copy.active", kBehind, no, onto_the_active),
      arriving("freeze.arriving", to_the_arriving<MoveFreeze, 1, MOVE_UNKNOWN, true>),
      arriving("activate.other-fate", to_the_arriving<MoveActivate, 0, MOVE_FLIPPED, false>),
      arriving("activate.earlier-move", to_the_arriving<MoveActivate, -1, MOVE_FLIPPED, true>),
      arriving("retire.arriving", to_the_arriving<MoveRetire, 0, MOVE_FLIPPED, true>),
      arriving("unfreeze.arriving", to_the_arriving<MoveUnfreeze, 0, MOVE_ABORTED, true>),
      arriving("discard.other-fate", to_the_arriving<MoveDiscard, 0, MOVE_ABORTED, false>),
      arriving("discard.earlier-move", to_the_arriving<MoveDiscard, -1, MOVE_ABORTED, true>),
      forgery<MoveRetire, MoveStepReply>("retire.moved", kBehind, {STORED}, retired),
      forgery<MoveRetire, MoveStepReply>("kept.moved", kBehind, {STORED}, kept),
      forgery<MoveFreeze, MoveContentReply>("freeze.earlier-move", kAnyTime, no, earlier_freeze),
      forgery<MoveCopy, MoveStepReply>("copy.earlier-move", kAnyTime, no, earlier_copy),
      forgery<MoveCopy, MoveStepReply>("copy.wrong-hash", kAhead, done_or_no, wrong_hash),
      forgery<MoveCopy, MoveStepReply>("copy.another-account", kAhead, done_or_no, of_another_account),
      forgery<MoveCopy, MoveStepReply>("copy.another-move", kAhead, done_or_no, of_another_move),
      copy_in_another_order(),
  };
}

}  // namespace dure::sim
