// Random owners, zombies, resends and restarts against a model of the contract small enough to read.
#include <map>
#include <random>
#include <set>

#include "tests/dbagent/store/store_fixture.h"

namespace dure::store {
namespace {

struct ModelPlayer {
  std::uint64_t epoch = 1;
  bool owned = true;
  std::uint64_t last_pseq = 0;
  std::int64_t gold = 0;
  std::set<std::uint64_t> items;
};

class PropertyTest : public ShardTest, public ::testing::WithParamInterface<int> {
 protected:
  std::mt19937_64 random{static_cast<std::uint64_t>(GetParam())};
  std::map<std::uint64_t, ModelPlayer> model{{1, {}}, {2, {}}};
  std::set<std::uint64_t> minted;

  std::uint64_t draw(std::uint64_t bound) { return random() % bound; }

  // One effect on the model; false: a guard is false.
  bool apply_random(ModelPlayer& player, Ops& ops) {
    const std::uint64_t item = 1 + draw(40);
    switch (draw(4)) {
      case 0: {
        const auto delta = static_cast<std::int64_t>(draw(200)) - 90;
        ops.balance("gold", delta, 500);
        if (player.gold + delta < 0 || (delta > 0 && player.gold + delta > 500)) return false;
        player.gold += delta;
        return true;
      }
      case 1:
        ops.mint(item);
        return minted.insert(item).second && player.items.insert(item).second;
      case 2:
        ops.burn(item, 0);
        return player.items.erase(item) == 1;
      default:
        ops.once("flag" + std::to_string(draw(1'000'000)));
        return true;
    }
  }

  void propose(std::uint64_t id) {
    ModelPlayer& player = model[id];
    const bool zombie = draw(10) == 0;
    const std::uint64_t epoch = player.epoch - (zombie ? 1 : 0);
    Ops ops(id, epoch);
    ModelPlayer after = player;
    auto minted_after = minted;
    proto::StoreCode expected = proto::STORED;
    std::uint64_t pseq = player.last_pseq + (draw(20) == 0 ? 2 : 1);
    if (zombie || !player.owned)
      expected = proto::STALE_EPOCH;
    else if (pseq != player.last_pseq + 1)
      expected = proto::GAP;
    for (std::uint64_t n = 1 + draw(4); n > 0; --n, ++pseq) {
      ops.op(pseq);
      ModelPlayer tried = after;
      auto minted_before = minted;
      bool good = true;
      for (std::uint64_t effects = 1 + draw(3); effects > 0; --effects) good = apply_random(tried, ops) && good;
      if (expected != proto::STORED) {
        minted = minted_before;
      } else if (good) {
        tried.last_pseq = pseq;
        after = tried;
        minted_after = minted;
      } else {
        expected = proto::REJECTED;
        minted = minted_after;
      }
    }
    const auto reply = apply(ops);
    ASSERT_EQ(reply.code(), expected) << ops.request.DebugString() << reply.detail();
    if (expected == proto::STALE_EPOCH || expected == proto::GAP) return;
    minted = minted_after;
    player = after;
    ASSERT_EQ(reply.saved_pseq(), player.last_pseq);
    if (expected == proto::STORED) {
      ASSERT_EQ(BatchOf().add(ops.request).run(*store).changed(), 0u) << "a resend had an effect";
    } else {
      player.owned = false;
      ++player.epoch;
      player.last_pseq = 0;
    }
  }

  void take(std::uint64_t id) {
    ModelPlayer& player = model[id];
    const auto grant = reacquire(id, player.epoch);
    ASSERT_EQ(grant.code(), proto::STORED);
    ASSERT_EQ(grant.ended_last_pseq(), player.last_pseq);
    ++player.epoch;
    player.owned = true;
    player.last_pseq = 0;
    ASSERT_EQ(gold_of(grant.aggregate()), player.gold);
    std::set<std::uint64_t> items;
    for (const auto& item : grant.aggregate().items()) items.insert(item.id().low());
    ASSERT_EQ(items, player.items);
  }
};

TEST_P(PropertyTest, TheStoreDoesWhatTheContractSays) {
  for (int step = 0; step < 250 && !HasFatalFailure(); ++step) {
    const std::uint64_t id = 1 + draw(2);
    if (draw(4) == 0 || !model[id].owned)
      take(id);
    else
      propose(id);
    if (step % 60 == 59) {
      expect_clean();
      store.reset();
      store = open_shard(shard_options(path));
    }
  }
  take(1);
  take(2);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PropertyTest, ::testing::Range(1, 4));

}  // namespace
}  // namespace dure::store
