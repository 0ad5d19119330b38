#include "common/game/ledger_clerk.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/hash.h"

namespace dure {
namespace {
constexpr int kTries = 20;
constexpr int kConflicts = 8;  // another clerk was faster so often
constexpr Duration kDeadline = seconds(2), kPause = milliseconds(200);
constexpr std::uint32_t kInboxPage = 50;

proto::Uid operation_id(std::uint64_t high, std::uint64_t low) {
  proto::Uid id;
  id.set_high(high);
  id.set_low(low);
  return id;
}
}  // namespace

template <class Reply, class Request>
Task<Result<Reply>> LedgerClerk::insist(NodeId to, Request request) {
  std::string why = "no answer";
  for (int tries = 0; tries < kTries; ++tries) {
    const Result<Reply> reply = co_await node_.call<Reply>(to, request, kDeadline);
    if (reply && reply->code() != proto::RETRY) co_return reply;
    why = reply ? "the database is busy" : reply.error().detail;
    co_await node_.wait(kPause);
  }
  co_return fail(Trouble::kBusy, why);
}

Task<Result<bool>> LedgerClerk::locate() {
  proto::PlayerLocate query;
  if (name_.empty())
    query.set_player_id(aggregate_);
  else
    query.set_name(name_);
  const NodeId directory = node_.directory_agent();
  const Result<proto::PlayerLocateReply> found = co_await insist<proto::PlayerLocateReply>(directory, query);
  if (!found) co_return tl::unexpected<Error>(found.error());
  if (found->code() != proto::STORED) co_return false;
  if (name_.empty()) {
    if (found->name().find(':') == std::string::npos) co_return false;  // a character
    name_ = found->name();
  }
  aggregate_ = found->player_id();
  shard_ = found->shard();
  co_return true;
}

Task<Result<std::uint64_t>> LedgerClerk::open(bool found_it) {
  CHECK_MSG(name_.empty() ? aggregate_ != 0 && !found_it : name_.find(':') != std::string::npos, name_);
  for (int round = 0; round < 2; ++round) {
    const Result<bool> known = co_await locate();
    if (!known) co_return tl::unexpected<Error>(known.error());
    if (*known) co_return aggregate_;
    if (!found_it || round == 1) break;
    const Result<> founded = co_await found();
    if (!founded) co_return tl::unexpected<Error>(founded.error());
  }
  co_return fail(Trouble::kRefused, "no " + name_);
}

// An account of its own, which nobody can log in to: so that it lies on a shard and moves as any other. By that account
// whoever founds it a second time is told what was begun, and founds the same.
Task<Result<>> LedgerClerk::found() {
  proto::AccountQuery account;
  account.set_account("ownerless:" + name_);
  account.set_create(true);
  account.set_password_hash("!");
  const NodeId directory = node_.directory_agent();
  const Result<proto::AccountReply> made = co_await insist<proto::AccountReply>(directory, account);
  if (!made) co_return tl::unexpected<Error>(made.error());
  if (made->code() != proto::STORED) co_return fail(Trouble::kRefused, "account");

  proto::ReserveName reserve;
  reserve.set_name(name_);
  reserve.set_player_id(node_.entropy().id63());
  reserve.set_account_id(made->account_id());
  reserve.set_reservation(node_.entropy().id63());
  const Result<proto::ReserveNameReply> reserved = co_await insist<proto::ReserveNameReply>(directory, reserve);
  if (!reserved) co_return tl::unexpected<Error>(reserved.error());
  if (reserved->code() == proto::NAME_TAKEN) {
    if (reserved->own_player() == 0) co_return Result<>();  // founded meanwhile, or another's
    reserve.set_player_id(reserved->own_player());
    reserve.set_reservation(reserved->own_reservation());
  } else if (reserved->code() != proto::STORED) {
    co_return fail(Trouble::kRefused, "the name is taken");
  }

  proto::CreatePlayerRequest create;
  create.set_shard(reserved->shard());
  create.set_player_id(reserve.player_id());
  create.set_account_id(made->account_id());
  create.set_realm_id(node_.identity().realm_id);
  create.set_name(name_);
  create.set_reservation(reserve.reservation());
  create.set_ownerless(true);
  const NodeId agent = node_.shard_agent(reserved->shard());
  const Result<proto::StoreReply> created = co_await insist<proto::StoreReply>(agent, create);
  if (!created) co_return tl::unexpected<Error>(created.error());
  if (created->code() != proto::STORED) co_return fail(Trouble::kRefused, created->detail());

  proto::ClaimName claim;
  claim.set_name(name_);
  claim.set_player_id(reserve.player_id());
  claim.set_reservation(reserve.reservation());
  const Result<proto::StoreReply> claimed = co_await insist<proto::StoreReply>(directory, claim);
  if (!claimed) co_return tl::unexpected<Error>(claimed.error());
  if (claimed->code() != proto::STORED) co_return fail(Trouble::kRefused, claimed->detail());
  co_return Result<>();
}

// In pages of records; a change between two pages shows as an unexpected version when something is applied.
Task<Result<LedgerClerk::Book>> LedgerClerk::read() {
  Book book;
  proto::OwnerlessRead request;
  request.set_aggregate_id(aggregate_);
  request.set_inbox_limit(kInboxPage + static_cast<std::uint32_t>(refused_.size()));
  request.set_value(true);
  for (int moved = 0; moved < kTries;) {
    request.set_shard(shard_);
    const NodeId agent = node_.shard_agent(shard_);
    const Result<proto::OwnerlessReadReply> reply = co_await insist<proto::OwnerlessReadReply>(agent, request);
    if (!reply) co_return tl::unexpected<Error>(reply.error());
    if (reply->code() == proto::WRONG_SHARD) {
      ++moved;
      (void)co_await locate();
      continue;
    }
    if (reply->code() != proto::STORED) co_return fail(Trouble::kRefused, "no " + name_);
    for (const auto& record : reply->records()) book.records[record.key()] = record;
    if (request.value()) {
      for (const auto& amount : reply->balances()) book.balances[amount.name()] = amount.value();
      book.items.assign(reply->items().begin(), reply->items().end());
      book.inbox.assign(reply->inbox().begin(), reply->inbox().end());
      book.shard_time_ms = reply->shard_time_ms();
    }
    if (!reply->more()) co_return book;
    request.set_after(reply->records(reply->records_size() - 1).key());
    request.set_inbox_limit(0);
    request.set_value(false);
  }
  co_return fail(Trouble::kBusy, "on the move");
}

Task<Result<LedgerClerk::Applied>> LedgerClerk::apply(proto::OwnerlessApply operation) {
  operation.set_aggregate_id(aggregate_);
  operation.set_content_version(node_.identity().content_version);
  for (int moved = 0; moved < kTries; ++moved) {
    operation.set_shard(shard_);
    const NodeId agent = node_.shard_agent(shard_);
    const Result<proto::OwnerlessReply> reply = co_await insist<proto::OwnerlessReply>(agent, operation);
    if (!reply) co_return tl::unexpected<Error>(reply.error());
    switch (reply->code()) {
      case proto::STORED:
        co_return Applied::kDone;
      case proto::EXPECTED_OTHER:
        co_return Applied::kOther;
      case proto::WRONG_SHARD:
        (void)co_await locate();
        continue;
      case proto::STALE_EPOCH:
        co_return fail(Trouble::kBusy, "asked too long ago: nobody knows whether it was done");
      default:
        node_.log().event(LogLevel::kWarning, "clerk.refused",
                          {{"name", name_}, {"reason", operation.reason()}, {"guard", reply->detail()}});
        co_return reply->sent_otherwise() ? Applied::kSentOtherwise : Applied::kRefused;
    }
  }
  co_return fail(Trouble::kBusy, "on the move");
}

Task<Result<int>> LedgerClerk::work_through(Rule rule) {
  int settled = 0, conflicts = 0, settled_before = 0;
  bool refused = false, first_was_sent_otherwise = false;
  std::uint64_t refused_once = 0;
  std::set<std::uint64_t> answered;  // entries of which neither answer can be given: another one was
  for (;;) {
    if (settled >= kSettledAtOnce) co_return settled;
    Result<Book> book = co_await read();
    if (!book) co_return tl::unexpected<Error>(book.error());
    const proto::InboxEntry* next = nullptr;
    for (const auto& entry : book->inbox)
      if (next == nullptr && refused_.count(entry.message_id()) == 0) next = &entry;
    if (next == nullptr && !refused_.empty() && settled > settled_before) {
      // What was settled since may be what these were waiting for.
      settled_before = settled;
      refused_.clear();
      answered.clear();
      refused = false;
      continue;
    }
    const bool keep = next == nullptr;
    const bool nothing_else = std::all_of(book->inbox.begin(), book->inbox.end(),
                                          [&](const auto& entry) { return answered.count(entry.message_id()) != 0; });
    if (keep && nothing_else && !book->inbox.empty()) {
      next = &book->inbox.front();
      answered.erase(next->message_id());
    }
    if (next == nullptr) {
      if (refused) co_return fail(Trouble::kRefused, "an entry cannot be settled");
      co_return settled;
    }
    const std::uint64_t message = next->message_id();
    book->refused = message == refused_once;
    proto::OwnerlessApply operation;
    operation.set_reason(next->reason());
    operation.set_asked_at_ms(book->shard_time_ms);
    const std::uint64_t from = next->from_player();
    if (!keep) rule(*book, *next, &operation);
    operation.add_claims(message);
    // Once for each entry, whichever clerk it is, and however often.
    *operation.mutable_operation_id() = operation_id(mix64(message), message);
    const Result<Applied> applied = co_await apply(operation);
    if (!applied) co_return tl::unexpected<Error>(applied.error());
    if (*applied == Applied::kDone) ++settled;
    if (*applied == Applied::kDone && keep)
      node_.log().event(LogLevel::kWarning, "clerk.kept", {{"name", name_}, {"message", message}, {"from", from}});
    if (*applied == Applied::kDone) conflicts = 0;
    if (*applied == Applied::kOther && ++conflicts > kConflicts) co_return fail(Trouble::kBusy, "others are faster");
    const bool sent_otherwise = *applied == Applied::kSentOtherwise;
    const bool cannot = sent_otherwise || *applied == Applied::kRefused;
    // Another clerk may have settled it in another way: then it is not in the next reading.
    if (cannot && book->refused) {
      refused = refused_.insert(message).second || refused;
      if (sent_otherwise && first_was_sent_otherwise) answered.insert(message);
    }
    refused_once = cannot && !book->refused ? message : 0;
    first_was_sent_otherwise = sent_otherwise;
  }
}

Task<Result<int>> LedgerClerk::change(std::string reason, Change rule) {
  const std::uint64_t high = node_.entropy().u64();
  const proto::Uid id = operation_id(high, node_.entropy().u64());
  for (int conflicts = 0; conflicts < kConflicts; ++conflicts) {
    const Result<Book> book = co_await read();
    if (!book) co_return tl::unexpected<Error>(book.error());
    proto::OwnerlessApply operation;
    operation.set_reason(reason);
    operation.set_asked_at_ms(book->shard_time_ms);
    *operation.mutable_operation_id() = id;
    if (const int code = rule(*book, &operation); code != 0) co_return code;
    const Result<Applied> applied = co_await apply(operation);
    if (!applied) co_return tl::unexpected<Error>(applied.error());
    if (*applied == Applied::kDone) co_return 0;
    if (*applied != Applied::kOther) co_return fail(Trouble::kRefused, reason);
  }
  co_return fail(Trouble::kBusy, "others are faster");
}

void LedgerClerk::send_back(const proto::InboxEntry& entry, std::uint64_t message_id,
                            proto::OwnerlessApply* operation) {
  if (entry.from_player() == 0 || entry.returned_from() != 0) return;  // nobody to send it to: it is kept
  auto* send = operation->add_sends();
  send->set_message_id(message_id);
  send->set_to_player(entry.from_player());
  *send->mutable_balances() = entry.balances();
  for (const auto& item : entry.items()) *send->add_items() = item.id();
  send->set_memo(entry.memo());
}

void LedgerClerk::put_record(const Book& book, const std::string& key, const std::string& body,
                             proto::OwnerlessApply* operation) {
  auto* record = operation->add_records();
  const auto at = book.records.find(key);
  record->set_key(key);
  record->set_expected_version(at == book.records.end() ? 0 : at->second.version());
  record->set_body(body);
}

void LedgerClerk::remove_record(const Book& book, const std::string& key, proto::OwnerlessApply* operation) {
  const auto at = book.records.find(key);
  if (at == book.records.end()) return;
  auto* record = operation->add_records();
  record->set_key(key);
  record->set_expected_version(at->second.version());
  record->set_remove(true);
}

}  // namespace dure
