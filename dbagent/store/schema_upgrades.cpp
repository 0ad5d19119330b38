// What a file of an older version lacks of the schema (schema.cpp), version by version. Never changed once it was
// released: files in the field have been brought up by it.
#include "dbagent/store/schema.h"

namespace dure::store {

const char* const kShardUpgrade3 = R"sql(
ALTER TABLE hold ADD COLUMN creq_hash INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hold ADD COLUMN goods BLOB NOT NULL DEFAULT x'';
ALTER TABLE inbox ADD COLUMN letter BLOB NOT NULL DEFAULT x'';
CREATE TABLE restored(
  generation INTEGER PRIMARY KEY,
  closed     INTEGER NOT NULL CHECK(closed IN (0, 1)),
  at         INTEGER NOT NULL,
  rounds     INTEGER NOT NULL DEFAULT 0,
  notes      TEXT    NOT NULL DEFAULT '',
  open       TEXT    NOT NULL DEFAULT '',
  opened_by  TEXT    NOT NULL DEFAULT ''
) STRICT;
-- Content by version: the guards that operations are judged by (content_guard.h). Of the cluster, not of a player.
CREATE TABLE content_guard(version INTEGER PRIMARY KEY CHECK(version > 0), guards BLOB NOT NULL) STRICT;
CREATE TABLE content_active(one INTEGER PRIMARY KEY CHECK(one = 1), version INTEGER NOT NULL CHECK(version > 0)) STRICT;
-- What a reason has created for a character on the last day (of shard_time) on which it created any; only where content
-- limits that.
CREATE TABLE faucet_day(
  pid    INTEGER NOT NULL REFERENCES player(pid),
  reason TEXT    NOT NULL,
  thing  TEXT    NOT NULL,
  day    INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY(pid, reason, thing)
) STRICT, WITHOUT ROWID;
)sql";

const char* const kShardUpgrade4 = R"sql(
-- What an account was when it last left, until it is here again: for a target that is put back to before it came. No
-- value, only its description.
CREATE TABLE moved_copy(account_id INTEGER PRIMARY KEY, mv INTEGER NOT NULL, body BLOB NOT NULL) STRICT;
)sql";

const char* const kShardUpgrade5 = R"sql(
CREATE INDEX ownerless_op_by_age ON ownerless_op(pid, at);
CREATE TABLE ownerless_mark(
  pid INTEGER PRIMARY KEY REFERENCES player(pid), forgotten_before INTEGER NOT NULL
) STRICT;
)sql";

const char* const kShardUpgrade6 = R"sql(
ALTER TABLE player ADD COLUMN last_swap BLOB NOT NULL DEFAULT x'';
ALTER TABLE decision ADD COLUMN before_0 BLOB NOT NULL DEFAULT x'';
ALTER TABLE decision ADD COLUMN before_1 BLOB NOT NULL DEFAULT x'';
CREATE TABLE swapped_leg(
  pid    INTEGER NOT NULL REFERENCES player(pid),
  txn_id BLOB    NOT NULL CHECK(length(txn_id) = 16),
  shard  INTEGER NOT NULL,
  record BLOB    NOT NULL,
  PRIMARY KEY(pid, txn_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX outbox_of_player ON outbox(pid);
CREATE INDEX hold_of_player ON hold(pid);
)sql";

const char* const kShardUpgrade7 = R"sql(
CREATE TABLE let_go(
  item_id BLOB PRIMARY KEY CHECK(length(item_id) = 16), kind INTEGER NOT NULL, owner INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE brought_back(account_id INTEGER PRIMARY KEY) STRICT;
)sql";

const char* const kShardUpgrade8 = R"sql(
CREATE INDEX inbox_claimed ON inbox(pid, reason, at DESC) WHERE state = 1;
)sql";

const char* const kDirectoryUpgrade3 = R"sql(
CREATE TABLE content(
  version   INTEGER PRIMARY KEY CHECK(version > 0),
  hash      INTEGER NOT NULL,
  files     BLOB    NOT NULL,
  guards    BLOB    NOT NULL,
  was_active INTEGER NOT NULL DEFAULT 0 CHECK(was_active IN (0, 1)),
  loaded_at INTEGER NOT NULL
) STRICT;
)sql";

const char* const kDirectoryUpgrade5 = R"sql(
ALTER TABLE name ADD COLUMN given_up INTEGER NOT NULL DEFAULT 0 CHECK(given_up IN (0, 1));
)sql";

}  // namespace dure::store
