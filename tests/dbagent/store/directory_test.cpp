#include "dbagent/store/directory.h"

#include <sqlite3.h>

#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

class DirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options.path = path;
    options.cluster_id = "test";
    options.agent_incarnation = {1, 1};
    options.shards = 2;
    auto opened = DirectoryStore::open(options);
    ASSERT_TRUE(opened) << opened.error().detail;
    store = std::move(*opened);
    account_id = account("anna", true).account_id();
  }
  void TearDown() override {
    if (store != nullptr) {
      EXPECT_EQ(store->faults(), 0u);
    }
  }
  proto::AccountReply account(const std::string& name, bool create) {
    proto::AccountQuery query;
    query.set_account(name);
    query.set_create(create);
    query.set_password_hash("hash of " + name);
    return ask<proto::AccountReply>(*store, query);
  }
  proto::SessionReply begin(std::uint32_t expected, std::uint64_t session_id, const std::string& token,
                            std::uint64_t ticket = 0, std::int64_t now_ms = kNow) {
    proto::SessionBegin request;
    request.set_ticket_nonce(ticket);
    request.set_ticket_not_after_unix_ms(ticket == 0 ? 0 : kNow + 60'000);
    request.set_account_id(account_id);
    request.set_expected_session_epoch(expected);
    request.set_session_id(session_id);
    request.set_token_hash(token);
    request.set_now_unix_ms(now_ms);
    return ask<proto::SessionReply>(*store, request);
  }
  proto::SessionReply resume(const std::string& token, const std::string& next, std::int64_t after_ms = 0) {
    proto::SessionResume request;
    request.set_session_id(70);
    request.set_token_hash(token);
    request.set_next_token_hash(next);
    request.set_now_unix_ms(kNow + after_ms);
    return ask<proto::SessionReply>(*store, request);
  }
  proto::StoreCode select(std::uint32_t session_epoch, std::uint64_t player) {
    proto::SessionSelect request;
    request.set_account_id(account_id);
    request.set_session_epoch(session_epoch);
    request.set_player_id(player);
    return ask<proto::StoreReply>(*store, request).code();
  }
  proto::StoreCode reserve(const std::string& name, std::uint64_t player, std::uint64_t reservation) {
    proto::ReserveName request;
    request.set_name(name);
    request.set_player_id(player);
    request.set_account_id(account_id);
    request.set_reservation(reservation);
    return ask<proto::ReserveNameReply>(*store, request).code();
  }
  proto::ReserveNameReply reserve_of(const std::string& who, const std::string& name, std::uint64_t player) {
    proto::ReserveName request;
    request.set_name(name);
    request.set_player_id(player);
    request.set_account_id(account(who, true).account_id());
    request.set_reservation(player * 100);
    return ask<proto::ReserveNameReply>(*store, request);
  }
  proto::StoreCode rule_out(const std::string& name, std::uint64_t player) {
    proto::ClaimName request;
    request.set_name(name);
    request.set_player_id(player);
    request.set_reservation(player * 100);
    request.set_release(true);
    request.set_ruled_out(true);
    return ask<proto::StoreReply>(*store, request).code();
  }
  proto::StoreCode known(std::uint64_t player) {
    proto::PlayerLocate query;
    query.set_player_id(player);
    query.set_any_state(true);
    return ask<proto::PlayerLocateReply>(*store, query).code();
  }
  proto::StoreCode claim(const std::string& name, std::uint64_t player, std::uint64_t reservation,
                         bool release = false) {
    proto::ClaimName request;
    request.set_name(name);
    request.set_player_id(player);
    request.set_reservation(reservation);
    request.set_release(release);
    return ask<proto::StoreReply>(*store, request).code();
  }
  TempFolder folder;
  std::string path = folder.file("directory.db");
  DirectoryOptions options;
  std::unique_ptr<DirectoryStore> store;
  std::uint64_t account_id = 0;
};

TEST_F(DirectoryTest, AbandonedNamesOfOneShardDoNotHoldUpThoseOfAnother) {
  for (const char* name : {"Ada", "Bea", "Cleo"}) ASSERT_EQ(reserve(name, 1, 100), proto::STORED) << name;
  ASSERT_EQ(reserve_of("ben", "Dora", 2).code(), proto::STORED);
  proto::ReservedNames query;
  query.set_limit(2);
  const auto found = ask<proto::ReservedNamesReply>(*store, query);
  ASSERT_EQ(found.names_size(), 2);
  EXPECT_EQ(found.names(0).shard() + found.names(1).shard(), 1u) << "one of each";
}

TEST_F(DirectoryTest, AccountsAreMadeOnceAndSpreadOverTheShards) {
  EXPECT_EQ(account("anna", true).account_id(), account_id);
  EXPECT_EQ(account("anna", false).password_hash(), "hash of anna");
  EXPECT_EQ(account("nobody", false).code(), proto::NO_SUCH);
  EXPECT_EQ(account("anna", false).shard(), 0u);
  EXPECT_EQ(account("ben", true).shard(), 1u);
  EXPECT_EQ(account("cem", true).shard(), 0u);
}

TEST_F(DirectoryTest, ASessionBeginsByCompareAndSet) {
  const auto reply = begin(0, 70, "t0");
  EXPECT_EQ(reply.code(), proto::STORED);
  EXPECT_EQ(reply.session_epoch(), 1u);
  EXPECT_EQ(begin(0, 70, "t0").session_epoch(), 1u) << "asked again";
  EXPECT_EQ(begin(0, 70, "another").code(), proto::EXPECTED_OTHER) << "no repeat: it is taken";
  const auto late = begin(0, 71, "u0");
  EXPECT_EQ(late.code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(late.session_epoch(), 1u);
  EXPECT_EQ(begin(1, 71, "u0").session_epoch(), 2u);
  EXPECT_EQ(resume("t0", "t1").code(), proto::NO_SUCH) << "the older session is gone";
}

TEST_F(DirectoryTest, ATicketIsUsedUpByTheFirstSessionItBeginsWhereverItIsShownAgain) {
  ASSERT_EQ(begin(0, 70, "t0", 5).code(), proto::STORED);
  EXPECT_EQ(begin(0, 70, "t0", 5).code(), proto::STORED) << "asked again: the answer was lost";
  const auto again = begin(1, 71, "u0", 5);
  EXPECT_EQ(again.code(), proto::REJECTED);
  EXPECT_EQ(again.detail(), "ticket used");
  EXPECT_EQ(again.session_epoch(), 1u) << "whoever plays is not disturbed";
  EXPECT_EQ(begin(0, 71, "u0", 6).code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(begin(1, 71, "u0", 6).code(), proto::STORED) << "a race that was lost uses nothing up";
  // Long after its end it is forgotten, by the next ticket of the account.
  ASSERT_EQ(begin(2, 72, "v0", 7, kNow + 60'000 + kUsedTicketGraceMs + 1).code(), proto::STORED);
  sqlite3* reader = nullptr;
  store.reset();
  ASSERT_EQ(open_by_hand(path.c_str(), &reader), SQLITE_OK);
  sqlite3_stmt* count = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(reader, "SELECT count(*) FROM used_ticket", -1, &count, nullptr), SQLITE_OK);
  ASSERT_EQ(sqlite3_step(count), SQLITE_ROW);
  EXPECT_EQ(sqlite3_column_int(count, 0), 1);
  sqlite3_finalize(count);
  sqlite3_close(reader);
}

TEST_F(DirectoryTest, AResumeRotatesTheTokenAndFencesTheOlderEpoch) {
  begin(0, 70, "t0");
  EXPECT_EQ(select(1, 11), proto::STORED);
  const auto reply = resume("t0", "t1");
  EXPECT_EQ(reply.code(), proto::STORED);
  EXPECT_EQ(reply.session_epoch(), 2u);
  EXPECT_EQ(reply.selected_player(), 11u);
  EXPECT_EQ(reply.account_id(), account_id);
  EXPECT_EQ(select(1, 12), proto::EXPECTED_OTHER);
  EXPECT_EQ(resume("t1", "t2").session_epoch(), 3u);
}

TEST_F(DirectoryTest, TheSameResumeAskedTwiceIsAnsweredTwice) {
  begin(0, 70, "t0");
  EXPECT_EQ(resume("t0", "t1").session_epoch(), 2u);
  EXPECT_EQ(resume("t0", "t1").session_epoch(), 2u);
}

TEST_F(DirectoryTest, ThePreviousTokenIsGoodForThirtySeconds) {
  begin(0, 70, "t0");
  resume("t0", "t1");
  EXPECT_EQ(resume("t0", "t2", 30'000).code(), proto::STORED) << "the answer with t1 was lost";
  EXPECT_EQ(resume("t2", "t3", 30'001).code(), proto::STORED);
}

TEST_F(DirectoryTest, ThePreviousTokenIsDeadOnceTheNewOneWasUsed) {
  begin(0, 70, "t0");
  resume("t0", "t1");
  resume("t1", "t2");
  const auto stolen = resume("t0", "x");
  EXPECT_EQ(stolen.code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(stolen.detail(), "token reused");
  EXPECT_EQ(resume("t2", "t3").code(), proto::NO_SUCH) << "the family lives on";
  EXPECT_EQ(account("anna", false).session_epoch(), 4u);
}

TEST_F(DirectoryTest, ThePreviousTokenAfterThirtySecondsKillsTheFamily) {
  begin(0, 70, "t0");
  resume("t0", "t1");
  EXPECT_EQ(resume("t0", "t2", 30'001).detail(), "token reused");
}

TEST_F(DirectoryTest, AnIncompleteSessionIsNeitherBegunNorResumed) {
  EXPECT_EQ(begin(0, 0, "t0").code(), proto::REJECTED);
  EXPECT_EQ(begin(0, 70, "").code(), proto::REJECTED);
  EXPECT_EQ(begin(0, 70, "t0").session_epoch(), 1u) << "nothing was begun before";
  EXPECT_EQ(resume("", "t1").code(), proto::REJECTED);
  EXPECT_EQ(resume("t0", "").code(), proto::REJECTED);
  EXPECT_EQ(resume("t0", "t1").session_epoch(), 2u);
}

TEST_F(DirectoryTest, ASessionIdIsOfOneAccountTokenAndEpoch) {
  ASSERT_EQ(begin(0, 70, "t0").code(), proto::STORED);
  EXPECT_EQ(begin(5, 70, "t0").code(), proto::EXPECTED_OTHER) << "no repeat: of another epoch";
  const std::uint64_t mine = account_id;
  account_id = mine + 1;
  EXPECT_EQ(begin(0, 70, "t0").code(), proto::EXPECTED_OTHER) << "no repeat: of another account";
  EXPECT_EQ(begin(0, 71, "t0").code(), proto::NO_SUCH) << "which nobody has";
  account_id = mine;
  EXPECT_EQ(begin(0, 70, "t0").session_epoch(), 1u);
}

TEST_F(DirectoryTest, ATokenThatWasSpentIsNotGivenOutAgain) {
  begin(0, 70, "t0");
  ASSERT_EQ(resume("t0", "t1").code(), proto::STORED);
  ASSERT_EQ(resume("t1", "t2").code(), proto::STORED);
  EXPECT_EQ(resume("t2", "t0").code(), proto::REJECTED);
  EXPECT_EQ(resume("t2", "t2").code(), proto::REJECTED);
  EXPECT_EQ(resume("t2", "t3").session_epoch(), 4u);
}

TEST_F(DirectoryTest, AnUnknownTokenKillsNothing) {
  begin(0, 70, "t0");
  EXPECT_EQ(resume("guess", "t1").code(), proto::NO_SUCH);
  EXPECT_EQ(resume("t0", "t0").code(), proto::REJECTED) << "a token must be new";
  EXPECT_EQ(resume("t0", "t1").code(), proto::STORED);
}

TEST_F(DirectoryTest, ASessionEndsOnlyUnderItsEpoch) {
  begin(0, 70, "t0");
  proto::SessionEnd end;
  end.set_account_id(account_id);
  end.set_session_epoch(0);
  BatchOf().add(end).run(*store);
  EXPECT_EQ(select(1, 1), proto::STORED);
  end.set_session_epoch(1);
  BatchOf().add(end).run(*store);
  EXPECT_EQ(resume("t0", "t1").code(), proto::NO_SUCH);
}

TEST_F(DirectoryTest, OfSessionsThatAreHeldItIsSaidWhichAreOver) {
  begin(0, 70, "t0");
  const auto over = [&](std::uint32_t epoch) {
    proto::SessionsHeld held;
    for (const std::uint64_t account : {account_id, std::uint64_t{999}}) {
      auto* session = held.add_sessions();
      session->set_account_id(account);
      session->set_session_epoch(epoch);
    }
    return ask<proto::SessionsHeldReply>(*store, held);
  };
  EXPECT_EQ(over(1).over_size(), 0);
  resume("t0", "t1");
  auto resumed = over(1);
  ASSERT_EQ(resumed.over_size(), 1);
  EXPECT_EQ(resumed.over(0).account_id(), account_id);
  EXPECT_EQ(resumed.over(0).session_epoch(), 1u);
  EXPECT_EQ(resumed.over(0).goes_on(), 70u);
  EXPECT_EQ(over(2).over_size(), 0);
  proto::BanSet ban;
  ban.set_account_id(account_id);
  ban.set_until_unix_ms(kNow + 1000);
  ask<proto::SessionReply>(*store, ban);
  auto banned = over(2);
  ASSERT_EQ(banned.over_size(), 1);
  EXPECT_EQ(banned.over(0).session_epoch(), 2u);
  EXPECT_EQ(banned.over(0).goes_on(), 0u);
}

TEST_F(DirectoryTest, ABanEndsTheSessionAndKeepsTheAccountOut) {
  begin(0, 70, "t0");
  proto::BanSet ban;
  ban.set_account_id(account_id);
  ban.set_until_unix_ms(kNow + 1000);
  ban.set_reason("bot");
  EXPECT_EQ(ask<proto::SessionReply>(*store, ban).session_epoch(), 2u);
  EXPECT_EQ(resume("t0", "t1").code(), proto::NO_SUCH);
  const auto refused = begin(2, 71, "u0");
  EXPECT_EQ(refused.code(), proto::REJECTED);
  EXPECT_EQ(refused.detail(), "banned");
  EXPECT_EQ(refused.banned_until_unix_ms(), kNow + 1000);
  EXPECT_EQ(account("anna", false).ban_reason(), "bot");
  ban.set_until_unix_ms(0);
  ask<proto::SessionReply>(*store, ban);
  EXPECT_EQ(begin(2, 71, "u0").code(), proto::STORED);
  ban.set_account_id(999);
  EXPECT_EQ(ask<proto::SessionReply>(*store, ban).code(), proto::NO_SUCH);
}

TEST_F(DirectoryTest, APasswordIsChangedOnceByWhoProvedTheOldOneAndEndsTheSession) {
  begin(0, 70, "t0");
  proto::PasswordSet set;
  set.set_account_id(account_id);
  set.set_expected_hash("hash of anna");
  set.set_password_hash("new");
  EXPECT_EQ(ask<proto::SessionReply>(*store, set).session_epoch(), 2u);
  EXPECT_EQ(account("anna", false).password_hash(), "new");
  EXPECT_EQ(resume("t0", "t1").code(), proto::NO_SUCH);
  EXPECT_EQ(begin(2, 70, "u0").code(), proto::STORED);
  EXPECT_EQ(ask<proto::SessionReply>(*store, set).code(), proto::STORED) << "asked again";
  EXPECT_EQ(resume("u0", "u1").code(), proto::STORED) << "and nothing more happens";
  set.set_password_hash("another");
  EXPECT_EQ(ask<proto::SessionReply>(*store, set).code(), proto::EXPECTED_OTHER) << "proven by the old one";
  EXPECT_EQ(account("anna", false).password_hash(), "new");
  set.set_account_id(999);
  EXPECT_EQ(ask<proto::SessionReply>(*store, set).code(), proto::NO_SUCH);
}

TEST_F(DirectoryTest, ANameBelongsToTheFirstAlsoAgainstLookAlikes) {
  EXPECT_EQ(reserve("Gold", 1, 100), proto::STORED);
  EXPECT_EQ(reserve("Gold", 1, 100), proto::STORED);
  EXPECT_EQ(reserve("g0ld", 2, 200), proto::NAME_TAKEN);
  EXPECT_EQ(claim("Gold", 2, 200), proto::EXPECTED_OTHER);
  EXPECT_EQ(claim("Gold", 1, 100), proto::STORED);
  EXPECT_EQ(claim("Gold", 1, 100), proto::STORED);
  EXPECT_EQ(claim("Nobody", 1, 100), proto::NO_SUCH);
}

TEST_F(DirectoryTest, AReleasedNameIsATombstone) {
  reserve("Gold", 1, 100);
  claim("Gold", 1, 100);
  EXPECT_EQ(claim("Gold", 1, 100, true), proto::STORED);
  EXPECT_EQ(claim("Gold", 1, 100, true), proto::STORED);
  EXPECT_EQ(reserve("Gold", 1, 100), proto::NAME_TAKEN);
  EXPECT_EQ(reserve("Gold", 2, 200), proto::NAME_TAKEN);
  EXPECT_EQ(claim("Gold", 1, 100), proto::EXPECTED_OTHER);
}

TEST_F(DirectoryTest, WhoseCreationIsNotEndedIsToldWhichItIsAndNobodyElse) {
  ASSERT_EQ(reserve_of("anna", "Gold", 1).code(), proto::STORED);
  const auto own = reserve_of("anna", "Gold", 2);
  EXPECT_EQ(own.code(), proto::NAME_TAKEN);
  EXPECT_EQ(own.own_player(), 1u);
  EXPECT_EQ(own.own_reservation(), 100u);
  EXPECT_EQ(reserve_of("ben", "Gold", 3).own_player(), 0u);
  EXPECT_EQ(reserve_of("anna", "g0ld", 4).own_player(), 0u) << "another name, which looks alike";
  ASSERT_EQ(claim("Gold", 1, 100), proto::STORED);
  EXPECT_EQ(reserve_of("anna", "Gold", 2).own_player(), 0u) << "ended";
}

TEST_F(DirectoryTest, ACreationThatWasRuledOutLeavesItsNameToItsAccountForAnotherCharacter) {
  ASSERT_EQ(reserve_of("anna", "Gold", 1).code(), proto::STORED);
  EXPECT_EQ(rule_out("Gold", 1), proto::STORED);
  EXPECT_EQ(rule_out("Gold", 1), proto::STORED) << "twice";
  EXPECT_EQ(reserve_of("ben", "Gold", 3).code(), proto::NAME_TAKEN);
  EXPECT_EQ(reserve_of("anna", "Gold", 1).code(), proto::NAME_TAKEN) << "a request that comes late";
  EXPECT_EQ(claim("Gold", 1, 100), proto::EXPECTED_OTHER);
  EXPECT_EQ(reserve_of("anna", "Gold", 2).code(), proto::STORED);
  EXPECT_EQ(reserve_of("anna", "Gold", 2).code(), proto::STORED) << "asked again";
  EXPECT_EQ(claim("Gold", 1, 100), proto::EXPECTED_OTHER) << "what is left of the first";
  EXPECT_EQ(rule_out("Gold", 1), proto::EXPECTED_OTHER);
  EXPECT_EQ(known(1), proto::STORED) << "who was reserved stays known";
  // A second time, and the first one's request comes late again.
  EXPECT_EQ(rule_out("Gold", 2), proto::STORED);
  EXPECT_EQ(reserve_of("anna", "Gold", 1).code(), proto::NAME_TAKEN);
  EXPECT_EQ(reserve_of("anna", "Gold", 4).code(), proto::STORED);
  EXPECT_EQ(claim("Gold", 4, 400), proto::STORED);
  EXPECT_EQ(known(2), proto::STORED);
}

TEST_F(DirectoryTest, ANameThatWasPlayedUnderIsATombstoneForItsAccountToo) {
  reserve_of("anna", "Gold", 1);
  claim("Gold", 1, 100);
  EXPECT_EQ(rule_out("Gold", 1), proto::STORED);
  EXPECT_EQ(reserve_of("anna", "Gold", 2).code(), proto::NAME_TAKEN);
  reserve_of("anna", "Silver", 5);
  EXPECT_EQ(claim("Silver", 5, 500, true), proto::STORED) << "nobody says that its CREATE is ruled out";
  EXPECT_EQ(rule_out("Silver", 5), proto::STORED) << "too late to say so";
  EXPECT_EQ(reserve_of("anna", "Silver", 6).code(), proto::NAME_TAKEN);
}

TEST_F(DirectoryTest, APlayerIsLocatedByNameAndByIdOnceClaimed) {
  proto::PlayerLocate by_name, by_id;
  by_name.set_name("gOLd");
  by_id.set_player_id(1);
  reserve("Gold", 1, 100);
  EXPECT_EQ(ask<proto::PlayerLocateReply>(*store, by_name).code(), proto::NO_SUCH);
  claim("Gold", 1, 100);
  EXPECT_EQ(ask<proto::PlayerLocateReply>(*store, by_name).player_id(), 1u);
  EXPECT_EQ(ask<proto::PlayerLocateReply>(*store, by_id).name(), "Gold");
  EXPECT_EQ(ask<proto::PlayerLocateReply>(*store, by_id).account_id(), account_id);
}

TEST_F(DirectoryTest, WhoIsLongGoneIsFoundByNameOnlyIfAskedFor) {
  proto::PlayerLocate query;
  query.set_name("Gold");
  reserve("Gold", 1, 100);
  claim("Gold", 1, 100);
  ASSERT_EQ(claim("Gold", 1, 100, true), proto::STORED);
  EXPECT_EQ(ask<proto::PlayerLocateReply>(*store, query).code(), proto::NO_SUCH);
  query.set_any_state(true);
  const auto found = ask<proto::PlayerLocateReply>(*store, query);
  EXPECT_EQ(found.code(), proto::STORED);
  EXPECT_EQ(found.player_id(), 1u);
  EXPECT_EQ(found.name(), "Gold");
  query.set_name("Silver");
  EXPECT_EQ(ask<proto::PlayerLocateReply>(*store, query).code(), proto::NO_SUCH);
}

TEST_F(DirectoryTest, APlaceIsTakenByOneAndARepeatIsHarmless) {
  proto::PlaceQuery query;
  query.set_place("town#1");
  EXPECT_EQ(ask<proto::PlaceReply>(*store, query).code(), proto::NO_SUCH);
  proto::PlaceAcquire request;
  request.set_place("town#1");
  request.set_node(5);
  *request.mutable_incarnation() = uid(7, 1);
  request.set_acquire_id(44);
  EXPECT_EQ(ask<proto::PlaceReply>(*store, request).epoch(), 1u);
  EXPECT_EQ(ask<proto::PlaceReply>(*store, request).code(), proto::STORED);
  auto rival = request;
  rival.set_node(6);
  rival.set_acquire_id(45);
  const auto lost = ask<proto::PlaceReply>(*store, rival);
  EXPECT_EQ(lost.code(), proto::EXPECTED_OTHER);
  EXPECT_EQ(lost.holder(), 5u);
  rival.set_expected_epoch(1);
  EXPECT_EQ(ask<proto::PlaceReply>(*store, rival).epoch(), 2u);
  EXPECT_EQ(ask<proto::PlaceReply>(*store, request).code(), proto::EXPECTED_OTHER) << "overtaken";
  EXPECT_EQ(ask<proto::PlaceReply>(*store, query).holder(), 6u);
}

TEST_F(DirectoryTest, AGmCommandIsClaimedOnceByEachNodeAndItsAuditCannotBeRewritten) {
  proto::GmClaim request;
  request.set_command_id(8);
  request.set_node("general-1");
  request.set_text("give Anna 5 gold");
  EXPECT_EQ(ask<proto::StoreReply>(*store, request).code(), proto::STORED);
  EXPECT_EQ(ask<proto::StoreReply>(*store, request).code(), proto::EXPECTED_OTHER);
  request.set_node("general-2");
  EXPECT_EQ(ask<proto::StoreReply>(*store, request).code(), proto::STORED);
  EXPECT_TRUE(store->audit_chain_whole());
  store.reset();
  sqlite3* db = nullptr;
  open_by_hand(path.c_str(), &db);
  sqlite3_exec(db, "UPDATE gm_audit SET text = 'give Anna 1 gold' WHERE number = 1", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  store = std::move(DirectoryStore::open(options).value());
  EXPECT_FALSE(store->audit_chain_whole());
}

TEST_F(DirectoryTest, SwitchesAreRows) {
  proto::SwitchSet set;
  set.set_name("shop");
  set.set_on(true);
  ask<proto::StoreReply>(*store, set);
  set.set_on(false);
  EXPECT_EQ(ask<proto::StoreReply>(*store, set).code(), proto::STORED);
  const auto list = ask<proto::SwitchesReply>(*store, proto::SwitchesQuery());
  ASSERT_EQ(list.switches_size(), 1);
  EXPECT_FALSE(list.switches(0).on());
}

TEST_F(DirectoryTest, ASwitchThatWasSetAnewDoesNotFallBackForItsFormerTime) {
  proto::SwitchSet set, back;
  set.set_name("maintenance");
  set.set_on(true);
  set.set_until_unix_ms(2000);
  ask<proto::StoreReply>(*store, set);
  back.set_name("maintenance");
  back.set_expected_until_unix_ms(1000);
  EXPECT_EQ(ask<proto::StoreReply>(*store, back).code(), proto::EXPECTED_OTHER);
  EXPECT_TRUE(ask<proto::SwitchesReply>(*store, proto::SwitchesQuery()).switches(0).on());
  back.set_expected_until_unix_ms(2000);
  EXPECT_EQ(ask<proto::StoreReply>(*store, back).code(), proto::STORED);
  EXPECT_FALSE(ask<proto::SwitchesReply>(*store, proto::SwitchesQuery()).switches(0).on());
}

}  // namespace
}  // namespace dure::store
