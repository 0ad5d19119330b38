#include "dbagent/store/schema.h"

namespace dure::store {

// Whose file this is. agent_inc: the process start that opened it last; an older one finds itself replaced.
const char* const kMetaSchema = R"sql(
CREATE TABLE shard_meta(
  one            INTEGER PRIMARY KEY CHECK(one = 1),
  kind           TEXT    NOT NULL CHECK(kind IN ('shard', 'directory')),
  cluster_id     TEXT    NOT NULL,
  shard_id       INTEGER NOT NULL,
  realm_id       INTEGER NOT NULL,
  schema_version INTEGER NOT NULL,
  generation     INTEGER NOT NULL,
  agent_inc      BLOB    NOT NULL CHECK(length(agent_inc) = 16),
  shard_time     INTEGER NOT NULL,
  next_number    INTEGER NOT NULL,
  operations     INTEGER NOT NULL
) STRICT;
)sql";

const char* const kShardSchema = R"sql(
CREATE TABLE player(
  pid              INTEGER PRIMARY KEY,
  account_id       INTEGER NOT NULL,
  realm_id         INTEGER NOT NULL,
  name             TEXT    NOT NULL,
  data_version     INTEGER NOT NULL,
  status           INTEGER NOT NULL CHECK(status BETWEEN 0 AND 3),
  mv               INTEGER NOT NULL DEFAULT 0,
  epoch            INTEGER NOT NULL DEFAULT 0 CHECK(epoch >= 0),
  owner_inc        BLOB    NOT NULL DEFAULT (zeroblob(16)) CHECK(length(owner_inc) = 16),
  owner_node       INTEGER NOT NULL DEFAULT 0,
  last_pseq        INTEGER NOT NULL DEFAULT 0 CHECK(last_pseq >= 0),
  settle_seq       INTEGER NOT NULL DEFAULT 0,
  last_creq        INTEGER NOT NULL DEFAULT 0,
  last_creq_hash   INTEGER NOT NULL DEFAULT 0,
  last_creq_result INTEGER NOT NULL DEFAULT 0 CHECK(last_creq_result IN (0, 1)),
  acquire_id       INTEGER NOT NULL DEFAULT 0,
  acquire_epoch    INTEGER NOT NULL DEFAULT 0,
  reservation      INTEGER NOT NULL,
  created_at       INTEGER NOT NULL,
  delete_at        INTEGER NOT NULL DEFAULT 0,
  kind             INTEGER NOT NULL DEFAULT 0 CHECK(kind BETWEEN 0 AND 2),
  last_swap        BLOB    NOT NULL DEFAULT x''
) STRICT;
CREATE INDEX player_by_account ON player(account_id);
CREATE INDEX player_on_the_move ON player(pid) WHERE status IN (1, 2);
CREATE INDEX player_to_purge ON player(delete_at) WHERE delete_at <> 0 AND kind = 0;

-- Accounts that have been on the move: none, and the account has always been where it is. mv: the greatest move that
-- this shard took part in. Tombstones stay for ever: they are what makes a late step harmless.
CREATE TABLE account_move(
  account_id INTEGER PRIMARY KEY,
  state      INTEGER NOT NULL CHECK(state BETWEEN 0 AND 4),
  mv         INTEGER NOT NULL CHECK(mv > 0),
  at         INTEGER NOT NULL
) STRICT;
CREATE INDEX account_unsettled ON account_move(account_id) WHERE state IN (1, 2);
-- A copy that is not whole yet. No value.
CREATE TABLE move_part(
  account_id INTEGER NOT NULL,
  mv         INTEGER NOT NULL,
  hash       BLOB    NOT NULL CHECK(length(hash) = 32),
  bytes_from INTEGER NOT NULL,
  body       BLOB    NOT NULL,
  PRIMARY KEY(account_id, bytes_from)
) STRICT, WITHOUT ROWID;

-- What an account was when it last left, until it is here again: for a target that is put back to before it came. No
-- value, only its description.
CREATE TABLE moved_copy(account_id INTEGER PRIMARY KEY, mv INTEGER NOT NULL, body BLOB NOT NULL) STRICT;

-- How far the epoch that ended last came: the proof that an unanswered operation is dead.
CREATE TABLE ended_epoch(
  pid       INTEGER NOT NULL REFERENCES player(pid),
  epoch     INTEGER NOT NULL,
  last_pseq INTEGER NOT NULL,
  PRIMARY KEY(pid, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE hint(pid INTEGER PRIMARY KEY REFERENCES player(pid), body BLOB NOT NULL) STRICT;
CREATE TABLE layout(pid INTEGER PRIMARY KEY REFERENCES player(pid), body BLOB NOT NULL) STRICT;
CREATE TABLE flag(
  pid INTEGER NOT NULL REFERENCES player(pid), name TEXT NOT NULL, PRIMARY KEY(pid, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE counter(
  pid INTEGER NOT NULL REFERENCES player(pid), name TEXT NOT NULL, value INTEGER NOT NULL CHECK(value >= 0),
  PRIMARY KEY(pid, name)
) STRICT, WITHOUT ROWID;

-- Money, double entry. An account's amount is its first opening plus its entries; only faucet and transit (what comes
-- from other shards) may stand below zero. An account knows its last entry and each entry the one before it: a player's
-- history is read without an index that every commit would have to pay for.
CREATE TABLE account(
  id       INTEGER PRIMARY KEY,
  kind     INTEGER NOT NULL CHECK(kind BETWEEN 0 AND 5),
  owner    INTEGER NOT NULL,
  name     TEXT    NOT NULL,
  currency TEXT    NOT NULL CHECK(length(currency) BETWEEN 1 AND 64),
  amount   INTEGER NOT NULL,
  day      INTEGER NOT NULL,
  last_txn  INTEGER NOT NULL,
  last_line INTEGER NOT NULL,
  CHECK(kind IN (1, 3) OR amount >= 0)
) STRICT;
CREATE UNIQUE INDEX account_of ON account(kind, owner, name, currency);
CREATE TABLE ledger_txn(
  txn             INTEGER PRIMARY KEY,
  day             INTEGER NOT NULL,
  pid             INTEGER NOT NULL,
  epoch           INTEGER NOT NULL,
  pseq            INTEGER NOT NULL,
  reason          TEXT    NOT NULL,
  content_version INTEGER NOT NULL,
  trace_id        INTEGER NOT NULL,
  at              INTEGER NOT NULL
) STRICT;
CREATE TABLE ledger_entry(
  day     INTEGER NOT NULL,
  txn     INTEGER NOT NULL,
  line    INTEGER NOT NULL,
  account INTEGER NOT NULL REFERENCES account(id),
  amount  INTEGER NOT NULL CHECK(amount <> 0),
  before_txn  INTEGER NOT NULL DEFAULT 0,
  before_line INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(day, txn, line)
) STRICT, WITHOUT ROWID;
-- Written when an account is first touched on a day.
CREATE TABLE ledger_opening(
  account INTEGER NOT NULL REFERENCES account(id),
  day     INTEGER NOT NULL,
  amount  INTEGER NOT NULL,
  PRIMARY KEY(account, day)
) STRICT, WITHOUT ROWID;

-- An item's row stays for ever, burnt ones with a sink as holder: no id is minted twice.
CREATE TABLE item(
  item_id    BLOB    PRIMARY KEY CHECK(length(item_id) = 16),
  template   TEXT    NOT NULL CHECK(length(template) BETWEEN 1 AND 128),
  version    INTEGER NOT NULL,
  attributes BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE item_holder(
  item_id BLOB    NOT NULL REFERENCES item(item_id),
  kind    INTEGER NOT NULL CHECK(kind IN (0, 2, 3, 4, 5)),
  owner   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX item_one_holder ON item_holder(item_id);
CREATE INDEX item_of_holder ON item_holder(kind, owner);
CREATE TABLE item_history(
  day     INTEGER NOT NULL,
  txn     INTEGER NOT NULL,
  line    INTEGER NOT NULL,
  item_id BLOB    NOT NULL,
  kind    INTEGER NOT NULL,
  owner   INTEGER NOT NULL,
  PRIMARY KEY(day, txn, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_history_of ON item_history(item_id);
-- Kept by the movements themselves: what the accounts of a kind sum to, and what each reason brought in and took out.
-- Minutes that are over are put together to hours (a row of the hour's first minute). currency '': items.
CREATE TABLE total(
  kind INTEGER NOT NULL, currency TEXT NOT NULL, amount INTEGER NOT NULL, PRIMARY KEY(kind, currency)
) STRICT, WITHOUT ROWID;
CREATE TABLE economy(
  minute    INTEGER NOT NULL,
  reason    TEXT    NOT NULL,
  currency  TEXT    NOT NULL,
  faucet    INTEGER NOT NULL,
  sink      INTEGER NOT NULL,
  movements INTEGER NOT NULL,
  PRIMARY KEY(minute, reason, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE drop_key(
  pid    INTEGER NOT NULL REFERENCES player(pid),
  source TEXT    NOT NULL,
  run    INTEGER NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY(pid, source, run, number)
) STRICT, WITHOUT ROWID;

-- Rows of both boxes stay after delivery and claim: they are what makes a repeat harmless. letter: what was in it, if
-- another player sent it, for a sender's shard that has lost its own half.
CREATE TABLE outbox(
  message_id INTEGER PRIMARY KEY,
  number     INTEGER NOT NULL,
  pid        INTEGER NOT NULL REFERENCES player(pid),
  to_pid     INTEGER NOT NULL,
  state      INTEGER NOT NULL CHECK(state IN (0, 1)),
  body       BLOB    NOT NULL
) STRICT;
CREATE INDEX outbox_pending ON outbox(number) WHERE state = 0;
CREATE INDEX outbox_of_player ON outbox(pid);
CREATE TABLE inbox(
  message_id INTEGER PRIMARY KEY,
  pid        INTEGER NOT NULL REFERENCES player(pid),
  state      INTEGER NOT NULL CHECK(state IN (0, 1)),
  reason     TEXT    NOT NULL,
  from_shard INTEGER NOT NULL,
  seq        INTEGER NOT NULL DEFAULT 0,
  at         INTEGER NOT NULL,
  from_pid   INTEGER NOT NULL DEFAULT 0,
  memo       BLOB    NOT NULL DEFAULT x'' CHECK(length(memo) <= 256),
  returned   INTEGER NOT NULL DEFAULT 0,
  letter     BLOB    NOT NULL DEFAULT x''
) STRICT;
CREATE INDEX inbox_of_player ON inbox(pid, state);
CREATE INDEX inbox_claimed ON inbox(pid, reason, at DESC) WHERE state = 1;
CREATE TABLE inbox_mark(
  pid INTEGER NOT NULL, from_shard INTEGER NOT NULL, hwm INTEGER NOT NULL, PRIMARY KEY(pid, from_shard)
) STRICT, WITHOUT ROWID;

-- What an aggregate without an owner keeps besides value, and which operations it has had. Both travel with it.
CREATE TABLE record(
  pid     INTEGER NOT NULL REFERENCES player(pid),
  key     TEXT    NOT NULL CHECK(length(key) BETWEEN 1 AND 128),
  version INTEGER NOT NULL CHECK(version >= 1),
  body    BLOB    NOT NULL CHECK(length(body) <= 4096),
  PRIMARY KEY(pid, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE ownerless_op(
  pid     INTEGER NOT NULL REFERENCES player(pid),
  op_id   BLOB    NOT NULL CHECK(length(op_id) = 16),
  content INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY(pid, op_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ownerless_op_by_age ON ownerless_op(pid, at);
-- Operations that were asked before this may be forgotten (ownerless.cpp). Travels, too.
CREATE TABLE ownerless_mark(
  pid INTEGER PRIMARY KEY REFERENCES player(pid), forgotten_before INTEGER NOT NULL
) STRICT;

-- Trades. A leg that was answered by other than a SWAP has a row for ever, which travels with its character: what it
-- voted and how it ended. What an open one gives is held under the player's own name, and max(give, get) of each
-- currency is kept free for its end. goods: the items that it gives, whole, for a shard that has lost its own leg.
CREATE TABLE hold(
  txn_id     BLOB    NOT NULL CHECK(length(txn_id) = 16),
  leg        INTEGER NOT NULL CHECK(leg IN (0, 1)),
  pid        INTEGER NOT NULL REFERENCES player(pid),
  epoch      INTEGER NOT NULL,
  pseq       INTEGER NOT NULL,
  creq       INTEGER NOT NULL,
  reason     TEXT    NOT NULL,
  vote       INTEGER NOT NULL CHECK(vote IN (0, 1)),
  finished   INTEGER NOT NULL CHECK(finished IN (0, 1)),
  verdict    INTEGER NOT NULL CHECK(verdict IN (0, 1, 2) AND (verdict <> 0) = finished AND (vote = 1 OR verdict = 2)),
  settle_seq INTEGER NOT NULL,
  terms      BLOB    NOT NULL,
  at         INTEGER NOT NULL,
  creq_hash  INTEGER NOT NULL DEFAULT 0,
  goods      BLOB    NOT NULL DEFAULT x'',
  PRIMARY KEY(txn_id, leg)
) STRICT, WITHOUT ROWID;
CREATE INDEX hold_open ON hold(pid) WHERE finished = 0;
CREATE INDEX hold_of_player ON hold(pid);
CREATE TABLE hold_amount(
  txn_id   BLOB    NOT NULL,
  leg      INTEGER NOT NULL,
  currency TEXT    NOT NULL,
  give     INTEGER NOT NULL CHECK(give >= 0),
  get      INTEGER NOT NULL CHECK(get >= 0),
  PRIMARY KEY(txn_id, leg, currency),
  FOREIGN KEY(txn_id, leg) REFERENCES hold(txn_id, leg)
) STRICT, WITHOUT ROWID;
-- The register of the trades that name this shard: one vote a side, one decision, neither ever changed. A SWAP decides
-- without votes and leaves here what it exchanged. player.last_swap is its newest one of here, and each knows the one
-- before it of either side: who leaves takes them along, and no commit pays for an index.
CREATE TABLE trade_vote(
  txn_id BLOB    NOT NULL CHECK(length(txn_id) = 16),
  side   INTEGER NOT NULL CHECK(side IN (0, 1)),
  yes    INTEGER NOT NULL CHECK(yes IN (0, 1)),
  player INTEGER NOT NULL,
  epoch  INTEGER NOT NULL,
  pseq   INTEGER NOT NULL,
  shard  INTEGER NOT NULL,
  terms  BLOB    NOT NULL,
  goods  BLOB    NOT NULL,
  PRIMARY KEY(txn_id, side)
) STRICT, WITHOUT ROWID;
CREATE TABLE decision(
  txn_id  BLOB    PRIMARY KEY CHECK(length(txn_id) = 16),
  verdict INTEGER NOT NULL CHECK(verdict IN (1, 2)),
  swapped INTEGER NOT NULL CHECK(swapped IN (0, 1) AND (swapped = 0 OR verdict = 1)),
  at      INTEGER NOT NULL,
  swap    BLOB    NOT NULL,
  before_0 BLOB   NOT NULL DEFAULT x'',
  before_1 BLOB   NOT NULL DEFAULT x''
) STRICT, WITHOUT ROWID;
-- A leg that a SWAP of another shard answered, or of this one before its character was elsewhere: what the decision
-- keeps of it. If the deciding shard loses it, nobody else knows.
CREATE TABLE swapped_leg(
  pid    INTEGER NOT NULL REFERENCES player(pid),
  txn_id BLOB    NOT NULL CHECK(length(txn_id) = 16),
  shard  INTEGER NOT NULL,
  record BLOB    NOT NULL,
  PRIMARY KEY(pid, txn_id)
) STRICT, WITHOUT ROWID;
-- This file was put back to a backup while the other shards went on. Closed until all that they know of it is redone.
CREATE TABLE restored(
  generation INTEGER PRIMARY KEY,
  closed     INTEGER NOT NULL CHECK(closed IN (0, 1)),
  at         INTEGER NOT NULL,
  rounds     INTEGER NOT NULL DEFAULT 0,
  notes      TEXT    NOT NULL DEFAULT '',
  open       TEXT    NOT NULL DEFAULT '',
  opened_by  TEXT    NOT NULL DEFAULT ''
) STRICT;
-- While this shard is put right: what was let go, who held it, and a description, no value; and which accounts were
-- brought back.
CREATE TABLE let_go(
  item_id BLOB PRIMARY KEY CHECK(length(item_id) = 16), kind INTEGER NOT NULL, owner INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE brought_back(account_id INTEGER PRIMARY KEY) STRICT;
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

const char* const kDirectorySchema = R"sql(
CREATE TABLE account(
  account_id    INTEGER PRIMARY KEY,
  name          TEXT    NOT NULL UNIQUE CHECK(length(name) BETWEEN 1 AND 128),
  password_hash TEXT    NOT NULL,
  realm_id      INTEGER NOT NULL,
  shard         INTEGER NOT NULL,
  map_version   INTEGER NOT NULL DEFAULT 0,
  move_intent   INTEGER NOT NULL DEFAULT 0,
  session_epoch INTEGER NOT NULL DEFAULT 0,
  banned_until  INTEGER NOT NULL DEFAULT 0,
  ban_reason    TEXT    NOT NULL DEFAULT '',
  created_at    INTEGER NOT NULL
) STRICT;
-- Every move there ever was, for ever. Numbered within its account.
CREATE TABLE move(
  account_id INTEGER NOT NULL REFERENCES account(account_id),
  move_id    INTEGER NOT NULL CHECK(move_id > 0),
  source     INTEGER NOT NULL,
  target     INTEGER NOT NULL,
  fate       INTEGER NOT NULL CHECK(fate BETWEEN 1 AND 3),
  at         INTEGER NOT NULL,
  PRIMARY KEY(account_id, move_id),
  CHECK(source <> target)
) STRICT, WITHOUT ROWID;
CREATE INDEX move_open ON move(account_id) WHERE fate = 1;
CREATE INDEX account_by_shard ON account(shard, account_id);
-- Shards that some agent has ever served, and how many accounts are on each.
CREATE TABLE shard_load(shard INTEGER PRIMARY KEY, accounts INTEGER NOT NULL CHECK(accounts >= 0)) STRICT;

CREATE TABLE session(
  account_id      INTEGER PRIMARY KEY REFERENCES account(account_id),
  session_id      INTEGER NOT NULL UNIQUE,
  gateway         INTEGER NOT NULL,
  selected_player INTEGER NOT NULL DEFAULT 0,
  token           BLOB    NOT NULL,
  previous        BLOB    NOT NULL DEFAULT x'',
  previous_until  INTEGER NOT NULL DEFAULT 0
) STRICT;
-- Every token of a session that was taken out of use: seeing one again means that somebody copied it.
CREATE TABLE spent_token(
  session_id INTEGER NOT NULL, token BLOB NOT NULL, PRIMARY KEY(session_id, token)
) STRICT, WITHOUT ROWID;

-- Tickets that were used, kept for as long as they could be shown again.
CREATE TABLE used_ticket(
  account_id INTEGER NOT NULL REFERENCES account(account_id),
  nonce      INTEGER NOT NULL,
  not_after  INTEGER NOT NULL,
  PRIMARY KEY(account_id, nonce)
) STRICT, WITHOUT ROWID;

-- given_up: a tombstone of a creation that never was and never will be; its account may reserve the name anew.
CREATE TABLE name(
  partition   INTEGER NOT NULL CHECK(partition BETWEEN 0 AND 63),
  skeleton    TEXT    NOT NULL,
  shown       TEXT    NOT NULL,
  player_id   INTEGER NOT NULL,
  account_id  INTEGER NOT NULL REFERENCES account(account_id),
  reservation INTEGER NOT NULL,
  state       INTEGER NOT NULL CHECK(state BETWEEN 0 AND 2),
  at          INTEGER NOT NULL,
  given_up    INTEGER NOT NULL DEFAULT 0 CHECK(given_up IN (0, 1)),
  PRIMARY KEY(partition, skeleton)
) STRICT, WITHOUT ROWID;
CREATE INDEX name_of_player ON name(player_id);
CREATE INDEX name_reserved ON name(at) WHERE state = 0;

CREATE TABLE place(
  place         TEXT    PRIMARY KEY,
  epoch         INTEGER NOT NULL,
  holder        INTEGER NOT NULL,
  holder_inc    BLOB    NOT NULL CHECK(length(holder_inc) = 16),
  acquire_id    INTEGER NOT NULL,
  acquire_epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE gm_claim(
  command_id INTEGER NOT NULL, node TEXT NOT NULL, PRIMARY KEY(command_id, node)
) STRICT, WITHOUT ROWID;
-- Each row's hash covers the row and the hash before it: a row changed or cut out later shows.
CREATE TABLE gm_audit(
  number     INTEGER PRIMARY KEY,
  command_id INTEGER NOT NULL,
  node       TEXT    NOT NULL,
  issuer     TEXT    NOT NULL,
  text       TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  hash       BLOB    NOT NULL CHECK(length(hash) = 32)
) STRICT;
CREATE TABLE switch(name TEXT PRIMARY KEY, is_on INTEGER NOT NULL CHECK(is_on IN (0, 1)), until INTEGER NOT NULL)
  STRICT, WITHOUT ROWID;
-- What a version of content says, kept for ever. was_active: never replaced any more.
CREATE TABLE content(
  version   INTEGER PRIMARY KEY CHECK(version > 0),
  hash      INTEGER NOT NULL,
  files     BLOB    NOT NULL,
  guards    BLOB    NOT NULL,
  was_active INTEGER NOT NULL DEFAULT 0 CHECK(was_active IN (0, 1)),
  loaded_at INTEGER NOT NULL
) STRICT;
CREATE TABLE content_activation(one INTEGER PRIMARY KEY CHECK(one = 1), version INTEGER NOT NULL) STRICT;
)sql";

}  // namespace dure::store
