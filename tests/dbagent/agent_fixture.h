// The agent on a fake bus. Its workers' requests are kept until the test answers them; the directory's are answered at
// once by `directory`.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/agent.h"
#include "tests/common/fake_cluster.h"

namespace dure {

inline const NodeId kAgent(Role::kDbagent, 1), kOtherAgent(Role::kDbagent, 2), kGeneral(Role::kGeneral, 1),
    kGateway(Role::kGateway, 1), kSecondGateway(Role::kGateway, 2);

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

}  // namespace dure
