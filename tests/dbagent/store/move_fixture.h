// Two shards (3 and 4) and a directory, and the steps of a move between them in short words.
#pragma once
#include "common/proto/shard_map.pb.h"
#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {

class MoveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    open_all();
    proto::AccountQuery query;
    query.set_account("mina");
    query.set_create(true);
    account = ask<proto::AccountReply>(*directory, query).account_id();
    for (const std::uint64_t player : {1, 2})
      EXPECT_EQ(ask<proto::StoreReply>(*shard(3), creation(player, account)).code(), proto::STORED);
    EXPECT_EQ(ask<proto::AcquireReply>(*shard(3), acquisition(1, 0, 77)).epoch(), 1u);
  }
  void TearDown() override { expect_clean(); }

  void open_all() {
    for (const std::uint32_t number : numbers) {
      stores[number].reset();
      auto options = shard_options(folder.file("shard-" + std::to_string(number)));
      options.shard = number;
      options.agent_incarnation = {1, ++lives};
      stores[number] = open_shard(options);
    }
    directory.reset();
    DirectoryOptions options;
    options.path = folder.file("directory");
    options.cluster_id = "test";
    options.agent_incarnation = {1, ++lives};
    options.first_shard = 3;
    options.shards = configured;
    auto opened = DirectoryStore::open(options);
    ASSERT_TRUE(opened);
    directory = std::move(*opened);
  }
  ShardStore* shard(std::uint32_t number) { return stores.at(number).get(); }

  template <class Reply, class Request>
  Reply step(std::uint32_t number, Request request) {
    request.set_shard(number);
    return ask<Reply>(*shard(number), request);
  }
  proto::MoveContentReply freeze(std::uint32_t number, std::uint64_t m) {
    return step<proto::MoveContentReply>(number, of<proto::MoveFreeze>(m));
  }
  proto::MoveStepReply copy(std::uint32_t number, std::uint64_t m, const proto::MoveContentReply& content) {
    auto request = of<proto::MoveCopy>(m);
    request.set_offset(content.offset());
    request.set_bytes(content.bytes());
    request.set_bytes_total(content.bytes_total());
    request.set_hash(content.hash());
    return step<proto::MoveStepReply>(number, request);
  }
  template <class Request>
  proto::MoveStepReply settle(std::uint32_t number, std::uint64_t m, proto::MoveFate fate) {
    auto request = of<Request>(m);
    request.set_fate(fate);
    return step<proto::MoveStepReply>(number, request);
  }
  proto::MoveStepReply activate(std::uint32_t number, std::uint64_t m, proto::MoveFate fate = proto::MOVE_FLIPPED) {
    return settle<proto::MoveActivate>(number, m, fate);
  }
  proto::MoveStepReply retire(std::uint32_t number, std::uint64_t m, proto::MoveFate fate = proto::MOVE_FLIPPED) {
    return settle<proto::MoveRetire>(number, m, fate);
  }
  proto::MoveStepReply unfreeze(std::uint32_t number, std::uint64_t m, proto::MoveFate fate = proto::MOVE_ABORTED) {
    return settle<proto::MoveUnfreeze>(number, m, fate);
  }
  proto::MoveStepReply discard(std::uint32_t number, std::uint64_t m, proto::MoveFate fate = proto::MOVE_ABORTED) {
    return settle<proto::MoveDiscard>(number, m, fate);
  }
  proto::MoveReply intent(std::uint64_t m, std::uint32_t target) {
    auto request = of<proto::MoveIntent>(m);
    request.set_target(target);
    return ask<proto::MoveReply>(*directory, request);
  }
  proto::MoveReply flip(std::uint64_t m, std::uint32_t arrived_shard, std::uint64_t arrived_move) {
    auto request = of<proto::MoveFlip>(m);
    request.set_arrived_shard(arrived_shard);
    request.set_arrived_move(arrived_move);
    return ask<proto::MoveReply>(*directory, request);
  }
  proto::MoveReply abort(std::uint64_t m) { return ask<proto::MoveReply>(*directory, of<proto::MoveAbort>(m)); }
  proto::MoveReply query(std::uint64_t m) { return ask<proto::MoveReply>(*directory, of<proto::MoveQuery>(m)); }
  // A whole move, nothing lost on the way.
  void move(std::uint64_t m, std::uint32_t from, std::uint32_t to) {
    EXPECT_EQ(intent(m, to).code(), proto::STORED);
    const auto content = freeze(from, m);
    EXPECT_EQ(content.code(), proto::STORED) << content.detail();
    const auto copied = copy(to, m, content);
    EXPECT_EQ(copied.state(), proto::ACCOUNT_ARRIVING) << copied.detail();
    EXPECT_EQ(flip(m, to, m).code(), proto::STORED);
    EXPECT_EQ(activate(to, m).code(), proto::STORED);
    EXPECT_EQ(retire(from, m).code(), proto::STORED);
  }

  proto::ApplyReply apply(std::uint32_t number, const Ops& ops) { return step<proto::ApplyReply>(number, ops.request); }
  proto::AcquireReply reacquire(std::uint32_t number, std::uint64_t player, std::uint64_t expected) {
    return step<proto::AcquireReply>(number, acquisition(player, expected, ++acquire_ids));
  }
  Audit audit_of(std::uint32_t number) {
    proto::AuditRequest request;
    request.set_shard(number);
    const auto reply = ask<proto::AuditReply>(*shard(number), request);
    Audit audit;
    audit.shard = number;
    audit.ledger_sum = reply.ledger_sum();
    audit.items = reply.items();
    audit.players = reply.players();
    audit.orphans = reply.orphans();
    audit.doubles = reply.doubles();
    audit.findings.assign(reply.findings().begin(), reply.findings().end());
    for (const auto& id : reply.item_ids()) audit.item_ids.push_back(key_of(id));
    for (const auto& id : reply.moving_item_ids()) audit.moving_ids.push_back(key_of(id));
    return audit;
  }
  Audit audit_of_all() {
    std::vector<Audit> audits;
    for (const std::uint32_t number : numbers) audits.push_back(audit_of(number));
    return merge_audits(audits);
  }
  Audit expect_clean() {
    const Audit merged = audit_of_all();
    for (const std::uint32_t number : numbers) EXPECT_EQ(shard(number)->faults(), 0u);
    EXPECT_TRUE(merged.clean()) << audit_line(merged) << (merged.findings.empty() ? "" : merged.findings.front());
    return merged;
  }

  template <class Request>
  Request of(std::uint64_t m) {
    Request request;
    request.set_account_id(account);
    request.set_move_id(m);
    return request;
  }

  TempFolder folder;
  std::vector<std::uint32_t> numbers{3, 4};
  std::uint32_t configured = 2;  // shards, from the third on
  std::map<std::uint32_t, std::unique_ptr<ShardStore>> stores;
  std::unique_ptr<DirectoryStore> directory;
  std::uint64_t account = 0, lives = 0, acquire_ids = 1000;
};

}  // namespace dure::store
