// That shards which agree are believed, and that each disagreement about characters, letters and trades is told.
#include "tests/sim/final_rows.h"

#include <gtest/gtest.h>

#include "tests/sim/shard_files.h"

namespace dure::sim {
namespace {

constexpr int kActive = 0, kMoved = 3, kCommit = 1, kAbort = 2;

class FinalRowsTest : public ::testing::Test {
 protected:
  // 5 on shard 0 has written to 6 on shard 1, and they have traded over the register of shard 1. 6 was on shard 0 once.
  FinalRowsTest() {
    on(0, player(5, kActive) + player(6, kMoved) + sent(90, 1, "potion") + leg(0, 5, kCommit));
    on(1, player(6, kActive) + received(90, 6, 5, "potion") + leg(1, 6, kCommit) + vote(0, 5) + vote(1, 6) +
              decision(kCommit));
  }
  void on(std::uint32_t shard, const std::string& sql) { files_.on(shard, sql); }
  static std::string player(int id, int status) {
    return "INSERT INTO player(pid, account_id, realm_id, name, data_version, status, reservation, created_at) "
           "VALUES(" +
           std::to_string(id) + ", 1, 1, 'P', 1, " + std::to_string(status) + ", 1, 1);";
  }
  static std::string letter(const char* thing) {
    proto::InboxEntry letter;
    letter.add_balances()->set_name(thing);
    return literal(letter.SerializeAsString());
  }
  static std::string sent(int id, int state, const char* thing) {
    return "INSERT INTO outbox VALUES(" + std::to_string(id) + ", 1, 5, 6, " + std::to_string(state) + ", " +
           letter(thing) + ");";
  }
  static std::string received(int id, int player, int from, const char* thing) {
    return "INSERT INTO inbox VALUES(" + std::to_string(id) + ", " + std::to_string(player) + ", 1, 'mail', 0, 0, 1, " +
           std::to_string(from) + ", x'', 0, " + letter(thing) + ");";
  }
  static std::string terms(int gold = 3) {
    proto::TradeTerms terms;
    terms.set_register_shard(1);
    auto* give = terms.add_sides()->add_give();
    give->set_name("gold");
    give->set_value(gold);
    terms.add_sides();
    return literal(terms.SerializeAsString());
  }
  static std::string leg(int side, int player, int verdict) {
    return "INSERT INTO hold VALUES(x'00000000000000000000000000000009', " + std::to_string(side) + ", " +
           std::to_string(player) + ", 4, 8, 0, 'trade', 1, " + std::to_string(verdict != 0) + ", " +
           std::to_string(verdict) + ", 1, " + terms() + ", 1, 0, x'');";
  }
  static std::string vote(int side, int player, int gold = 3) {
    return "REPLACE INTO trade_vote VALUES(x'00000000000000000000000000000009', " + std::to_string(side) + ", 1, " +
           std::to_string(player) + ", 4, 8, 0, " + terms(gold) + ", x'');";
  }
  static std::string decision(int verdict) {
    return "REPLACE INTO decision VALUES(x'00000000000000000000000000000009', " + std::to_string(verdict) +
           ", 0, 1, x'', x'', x'');";
  }
  Verdict found() {
    FinalRows rows;
    files_.read_into(&rows);
    Verdict verdict;
    rows.judge(&verdict);
    return verdict;
  }
  // Only `law` is broken, and said so by `part`.
  void expect(const char* law, const std::string& part) {
    std::string all;
    for (const auto& broken : found()) {
      EXPECT_EQ(broken.law, law) << broken.detail;
      all += broken.detail + "\n";
    }
    EXPECT_NE(all.find(part), std::string::npos) << all;
  }
  ShardFiles files_;
};

TEST_F(FinalRowsTest, ShardsThatAgreeAreBelieved) { EXPECT_TRUE(found().empty()) << found().front().detail; }

TEST_F(FinalRowsTest, ACharacterThatIsActiveNowhereIsFound) {
  on(1, "UPDATE player SET status = 3");
  expect(law::kOneActiveRow, "player 6 has 0 ACTIVE rows of 2");
}

TEST_F(FinalRowsTest, ACharacterThatIsActiveTwiceIsFound) {
  on(0, "UPDATE player SET status = 0");
  expect(law::kOneActiveRow, "player 6 has 2 ACTIVE rows of 2");
}

TEST_F(FinalRowsTest, ACharacterOnTheMoveIsFound) {
  on(0, "UPDATE player SET status = 1 WHERE pid = 6");
  expect(law::kNothingStaysOpen, "player 6 is on the move");
}

TEST_F(FinalRowsTest, ALetterThatIsInNoInboxIsFound) {
  on(0, sent(91, 1, "potion"));
  expect(law::kLettersAreSomewhere, "letter 91 of player 5 (shard 0) is delivered, and in no inbox");
}

TEST_F(FinalRowsTest, ALetterInTwoInboxesIsFound) {
  on(0, received(90, 5, 5, "potion"));
  expect(law::kLettersAreSomewhere, "is also in an inbox of shard 1");
}

TEST_F(FinalRowsTest, ALetterThatNobodyHasSentIsFound) {
  on(1, received(92, 6, 5, "potion"));
  expect(law::kLettersAreSomewhere, "letter 92 to player 6 (shard 1) was sent by nobody");
}

TEST_F(FinalRowsTest, AGiftOfTheSystemIsSentByNobody) {
  on(1, received(92, 6, 0, "potion"));
  EXPECT_TRUE(found().empty());
}

TEST_F(FinalRowsTest, ALetterThatBringsSomethingElseIsFound) {
  on(0, "DELETE FROM outbox;" + sent(90, 1, "gold"));
  expect(law::kLettersAreSomewhere, "brought");
}

TEST_F(FinalRowsTest, ALetterThatCameToAnotherIsFound) {
  on(1, player(7, kActive) + "UPDATE inbox SET pid = 7");
  expect(law::kLettersAreSomewhere, "is in the inbox of player 7");
}

TEST_F(FinalRowsTest, ALetterThatIsStillOnItsWayIsFound) {
  on(0, sent(91, 0, "potion"));
  expect(law::kNothingStaysOpen, "letter 91 of player 5 (shard 0) is still on its way");
}

TEST_F(FinalRowsTest, ALegThatIsStillHeldIsFound) {
  on(0, "UPDATE hold SET finished = 0, verdict = 0");
  expect(law::kNothingStaysOpen, "the leg of player 5 (shard 0)");
}

TEST_F(FinalRowsTest, AHalfOfATradeIsFound) {
  on(0, "UPDATE hold SET verdict = 2");
  expect(law::kLegsEndAsDecided, "is aborted, its register says 1");
}

TEST_F(FinalRowsTest, ACommitOverAVoteNoIsFound) {
  on(0, "UPDATE hold SET verdict = 2, vote = 0");
  on(1, "UPDATE trade_vote SET yes = 0 WHERE side = 0");
  expect(law::kLegsEndAsDecided, "was counted as NO, its register says COMMIT");
}

TEST_F(FinalRowsTest, ACommitThatNobodyDecidedIsFound) {
  on(1, decision(kAbort));
  expect(law::kLegsEndAsDecided, "is committed, its register says 2");
  on(1, "DELETE FROM decision");
  expect(law::kLegsEndAsDecided, "is committed, its register says 0");
}

TEST_F(FinalRowsTest, ALegThatWasNotCountedMayOnlyEndInAnAbort) {
  on(1, "UPDATE trade_vote SET pseq = 9 WHERE side = 0");
  expect(law::kLegsEndAsDecided, "and never counted it");
  on(0, "UPDATE hold SET verdict = 2");
  on(1, "DELETE FROM decision");
  expect(law::kLegsEndAsDecided, "the leg of player 6 (shard 1)");
}

TEST_F(FinalRowsTest, VotesOverDifferentTermsAreFound) {
  on(1, vote(1, 6, 4));
  expect(law::kLegsEndAsDecided, "over different terms");
}

TEST_F(FinalRowsTest, ALegThatIsGoneIsFound) {
  on(0, "DELETE FROM hold");
  expect(law::kLegsEndAsDecided, "and the leg of player 5 is on no shard");
}

}  // namespace
}  // namespace dure::sim
