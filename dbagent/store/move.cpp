#include "dbagent/store/move.h"

#include "common/proto/mesh_header.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
#include "dbagent/store/move_content.h"

namespace dure::store {
namespace {

// Each part reads the whole account again (30 ms a MiB), so they are as large as a message of the bus may be.
constexpr std::size_t kPartBytes = 3u << 20;
static_assert(kPartBytes + (64u << 10) < kMeshBytesMax);
constexpr std::size_t kContentBytesMax = 64u << 20;

Status status_of_players(AccountState state) {
  switch (state) {
    case AccountState::kActive:
    case AccountState::kAbsent:
      return Status::kActive;
    case AccountState::kMoving:
      return Status::kMoving;
    case AccountState::kArriving:
      return Status::kArriving;
    case AccountState::kMoved:
    case AccountState::kDiscarded:
      return Status::kMoved;
  }
  return Status::kMoved;
}

void set_state(Shard& shard, std::uint64_t account_id, AccountState state, std::uint64_t move_id) {
  shard.db.run("INSERT INTO account_move VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET state = ?2, mv = ?3, at = ?4",
               account_id, static_cast<int>(state), move_id, shard.file.shard_time());
  shard.db.run("UPDATE player SET status = ?2, mv = ?3 WHERE account_id = ?1", account_id,
               static_cast<int>(status_of_players(state)), move_id);
}

// The guard that is false, if one is: the caller's reply says it and nothing was done.
struct Guards {
  const char* broken = nullptr;
  Guards& that(bool holds, const char* name) {
    if (!holds && broken == nullptr) broken = name;
    return *this;
  }
  explicit operator bool() const { return broken == nullptr; }
};

template <class Reply>
Reply tell(Shard& shard, std::uint64_t account_id, proto::StoreCode code, const char* detail = "") {
  const AccountHere here = account_here(shard, account_id);
  Reply reply;
  reply.set_code(code);
  reply.set_detail(detail);
  reply.set_state(static_cast<proto::AccountState>(here.state));
  reply.set_mv(here.mv);
  return reply;
}

bool open_hold(Shard& shard, std::uint64_t account_id) {
  return shard.db
      .number("SELECT 1 FROM hold JOIN player USING(pid) WHERE account_id = ?1 AND finished = 0 LIMIT 1", account_id)
      .has_value();
}

proto::MoveContentReply part_of_content(Shard& shard, std::uint64_t account_id, std::uint64_t move_id,
                                        std::uint64_t offset) {
  const std::string bytes = read_content(shard, account_id, move_id).SerializeAsString();
  require(bytes.size() <= kContentBytesMax, "the account is larger than 64 MiB");
  auto reply = tell<proto::MoveContentReply>(shard, account_id, proto::STORED);
  reply.set_offset(offset);
  if (offset < bytes.size()) reply.set_bytes(bytes.substr(offset, kPartBytes));
  reply.set_bytes_total(bytes.size());
  reply.set_hash(hash_of(bytes));
  return reply;
}

}  // namespace

AccountHere account_here(Shard& shard, std::uint64_t account_id) {
  {
    Query row(shard.db, "SELECT state, mv FROM account_move WHERE account_id = ?1", account_id);
    if (row.row()) return {static_cast<AccountState>(row.i64(0)), row.u64(1)};
  }
  const bool any = shard.db.number("SELECT 1 FROM player WHERE account_id = ?1 LIMIT 1", account_id).has_value();
  return {any ? AccountState::kActive : AccountState::kAbsent, 0};
}

int account_unavailable(Shard& shard, std::uint32_t asked_shard, std::uint64_t account_id) {
  if (asked_shard != shard.number) return proto::WRONG_SHARD;
  switch (account_here(shard, account_id).state) {
    case AccountState::kActive:
    case AccountState::kAbsent:
      return 0;
    case AccountState::kMoving:
    case AccountState::kArriving:
      return proto::RETRY;
    case AccountState::kMoved:
    case AccountState::kDiscarded:
      return proto::WRONG_SHARD;
  }
  return proto::RETRY;
}

// FREEZE(m): ACTIVE here ∧ no open hold ∧ mv < m. Only the source that the register names is asked, so an account that
// is unheard of here is one without characters.
proto::MoveContentReply freeze(Shard& shard, const proto::MoveFreeze& request) {
  using Reply = proto::MoveContentReply;
  const std::uint64_t account = request.account_id(), m = request.move_id();
  const AccountHere here = account_here(shard, account);
  if (here.state == AccountState::kMoving && here.mv == m) return part_of_content(shard, account, m, 0);
  const Guards guards =
      Guards()
          .that(request.shard() == shard.number, "another shard")
          .that(here.state == AccountState::kActive || here.state == AccountState::kAbsent, "not active here")
          .that(here.mv < m, "a later move was here");
  if (!guards) return tell<Reply>(shard, account, proto::EXPECTED_OTHER, guards.broken);
  if (open_hold(shard, account)) return tell<Reply>(shard, account, proto::RETRY, "a trade is open");
  set_state(shard, account, AccountState::kMoving, m);
  return part_of_content(shard, account, m, 0);
}

proto::MoveContentReply move_content(Shard& shard, const proto::MoveContentQuery& request) {
  const AccountHere here = account_here(shard, request.account_id());
  const Guards guards = Guards()
                            .that(here.state == AccountState::kMoving, "not frozen")
                            .that(here.mv == request.move_id(), "another move");
  if (!guards) return tell<proto::MoveContentReply>(shard, request.account_id(), proto::EXPECTED_OTHER, guards.broken);
  return part_of_content(shard, request.account_id(), request.move_id(), request.offset());
}

proto::KeptContentReply kept_content(Shard& shard, const proto::KeptContent& request) {
  proto::KeptContentReply reply;
  Query row(shard.db, "SELECT body FROM moved_copy WHERE account_id = ?1 AND mv = ?2", request.account_id(),
            request.move_id());
  if (!row.row()) {
    reply.set_code(proto::EXPECTED_OTHER);
    reply.set_detail("no copy is kept");
    return reply;
  }
  const std::string bytes(row.bytes(0));
  reply.set_offset(request.offset());
  if (request.offset() < bytes.size()) reply.set_bytes(bytes.substr(request.offset(), kPartBytes));
  reply.set_bytes_total(bytes.size());
  reply.set_hash(hash_of(bytes));
  return reply;
}

namespace {

// Keeps a part. The whole, once it is here; empty before.
std::string gather(Shard& shard, const proto::MoveCopy& request, std::uint64_t* have) {
  if (request.offset() == 0 && request.bytes().size() == request.bytes_total()) return request.bytes();
  const Blob hash{request.hash()};
  shard.db.run("DELETE FROM move_part WHERE account_id = ?1 AND (mv <> ?2 OR hash <> ?3)", request.account_id(),
               request.move_id(), hash);
  const auto sum = [&] {
    return static_cast<std::uint64_t>(
        shard.db
            .number("SELECT coalesce(sum(length(body)), 0) FROM move_part WHERE account_id = ?1", request.account_id())
            .value_or(0));
  };
  *have = sum();
  if (request.offset() == *have && !request.bytes().empty()) {
    shard.db.run("INSERT INTO move_part VALUES(?1, ?2, ?3, ?4, ?5)", request.account_id(), request.move_id(), hash,
                 request.offset(), Blob{request.bytes()});
    *have = sum();
  }
  if (*have < request.bytes_total()) return {};
  std::string whole;
  Query part(shard.db, "SELECT body FROM move_part WHERE account_id = ?1 ORDER BY bytes_from", request.account_id());
  while (part.row()) whole += part.bytes(0);
  return whole;
}

void forget_parts(Shard& shard, std::uint64_t account_id, std::uint64_t move_id) {
  shard.db.run("DELETE FROM move_part WHERE account_id = ?1 AND mv <= ?2", account_id, move_id);
}

void drop_copy(Shard& shard, std::uint64_t account_id, std::uint64_t move_id, std::uint32_t other_shard) {
  remove_content(shard, read_content(shard, account_id, move_id), other_shard);
}

}  // namespace

// COPY(m): mv < m, whatever tombstone or older copy is here. ARRIVING is answered only after what was written reads
// back as what was sent, byte for byte: rows, sums and items.
proto::MoveStepReply copy(Shard& shard, const proto::MoveCopy& request) {
  return copy(shard, request, [](const proto::MoveContent&) {});
}

proto::MoveStepReply copy(Shard& shard, const proto::MoveCopy& request,
                          const std::function<void(const proto::MoveContent&)>& before_written) {
  using Reply = proto::MoveStepReply;
  const std::uint64_t account = request.account_id(), m = request.move_id();
  const AccountHere here = account_here(shard, account);
  if (here.state == AccountState::kArriving && here.mv == m) {
    auto reply = tell<Reply>(shard, account, proto::STORED);
    reply.set_bytes_next(request.bytes_total());
    return reply;
  }
  const Guards guards = Guards()
                            .that(request.shard() == shard.number, "another shard")
                            .that(here.state != AccountState::kActive, "active here")
                            .that(here.state != AccountState::kMoving, "moving away from here")
                            .that(here.mv < m, "a later move was here")
                            .that(request.bytes_total() <= kContentBytesMax, "the account is larger than 64 MiB");
  if (!guards) return tell<Reply>(shard, account, proto::EXPECTED_OTHER, guards.broken);

  std::uint64_t have = 0;
  const std::string bytes = gather(shard, request, &have);
  if (bytes.empty()) {
    auto reply = tell<Reply>(shard, account, proto::STORED);
    reply.set_bytes_next(have);
    return reply;
  }
  forget_parts(shard, account, m);
  proto::MoveContent content;
  const Guards whole = Guards()
                           .that(hash_of(bytes) == request.hash(), "hash")
                           .that(content.ParseFromString(bytes), "content")
                           .that(content.account_id() == account && content.move_id() == m, "content of another move");
  if (!whole) return tell<Reply>(shard, account, proto::EXPECTED_OTHER, whole.broken);
  if (here.state == AccountState::kArriving) drop_copy(shard, account, here.mv, 0);
  before_written(content);
  write_content(shard, content);
  set_state(shard, account, AccountState::kArriving, m);
  require(read_content(shard, account, m).SerializeAsString() == bytes, "the copy reads otherwise");
  auto reply = tell<Reply>(shard, account, proto::STORED);
  reply.set_bytes_next(request.bytes_total());
  return reply;
}

// ACTIVATE(m): ARRIVING ∧ mv = m ∧ fate(m) = FLIPPED.
proto::MoveStepReply activate(Shard& shard, const proto::MoveActivate& request) {
  using Reply = proto::MoveStepReply;
  const std::uint64_t account = request.account_id(), m = request.move_id();
  const AccountHere here = account_here(shard, account);
  if (here.state == AccountState::kActive && here.mv == m) return tell<Reply>(shard, account, proto::STORED);
  const Guards guards = Guards()
                            .that(here.state == AccountState::kArriving, "not arriving")
                            .that(here.mv == m, "another move")
                            .that(request.fate() == proto::MOVE_FLIPPED, "not flipped");
  if (!guards) return tell<Reply>(shard, account, proto::EXPECTED_OTHER, guards.broken);
  set_state(shard, account, AccountState::kActive, m);
  shard.db.run("DELETE FROM moved_copy WHERE account_id = ?1", account);
  return tell<Reply>(shard, account, proto::STORED);
}

// RETIRE(m): MOVING ∧ mv = m ∧ fate(m) = FLIPPED. The tombstone stays, and what it was.
proto::MoveStepReply retire(Shard& shard, const proto::MoveRetire& request) {
  using Reply = proto::MoveStepReply;
  const std::uint64_t account = request.account_id(), m = request.move_id();
  const AccountHere here = account_here(shard, account);
  if (here.state == AccountState::kMoved && here.mv == m) return tell<Reply>(shard, account, proto::STORED);
  const Guards guards = Guards()
                            .that(here.state == AccountState::kMoving, "not moving")
                            .that(here.mv == m, "another move")
                            .that(request.fate() == proto::MOVE_FLIPPED, "not flipped");
  if (!guards) return tell<Reply>(shard, account, proto::EXPECTED_OTHER, guards.broken);
  const proto::MoveContent content = read_content(shard, account, m);
  shard.db.run("INSERT INTO moved_copy VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET mv = ?2, body = ?3", account, m,
               Blob{content.SerializeAsString()});
  remove_content(shard, content, request.other_shard());
  set_state(shard, account, AccountState::kMoved, m);
  return tell<Reply>(shard, account, proto::STORED);
}

// UNFREEZE(m): MOVING ∧ mv = m ∧ fate(m) = ABORTED.
proto::MoveStepReply unfreeze(Shard& shard, const proto::MoveUnfreeze& request) {
  using Reply = proto::MoveStepReply;
  const std::uint64_t account = request.account_id(), m = request.move_id();
  const AccountHere here = account_here(shard, account);
  if (here.state == AccountState::kActive && here.mv == m) return tell<Reply>(shard, account, proto::STORED);
  const Guards guards = Guards()
                            .that(here.state == AccountState::kMoving, "not moving")
                            .that(here.mv == m, "another move")
                            .that(request.fate() == proto::MOVE_ABORTED, "not aborted");
  if (!guards) return tell<Reply>(shard, account, proto::EXPECTED_OTHER, guards.broken);
  set_state(shard, account, AccountState::kActive, m);
  return tell<Reply>(shard, account, proto::STORED);
}

// DISCARD(m): ARRIVING ∧ mv = m ∧ fate(m) = ABORTED. The tombstone stays.
proto::MoveStepReply discard(Shard& shard, const proto::MoveDiscard& request) {
  using Reply = proto::MoveStepReply;
  const std::uint64_t account = request.account_id(), m = request.move_id();
  const AccountHere here = account_here(shard, account);
  // Also where not all of them came.
  if (request.fate() == proto::MOVE_ABORTED) forget_parts(shard, account, m);
  if (here.state == AccountState::kDiscarded && here.mv == m) return tell<Reply>(shard, account, proto::STORED);
  const Guards guards = Guards()
                            .that(here.state == AccountState::kArriving, "not arriving")
                            .that(here.mv == m, "another move")
                            .that(request.fate() == proto::MOVE_ABORTED, "not aborted");
  if (!guards) return tell<Reply>(shard, account, proto::EXPECTED_OTHER, guards.broken);
  drop_copy(shard, account, m, request.other_shard());
  set_state(shard, account, AccountState::kDiscarded, m);
  return tell<Reply>(shard, account, proto::STORED);
}

proto::UnsettledMovesReply unsettled_moves(Shard& shard, const proto::UnsettledMoves& request) {
  proto::UnsettledMovesReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  Query row(shard.db,
            "SELECT account_id, mv, state FROM account_move WHERE state IN (1, 2) ORDER BY account_id LIMIT ?1",
            request.limit() == 0 ? 1000u : request.limit());
  while (row.row()) {
    auto* move = reply.add_moves();
    move->set_account_id(row.u64(0));
    move->set_move_id(row.u64(1));
    move->set_state(static_cast<proto::AccountState>(row.i64(2)));
  }
  return reply;
}

proto::ShardFigures shard_figures(Shard& shard, const proto::ShardFiguresQuery& request) {
  proto::ShardFigures reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const auto number = [&](const char* sql) { return static_cast<std::uint64_t>(shard.db.number(sql).value_or(0)); };
  reply.set_players(number("SELECT count(*) FROM player WHERE kind = 0 AND status <> 3"));
  reply.set_file_bytes(number("PRAGMA page_count") * number("PRAGMA page_size"));
  reply.set_operations(static_cast<std::uint64_t>(shard.file.operations()));
  return reply;
}

}  // namespace dure::store
