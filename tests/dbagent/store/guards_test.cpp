// Guards that stand behind others, each by itself: who removes one sees its test fail (tests/mutants).
#include <sqlite3.h>

#include "dbagent/store/move_content.h"
#include "dbagent/store/schema.h"
#include "dbagent/store/store_file.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/move_fixture.h"

namespace dure::store {
namespace {

class GuardTest : public ShardTest {
 protected:
  void by_hand(const std::string& sql) {
    store.reset();
    sqlite3* db = nullptr;
    ASSERT_EQ(open_by_hand(path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
    store = open_shard(shard_options(path));
  }
  std::int64_t number_in_file(const char* sql) {
    store.reset();
    sqlite3* db = nullptr;
    sqlite3_stmt* row = nullptr;
    EXPECT_EQ(open_by_hand(path.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_prepare_v2(db, sql, -1, &row, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    EXPECT_EQ(sqlite3_step(row), SQLITE_ROW);
    const std::int64_t number = sqlite3_column_int64(row, 0);
    sqlite3_finalize(row);
    sqlite3_close(db);
    store = open_shard(shard_options(path));
    return number;
  }
  // The same character, wherever it stands.
  void set_status(std::uint64_t player, int status) {
    by_hand("UPDATE player SET status = " + std::to_string(status) + " WHERE pid = " + std::to_string(player));
  }
  std::uint64_t epoch_of(std::uint64_t player) {
    proto::OwnerQuery query;
    query.set_shard(3);
    query.set_player_id(player);
    return ask<proto::AcquireReply>(*store, query).epoch();
  }
  static constexpr int kActive = 0, kMoving = 1, kArriving = 2;
};

// ── who owns ────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(GuardTest, NobodyInParticularBecomesNoOwner) {
  EXPECT_EQ(ask<proto::AcquireReply>(*store,
                                     [] {
                                       auto request = acquisition(1, 1, 900);
                                       *request.mutable_owner_incarnation() = uid(0, 0);
                                       return request;
                                     }())
                .code(),
            proto::EXPECTED_OTHER);
  EXPECT_EQ(epoch_of(1), 1u);
}

TEST_F(GuardTest, AfterARejectionNobodyIsTheOwnerNotEvenNobody) {
  EXPECT_EQ(apply(Ops(1, 1).op(1).balance("gold", -1)).code(), proto::REJECTED);
  auto request = Ops(1, 2).op(1).balance("gold", 5).request;
  *request.mutable_owner_incarnation() = uid(0, 0);
  EXPECT_EQ(ask<proto::ApplyReply>(*store, request).code(), proto::STALE_EPOCH);
}

TEST_F(GuardTest, ARepeatedAcquireWhoseEpochWasRejectedIsNoGrant) {
  EXPECT_EQ(apply(Ops(1, 1).op(1).balance("gold", -1)).code(), proto::REJECTED);
  const auto again = ask<proto::AcquireReply>(*store, acquisition(1, 0, 101));
  EXPECT_EQ(again.code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(again.epoch(), 2u);
  EXPECT_FALSE(again.has_aggregate());
}

// ── amounts and letters ─────────────────────────────────────────────────────────────────────────────────────

TEST_F(GuardTest, ANegativeAmountIsNeitherSentNorDelivered) {
  Ops ops(1, 1);
  ops.op(1).send(900, 2, 1);
  ops.request.mutable_operations(0)->mutable_effects(0)->mutable_send()->mutable_balances(0)->set_value(-5);
  const auto reply = apply(ops);
  EXPECT_EQ(reply.code(), proto::REJECTED);
  EXPECT_EQ(reply.detail().rfind("amount", 0), 0u) << reply.detail();
  EXPECT_EQ(gold_of(reacquire(1, 2).aggregate()), 0);
  auto letter = delivery(2, 901, -5);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, letter).code(), proto::REJECTED);
}

TEST_F(GuardTest, ABalanceDoesNotWrapRound) {
  const auto most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(ask<proto::DeliverReply>(*store, delivery(1, 901, most)).code(), proto::STORED);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, delivery(1, 902, 1)).code(), proto::REJECTED) << "the faucet is dry";
}

// Else each shard's books would balance and both together would not.
TEST_F(GuardTest, WhatIsRelayedComesOutOfTransit) {
  ASSERT_EQ(apply(Ops(1, 1).op(1).balance("gold", 10).send(900, 2, 4)).code(), proto::STORED);
  EXPECT_EQ(number_in_file("SELECT amount FROM account WHERE kind = 3"), 4);
  proto::OutboxQuery query;
  query.set_shard(3);
  const auto letter = ask<proto::OutboxReply>(*store, query).pending(0);
  EXPECT_EQ(ask<proto::DeliverReply>(*store, letter).code(), proto::STORED);
  EXPECT_EQ(number_in_file("SELECT amount FROM account WHERE kind = 3"), 0);
}

TEST_F(GuardTest, AMemoThatNoInboxTakesDoesNotLeaveItsSender) {
  ASSERT_EQ(apply(Ops(1, 1).op(1).balance("gold", 10)).code(), proto::STORED);
  Ops ops(1, 1);
  ops.op(2).send(900, 2, 5);
  ops.request.mutable_operations(0)->mutable_effects(0)->mutable_send()->set_memo(std::string(257, 'x'));
  EXPECT_EQ(apply(ops).code(), proto::REJECTED);
}

TEST_F(GuardTest, AMessageToNobodyIsNotSent) {
  ASSERT_EQ(apply(Ops(1, 1).op(1).balance("gold", 10)).code(), proto::STORED);
  EXPECT_EQ(apply(Ops(1, 1).op(2).send(900, 0, 5)).code(), proto::REJECTED);
}

TEST_F(GuardTest, AMessageWithoutANumberIsNotDelivered) {
  EXPECT_EQ(ask<proto::DeliverReply>(*store, delivery(1, 0, 5)).code(), proto::REJECTED);
  EXPECT_EQ(reacquire(1, 1).aggregate().inbox_size(), 0);
}

TEST_F(GuardTest, AnItemOfNoKindIsNotMade) {
  Ops ops(1, 1);
  ops.op(1).mint(7);
  ops.request.mutable_operations(0)->mutable_effects(0)->mutable_mint()->mutable_item()->clear_template_();
  EXPECT_EQ(apply(ops).code(), proto::REJECTED);
}

TEST_F(GuardTest, ACounterDoesNotFallBelowZero) {
  EXPECT_EQ(apply(Ops(1, 1).op(1).count("xp", -1, 0)).code(), proto::REJECTED);
}

// ── on the move ─────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(GuardTest, WhatACharacterOnTheMoveSentIsMarkedWhereItArrives) {
  ASSERT_EQ(apply(Ops(1, 1).op(1).balance("gold", 10).send(900, 2, 5)).code(), proto::STORED);
  proto::OutboxSent sent;
  sent.set_shard(3);
  sent.set_message_id(900);
  for (const int status : {kMoving, kArriving}) {
    set_status(1, status);
    EXPECT_EQ(ask<proto::StoreReply>(*store, sent).code(), proto::RETRY);
  }
  set_status(1, kActive);
  proto::OutboxQuery query;
  query.set_shard(3);
  EXPECT_EQ(ask<proto::OutboxReply>(*store, query).pending_size(), 1);
}

TEST_F(GuardTest, ACharacterOnTheMoveIsNotPurged) {
  proto::DeletePlayerRequest erase;
  erase.set_shard(3);
  erase.set_account_id(9);
  erase.set_player_id(1);
  erase.set_delete_at_unix_ms(kNow + 1);
  ASSERT_EQ(ask<proto::StoreReply>(*store, erase).code(), proto::STORED);
  proto::PurgePlayer purge;
  purge.set_shard(3);
  purge.set_player_id(1);
  for (const int status : {kMoving, kArriving}) {
    set_status(1, status);
    EXPECT_EQ(ask<proto::StoreReply>(*store, purge, kNow + 2).code(), proto::RETRY);
  }
  set_status(1, kActive);
  EXPECT_EQ(epoch_of(1), 1u);
}

TEST_F(GuardTest, AnAggregateOnTheMoveIsNotChanged) {
  auto birth = creation(50, 99);
  birth.set_ownerless(true);
  ASSERT_EQ(ask<proto::StoreReply>(*store, birth).code(), proto::STORED);
  proto::OwnerlessApply change;
  change.set_shard(3);
  change.set_aggregate_id(50);
  *change.mutable_operation_id() = uid(5, 1);
  change.set_reason("bank");
  auto* record = change.add_records();
  record->set_key("rule");
  record->set_body("one");
  for (const int status : {kMoving, kArriving}) {
    set_status(50, status);
    EXPECT_EQ(ask<proto::OwnerlessReply>(*store, change).code(), proto::RETRY);
  }
  set_status(50, kActive);
  EXPECT_EQ(ask<proto::OwnerlessReply>(*store, change).code(), proto::STORED);
}

TEST_F(GuardTest, NobodyIsCreatedWhereAnAccountIsLeavingOrHasLeft) {
  for (const auto& [state, code] :
       {std::pair{1, proto::RETRY}, {2, proto::RETRY}, {3, proto::WRONG_SHARD}, {4, proto::WRONG_SHARD}}) {
    by_hand("INSERT OR REPLACE INTO account_move VALUES(9, " + std::to_string(state) + ", 1, 0)");
    EXPECT_EQ(ask<proto::StoreReply>(*store, creation(30)).code(), code) << state;
  }
  by_hand("DELETE FROM account_move");
}

// What was frozen, changed and sealed anew.
template <class Change>
proto::MoveContentReply forged(proto::MoveContentReply sent, Change change) {
  proto::MoveContent content;
  EXPECT_TRUE(content.ParseFromString(sent.bytes()));
  change(&content);
  sent.set_bytes(content.SerializeAsString());
  sent.set_bytes_total(sent.bytes().size());
  sent.set_hash(hash_of(sent.bytes()));
  return sent;
}

TEST_F(MoveTest, ACopyOverAnAccountThatIsLeavingDoesNothing) {
  intent(1, 4);
  const auto newer = forged(freeze(3, 1), [](proto::MoveContent* content) { content->set_move_id(2); });
  EXPECT_EQ(copy(3, 2, newer).detail(), "moving away from here");
  abort(1);
  unfreeze(3, 1);
  EXPECT_EQ(apply(3, Ops(1, 1).op(1).balance("gold", 1)).code(), proto::STORED);
}

TEST_F(MoveTest, ACopyThatReadsOtherwiseThanItWasSentIsRefused) {
  EXPECT_EQ(apply(3, Ops(1, 1).op(1).once("won").count("xp", 5, 0).drop(4, 1)).code(), proto::STORED);
  intent(1, 4);
  const auto content = freeze(3, 1);
  const auto otherwise = forged(content, [](proto::MoveContent* sent) {
    ASSERT_GE(sent->tables_size(), 3);
    sent->mutable_tables()->SwapElements(sent->tables_size() - 1, sent->tables_size() - 2);
  });
  const auto reply = copy(4, 1, otherwise);
  EXPECT_EQ(reply.code(), proto::REJECTED);
  EXPECT_EQ(reply.detail(), "the copy reads otherwise");
  EXPECT_EQ(copy(4, 1, content).state(), proto::ACCOUNT_ARRIVING) << "nothing is left of it";
  abort(1);
  unfreeze(3, 1);
  discard(4, 1);
}

// ── ownerless ───────────────────────────────────────────────────────────────────────────────────────────────

class OwnerlessGuardTest : public GuardTest {
 protected:
  void SetUp() override {
    GuardTest::SetUp();
    auto birth = creation(50, 99);
    birth.set_ownerless(true);
    ASSERT_EQ(ask<proto::StoreReply>(*store, birth).code(), proto::STORED);
  }
  static proto::OwnerlessApply change(std::uint64_t operation, std::int64_t expected, const std::string& body,
                                      bool remove = false) {
    proto::OwnerlessApply request;
    request.set_shard(3);
    request.set_aggregate_id(50);
    if (operation != 0) *request.mutable_operation_id() = uid(5, operation);
    request.set_reason("bank");
    auto* record = request.add_records();
    record->set_key("rule");
    record->set_expected_version(expected);
    record->set_body(body);
    record->set_remove(remove);
    return request;
  }
  std::int64_t version() {
    proto::OwnerlessRead request;
    request.set_shard(3);
    request.set_aggregate_id(50);
    const auto reply = ask<proto::OwnerlessReadReply>(*store, request);
    return reply.records_size() == 0 ? 0 : reply.records(0).version();
  }
};

TEST_F(OwnerlessGuardTest, AnOperationWithoutANumberTakesNoEffect) {
  EXPECT_EQ(ask<proto::OwnerlessReply>(*store, change(0, 0, "one")).code(), proto::REJECTED);
  EXPECT_EQ(version(), 0);
}

TEST_F(OwnerlessGuardTest, ARecordMadeAnewHasAVersionThatNoneBeforeItHad) {
  ASSERT_EQ(ask<proto::OwnerlessReply>(*store, change(1, 0, "one")).code(), proto::STORED);
  const std::int64_t first = version();
  ASSERT_EQ(ask<proto::OwnerlessReply>(*store, change(2, first, "", true)).code(), proto::STORED);
  ASSERT_EQ(ask<proto::OwnerlessReply>(*store, change(3, 0, "two")).code(), proto::STORED);
  EXPECT_GT(version(), first);
  EXPECT_EQ(ask<proto::OwnerlessReply>(*store, change(4, first, "three")).code(), proto::EXPECTED_OTHER)
      << "who read the first one";
}

TEST_F(OwnerlessGuardTest, ARecordIsNamedOnceInAnOperation) {
  auto twice = change(1, 0, "one");
  *twice.add_records() = twice.records(0);
  EXPECT_EQ(ask<proto::OwnerlessReply>(*store, twice).code(), proto::REJECTED);
}

// ── creation and its end ────────────────────────────────────────────────────────────────────────────────────

TEST_F(GuardTest, AnothersReservationIsNotThisOne) {
  proto::SettleCreation settle;
  settle.set_shard(3);
  settle.set_player_id(1);
  settle.set_reservation(1001);
  EXPECT_EQ(ask<proto::StoreReply>(*store, settle).code(), proto::STORED);
  settle.set_reservation(7);
  EXPECT_EQ(ask<proto::StoreReply>(*store, settle).code(), proto::NO_SUCH);
}

TEST_F(GuardTest, APurgedCharacterIsNeitherCreatedAgainNorCountedAsCreated) {
  proto::DeletePlayerRequest erase;
  erase.set_shard(3);
  erase.set_account_id(9);
  erase.set_player_id(1);
  erase.set_delete_at_unix_ms(kNow + 1);
  ASSERT_EQ(ask<proto::StoreReply>(*store, erase).code(), proto::STORED);
  proto::PurgePlayer purge;
  purge.set_shard(3);
  purge.set_player_id(1);
  ASSERT_EQ(ask<proto::StoreReply>(*store, purge, kNow + 2).code(), proto::STORED);
  EXPECT_EQ(ask<proto::StoreReply>(*store, creation(1)).code(), proto::EXPECTED_OTHER);
  proto::SettleCreation settle;
  settle.set_shard(3);
  settle.set_player_id(1);
  settle.set_reservation(1001);
  EXPECT_EQ(ask<proto::StoreReply>(*store, settle).code(), proto::NO_SUCH);
}

TEST_F(GuardTest, WhatLayInTheInboxOfAPurgedCharacterIsNotLeftThere) {
  auto letter = delivery(1, 900, 5);
  *letter.add_items()->mutable_id() = uid(1, 8);
  letter.mutable_items(0)->set_template_("sword");
  ASSERT_EQ(ask<proto::DeliverReply>(*store, letter).code(), proto::STORED);
  proto::DeletePlayerRequest erase;
  erase.set_shard(3);
  erase.set_account_id(9);
  erase.set_player_id(1);
  erase.set_delete_at_unix_ms(kNow + 1);
  ASSERT_EQ(ask<proto::StoreReply>(*store, erase).code(), proto::STORED);
  proto::PurgePlayer purge;
  purge.set_shard(3);
  purge.set_player_id(1);
  ASSERT_EQ(ask<proto::StoreReply>(*store, purge, kNow + 2).code(), proto::STORED);
  EXPECT_EQ(number_in_file("SELECT sum(amount) FROM account WHERE kind = 4"), 0);
  EXPECT_EQ(number_in_file("SELECT count(*) FROM item_holder WHERE kind = 4"), 0);
}

TEST_F(GuardTest, ACreationIsRepeatedOnlyByTheSameReservationOfTheSameAccount) {
  EXPECT_EQ(ask<proto::StoreReply>(*store, creation(1)).code(), proto::STORED);
  EXPECT_EQ(ask<proto::StoreReply>(*store, creation(1, 10)).code(), proto::EXPECTED_OTHER);
  auto other = creation(1);
  other.set_reservation(7);
  EXPECT_EQ(ask<proto::StoreReply>(*store, other).code(), proto::EXPECTED_OTHER);
}

// ── the file ────────────────────────────────────────────────────────────────────────────────────────────────

TEST(StoreFileGuardTest, AnAgentThatWasReplacedBeginsNothing) {
  const TempFolder folder;
  FileOptions options;
  options.path = folder.file("shard");
  options.cluster_id = "test";
  options.shard = 3;
  options.agent_incarnation = {1, 1};
  auto opened = StoreFile::open(options, "shard", kShardSchema);
  ASSERT_TRUE(opened) << opened.error().detail;
  StoreFile& file = **opened;
  EXPECT_TRUE(file.begin(kNow));
  file.database().run("UPDATE shard_meta SET agent_inc = ?1", key_of(Incarnation{1, 2}));
  EXPECT_FALSE(file.begin(kNow));
}

// ── the directory ───────────────────────────────────────────────────────────────────────────────────────────

// The hash of the second row after a first one of this text.
std::string second_hash(const std::string& path, const std::string& first_text) {
  DirectoryOptions options;
  options.path = path;
  options.cluster_id = "test";
  options.agent_incarnation = {1, 1};
  options.shards = 2;
  auto directory = std::move(DirectoryStore::open(options).value());
  for (const auto& [id, text] : {std::pair{1u, first_text}, {2u, std::string("kick Anna")}}) {
    proto::GmClaim claim;
    claim.set_command_id(id);
    claim.set_node("general-1");
    claim.set_text(text);
    EXPECT_EQ(ask<proto::StoreReply>(*directory, claim).code(), proto::STORED);
  }
  directory.reset();
  sqlite3* db = nullptr;
  sqlite3_stmt* row = nullptr;
  EXPECT_EQ(open_by_hand(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_prepare_v2(db, "SELECT hex(hash) FROM gm_audit WHERE number = 2", -1, &row, nullptr), SQLITE_OK);
  EXPECT_EQ(sqlite3_step(row), SQLITE_ROW);
  const std::string hash = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
  sqlite3_finalize(row);
  sqlite3_close(db);
  return hash;
}

TEST(DirectoryGuardTest, ARowOfTheAuditHangsOnTheOneBefore) {
  const TempFolder folder;
  const std::string before = second_hash(folder.file("one"), "give Anna 5 gold");
  EXPECT_EQ(second_hash(folder.file("two"), "give Anna 5 gold"), before);
  EXPECT_NE(second_hash(folder.file("three"), "give Anna 1 gold"), before);
}

}  // namespace
}  // namespace dure::store
