#include "dbagent/agent.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/store.pb.h"
#include "tests/common/fake_cluster.h"

namespace dure {
namespace {

const NodeId kAgent(Role::kDbagent, 1), kOtherAgent(Role::kDbagent, 2), kGeneral(Role::kGeneral, 1),
    kGateway(Role::kGateway, 1), kSecondGateway(Role::kGateway, 2);

// The agent on a fake bus. Its workers' requests are kept until the test answers them; the directory's are answered at
// once by `directory`.
class AgentTest : public ::testing::Test {
 protected:
  explicit AgentTest(AgentOptions options = {{}, {"gold"}, {"sword"}}, bool directory = true)
      : agent_(identity(directory), routes_, Seams{&log_, &entropy_}, without_scans(std::move(options))),
        cluster_(agent_, routes_) {
    cluster_.on_effect = [this](Outbound& outbound) { return worked(outbound); };
  }
  // What the desk of moves asks its shards by itself is not what these tests count.
  static AgentOptions without_scans(AgentOptions options) {
    options.moves.scan_interval = {};
    options.books.interval = {};
    return options;
  }
  static NodeIdentity identity(bool directory) {
    NodeIdentity identity;
    identity.id = kAgent;
    identity.name = to_text(kAgent);
    identity.incarnation = {1, 1};
    identity.shards = {0};
    identity.directory = directory;
    return identity;
  }
  bool worked(Outbound& outbound) {
    auto* work = std::get_if<Work>(&outbound);
    if (work == nullptr) return false;
    if (work->queue != Agent::kDirectoryQueue) {
      groups_.push_back(*work);
      return true;
    }
    WorkDone done{work->work_id, Bytes(directory(batch_of(*work)).SerializeAsString())};
    if (directory_stands_)
      standing_.push_back(std::move(done));
    else
      cluster_.in(std::move(done));
    return true;
  }
  static proto::StoreBatch batch_of(const Work& work) {
    proto::StoreBatch batch;
    EXPECT_TRUE(batch.ParseFromArray(work.request.data(), static_cast<int>(work.request.size())));
    return batch;
  }
  proto::StoreBatchReply directory(const proto::StoreBatch& batch) {
    proto::StoreBatchReply reply;
    for (const auto& item : batch.items()) {
      auto* out = reply.add_items();
      out->set_message_id(item.message_id());
      if (item.message_id() == route_id(proto::SwitchesQuery::descriptor())) {
        out->set_body(switches_.SerializeAsString());
      } else if (item.message_id() == route_id(proto::SwitchSet::descriptor())) {
        proto::SwitchSet set;
        set.ParseFromString(item.body());
        switch_sets_.push_back(set);
        if (switch_retries_ > 0 && switch_retries_-- > 0)
          reply.set_retry(true);
        else
          set_switch(set);
      } else if (item.message_id() == route_id(proto::GmClaim::descriptor())) {
        proto::StoreReply claimed;
        if (++claims_ > claims_granted_) claimed.set_code(proto::EXPECTED_OTHER);
        out->set_body(claimed.SerializeAsString());
      } else if (item.message_id() == route_id(proto::ShardsQuery::descriptor())) {
        proto::ShardsReply known;
        known.add_shards()->set_shard(0);
        out->set_body(known.SerializeAsString());
      } else if (item.message_id() == route_id(proto::PlayerLocate::descriptor())) {
        proto::PlayerLocateReply found;
        if (directory_is_busy_) found.set_code(proto::RETRY);
        found.set_player_id(7);
        found.set_account_id(70);
        out->set_body(found.SerializeAsString());
      } else if (item.message_id() == route_id(proto::ReservedNames::descriptor())) {
        out->set_body(reserved_.SerializeAsString());
      } else if (item.message_id() == route_id(proto::BanSet::descriptor()) ||
                 item.message_id() == route_id(proto::PasswordSet::descriptor()) ||
                 item.message_id() == route_id(proto::SessionBegin::descriptor()) ||
                 item.message_id() == route_id(proto::SessionResume::descriptor())) {
        proto::SessionReply session;
        session.set_account_id(70);
        session.set_session_epoch(5);
        out->set_body(session.SerializeAsString());
      }
    }
    return reply;
  }
  void set_switch(const proto::SwitchSet& set) {
    auto* rows = switches_.mutable_switches();
    auto row = std::find_if(rows->begin(), rows->end(), [&](const auto& s) { return s.name() == set.name(); });
    if (row == rows->end()) {
      rows->Add()->set_name(set.name());
      row = rows->end() - 1;
    }
    row->set_on(set.on());
    row->set_until_unix_ms(set.until_unix_ms());
  }
  // Answers the oldest group: every operation as saved, or as the store does when it could not commit.
  void finish_group(bool retry = false, bool failed = false) {
    ASSERT_FALSE(groups_.empty());
    const Work work = groups_.front();
    groups_.pop_front();
    proto::StoreBatchReply reply;
    reply.set_retry(retry);
    reply.set_failed(failed);
    const proto::StoreBatch batch = batch_of(work);
    for (const auto& item : batch.items()) {
      auto* out = reply.add_items();
      out->set_message_id(item.message_id());
      proto::ApplyReply saved;
      saved.set_saved_pseq(9);
      if (retry) saved.set_code(proto::REJECTED);  // must not be believed
      out->set_body(saved.SerializeAsString());
    }
    cluster_.in(WorkDone{work.work_id, Bytes(reply.SerializeAsString())});
    cluster_.turn();
  }
  CallId apply(std::uint64_t player, std::uint32_t shard = 0) {
    proto::ApplyRequest request;
    request.set_shard(shard);
    request.set_player_id(player);
    return cluster_.ask(kGeneral, request);
  }
  void order(std::uint64_t id, const std::string& verb, const std::vector<std::string>& words) {
    proto::GmCommand command;
    command.set_id(id);
    command.set_issuer("tester");
    command.set_cluster_id("dure");
    command.set_not_after_unix_ms(unix_ms(cluster_.wall) + 30'000);
    command.set_verb(verb);
    for (const auto& word : words) command.add_arguments(word);
    cluster_.in(GmCommandIn{Bytes(command.SerializeAsString()), "answers"});
    cluster_.run(milliseconds(100));
  }
  std::vector<proto::GmAnswer> answers() {
    std::vector<proto::GmAnswer> found;
    for (const auto& out : cluster_.effects<GmAnswerOut>())
      found.emplace_back().ParseFromString(std::string(out.answer.view()));
    return found;
  }

  Routes routes_ = std::move(*Routes::build(engine_files()));
  test::MemoryLog log_;
  SeededEntropy entropy_{1};
  proto::SwitchesReply switches_;
  std::vector<proto::SwitchSet> switch_sets_;
  int switch_retries_ = 0;  // how many of the next ones cannot be committed
  proto::ReservedNamesReply reserved_;
  int claims_ = 0, claims_granted_ = 1000;
  bool directory_stands_ = false, directory_is_busy_ = false;
  std::deque<WorkDone> standing_;
  std::deque<Work> groups_;
  Agent agent_;
  test::FakeCluster cluster_;
};

TEST_F(AgentTest, EveryMessageForTheAgentHasAHandler) { EXPECT_TRUE(agent_.routes_without_handler().empty()); }

TEST_F(AgentTest, RequestsOfFiveMillisecondsAreOneGroup) {
  cluster_.up(kGeneral);
  apply(1);
  cluster_.turn();
  cluster_.run(milliseconds(4), milliseconds(1));
  EXPECT_TRUE(groups_.empty());
  apply(2);
  cluster_.run(milliseconds(2), milliseconds(1));
  ASSERT_EQ(groups_.size(), 1u);
  EXPECT_EQ(groups_.front().queue, "shard-0");
  EXPECT_EQ(batch_of(groups_.front()).items_size(), 2);
}

TEST_F(AgentTest, AFullGroupLeavesAtOnceAndTakesNoMoreThanItsLimit) {
  cluster_.up(kGeneral);
  for (std::uint64_t player = 1; player <= 300; ++player) apply(player);
  cluster_.turn();
  ASSERT_EQ(groups_.size(), 1u);
  EXPECT_EQ(batch_of(groups_.front()).items_size(), 256);
}

TEST_F(AgentTest, TheNextGroupWaitsForTheOneBeforeIt) {
  cluster_.up(kGeneral);
  apply(1);
  cluster_.run(milliseconds(20));
  apply(2);
  cluster_.run(milliseconds(100));
  ASSERT_EQ(groups_.size(), 1u);
  finish_group();
  ASSERT_EQ(groups_.size(), 1u);
  proto::ApplyRequest second;
  second.ParseFromString(batch_of(groups_.front()).items(0).body());
  EXPECT_EQ(second.player_id(), 2u);
}

TEST_F(AgentTest, NothingIsSavedBeforeTheWorkerSaysSo) {
  cluster_.up(kGeneral);
  const CallId call = apply(1);
  cluster_.run(seconds(1));
  EXPECT_FALSE(cluster_.take_reply<proto::ApplyReply>(kGeneral, call));
  finish_group();
  const auto reply = cluster_.take_reply<proto::ApplyReply>(kGeneral, call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::STORED);
  EXPECT_EQ(reply->saved_pseq(), 9u);
}

TEST_F(AgentTest, AGroupThatWasNotCommittedIsNeverARefusal) {
  cluster_.up(kGeneral);
  const CallId call = apply(1);
  cluster_.run(milliseconds(20));
  finish_group(true);
  const auto reply = cluster_.take_reply<proto::ApplyReply>(kGeneral, call);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->code(), proto::RETRY);
}

TEST_F(AgentTest, AnUnreadableAnswerOfTheWorkerIsRetry) {
  cluster_.up(kGeneral);
  const CallId call = apply(1);
  cluster_.run(milliseconds(20));
  cluster_.in(WorkDone{groups_.front().work_id, Bytes()});
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, call)->code(), proto::RETRY);
}

TEST_F(AgentTest, AnotherAgentsShardIsTheWrongShard) {
  cluster_.up(kOtherAgent, PeerFacts{{}, 1, {1}, false});
  cluster_.up(kGeneral);
  const CallId call = apply(1, 1);
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, call)->code(), proto::WRONG_SHARD);
  EXPECT_TRUE(groups_.empty());
}

class SecondAgentTest : public AgentTest {
 protected:
  SecondAgentTest() : AgentTest({}, false) {}
};

TEST_F(SecondAgentTest, TheDirectoryIsTheWrongShardWhereItIsNotServed) {
  cluster_.up(kGateway);
  const CallId call = cluster_.ask(kGateway, proto::AccountQuery());
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::AccountReply>(kGateway, call)->code(), proto::WRONG_SHARD);
  order(1, "feature", {"shop", "off"});
  EXPECT_TRUE(answers().empty());
}

TEST_F(AgentTest, AnAnswerIsNotGivenToAnotherLifeOfTheAsker) {
  cluster_.up(kGeneral);
  const CallId call = apply(1);
  cluster_.run(milliseconds(20));
  cluster_.down(kGeneral);
  cluster_.up(kGeneral);
  finish_group();
  EXPECT_FALSE(cluster_.take_reply<proto::ApplyReply>(kGeneral, call));
}

TEST_F(AgentTest, TermCommitsWhatWaitsAndThenStops) {
  cluster_.up(kGeneral);
  const CallId first = apply(1);
  cluster_.run(milliseconds(20));
  const CallId second = apply(2);
  cluster_.turn();
  cluster_.in(StopRequested{});
  cluster_.turn();
  const CallId late = apply(3);
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, late)->code(), proto::RETRY);
  finish_group();
  EXPECT_TRUE(cluster_.effects<Stopped>().empty());
  finish_group();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, first)->code(), proto::STORED);
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, second)->code(), proto::STORED);
  EXPECT_EQ(cluster_.effects<Stopped>().size(), 1u);
}

TEST_F(AgentTest, AFileThatFailedForGoodEndsTheAgent) {
  cluster_.up(kGeneral);
  const CallId first = apply(1);
  cluster_.run(milliseconds(20));
  finish_group(true, true);
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, first)->code(), proto::RETRY);
  EXPECT_EQ(cluster_.effects<Stopped>().size(), 1u);
  ASSERT_EQ(log_.errors.size(), 1u);
  EXPECT_EQ(log_.errors[0].rfind("store.failed", 0), 0u);
}

TEST_F(AgentTest, WhatWaitedForAFailedFileIsToldToTryAgain) {
  cluster_.up(kGeneral);
  apply(1);
  cluster_.run(milliseconds(20));
  const CallId waiting = apply(2);
  cluster_.turn();
  finish_group(true, true);
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, waiting)->code(), proto::RETRY);
  EXPECT_TRUE(groups_.empty());
  EXPECT_EQ(cluster_.effects<Stopped>().size(), 1u);
}

class NarrowAgentTest : public AgentTest {
 protected:
  NarrowAgentTest() : AgentTest(AgentOptions{{256, 8u << 20, 3, milliseconds(5)}, {}, {}}) {}
};

TEST_F(NarrowAgentTest, MoreThanMayWaitIsToldToTryAgain) {
  cluster_.up(kGeneral);
  for (std::uint64_t player = 1; player <= 3; ++player) apply(player);
  const CallId call = apply(4);
  cluster_.turn();
  EXPECT_EQ(cluster_.take_reply<proto::ApplyReply>(kGeneral, call)->code(), proto::RETRY);
}

TEST_F(AgentTest, SwitchesAreToldWholeToEveryPeerThatComesUp) {
  auto* row = switches_.add_switches();
  row->set_name("shop");
  row->set_on(false);
  cluster_.run(milliseconds(50));
  cluster_.up(kGateway);
  const auto notice = cluster_.take<proto::SwitchesNotice>(kGateway);
  ASSERT_TRUE(notice);
  ASSERT_EQ(notice->second.switches_size(), 1);
  EXPECT_EQ(notice->second.switches(0).name(), "shop");
  EXPECT_FALSE(notice->second.switches(0).on());
  EXPECT_FALSE(agent_.switched_on("shop"));
}

TEST_F(AgentTest, AFeatureIsSwitchedOffOnceAndEverybodyHears) {
  cluster_.up(kGeneral);
  cluster_.run(milliseconds(50));
  cluster_.forget_sent();
  order(11, "feature", {"shop", "off"});
  order(11, "feature", {"shop", "off"});
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_TRUE(heard[0].ok() && heard[1].ok());
  EXPECT_EQ(claims_, 1);
  EXPECT_EQ(switches_.switches_size(), 1);
  EXPECT_TRUE(cluster_.take<proto::SwitchesNotice>(kGeneral));
}

TEST_F(AgentTest, MaintenanceUntilATimeEndsByItself) {
  cluster_.up(kGateway);
  const std::int64_t until = unix_ms(cluster_.wall) + 2000;
  order(12, "maintenance", {"on", std::to_string(until)});
  EXPECT_TRUE(agent_.switched_on("maintenance", false));
  EXPECT_EQ(agent_.maintenance_until_unix_ms(), until);
  cluster_.run(seconds(4));
  EXPECT_FALSE(agent_.switched_on("maintenance", false));
}

TEST_F(AgentTest, MaintenanceUntilATimeEndsAlsoWhereItsEndCannotBeWrittenAtOnce) {
  cluster_.up(kGateway);
  order(12, "maintenance", {"on", std::to_string(unix_ms(cluster_.wall) + 2000)});
  switch_retries_ = 2;
  cluster_.run(seconds(7));
  EXPECT_EQ(switch_retries_, 0);
  EXPECT_FALSE(agent_.switched_on("maintenance", false));
  const std::size_t sets = switch_sets_.size();
  cluster_.run(seconds(5));
  EXPECT_EQ(switch_sets_.size(), sets) << "it is asked no longer than until it is so";
}

TEST_F(AgentTest, TheEndOfMaintenanceDoesNotOverrideThatItWasExtended) {
  const std::int64_t until = unix_ms(cluster_.wall) + 2000;
  order(12, "maintenance", {"on", std::to_string(until)});
  switch_sets_.clear();
  cluster_.run(seconds(4));
  ASSERT_EQ(switch_sets_.size(), 1u);
  EXPECT_FALSE(switch_sets_[0].on());
  EXPECT_EQ(switch_sets_[0].expected_until_unix_ms(), until);
}

TEST_F(AgentTest, AShardThatDoesNotAnswerIsAskedForOneAbandonedNameAndTheOthersGoOn) {
  PeerFacts silent;
  silent.shards = {1};
  cluster_.up(kOtherAgent, silent);
  for (std::uint64_t player = 1; player <= 4; ++player) {
    auto* name = reserved_.add_names();
    name->set_player_id(player);
    name->set_shard(player == 4 ? 0 : 1);
  }
  MonoTime asked{};
  std::uint64_t settled = 0;
  for (const MonoTime end = cluster_.now + seconds(40); settled == 0 && cluster_.now < end;) {
    cluster_.run(milliseconds(10));
    if (cluster_.take<proto::SettleCreation>(kOtherAgent) && asked == MonoTime{}) asked = cluster_.now;
    for (; !groups_.empty(); finish_group()) {
      const proto::StoreBatch batch = batch_of(groups_.front());
      for (const auto& item : batch.items()) {
        proto::SettleCreation settle;
        if (item.message_id() != route_id(proto::SettleCreation::descriptor())) continue;
        settle.ParseFromString(item.body());
        settled = settle.player_id();
      }
    }
  }
  EXPECT_EQ(settled, 4u);
  EXPECT_NE(asked, MonoTime{});
  EXPECT_LE(cluster_.now - asked, seconds(6)) << "one deadline";
}

TEST_F(AgentTest, ACommandClaimedInAFormerLifeIsNotExecutedAgain) {
  claims_granted_ = 0;
  order(13, "feature", {"shop", "off"});
  EXPECT_EQ(switches_.switches_size(), 0);
  EXPECT_FALSE(answers().at(0).ok());
}

TEST_F(AgentTest, ACommandWhoseClaimIsAnsweredLateIsExecuted) {
  claims_granted_ = 1;
  cluster_.run(milliseconds(100));
  directory_stands_ = true;
  order(19, "feature", {"shop", "off"});
  cluster_.run(seconds(3));
  ASSERT_EQ(standing_.size(), 1u);
  directory_stands_ = false;
  cluster_.in(std::move(standing_.front()));
  cluster_.run(seconds(1));
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_TRUE(heard[0].ok()) << heard[0].text();
  EXPECT_EQ(switches_.switches_size(), 1);
  EXPECT_EQ(claims_, 1);
}

TEST_F(AgentTest, ABanThatNobodyCouldBeFoundForIsExecutedWhenItIsRepeated) {
  claims_granted_ = 1;
  cluster_.up(kGateway);
  const std::vector<std::string> words{"Mina", std::to_string(unix_ms(cluster_.wall) + 1'000'000), "bots"};
  directory_is_busy_ = true;
  order(20, "ban", words);
  cluster_.run(seconds(2));
  EXPECT_FALSE(answers().at(0).ok());
  directory_is_busy_ = false;
  order(20, "ban", words);
  EXPECT_TRUE(answers().at(0).ok());
  EXPECT_TRUE(cluster_.take<proto::SessionFenced>(kGateway));
  EXPECT_EQ(claims_, 1);
}

TEST_F(AgentTest, AGrantThatNobodyCouldBeFoundForIsMadeWhenItIsRepeated) {
  directory_is_busy_ = true;
  order(21, "give", {"Mina", "gold", "100"});
  cluster_.run(seconds(2));
  EXPECT_FALSE(answers().at(0).ok());
  directory_is_busy_ = false;
  while (!groups_.empty()) finish_group();
  order(21, "give", {"Mina", "gold", "100"});
  while (!groups_.empty()) finish_group();
  EXPECT_TRUE(answers().at(0).ok());
}

TEST_F(AgentTest, ARollbackOfWhomTheDirectoryDidNotFindForBeingBusyMayBeRepeated) {
  directory_is_busy_ = true;
  order(22, "rollback", {"player", "Mina", "1000"});
  cluster_.run(seconds(2));
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0].text().find("nobody is called"), std::string::npos) << heard[0].text();
}

TEST_F(AgentTest, OfCommandsTheOldestIsForgottenFirstWhateverItsNumber) {
  constexpr std::uint64_t kKept = 256;
  for (std::uint64_t id = 10'000; id < 10'000 + kKept; ++id) order(id, "feature", {"shop", "off"});
  for (const std::uint64_t id : {1, 2}) order(id, "feature", {"shop", "off"});
  const int claimed = claims_;
  answers();
  for (const std::uint64_t id : {1, 2}) order(id, "feature", {"shop", "off"});
  EXPECT_EQ(claims_, claimed) << "known";
  EXPECT_EQ(answers().size(), 2u);
  order(10'000, "feature", {"shop", "off"});
  EXPECT_EQ(claims_, claimed + 1) << "forgotten: the database knows it";
}

TEST_F(AgentTest, ABanFencesTheSessionAtEveryGateway) {
  cluster_.up(kGateway);
  cluster_.up(kSecondGateway);
  order(14, "ban", {"Mina", std::to_string(unix_ms(cluster_.wall) + 1'000'000), "bots"});
  EXPECT_TRUE(answers().at(0).ok());
  for (const NodeId gateway : {kGateway, kSecondGateway}) {
    const auto fenced = cluster_.take<proto::SessionFenced>(gateway);
    ASSERT_TRUE(fenced);
    EXPECT_EQ(fenced->second.account_id(), 70u);
    EXPECT_EQ(fenced->second.session_epoch(), 4u) << "the epoch that was displaced, not the one that stands";
  }
  cluster_.down(kGateway);
  cluster_.up(kGateway);
  EXPECT_TRUE(cluster_.take<proto::SessionFenced>(kGateway)) << "told again to a gateway that was away";
}

TEST_F(AgentTest, AChangedPasswordIsAnsweredAndThenFencesTheSessionAtEveryGateway) {
  cluster_.up(kGateway);
  cluster_.up(kSecondGateway);
  proto::PasswordSet set;
  set.set_account_id(70);
  set.set_expected_hash("old");
  set.set_password_hash("new");
  cluster_.ask(kGateway, set);
  cluster_.run(milliseconds(50));
  for (const NodeId gateway : {kGateway, kSecondGateway}) {
    const auto fenced = cluster_.take<proto::SessionFenced>(gateway);
    ASSERT_TRUE(fenced);
    EXPECT_EQ(fenced->second.account_id(), 70u);
    EXPECT_EQ(fenced->second.session_epoch(), 4u);
  }
}

TEST_F(AgentTest, AResumedSessionIsFencedEverywhereButWhereItIsResumed) {
  cluster_.up(kGateway);
  cluster_.up(kSecondGateway);
  proto::SessionResume resume;
  resume.set_session_id(77);
  cluster_.ask(kGateway, resume);
  cluster_.run(milliseconds(50));
  EXPECT_FALSE(cluster_.take<proto::SessionFenced>(kGateway));
  const auto fenced = cluster_.take<proto::SessionFenced>(kSecondGateway);
  ASSERT_TRUE(fenced);
  EXPECT_EQ(fenced->second.goes_on(), 77u) << "its player stays in the world";
}

TEST_F(AgentTest, AGrantIsDeliveredUnderTheCommandsIdAndItsOwnerHears) {
  cluster_.up(kGeneral);
  order(15, "give", {"Mina", "gold", "100"});
  ASSERT_EQ(groups_.size(), 1u);
  proto::DeliverRequest request;
  request.ParseFromString(batch_of(groups_.front()).items(0).body());
  EXPECT_EQ(request.message_id(), 15u);
  EXPECT_EQ(request.player_id(), 7u);
  EXPECT_EQ(request.balances(0).value(), 100);
  finish_group();
  EXPECT_TRUE(answers().at(0).ok());
  EXPECT_EQ(cluster_.take<proto::InboxNotice>(kGeneral)->second.player_id(), 7u);
}

TEST_F(AgentTest, AGrantOfNothingKnownIsRefusedBeforeItIsClaimed) {
  order(16, "give", {"Mina", "moon", "1"});
  order(17, "give", {"Mina", "gold", "-5"});
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_FALSE(heard[0].ok() || heard[1].ok());
  EXPECT_EQ(claims_, 0);
}

class SmallBagTest : public AgentTest {
 protected:
  static AgentOptions small() {
    AgentOptions options{{}, {"gold"}, {"sword"}};
    options.cap = [](const std::string&) { return 999; };
    options.items_max = 60;
    return options;
  }
  SmallBagTest() : AgentTest(small()) {}
};

TEST_F(SmallBagTest, AGrantThatNoBagWouldEverTakeInIsRefused) {
  order(20, "give", {"Mina", "gold", "1000"});
  order(21, "give", {"Mina", "sword", "61"});
  const auto heard = answers();
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_FALSE(heard[0].ok() || heard[1].ok());
  EXPECT_EQ(heard[1].text(), "give: count is 1 to 60");
  EXPECT_EQ(claims_, 0);
  order(22, "give", {"Mina", "gold", "999"});
  order(23, "give", {"Mina", "sword", "60"});
  EXPECT_EQ(claims_, 2);
}

TEST_F(AgentTest, StatusIsAnsweredAndAnExpiredCommandIsNot) {
  order(18, "status", {});
  ASSERT_EQ(answers().size(), 1u);
  cluster_.wall -= seconds(100);
  order(19, "status", {});
  EXPECT_EQ(answers().size(), 1u);
  proto::GmCommand late;
  late.set_cluster_id("dure");
  late.set_verb("status");
  late.set_not_after_unix_ms(unix_ms(cluster_.wall) - 1);
  cluster_.in(GmCommandIn{Bytes(late.SerializeAsString()), "answers"});
  cluster_.turn();
  EXPECT_TRUE(answers().empty());
}

}  // namespace
}  // namespace dure
