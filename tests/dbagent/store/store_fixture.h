// A fresh directory and short words for the requests that store tests speak.
#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "common/proto/store.pb.h"
#include "dbagent/store/audit.h"
#include "dbagent/store/directory_store.h"
#include "dbagent/store/shard_store.h"

namespace dure::store {

class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "dure-store-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

inline constexpr std::int64_t kNow = 1'700'000'000'000;

// Several requests as one batch.
class BatchOf {
 public:
  explicit BatchOf(std::int64_t wall_unix_ms = kNow) { batch_.set_wall_unix_ms(wall_unix_ms); }
  template <class Request>
  BatchOf& add(const Request& request) {
    auto* item = batch_.add_items();
    item->set_message_id(route_id(Request::descriptor()));
    item->set_body(request.SerializeAsString());
    return *this;
  }
  template <class Store>
  proto::StoreBatchReply run(Store& store) const {
    proto::StoreBatchReply reply;
    EXPECT_TRUE(reply.ParseFromString(store.run(batch_.SerializeAsString())));
    EXPECT_EQ(reply.items_size(), batch_.items_size());
    return reply;
  }

 private:
  proto::StoreBatch batch_;
};

template <class Reply, class Store, class Request>
Reply ask(Store& store, const Request& request, std::int64_t wall_unix_ms = kNow) {
  Reply reply;
  EXPECT_TRUE(reply.ParseFromString(BatchOf(wall_unix_ms).add(request).run(store).items(0).body()));
  return reply;
}

inline proto::Uid uid(std::uint64_t high, std::uint64_t low) {
  proto::Uid out;
  out.set_high(high);
  out.set_low(low);
  return out;
}

inline ShardOptions shard_options(const std::string& path, const char* vfs = "") {
  ShardOptions options;
  options.path = path;
  options.cluster_id = "test";
  options.shard = 3;
  options.agent_incarnation = {1, 1};
  options.vfs = vfs;
  return options;
}

inline std::unique_ptr<ShardStore> open_shard(const ShardOptions& options) {
  auto store = ShardStore::open(options);
  EXPECT_TRUE(store) << (store ? "" : store.error().detail);
  return store ? std::move(*store) : nullptr;
}

// Without a sync: what it promises is not what is tested.
inline std::unique_ptr<DirectoryStore> open_directory(const std::string& path) {
  DirectoryOptions options;
  options.path = path;
  options.cluster_id = "test";
  options.agent_incarnation = {1, 1};
  options.sync = false;
  auto directory = DirectoryStore::open(options);
  EXPECT_TRUE(directory) << (directory ? "" : directory.error().detail);
  return directory ? std::move(*directory) : nullptr;
}

inline proto::CreatePlayerRequest creation(std::uint64_t player_id, std::uint64_t account_id = 9) {
  proto::CreatePlayerRequest request;
  request.set_shard(3);
  request.set_player_id(player_id);
  request.set_account_id(account_id);
  request.set_name("Player" + std::to_string(player_id));
  request.set_reservation(player_id + 1000);
  return request;
}

inline proto::AcquireRequest acquisition(std::uint64_t player_id, std::uint64_t expected, std::uint64_t acquire_id,
                                         std::uint64_t incarnation = 7) {
  proto::AcquireRequest request;
  request.set_shard(3);
  request.set_player_id(player_id);
  *request.mutable_owner_incarnation() = uid(incarnation, 1);
  request.set_owner_node(5);
  request.set_expected_epoch(expected);
  request.set_acquire_id(acquire_id);
  return request;
}

// Operations of one owner: op().balance(…) appends effects to the newest.
class Ops {
 public:
  Ops(std::uint64_t player_id, std::uint64_t epoch, std::uint64_t incarnation = 7) {
    request.set_shard(3);
    request.set_player_id(player_id);
    request.set_epoch(epoch);
    *request.mutable_owner_incarnation() = uid(incarnation, 1);
  }
  Ops& op(std::uint64_t pseq, std::uint64_t creq = 0) {
    auto* operation = request.add_operations();
    operation->set_pseq(pseq);
    operation->set_reason("test.reason");
    operation->set_creq(creq);
    operation->set_creq_hash(creq * 31);
    return *this;
  }
  Ops& balance(const std::string& currency, std::int64_t delta, std::int64_t cap = 0) {
    auto* effect = add()->mutable_balance();
    effect->set_currency(currency);
    effect->set_delta(delta);
    effect->set_cap(cap);
    return *this;
  }
  Ops& mint(std::uint64_t low) {
    auto* item = add()->mutable_mint()->mutable_item();
    *item->mutable_id() = uid(1, low);
    item->set_template_("sword");
    return *this;
  }
  Ops& burn(std::uint64_t low, std::int64_t version) {
    auto* effect = add()->mutable_burn();
    *effect->mutable_item() = uid(1, low);
    effect->set_version(version);
    return *this;
  }
  Ops& attribute(std::uint64_t low, std::int64_t version, const std::string& key, std::int64_t value) {
    auto* effect = add()->mutable_set_attribute();
    *effect->mutable_item() = uid(1, low);
    effect->set_version(version);
    effect->set_key(key);
    effect->set_value(value);
    return *this;
  }
  Ops& once(const std::string& flag) {
    add()->mutable_set_once()->set_flag(flag);
    return *this;
  }
  Ops& count(const std::string& counter, std::int64_t delta, std::int64_t cap) {
    auto* effect = add()->mutable_count();
    effect->set_counter(counter);
    effect->set_delta(delta);
    effect->set_cap(cap);
    return *this;
  }
  Ops& layout(const std::string& bytes) {
    add()->mutable_layout()->set_layout(bytes);
    return *this;
  }
  Ops& drop(std::uint64_t run, std::uint64_t number) {
    auto* effect = add()->mutable_drop_key();
    effect->set_run(run);
    effect->set_number(number);
    return *this;
  }
  Ops& send(std::uint64_t message_id, std::uint64_t to, std::int64_t gold, std::vector<std::uint64_t> items = {}) {
    auto* effect = add()->mutable_send();
    effect->set_message_id(message_id);
    effect->set_to_player(to);
    if (gold > 0) {
      auto* amount = effect->add_balances();
      amount->set_name("gold");
      amount->set_value(gold);
    }
    for (const auto low : items) *effect->add_items() = uid(1, low);
    return *this;
  }
  Ops& claim(std::uint64_t message_id, std::int64_t gold_cap = 0) {
    auto* effect = add()->mutable_claim();
    effect->set_message_id(message_id);
    if (gold_cap == 0) return *this;
    auto* cap = effect->add_caps();
    cap->set_name("gold");
    cap->set_value(gold_cap);
    return *this;
  }
  proto::ApplyRequest request;

 private:
  proto::Effect* add() { return request.mutable_operations(request.operations_size() - 1)->add_effects(); }
};

inline proto::DeliverRequest delivery(std::uint64_t player_id, std::uint64_t message_id, std::int64_t gold) {
  proto::DeliverRequest request;
  request.set_shard(3);
  request.set_player_id(player_id);
  request.set_message_id(message_id);
  request.set_reason("gm.give");
  auto* amount = request.add_balances();
  amount->set_name("gold");
  amount->set_value(gold);
  return request;
}

inline std::int64_t gold_of(const proto::Aggregate& aggregate) {
  for (const auto& amount : aggregate.balances())
    if (amount.name() == "gold") return amount.value();
  return 0;
}

// A shard with players 1 and 2, both acquired at epoch 1 by incarnation 7.
class ShardTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store = open_shard(shard_options(path));
    for (const std::uint64_t player : {1, 2}) {
      EXPECT_EQ(ask<proto::StoreReply>(*store, creation(player)).code(), proto::STORED);
      EXPECT_EQ(ask<proto::AcquireReply>(*store, acquisition(player, 0, 100 + player)).epoch(), 1u);
    }
  }
  void TearDown() override {
    if (store != nullptr) expect_clean();
  }
  proto::ApplyReply apply(const Ops& ops) { return ask<proto::ApplyReply>(*store, ops.request); }
  proto::AuditReply audit_reply() {
    proto::AuditRequest request;
    request.set_shard(3);
    return ask<proto::AuditReply>(*store, request);
  }
  void expect_clean() {
    const auto reply = audit_reply();
    EXPECT_EQ(reply.ledger_sum(), 0);
    EXPECT_EQ(reply.findings_size(), 0) << reply.DebugString();
    EXPECT_EQ(store->faults(), 0u);
  }
  // What a new owner would read; ends the epoch.
  proto::AcquireReply reacquire(std::uint64_t player, std::uint64_t expected) {
    return ask<proto::AcquireReply>(*store, acquisition(player, expected, ++acquire_ids));
  }
  std::uint64_t acquire_ids = 1000;
  TempFolder folder;
  std::string path = folder.file("shard.db");
  std::unique_ptr<ShardStore> store;
};

}  // namespace dure::store
