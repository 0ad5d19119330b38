#include "common/proto/dbagent.pb.h"
#include "dbagent/store/shard.h"

namespace dure::store {
namespace {

void tell_holder(const Root& root, proto::AcquireReply* reply) {
  reply->set_epoch(root.epoch);
  reply->set_last_pseq(root.last_pseq);
  put(root.owner_incarnation, reply->mutable_owner_incarnation());
  reply->set_owner_node(root.owner_node);
}

// Everything an owner starts with, read now, in the transaction that made or confirmed it the owner.
void grant(Shard& shard, const Root& root, proto::AcquireReply* reply) {
  reply->set_code(proto::STORED);
  tell_holder(root, reply);
  reply->set_settle_seq(root.settle_seq);
  reply->set_last_creq(root.last_creq);
  reply->set_last_creq_hash(root.last_creq_hash);
  reply->set_last_creq_result(root.last_creq_result);
  const std::uint64_t ended = root.acquire_epoch - 1;
  reply->set_ended_epoch(ended);
  reply->set_ended_last_pseq(static_cast<std::uint64_t>(
      shard.db.number("SELECT last_pseq FROM ended_epoch WHERE pid = ?1 AND epoch = ?2", root.player_id, ended)
          .value_or(0)));
  read_aggregate(shard, root.player_id, reply->mutable_aggregate());
}

void take(Shard& shard, Root& root, const proto::AcquireRequest& request) {
  end_epoch(shard, root);
  ++root.epoch;
  root.owner_incarnation = key_of(request.owner_incarnation());
  root.owner_node = request.owner_node();
  root.last_pseq = 0;
  root.acquire_id = request.acquire_id();
  root.acquire_epoch = root.epoch;
  shard.db.run(
      "UPDATE player SET epoch = ?2, owner_inc = ?3, owner_node = ?4, last_pseq = 0, acquire_id = ?5, "
      "acquire_epoch = ?2, data_version = max(data_version, ?6) WHERE pid = ?1",
      root.player_id, root.epoch, root.owner_incarnation, root.owner_node, root.acquire_id, kDataVersion);
}

bool deleted(const Shard& shard, const Root& root) {
  return root.kind != RootKind::kCharacter || (root.delete_at != 0 && root.delete_at <= shard.file.shard_time());
}

}  // namespace

proto::AcquireReply acquire(Shard& shard, const proto::AcquireRequest& request) {
  proto::AcquireReply reply;
  auto root = find_root(shard, request.player_id());
  if (const int code = unavailable(shard, request.shard(), root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  const bool repeated =
      request.acquire_id() != 0 && request.acquire_id() == root->acquire_id && root->epoch == root->acquire_epoch;
  if (deleted(shard, *root)) {
    reply.set_code(proto::NO_SUCH);
  } else if (repeated) {
    grant(shard, *root, &reply);
  } else if (root->epoch == request.expected_epoch() && !key_of(request.owner_incarnation()).zero()) {
    take(shard, *root, request);
    grant(shard, *root, &reply);
  } else {
    reply.set_code(proto::EXPECTED_OTHER);
    tell_holder(*root, &reply);
  }
  return reply;
}

proto::AcquireReply who_owns(Shard& shard, const proto::OwnerQuery& request) {
  proto::AcquireReply reply;
  const auto root = find_root(shard, request.player_id());
  if (const int code = unavailable(shard, request.shard(), root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  tell_holder(*root, &reply);
  // Who asks places the player before it acquires it.
  Query hint(shard.db, "SELECT body FROM hint WHERE pid = ?1", root->player_id);
  if (hint.row()) reply.mutable_aggregate()->mutable_hint()->ParseFromString(hint.text(0));
  if (request.counters().empty()) return reply;
  Query counters(shard.db, "SELECT name, value FROM counter WHERE pid = ?1 AND substr(name, 1, ?2) = ?3 ORDER BY name",
                 root->player_id, static_cast<std::int64_t>(request.counters().size()), request.counters());
  while (counters.row()) {
    auto* counter = reply.mutable_aggregate()->add_counters();
    counter->set_name(counters.text(0));
    counter->set_value(counters.i64(1));
  }
  return reply;
}

}  // namespace dure::store
