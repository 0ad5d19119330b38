// What travels with an account, as bytes: in parts, whole or refused.
#include "dbagent/store/move_content.h"

#include "common/proto/reconcile.pb.h"
#include "dbagent/store/schema.h"
#include "tests/dbagent/store/move_fixture.h"

namespace dure::store {
namespace {

TEST_F(MoveTest, ACopyThatIsNotWhatWasSentIsRefused) {
  intent(1, 4);
  const auto content = freeze(3, 1);
  auto broken = content;
  broken.mutable_bytes()->back() ^= 1;
  EXPECT_EQ(copy(4, 1, broken).detail(), "hash");
  auto other = of<proto::MoveCopy>(1);
  other.set_account_id(account + 1);
  other.set_bytes(content.bytes());
  other.set_bytes_total(content.bytes_total());
  other.set_hash(content.hash());
  EXPECT_EQ(step<proto::MoveStepReply>(4, other).detail(), "content of another move");
  proto::MoveContent forged;
  forged.ParseFromString(content.bytes());
  forged.mutable_tables(0)->set_name("account");
  broken.set_bytes(forged.SerializeAsString());
  broken.set_bytes_total(broken.bytes().size());
  broken.set_hash(hash_of(broken.bytes()));
  EXPECT_EQ(copy(4, 1, broken).detail(), "table of the content");
  EXPECT_EQ(copy(4, 1, content).state(), proto::ACCOUNT_ARRIVING);
  abort(1);
  unfreeze(3, 1);
  discard(4, 1);
}

TEST_F(MoveTest, ACopyWhoseRowsAreNoneIsRefusedAndItsAccountStaysWhereItWas) {
  intent(1, 4);
  const auto content = freeze(3, 1);
  proto::MoveContent whole;
  ASSERT_TRUE(whole.ParseFromString(content.bytes()));
  const auto refused = [&](const std::string& bytes) {
    auto forged = content;
    forged.set_bytes(bytes);
    forged.set_bytes_total(bytes.size());
    forged.set_hash(hash_of(bytes));
    const auto reply = copy(4, 1, forged);
    EXPECT_NE(reply.state(), proto::ACCOUNT_ARRIVING);
    return reply.detail();
  };
  EXPECT_EQ(refused("\xFF"), "content");
  proto::MoveContent other = whole;
  other.set_move_id(2);
  EXPECT_EQ(refused(other.SerializeAsString()), "content of another move");
  const auto with_row = [&](const std::string& row) {
    proto::MoveContent forged = whole;
    for (auto& table : *forged.mutable_tables())
      if (table.rows_size() > 0) {
        table.set_rows(0, row);
        break;
      }
    return refused(forged.SerializeAsString());
  };
  EXPECT_EQ(with_row("\xFF"), "row of the content");
  EXPECT_EQ(with_row(""), "row of the content") << "of other columns";
  EXPECT_EQ(copy(4, 1, content).state(), proto::ACCOUNT_ARRIVING);
  abort(1);
  unfreeze(3, 1);
  discard(4, 1);
}

TEST_F(MoveTest, NothingIsBehindTheEndOfAContent) {
  intent(1, 4);
  const auto content = freeze(3, 1);
  auto more = of<proto::MoveContentQuery>(1);
  more.set_offset(content.bytes_total());
  const auto end = step<proto::MoveContentReply>(3, more);
  EXPECT_EQ(end.code(), proto::STORED);
  EXPECT_TRUE(end.bytes().empty());
  EXPECT_EQ(end.bytes_total(), content.bytes_total());
  more.set_move_id(2);
  EXPECT_EQ(step<proto::MoveContentReply>(3, more).detail(), "another move");
  // An empty part brings nothing on, either.
  auto nothing = of<proto::MoveCopy>(1);
  nothing.set_bytes_total(content.bytes_total());
  nothing.set_hash(content.hash());
  EXPECT_EQ(step<proto::MoveStepReply>(4, nothing).bytes_next(), 0u);
  EXPECT_EQ(copy(4, 1, content).state(), proto::ACCOUNT_ARRIVING);
  abort(1);
  unfreeze(3, 1);
  more.set_move_id(1);
  EXPECT_EQ(step<proto::MoveContentReply>(3, more).detail(), "not frozen");
  discard(4, 1);
}

TEST_F(MoveTest, AnAccountThatIsLargerThanAMessageComesInParts) {
  Ops ops(1, 1);
  for (std::uint64_t i = 1; i <= 240; ++i) {
    ops.op(i);
    for (std::uint64_t item = 0; item < 300; ++item) {
      ops.mint(i * 1000 + item);
      ops.drop(i, item);
    }
  }
  ASSERT_EQ(apply(3, ops).saved_pseq(), 240u);
  const Audit before = expect_clean();
  intent(1, 4);
  auto content = freeze(3, 1);
  ASSERT_GT(content.bytes_total(), content.bytes().size());
  auto stored = copy(4, 1, content);
  int parts = 1;
  auto more = of<proto::MoveContentQuery>(1);
  auto out_of_order = more;
  out_of_order.set_offset(7);
  const auto wrong_part = step<proto::MoveContentReply>(3, out_of_order);
  EXPECT_EQ(copy(4, 1, wrong_part).bytes_next(), content.bytes().size()) << "a part out of its turn is not taken";
  while (stored.state() != proto::ACCOUNT_ARRIVING) {
    ASSERT_LT(++parts, 20);
    more.set_offset(stored.bytes_next());
    stored = copy(4, 1, step<proto::MoveContentReply>(3, more));
    ASSERT_EQ(stored.code(), proto::STORED) << stored.detail();
  }
  EXPECT_GE(parts, 2);
  flip(1, 4, 1);
  activate(4, 1);
  retire(3, 1);
  EXPECT_EQ(expect_clean().item_ids, before.item_ids);
}

// Whoever knew a record of before a move must not take another one for it.
TEST_F(MoveTest, ARecordThatIsMadeAnewAfterAMoveHasAVersionThatNoneOfItsKeyHad) {
  auto bank = creation(9, account);
  bank.set_ownerless(true);
  ASSERT_EQ(ask<proto::StoreReply>(*shard(3), bank).code(), proto::STORED);
  std::uint64_t operations = 0;
  const auto change = [&](std::uint32_t number, std::int64_t expected, bool remove) {
    proto::OwnerlessApply request;
    request.set_aggregate_id(9);
    request.mutable_operation_id()->set_low(++operations);
    request.set_reason("bank");
    auto* record = request.add_records();
    record->set_key("lot");
    record->set_expected_version(expected);
    record->set_remove(remove);
    return step<proto::OwnerlessReply>(number, request).code();
  };
  const auto version = [&](std::uint32_t number) {
    proto::OwnerlessRead request;
    request.set_aggregate_id(9);
    return step<proto::OwnerlessReadReply>(number, request).records(0).version();
  };
  std::int64_t known = 0;
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(change(3, known, false), proto::STORED);
    known = version(3);
  }
  ASSERT_EQ(change(3, known, true), proto::STORED);
  std::uint32_t from = 3;
  for (const std::uint64_t m : {1, 2}) {
    const std::uint32_t to = 7 - from;
    move(m, from, to);
    ASSERT_EQ(change(to, 0, false), proto::STORED);
    EXPECT_GT(version(to), known) << "after move " << m;
    known = version(to);
    ASSERT_EQ(change(to, known, true), proto::STORED);
    from = to;
  }
}

// A table that is added has to say whether it goes with the account: with a column `pid` it does, or it is named as one
// that stays. Items are carried field by field.
TEST_F(MoveTest, EveryTableTravelsOrIsKnownToStay) {
  auto database = Database::open({folder.file("new.db"), "", false, true});
  ASSERT_TRUE(database);
  (*database)->script(kMetaSchema);
  (*database)->script(kShardSchema);
  const auto travelling = travelling_tables(**database);
  EXPECT_EQ(travelling.front(), "player");
  Query table(**database, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  while (table.row()) {
    const auto in = [&](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), table.text(0)) != names.end();
    };
    EXPECT_TRUE(in(travelling) != in(staying_tables())) << table.text(0);
  }
  std::string columns;
  Query column(**database, "SELECT name FROM pragma_table_info('item')");
  while (column.row()) columns += column.text(0) + " ";
  EXPECT_EQ(columns, "item_id template version attributes ");
}

}  // namespace
}  // namespace dure::store
