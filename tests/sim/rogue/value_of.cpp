#include "tests/sim/rogue/value_of.h"

#include <string>

#include "common/base/hash.h"
#include "dbagent/store/statement.h"

namespace dure::sim {
namespace {

// Kinds of accounts and holders as in dbagent/store/schema.h: a player's bag and what is held of it are owned by the
// player, boxes by the letter.
constexpr const char* kTables[] = {
    "SELECT kind, currency, amount FROM account WHERE kind IN (0, 5) AND owner = ?1 ORDER BY kind, currency",
    "SELECT owner, currency, amount FROM account WHERE kind = 4 AND owner IN"
    " (SELECT message_id FROM inbox WHERE pid = ?1) ORDER BY owner, currency",
    "SELECT item_id, template, version, attributes, kind FROM item_holder JOIN item USING(item_id)"
    " WHERE kind IN (0, 5) AND owner = ?1 ORDER BY item_id",
    "SELECT item_id, template, version, attributes, owner FROM item_holder JOIN item USING(item_id)"
    " WHERE kind = 3 AND owner IN (SELECT message_id FROM outbox WHERE pid = ?1)"
    " OR kind = 4 AND owner IN (SELECT message_id FROM inbox WHERE pid = ?1) ORDER BY item_id",
    "SELECT name FROM flag WHERE pid = ?1 ORDER BY name",
    "SELECT name, value FROM counter WHERE pid = ?1 ORDER BY name",
    "SELECT source, run, number FROM drop_key WHERE pid = ?1 ORDER BY source, run, number",
    "SELECT message_id, state, reason, from_shard, memo, letter FROM inbox WHERE pid = ?1 ORDER BY message_id",
    "SELECT message_id, to_pid, state, body FROM outbox WHERE pid = ?1 ORDER BY message_id",
    "SELECT txn_id, leg, vote, finished, verdict, terms, goods FROM hold WHERE pid = ?1 ORDER BY txn_id, leg",
    "SELECT hold_amount.txn_id, currency, give, get FROM hold_amount JOIN hold USING(txn_id, leg) WHERE pid = ?1"
    " ORDER BY hold_amount.txn_id, currency",
    "SELECT key, version, body FROM record WHERE pid = ?1 ORDER BY key",
};

}  // namespace

std::uint64_t value_of(store::Database& database, const std::vector<std::uint64_t>& players) {
  std::uint64_t digest = 0;
  for (const std::uint64_t player : players)
    for (const char* table : kTables) {
      store::Query rows(database, table, player);
      while (rows.row())
        for (int column = 0; column < rows.columns(); ++column) digest = fnv1a(rows.bytes(column), fnv1a("|", digest));
      digest = fnv1a("/", digest);
    }
  return digest;
}

}  // namespace dure::sim
