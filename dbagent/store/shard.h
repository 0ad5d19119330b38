// The transitions of the consistency contract on one shard file, a function each. All run inside the batch's
// transaction; what they read of a player they read there. A false guard throws GuardFalse unless the reply has a word
// of its own for it.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>

#include "dbagent/store/batch.h"
#include "dbagent/store/schema.h"
#include "dbagent/store/store_file.h"

namespace dure::proto {
class AcquireReply;
class AcquireRequest;
class Aggregate;
class Amount;
class ApplyReply;
class ApplyRequest;
class AuditReply;
class AuditRequest;
class CharactersReply;
class CharactersRequest;
class CreatePlayerRequest;
class DeletePlayerRequest;
class DeliverReply;
class DeliverRequest;
class HintWrite;
class Operation;
class InboxQuery;
class InboxReply;
class OutboxQuery;
class OutboxReply;
class OutboxSent;
class OwnerQuery;
class OwnerlessApply;
class OwnerlessRead;
class OwnerlessReadReply;
class OwnerlessReply;
class PurgePlayer;
class PurgeQuery;
class PurgeReply;
class SettleCreation;
class InboxEntry;
class StoreEvent;
class StoreReply;
}  // namespace dure::proto

namespace dure::store {

class ContentShelf;
class WaitingLegs;

struct Shard {
  StoreFile& file;
  Database& db;
  std::uint32_t number;
  std::uint32_t characters_max;  // of one account
  // What others have to hear once this is committed (store.proto).
  std::function<void(const proto::StoreEvent&)> tell = [](const proto::StoreEvent&) {};
  WaitingLegs* waiting = nullptr;
  ContentShelf* content = nullptr;
};

// The root row of an aggregate.
struct Root {
  std::uint64_t player_id = 0;
  Status status = Status::kActive;
  std::uint64_t epoch = 0;
  Key16 owner_incarnation;
  std::uint32_t owner_node = 0;
  std::uint64_t last_pseq = 0;
  std::uint64_t settle_seq = 0;
  std::uint64_t last_creq = 0;
  std::uint64_t last_creq_hash = 0;
  std::uint32_t last_creq_result = 0;
  std::uint64_t acquire_id = 0;
  std::uint64_t acquire_epoch = 0;
  std::int64_t delete_at = 0;
  RootKind kind = RootKind::kCharacter;
};
std::optional<Root> find_root(Shard& shard, std::uint64_t player_id);
// Why this player cannot be served here, as a StoreCode (WRONG_SHARD, NO_SUCH, RETRY while it moves); 0: it can.
int unavailable(const Shard& shard, std::uint32_t asked_shard, const std::optional<Root>& root);
// Live, but for the number: this asker is the one that may propose changes.
bool owned_by(const Root& root, std::uint64_t epoch, const Key16& owner_incarnation);
// The sink of what a deleted character leaves behind.
inline constexpr const char* kDeletedReason = "deleted";
// Ends the epoch and leaves the player without an owner; records how far the epoch came.
void fence(Shard& shard, Root& root);
void end_epoch(Shard& shard, const Root& root);
// player.last_creq_result
enum class CreqResult : std::uint32_t { kDone = 0, kAborted = 1 };
// An operation has used up its number, and its client's request has a result; keep_progress() writes it.
void note_progress(Root& root, const proto::Operation& operation, CreqResult result = CreqResult::kDone);
void keep_progress(Shard& shard, const Root& root);
void read_aggregate(Shard& shard, std::uint64_t player_id, proto::Aggregate* out);
void read_balances(Shard& shard, std::uint64_t player_id, const std::function<proto::Amount*()>& add);
// Unclaimed, oldest first; limit 0: as many as one message can carry. The others are read once these are claimed.
void read_inbox(Shard& shard, std::uint64_t player_id, std::uint32_t limit,
                const std::function<proto::InboxEntry*()>& add);

proto::AcquireReply acquire(Shard& shard, const proto::AcquireRequest& request);
proto::AcquireReply who_owns(Shard& shard, const proto::OwnerQuery& request);
proto::ApplyReply apply(Shard& shard, const proto::ApplyRequest& request);
void write_hint(Shard& shard, const proto::HintWrite& request);

// One operation's effects, in order; GuardFalse takes all of them back.
void apply_effects(Shard& shard, const Root& root, const proto::Operation& operation);
// Whether a letter that it sends has the number of another one that its aggregate has sent.
bool sent_otherwise(Shard& shard, const proto::OwnerlessApply& request);
// After an operation has passed: its messages wait to be relayed.
void tell_sent(Shard& shard, const proto::Operation& operation);

proto::DeliverReply deliver(Shard& shard, const proto::DeliverRequest& request);
proto::OutboxReply pending_outbox(Shard& shard, const proto::OutboxQuery& request);
proto::StoreReply outbox_sent(Shard& shard, const proto::OutboxSent& request);
proto::InboxReply unclaimed_inbox(Shard& shard, const proto::InboxQuery& request);

proto::OwnerlessReply apply_ownerless(Shard& shard, const proto::OwnerlessApply& request);
proto::OwnerlessReadReply read_ownerless(Shard& shard, const proto::OwnerlessRead& request);

// The audit (audit.h) of this shard as its agent answers it: the first page has the findings, every page some item ids.
proto::AuditReply audit_page(Shard& shard, const proto::AuditRequest& request);

proto::CharactersReply characters(Shard& shard, const proto::CharactersRequest& request);
proto::StoreReply create_player(Shard& shard, const proto::CreatePlayerRequest& request);
proto::StoreReply delete_player(Shard& shard, const proto::DeletePlayerRequest& request);
proto::StoreReply settle_creation(Shard& shard, const proto::SettleCreation& request);
proto::PurgeReply due_for_purge(Shard& shard, const proto::PurgeQuery& request);
proto::StoreReply purge_player(Shard& shard, const proto::PurgePlayer& request);

}  // namespace dure::store
