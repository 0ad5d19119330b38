// An owner whose agent saves what it is sent, grants everybody with a new epoch, and has the players 1 and 2 in the
// inn; a test has it fall silent, or say something odd.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "common/proto/gateway.pb.h"
#include "tests/common/game/inn.h"

namespace dure::test {

class OwnerTest : public testing::Test, protected InnCluster {
 protected:
  explicit OwnerTest(const OwnerNode::Options& options = {}) : InnCluster({1}, options) {
    cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(
        kAgent, [this](auto&, const auto& request) -> std::optional<proto::AcquireReply> {
          ++acquires_;
          if (!grants_) return std::nullopt;
          proto::AcquireReply row;
          row.set_epoch(request.expected_epoch() + 1);
          *row.mutable_aggregate() = row_;
          row.mutable_aggregate()->set_player_id(request.player_id());
          return row;
        });
    cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
        kAgent, [this](auto&, const proto::ApplyRequest& request) -> std::optional<proto::ApplyReply> {
          applied_.push_back(request);
          if (!saves_) return std::nullopt;
          proto::ApplyReply saved;
          saved.set_saved_pseq(request.operations(request.operations_size() - 1).pseq() + knows_more_);
          saved.set_code(answers_);
          return saved;
        });
    cluster_->answers<proto::InboxQuery, proto::InboxReply>(
        kAgent, [this](auto&, const proto::InboxQuery&) -> std::optional<proto::InboxReply> {
          ++inbox_asked_;
          return on_inbox_ ? on_inbox_() : proto::InboxReply();
        });
    ask_in(1);
    ask_in(2);
    CHECK(inn_->players().size() == 2);
    acquires_ = 0;
    cluster_->forget_sent();
  }

  Player& player(std::uint64_t id) { return *inn_->find(PlayerId(id)); }
  bool here(std::uint64_t id) { return inn_->find(PlayerId(id)) != nullptr; }
  PlayerRef ref(std::uint64_t id) { return {PlayerId(id), player(id).epoch}; }
  // One piece of gold more, by no client's request.
  void earn(std::uint64_t id) {
    proto::Operation operation;
    operation.set_reason("loot");
    auto* balance = operation.add_effects()->mutable_balance();
    balance->set_currency("gold");
    balance->set_delta(1);
    ASSERT_EQ(inn_->commit(player(id), std::move(operation), {}), Mirror::Guard::kOk);
  }
  // In a turn of its own.
  void now_do(std::function<void()> what) {
    inn_->after(Duration{}, std::move(what));
    cluster_->turn();
  }
  void kick(std::uint64_t id) {
    now_do([this, id] { inn_->kick(player(id), proto::NOT_ALLOWED, "a test"); });
  }
  // Begins it; what comes of it is in the answer as soon as that is known.
  void begin(Task<bool> task, std::optional<bool>* answer) {
    begin_here(std::move(task), answer);
    cluster_->turn();
  }
  // The same in the turn that runs.
  void begin_here(Task<bool> task, std::optional<bool>* answer) {
    inn_->spawn([](Task<bool> conversation, std::optional<bool>* out) -> Task<void> { *out = co_await conversation; }(
                                                                          std::move(task), answer));
  }
  // Of player 1, whose session is at that gateway now.
  static proto::Attach attach_of(NodeId gateway, std::uint32_t session_epoch) {
    proto::Attach attach;
    attach.set_player_id(1);
    attach.set_session_id(10);
    attach.set_session_epoch(session_epoch);
    attach.set_gateway(gateway.value);
    return attach;
  }
  void lose_socket(std::uint64_t id, bool gone = false) {
    proto::SessionLost lost;
    lost.set_player_id(id);
    lost.set_session_id(id * 10);
    lost.set_gone(gone);
    cluster_->say(kGateway, lost);
    cluster_->turn();
  }
  std::optional<proto::RouteDrop> dropped() {
    const auto found = cluster_->take<proto::RouteDrop>(kGateway);
    if (!found) return std::nullopt;
    return found->second;
  }

  bool saves_ = true, grants_ = true;
  proto::StoreCode answers_ = proto::STORED;  // to operations
  std::uint64_t knows_more_ = 0;              // operations that it says are saved and were never sent
  proto::Aggregate row_;                      // of everybody
  std::function<std::optional<proto::InboxReply>()> on_inbox_;
  std::vector<proto::ApplyRequest> applied_;
  int acquires_ = 0, inbox_asked_ = 0;
};

}  // namespace dure::test
