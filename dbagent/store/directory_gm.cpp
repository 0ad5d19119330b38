#include <sodium.h>

#include "common/base/bytes.h"
#include "common/proto/dbagent.pb.h"
#include "dbagent/store/directory.h"

namespace dure::store {
namespace {

struct AuditRow {
  std::uint64_t command_id = 0;
  std::string node;
  std::string issuer;
  std::string text;
  std::int64_t at = 0;
};

// BLAKE2b-256 over the hash before and the row's fields, each text with its length, so that no two rows read alike.
std::string chained_hash(const std::string& before, const AuditRow& row) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, 32);
  const auto add = [&](std::string_view bytes) {
    char length[8];
    store_le(length, static_cast<std::uint64_t>(bytes.size()));
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(length), sizeof length);
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  };
  char numbers[16];
  store_le(numbers, row.command_id);
  store_le(numbers + 8, row.at);
  add(before);
  add({numbers, sizeof numbers});
  add(row.node);
  add(row.issuer);
  add(row.text);
  unsigned char hash[32];
  crypto_generichash_final(&state, hash, sizeof hash);
  return {reinterpret_cast<const char*>(hash), sizeof hash};
}

void append(Directory& directory, const AuditRow& row) {
  std::int64_t number = 1;
  std::string before;
  {
    Query last(directory.db, "SELECT number, hash FROM gm_audit ORDER BY number DESC LIMIT 1");
    if (last.row()) {
      number = last.i64(0) + 1;
      before = last.text(1);
    }
  }
  directory.db.run("INSERT INTO gm_audit VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", number, row.command_id, row.node,
                   row.issuer, row.text, row.at, Blob{chained_hash(before, row)});
}

}  // namespace

// Claimed before its effect, once for each node: a repeat finds EXPECTED_OTHER and does nothing.
proto::StoreReply claim_gm_command(Directory& directory, const proto::GmClaim& request) {
  proto::StoreReply reply;
  const auto fresh = directory.db.run("INSERT INTO gm_claim VALUES(?1, ?2) ON CONFLICT DO NOTHING",
                                      request.command_id(), request.node());
  if (fresh == 0) {
    reply.set_code(proto::EXPECTED_OTHER);
    reply.set_detail("claimed");
    return reply;
  }
  append(directory, {request.command_id(), request.node(), request.issuer(), request.text(), request.now_unix_ms()});
  return reply;
}

std::uint64_t first_forged_audit_row(Database& database) {
  std::string before;
  std::uint64_t expected = 1;
  Query row(database, "SELECT number, command_id, node, issuer, text, at, hash FROM gm_audit ORDER BY number");
  while (row.row()) {
    const std::string hash = chained_hash(before, {row.u64(1), row.text(2), row.text(3), row.text(4), row.i64(5)});
    if (row.u64(0) != expected || row.bytes(6) != hash) return expected;
    before = hash;
    ++expected;
  }
  return 0;
}

proto::StoreReply set_switch(Directory& directory, const proto::SwitchSet& request) {
  require(!request.name().empty() && request.name().size() <= 64, "switch");
  if (request.expected_until_unix_ms() != 0 &&
      directory.db.number("SELECT until FROM switch WHERE name = ?1", request.name()) !=
          request.expected_until_unix_ms()) {
    proto::StoreReply reply;
    reply.set_code(proto::EXPECTED_OTHER);
    return reply;
  }
  directory.db.run("INSERT INTO switch VALUES(?1, ?2, ?3) ON CONFLICT DO UPDATE SET is_on = ?2, until = ?3",
                   request.name(), request.on(), request.until_unix_ms());
  return {};
}

proto::SwitchesReply switches(Directory& directory, const proto::SwitchesQuery&) {
  proto::SwitchesReply reply;
  Query row(directory.db, "SELECT name, is_on, until FROM switch ORDER BY name");
  while (row.row()) {
    auto* out = reply.add_switches();
    out->set_name(row.text(0));
    out->set_on(row.i64(1) != 0);
    out->set_until_unix_ms(row.i64(2));
  }
  return reply;
}

}  // namespace dure::store
