// Aggregates without an owner: no epoch, no mirror. What guards a change instead is its number (once), the versions of
// the records it was computed from, and the guards of every claim and send.
//
// An operation is remembered by its row, so that a repeat is told the same and done once. Rows are forgotten a day
// after, the oldest of the aggregate by each new operation. What makes that safe is no clock but two numbers: a row's
// `at` is never below the asked_at_ms of its request, and the mark is raised above the `at` of every row that is
// forgotten. So a request that is asked at or above the mark still has its row, if it was done; one asked below the
// mark may have been done, nobody knows, and it is neither done nor told that it was or was not (STALE_EPOCH). Both
// numbers travel with the aggregate, and a reading never says a time below the mark: whatever shards' clocks say, the
// proof holds, and who reads now can ask now. The day only decides who is kept waiting: an asker that insists for
// longer has been asleep.
#include <algorithm>
#include <set>

#include "common/base/hash.h"
#include "common/proto/dbagent.pb.h"
#include "dbagent/store/posting.h"

namespace dure::store {
namespace {

constexpr std::uint32_t kRecordsMax = 500;
constexpr std::uint32_t kInboxMax = 500;
constexpr std::size_t kChangesMax = 64;
constexpr std::int64_t kRememberedMs = kDayMs;  // a clerk insists for some minutes
constexpr int kForgottenAtOnce = 4;             // more than come: what has piled up goes, too

// 0, or why this is not to be served here.
int unavailable_ownerless(const Shard& shard, std::uint32_t asked_shard, const std::optional<Root>& root) {
  if (const int code = unavailable(shard, asked_shard, root); code != 0) return code;
  return root->kind == RootKind::kOwnerless ? 0 : proto::NO_SUCH;
}

std::int64_t content_of(proto::OwnerlessApply request) {
  request.clear_shard();
  request.clear_trace_id();
  request.clear_asked_at_ms();
  return static_cast<std::int64_t>(fnv1a(request.SerializeAsString()));
}

proto::OwnerlessReply answer(proto::StoreCode code, const std::string& detail = {}) {
  proto::OwnerlessReply reply;
  reply.set_code(code);
  reply.set_detail(detail);
  return reply;
}

std::int64_t version_of(Shard& shard, std::uint64_t aggregate_id, const std::string& key) {
  return shard.db.number("SELECT version FROM record WHERE pid = ?1 AND key = ?2", aggregate_id, key).value_or(0);
}

// The key of the first record that is not as expected; empty: all are.
std::string unexpected_record(Shard& shard, const proto::OwnerlessApply& request) {
  std::set<std::string> keys;
  for (const auto& change : request.records()) {
    require(!change.key().empty() && change.key().size() <= 128 && keys.insert(change.key()).second, "record key");
    require(change.body().size() <= 4096, "record body");
    if (version_of(shard, request.aggregate_id(), change.key()) != change.expected_version()) return change.key();
  }
  return {};
}

std::int64_t forgotten_before(Shard& shard, std::uint64_t aggregate_id) {
  return shard.db.number("SELECT forgotten_before FROM ownerless_mark WHERE pid = ?1", aggregate_id).value_or(0);
}

void remember(Shard& shard, const proto::OwnerlessApply& request, const Key16& id, std::int64_t content) {
  shard.db.run("INSERT INTO ownerless_op VALUES(?1, ?2, ?3, ?4)", request.aggregate_id(), id, content,
               std::max(shard.file.shard_time(), request.asked_at_ms()));
}

void forget_the_oldest(Shard& shard, std::uint64_t aggregate_id) {
  std::vector<Key16> oldest;
  std::int64_t mark = 0;
  {
    Query row(shard.db, "SELECT op_id, at FROM ownerless_op WHERE pid = ?1 AND at < ?2 ORDER BY at LIMIT ?3",
              aggregate_id, shard.file.shard_time() - kRememberedMs, kForgottenAtOnce);
    while (row.row()) {
      oldest.push_back(row.key(0));
      mark = row.i64(1) + 1;
    }
  }
  if (oldest.empty()) return;
  for (const Key16& id : oldest)
    shard.db.run("DELETE FROM ownerless_op WHERE pid = ?1 AND op_id = ?2", aggregate_id, id);
  shard.db.run(
      "INSERT INTO ownerless_mark VALUES(?1, ?2) ON CONFLICT DO UPDATE SET "
      "forgotten_before = max(forgotten_before, excluded.forgotten_before)",
      aggregate_id, mark);
}

// Above every number that another file can have given to records of this aggregate before it came here: each move that
// brought it, or was to take it away, is worth more numbers than a file uses.
std::int64_t first_number_here(Shard& shard, std::uint64_t aggregate_id) {
  constexpr std::int64_t kNumbersOfAFile = std::int64_t{1} << 44;
  return shard.db
             .number("SELECT account_move.mv FROM player JOIN account_move USING(account_id) WHERE pid = ?1",
                     aggregate_id)
             .value_or(0) *
         kNumbersOfAFile;
}

// A record that is made anew never has a version that one of its key had before, here or where it came from.
void write_record(Shard& shard, std::uint64_t aggregate_id, const proto::OwnerlessChange& change) {
  if (change.only_expect()) return;
  if (change.remove()) {
    shard.db.run("DELETE FROM record WHERE pid = ?1 AND key = ?2", aggregate_id, change.key());
    return;
  }
  const std::int64_t fresh = first_number_here(shard, aggregate_id) + shard.file.next_number();
  const std::int64_t version = std::max(change.expected_version() + 1, fresh);
  shard.db.run(
      "INSERT INTO record VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET version = excluded.version, "
      "body = excluded.body",
      aggregate_id, change.key(), version, Blob{change.body()});
}

proto::Operation value_of(const proto::OwnerlessApply& request) {
  proto::Operation operation;
  operation.set_reason(request.reason());
  operation.set_content_version(request.content_version());
  operation.set_trace_id(request.trace_id());
  for (const auto claim : request.claims()) operation.add_effects()->mutable_claim()->set_message_id(claim);
  for (const auto& spent : request.spends()) {
    require(spent.value() > 0, "amount");
    auto* balance = operation.add_effects()->mutable_balance();
    balance->set_currency(spent.name());
    balance->set_delta(-spent.value());
  }
  for (const auto& send : request.sends()) *operation.add_effects()->mutable_send() = send;
  return operation;
}

// RECONCILE may have given away an item while its letter waits (Provider::item): whoever settles the letter has to know
// what it was about.
void read_as_written(Shard& shard, proto::InboxEntry* entry) {
  Query row(shard.db, "SELECT letter FROM inbox WHERE message_id = ?1", entry->message_id());
  proto::InboxEntry written;
  if (row.row() && written.ParseFromString(row.text(0)) && written.items_size() > entry->items_size())
    *entry->mutable_items() = written.items();
}

}  // namespace

proto::OwnerlessReply apply_ownerless(Shard& shard, const proto::OwnerlessApply& request) {
  const auto root = find_root(shard, request.aggregate_id());
  if (const int code = unavailable_ownerless(shard, request.shard(), root); code != 0)
    return answer(static_cast<proto::StoreCode>(code));
  const Key16 id = key_of(request.operation_id());
  require(!id.zero(), "operation id");
  const std::int64_t content = content_of(request);
  if (const auto done =
          shard.db.number("SELECT content FROM ownerless_op WHERE pid = ?1 AND op_id = ?2", request.aggregate_id(), id))
    return *done == content ? answer(proto::STORED) : answer(proto::REJECTED, "operation id used");
  if (request.asked_at_ms() < forgotten_before(shard, request.aggregate_id()))
    return answer(proto::STALE_EPOCH, "asked before what is remembered");
  require(!request.reason().empty() && request.reason().size() <= 64, "reason");
  require(static_cast<std::size_t>(request.records_size()) <= kChangesMax, "too many records");
  if (const std::string key = unexpected_record(shard, request); !key.empty())
    return answer(proto::EXPECTED_OTHER, key);
  if (sent_otherwise(shard, request)) {
    auto reply = answer(proto::REJECTED, "message exists");
    reply.set_sent_otherwise(true);
    return reply;
  }
  const proto::Operation operation = value_of(request);
  apply_effects(shard, *root, operation);
  for (const auto& change : request.records()) write_record(shard, request.aggregate_id(), change);
  remember(shard, request, id, content);
  forget_the_oldest(shard, request.aggregate_id());
  tell_sent(shard, operation);
  shard.file.count_operation();
  return answer(proto::STORED);
}

proto::OwnerlessReadReply read_ownerless(Shard& shard, const proto::OwnerlessRead& request) {
  proto::OwnerlessReadReply reply;
  const auto root = find_root(shard, request.aggregate_id());
  if (const int code = unavailable_ownerless(shard, request.shard(), root); code != 0) {
    reply.set_code(static_cast<proto::StoreCode>(code));
    return reply;
  }
  const std::uint32_t limit = request.limit() == 0 || request.limit() > kRecordsMax ? kRecordsMax : request.limit();
  {
    // Keys are compared as bytes: whatever begins with the prefix stands together, from the prefix itself on.
    Query row(shard.db,
              "SELECT key, version, body FROM record WHERE pid = ?1 AND key >= ?2 AND key > ?3 "
              "AND substr(key, 1, length(?2)) = ?2 ORDER BY key LIMIT ?4",
              request.aggregate_id(), request.prefix(), request.after(), limit + 1);
    while (row.row()) {
      if (static_cast<std::uint32_t>(reply.records_size()) == limit) {
        reply.set_more(true);
        break;
      }
      auto* record = reply.add_records();
      record->set_key(row.text(0));
      record->set_version(row.i64(1));
      record->set_body(row.text(2));
    }
  }
  reply.set_shard_time_ms(std::max(shard.file.shard_time(), forgotten_before(shard, request.aggregate_id())));
  if (request.inbox_limit() > 0)
    read_inbox(shard, request.aggregate_id(), std::min(request.inbox_limit(), kInboxMax),
               [&] { return reply.add_inbox(); });
  for (auto& entry : *reply.mutable_inbox()) read_as_written(shard, &entry);
  if (request.value()) {
    read_balances(shard, request.aggregate_id(), [&] { return reply.add_balances(); });
    read_items_of(shard, {HolderKind::kPlayer, request.aggregate_id()}, [&] { return reply.add_items(); });
  }
  return reply;
}

}  // namespace dure::store
