#include "dbagent/store/batch.h"

#include "common/base/check.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/savepoint.h"

namespace dure::store {

std::string Batch::run(std::string_view encoded) {
  proto::StoreBatch batch;
  CHECK(batch.ParseFromArray(encoded.data(), static_cast<int>(encoded.size())));
  if (failed_) return retry_all(batch, failure_);
  proto::StoreBatchReply reply;
  answering_ = &reply;
  try {
    if (!run_all(batch, &reply)) return retry_all(batch, failure_);
  } catch (const SqlTrouble& trouble) {
    if (trouble.fatal()) {
      failed_ = true;
      failure_ = file_.options().path + ": " + trouble.what();
    }
    roll_back();
    return retry_all(batch, trouble.what());
  }
  if (failed_) {
    reply.set_failed(true);
    reply.set_detail(failure_);
  }
  return reply.SerializeAsString();
}

bool Batch::run_all(const proto::StoreBatch& batch, proto::StoreBatchReply* reply) {
  file_.database().use_savepoints(false);
  try {
    return run_items(batch, reply);
  } catch (const NeedsSavepoints&) {
    roll_back();
  }
  reply->Clear();
  file_.database().use_savepoints(true);
  return run_items(batch, reply);
}

bool Batch::run_items(const proto::StoreBatch& batch, proto::StoreBatchReply* reply) {
  Database& db = file_.database();
  db.run("BEGIN IMMEDIATE");
  if (!file_.begin(batch.wall_unix_ms())) {
    roll_back();
    failed_ = true;
    failure_ = file_.options().path + " was taken over by another agent";
    return false;
  }
  std::uint32_t changed = 0;
  for (const auto& item : batch.items()) {
    const std::int64_t before = db.total_changes();
    told_before_ = reply->events_size();
    if (memory_ != nullptr) memory_->begin_item();
    auto* answer = reply->add_items();
    answer->set_message_id(item.message_id());
    answer->set_body(run_one(item.message_id(), item.body()));
    if (db.total_changes() != before) ++changed;
  }
  if (changed > 0) file_.keep();
  commit();
  reply->set_changed(changed);
  reply->set_shard_time(static_cast<std::uint64_t>(changed > 0 ? file_.shard_time() : file_.stored_shard_time()));
  return true;
}

// After COMMIT the batch is SAVED, whatever becomes of the checkpoint. But a checkpoint whose sync failed must not be
// tried again: the kernel may have dropped the pages, and a second sync would lie.
void Batch::commit() {
  Database& db = file_.database();
  db.run("COMMIT");
  if (memory_ != nullptr) memory_->keep();
  try {
    db.checkpoint_if_due();
  } catch (const SqlTrouble& trouble) {
    if (!trouble.fatal()) return;
    failed_ = true;
    failure_ = file_.options().path + ": checkpoint: " + trouble.what();
  }
}

std::string Batch::run_one(std::uint32_t message_id, const std::string& body) {
  const auto at = handlers_.find(message_id);
  if (at == handlers_.end()) return {};
  const Handler& handler = at->second;
  Savepoint before(file_.database());
  std::string reply;
  bool bug_of_ours = false;
  try {
    if (!handler.handle(body, &reply)) reply = handler.refuse(proto::REJECTED, "malformed");
    before.keep();
    return reply;
  } catch (const SqlTrouble& trouble) {
    if (!trouble.constraint()) throw;
    reply = handler.refuse(proto::REJECTED, trouble.what());
  } catch (const GuardFalse& guard) {
    reply = handler.refuse(proto::REJECTED, guard.what());
  } catch (const CheckFailed& bug) {
    bug_of_ours = true;
    reply = handler.refuse(proto::RETRY, bug.what());
  }
  before.take_back();
  auto* events = answering_->mutable_events();
  events->DeleteSubrange(told_before_, events->size() - told_before_);
  if (memory_ != nullptr) memory_->undo_item();
  if (bug_of_ours) ++faults_;
  return reply;
}

void Batch::tell(const proto::StoreEvent& event) {
  CHECK(answering_ != nullptr);
  *answering_->add_events() = event;
}

void Batch::roll_back() {
  if (memory_ != nullptr) memory_->undo();
  // SQLite may have rolled back by itself; then this is an error without meaning.
  try {
    if (file_.database().in_transaction()) file_.database().run("ROLLBACK");
  } catch (const SqlTrouble&) {
  }
}

std::string Batch::retry_all(const proto::StoreBatch& batch, const std::string& why) const {
  proto::StoreBatchReply reply;
  reply.set_retry(true);
  reply.set_failed(failed_);
  reply.set_detail(why);
  for (const auto& item : batch.items()) {
    auto* answer = reply.add_items();
    answer->set_message_id(item.message_id());
    if (const auto at = handlers_.find(item.message_id()); at != handlers_.end())
      answer->set_body(at->second.refuse(proto::RETRY, why));
  }
  return reply.SerializeAsString();
}

}  // namespace dure::store
