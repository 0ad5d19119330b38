#include "common/proto/dbagent.pb.h"
#include "dbagent/store/shard.h"

namespace dure::store {
namespace {

// A client's request takes effect once: its numbers only rise.
void check_creq(const Root& root, const proto::Operation& operation) {
  require(operation.creq() == 0 || operation.creq() > root.last_creq, "creq");
}

void note_done(Root& root, const proto::Operation& operation) {
  root.last_pseq = operation.pseq();
  if (operation.creq() == 0) return;
  root.last_creq = operation.creq();
  root.last_creq_hash = operation.creq_hash();
  root.last_creq_result = 0;
}

// Empty: applied. Otherwise the guard that was false, and nothing is left of the operation.
std::string try_operation(Shard& shard, const Root& root, const proto::Operation& operation) {
  std::string guard;
  shard.db.run("SAVEPOINT operation");
  try {
    check_creq(root, operation);
    apply_effects(shard, root, operation);
  } catch (const GuardFalse& refused) {
    guard = refused.what();
  } catch (const SqlTrouble& trouble) {
    if (!trouble.constraint()) throw;
    guard = trouble.what();
  }
  if (!guard.empty()) shard.db.run("ROLLBACK TO operation");
  shard.db.run("RELEASE operation");
  return guard;
}

void keep_progress(Shard& shard, const Root& root) {
  shard.db.run(
      "UPDATE player SET last_pseq = ?2, last_creq = ?3, last_creq_hash = ?4, last_creq_result = ?5 WHERE pid = ?1",
      root.player_id, root.last_pseq, root.last_creq, root.last_creq_hash, root.last_creq_result);
}

std::string blame(const proto::Operation& operation, const std::string& guard) {
  return guard + " (operation " + std::to_string(operation.pseq()) + ", " + operation.reason() + ")";
}

}  // namespace

// The operations of one owner for one player, each numbered one after the other. What came before a rejected one or a
// gap stays: the prefix is what the numbers promise.
proto::ApplyReply apply(Shard& shard, const proto::ApplyRequest& request) {
  proto::ApplyReply reply;
  reply.set_player_id(request.player_id());
  reply.set_epoch(request.epoch());
  auto root = find_root(shard, request.player_id());
  if (const int code = unavailable(shard, request.shard(), root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  if (root->epoch != request.epoch() || root->owner_incarnation != key_of(request.owner_incarnation()) ||
      root->owner_incarnation.zero()) {
    reply.set_code(proto::STALE_EPOCH);
    return reply;
  }
  const std::uint64_t before = root->last_pseq;
  for (const auto& operation : request.operations()) {
    if (operation.pseq() <= root->last_pseq) continue;
    if (operation.pseq() != root->last_pseq + 1) {
      reply.set_code(proto::GAP);
      break;
    }
    if (const std::string guard = try_operation(shard, *root, operation); !guard.empty()) {
      reply.set_code(proto::REJECTED);
      reply.set_detail(blame(operation, guard));
      break;
    }
    note_done(*root, operation);
    shard.file.count_operation();
  }
  reply.set_saved_pseq(root->last_pseq);
  if (reply.code() == proto::REJECTED)
    fence(shard, *root);
  else if (root->last_pseq != before)
    keep_progress(shard, *root);
  return reply;
}

void write_hint(Shard& shard, const proto::HintWrite& request) {
  const auto root = find_root(shard, request.player_id());
  if (unavailable(shard, request.shard(), root) != 0) return;
  if (root->epoch != request.epoch() || root->owner_incarnation != key_of(request.owner_incarnation())) return;
  shard.db.run("INSERT INTO hint VALUES(?1, ?2) ON CONFLICT DO UPDATE SET body = excluded.body", request.player_id(),
               Blob{request.hint().SerializeAsString()});
}

}  // namespace dure::store
