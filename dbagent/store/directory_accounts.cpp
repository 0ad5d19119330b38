#include "common/proto/dbagent.pb.h"
#include "dbagent/store/directory.h"

namespace dure::store {
namespace {

// Of those that an agent ever served: one that is only written into the configuration may have none for long. Where no
// agent has said so yet, all that are configured count as served.
std::uint32_t emptiest_shard(Directory& directory) {
  constexpr const char* kEmptiest = "SELECT shard FROM shard_load ORDER BY accounts, shard LIMIT 1";
  if (const auto served = directory.db.number(kEmptiest)) return static_cast<std::uint32_t>(*served);
  for (std::uint32_t i = 0; i < directory.shards; ++i)
    directory.db.run("INSERT INTO shard_load VALUES(?1, 0)", directory.first_shard + i);
  return directory.first_shard;
}

std::uint64_t make_account(Directory& directory, const proto::AccountQuery& request) {
  require(!request.account().empty() && request.account().size() <= 128, "account name");
  const std::uint32_t shard = emptiest_shard(directory);
  const std::int64_t account_id = directory.file.next_number();
  directory.db.run(
      "INSERT INTO account(account_id, name, password_hash, realm_id, shard, created_at) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
      account_id, request.account(), request.password_hash(), directory.realm_id, shard, directory.file.shard_time());
  directory.db.run("INSERT INTO shard_load VALUES(?1, 1) ON CONFLICT DO UPDATE SET accounts = accounts + 1", shard);
  return static_cast<std::uint64_t>(account_id);
}

proto::AccountReply read_account(Directory& directory, std::uint64_t account_id) {
  proto::AccountReply reply;
  Query row(directory.db,
            "SELECT password_hash, session_epoch, shard, banned_until, ban_reason, realm_id FROM account "
            "WHERE account_id = ?1",
            account_id);
  if (!row.row()) {
    reply.set_code(proto::NO_SUCH);
    return reply;
  }
  reply.set_account_id(account_id);
  reply.set_password_hash(row.text(0));
  reply.set_session_epoch(row.u32(1));
  reply.set_shard(row.u32(2));
  reply.set_banned_until_unix_ms(row.i64(3));
  reply.set_ban_reason(row.text(4));
  reply.set_realm_id(row.u32(5));
  return reply;
}

}  // namespace

proto::AccountReply find_account(Directory& directory, const proto::AccountQuery& request) {
  if (request.account_id() != 0) return read_account(directory, request.account_id());
  const auto known = directory.db.number("SELECT account_id FROM account WHERE name = ?1", request.account());
  if (known) return read_account(directory, static_cast<std::uint64_t>(*known));
  return read_account(directory, request.create() ? make_account(directory, request) : 0);
}

proto::SessionReply set_ban(Directory& directory, const proto::BanSet& request) {
  proto::SessionReply reply;
  const auto changed = directory.db.run("UPDATE account SET banned_until = ?2, ban_reason = ?3 WHERE account_id = ?1",
                                        request.account_id(), request.until_unix_ms(), request.reason());
  if (changed == 0) {
    reply.set_code(proto::NO_SUCH);
    return reply;
  }
  if (request.until_unix_ms() != 0) end_session_family(directory, request.account_id());
  const proto::AccountReply account = read_account(directory, request.account_id());
  reply.set_account_id(request.account_id());
  reply.set_session_epoch(account.session_epoch());
  reply.set_shard(account.shard());
  reply.set_banned_until_unix_ms(request.until_unix_ms());
  return reply;
}

proto::SessionReply set_password(Directory& directory, const proto::PasswordSet& request) {
  require(!request.expected_hash().empty() && !request.password_hash().empty(), "incomplete");
  const proto::AccountReply account = read_account(directory, request.account_id());
  proto::SessionReply reply;
  reply.set_code(account.code());
  if (account.code() != proto::STORED) return reply;
  const bool done = account.password_hash() == request.password_hash();
  if (!done && account.password_hash() != request.expected_hash()) {
    reply.set_code(proto::EXPECTED_OTHER);
    reply.set_detail("password");
    return reply;
  }
  if (!done) {
    directory.db.run("UPDATE account SET password_hash = ?2 WHERE account_id = ?1", request.account_id(),
                     request.password_hash());
    end_session_family(directory, request.account_id());
  }
  reply.set_account_id(request.account_id());
  reply.set_session_epoch(account.session_epoch() + (done ? 0 : 1));
  reply.set_shard(account.shard());
  return reply;
}

}  // namespace dure::store
