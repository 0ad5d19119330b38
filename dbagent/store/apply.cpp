#include "common/proto/dbagent.pb.h"
#include "dbagent/store/content_guard.h"
#include "dbagent/store/savepoint.h"
#include "dbagent/store/shard.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

// A client's request takes effect once: its numbers only rise.
void check_creq(const Root& root, const proto::Operation& operation) {
  require(operation.creq() == 0 || operation.creq() > root.last_creq, "creq");
}

// Empty: applied. Otherwise the guard that was false, and nothing is left of the operation.
std::string try_operation(Shard& shard, const Root& root, const proto::Operation& operation) {
  std::string guard;
  Savepoint before(shard.db);
  try {
    check_creq(root, operation);
    if (const GuardTable* table = shard.content->table(operation.content_version()))
      guard_creation(shard, root.player_id, *table, operation);
    apply_effects(shard, root, operation);
  } catch (const GuardFalse& refused) {
    guard = refused.what();
  } catch (const SqlTrouble& trouble) {
    if (!trouble.constraint()) throw;
    guard = trouble.what();
  }
  if (guard.empty())
    before.keep();
  else
    before.take_back();
  return guard;
}

std::string blame(const proto::Operation& operation, const std::string& guard) {
  return guard + " (operation " + std::to_string(operation.pseq()) + ", " + operation.reason() + ")";
}

// The next operation; false: it does not take effect now, and none after it.
bool take_next(Shard& shard, Root& root, const proto::Operation& operation, proto::ApplyReply* reply) {
  switch (shard.content->fit(operation.content_version())) {
    case ContentShelf::Fit::kFits:
      break;
    case ContentShelf::Fit::kTooOld:
      reply->set_code(proto::OTHER_CONTENT);
      reply->set_detail("content " + std::to_string(operation.content_version()) + ", active is " +
                        std::to_string(shard.content->active()));
      return false;
    case ContentShelf::Fit::kNotYet:
      reply->set_code(proto::RETRY);
      return false;
  }
  std::string guard;
  LegEnd end = LegEnd::kDone;
  if (operation.has_trade()) {
    end = take_leg(shard, root, operation, reply->add_legs(), &guard);
  } else {
    guard = try_operation(shard, root, operation);
    if (!guard.empty()) end = LegEnd::kRejected;
  }
  switch (end) {
    case LegEnd::kDone:
      if (!operation.has_trade()) note_progress(root, operation);
      tell_sent(shard, operation);
      shard.file.count_operation();
      return true;
    case LegEnd::kWaiting:
      return false;
    case LegEnd::kCrowded:
      reply->set_code(proto::RETRY);
      return false;
    case LegEnd::kRejected:
      break;
  }
  if (operation.has_trade()) reply->mutable_legs()->RemoveLast();
  reply->set_code(proto::REJECTED);
  reply->set_detail(blame(operation, guard));
  return false;
}

}  // namespace

void note_progress(Root& root, const proto::Operation& operation, CreqResult result) {
  root.last_pseq = operation.pseq();
  if (operation.creq() <= root.last_creq) return;
  root.last_creq = operation.creq();
  root.last_creq_hash = operation.creq_hash();
  root.last_creq_result = static_cast<std::uint32_t>(result);
}

void keep_progress(Shard& shard, const Root& root) {
  shard.db.run(
      "UPDATE player SET last_pseq = ?2, last_creq = ?3, last_creq_hash = ?4, last_creq_result = ?5 WHERE pid = ?1",
      root.player_id, root.last_pseq, root.last_creq, root.last_creq_hash, root.last_creq_result);
}

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
  if (!owned_by(*root, request.epoch(), key_of(request.owner_incarnation()))) {
    refuse_stale(shard, *root, request);
    reply.set_code(proto::STALE_EPOCH);
    return reply;
  }
  const std::uint64_t before = root->last_pseq;
  for (const auto& operation : request.operations()) {
    if (operation.pseq() <= root->last_pseq) {
      if (operation.has_trade()) answer_again(shard, *root, operation, reply.add_legs());
      continue;
    }
    if (operation.pseq() != root->last_pseq + 1) {
      reply.set_code(proto::GAP);
      break;
    }
    if (!take_next(shard, *root, operation, &reply)) break;
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
  if (!owned_by(*root, request.epoch(), key_of(request.owner_incarnation()))) return;
  shard.db.run("INSERT INTO hint VALUES(?1, ?2) ON CONFLICT DO UPDATE SET body = excluded.body", request.player_id(),
               Blob{request.hint().SerializeAsString()});
}

}  // namespace dure::store
