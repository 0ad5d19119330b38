// The order in which a restored shard redoes what the others know: a small shard that is nothing but a set of items.
#include "dbagent/reconcile_rounds.h"

#include <gtest/gtest.h>

#include <set>

#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"

namespace dure {
namespace {

proto::DeliverRequest letter(std::uint64_t id, std::uint64_t item) {
  proto::DeliverRequest one;
  one.set_message_id(id);
  one.add_items()->mutable_id()->set_low(item);
  return one;
}

// Letters that were received elsewhere take an item away; those that were sent here bring it.
struct Shard {
  std::set<std::uint64_t> items;
  std::vector<std::uint64_t> done;

  proto::ReconcileReply redo(const proto::Reconcile& request) {
    proto::ReconcileReply reply;
    for (int i = 0; i < request.received_size(); ++i) {
      const std::uint64_t item = request.received(i).items(0).id().low();
      if (items.erase(item) == 0 && !request.force()) {
        auto* waits = reply.add_waiting();
        waits->set_kind(proto::FACT_RECEIVED);
        waits->set_index(static_cast<std::uint32_t>(i));
        waits->set_why("an item is not here");
        waits->add_missing()->set_low(item);
        continue;
      }
      done.push_back(request.received(i).message_id());
      reply.set_redone(reply.redone() + 1);
    }
    for (int i = 0; i < request.sent_size(); ++i) {
      const std::uint64_t item = request.sent(i).items(0).id().low();
      if (!items.insert(item).second) {
        auto* waits = reply.add_waiting();
        waits->set_kind(proto::FACT_SENT);
        waits->set_index(static_cast<std::uint32_t>(i));
        waits->set_why("item exists");
        continue;
      }
      done.push_back(request.sent(i).message_id());
      reply.set_redone(reply.redone() + 1);
    }
    return reply;
  }
  void go_through(ReconcileRounds& rounds, const proto::Reconcile& first) {
    rounds.heard(first, redo(first));
    for (int i = 0; i < 100; ++i) {
      const auto next = rounds.next();
      if (!next) return;
      rounds.heard(*next, redo(*next));
    }
    ADD_FAILURE() << "it never ends";
  }
};

TEST(ReconcileRounds, WhatComesBackWaitsUntilItHasLeftAndWhatLeavesTwiceUntilItIsBack) {
  Shard shard{{7}, {}};
  proto::Reconcile facts;
  *facts.add_sent() = letter(2, 7);      // back, for the first time
  *facts.add_sent() = letter(4, 7);      // and for the second
  *facts.add_received() = letter(1, 7);  // away
  *facts.add_received() = letter(3, 7);  // away again
  ReconcileRounds rounds(2);
  shard.go_through(rounds, facts);
  EXPECT_TRUE(rounds.stuck().empty());
  EXPECT_EQ(shard.done.size(), 4u);
  EXPECT_EQ(shard.items, std::set<std::uint64_t>({7}));
}

TEST(ReconcileRounds, WhatWasNeverHereIsForcedOnlyWhenNothingCanBringIt) {
  Shard shard{{}, {}};
  proto::Reconcile facts;
  *facts.add_received() = letter(1, 7);  // made after the backup, and gone
  *facts.add_received() = letter(3, 7);  // gone again
  *facts.add_sent() = letter(2, 7);
  ReconcileRounds rounds(2);
  shard.go_through(rounds, facts);
  EXPECT_TRUE(rounds.stuck().empty());
  EXPECT_EQ(shard.done.size(), 3u);
  EXPECT_TRUE(shard.items.empty());
}

TEST(ReconcileRounds, WhatNeverGetsOnIsSaidAndEnds) {
  Shard shard{{7}, {}};
  proto::Reconcile facts;
  *facts.add_sent() = letter(2, 7);
  ReconcileRounds rounds(2);
  shard.go_through(rounds, facts);
  ASSERT_EQ(rounds.stuck().size(), 1u);
  EXPECT_EQ(rounds.stuck()[0], "letter 2 of shard 0: item exists");
}

}  // namespace
}  // namespace dure
