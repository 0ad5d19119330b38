// Moves in any order of their messages: every step may come late, twice or never, of any move there ever was, and the
// files may be closed and opened between any two. After each step the account is active on one shard at most, on the
// one that the map names, and the books balance; in the end everything that was ever saved is there, once.
#include <random>

#include "tests/dbagent/store/move_fixture.h"

namespace dure::store {
namespace {

class MovePropertyTest : public MoveTest {
 protected:
  static constexpr std::uint64_t kMovesMax = 5;

  struct Known {
    std::uint32_t source = 0, target = 0;
    proto::MoveFate fate = proto::MOVE_UNKNOWN;
    std::optional<proto::MoveContentReply> content;  // what FREEZE once answered
    bool arrived = false;                            // the target once answered ARRIVING
  };

  std::uint64_t draw(std::uint64_t below) { return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random); }

  void operate() {
    // The owner tries both shards, as one with an old map would.
    for (const std::uint32_t number : {3u, 4u}) {
      Ops ops(1, 1);
      ops.op(saved + 1).balance("gold", 1).mint(saved + 1);
      const auto reply = apply(number, ops);
      if (reply.code() == proto::STORED) {
        EXPECT_EQ(reply.saved_pseq(), saved + 1);
        ++saved;
      } else {
        EXPECT_TRUE(reply.code() == proto::RETRY || reply.code() == proto::WRONG_SHARD ||
                    reply.code() == proto::NO_SUCH)
            << proto::StoreCode_Name(reply.code()) << " " << reply.detail();
      }
    }
  }
  void begin() {
    if (moves.size() >= kMovesMax) return;
    const std::uint64_t m = moves.size() + 1;
    const auto now = query(0);
    if (intent(m, now.shard() == 3 ? 4 : 3).code() != proto::STORED) return;
    moves.push_back({now.shard(), now.shard() == 3 ? 4u : 3u, proto::MOVE_OPEN, {}, false});
  }
  void some_step() {
    if (moves.empty()) return;
    const std::uint64_t m = draw(moves.size()) + 1;
    Known& move = moves[m - 1];
    const std::uint32_t any = draw(2) == 0 ? 3 : 4;
    switch (draw(8)) {
      case 0: {
        const auto frozen = freeze(move.source, m);
        if (frozen.code() == proto::STORED) move.content = frozen;
        return;
      }
      case 1: {
        if (!move.content) return;
        const auto copied = copy(move.target, m, *move.content);
        if (copied.code() == proto::STORED && copied.state() == proto::ACCOUNT_ARRIVING && copied.mv() == m)
          move.arrived = true;
        return;
      }
      case 2:
        flip(m, move.arrived ? move.target : 0, move.arrived ? m : 0);
        break;
      case 3:
        if (draw(4) == 0) abort(m);
        break;
      case 4:
        if (final_fate(move)) activate(any, m, move.fate);
        return;
      case 5:
        if (final_fate(move)) retire(any, m, move.fate);
        return;
      case 6:
        if (final_fate(move)) unfreeze(any, m, move.fate);
        return;
      case 7:
        if (final_fate(move)) discard(any, m, move.fate);
        return;
    }
    move.fate = query(m).move().fate();
  }
  static bool final_fate(const Known& move) { return move.fate > proto::MOVE_OPEN; }

  void check() {
    std::vector<std::uint32_t> active;
    for (const std::uint32_t number : {3u, 4u}) {
      proto::OwnerQuery who;
      who.set_player_id(1);
      if (step<proto::AcquireReply>(number, who).code() == proto::STORED) active.push_back(number);
    }
    ASSERT_LE(active.size(), 1u);
    if (!active.empty()) {
      ASSERT_EQ(active.front(), query(0).shard());
    }
    const Audit merged = expect_clean();
    ASSERT_EQ(merged.items, saved);
  }

  // Whoever drives: reads the register and the shards, goes forward or back.
  void drain() {
    for (int round = 0; round < 4; ++round)
      for (std::uint64_t m = 1; m <= moves.size(); ++m) {
        Known& move = moves[m - 1];
        if (move.fate == proto::MOVE_OPEN) abort(m);
        move.fate = query(m).move().fate();
        for (const std::uint32_t number : {3u, 4u}) {
          activate(number, m, move.fate);
          retire(number, m, move.fate);
          unfreeze(number, m, move.fate);
          discard(number, m, move.fate);
        }
      }
  }

  std::mt19937_64 random;
  std::vector<Known> moves;
  std::uint64_t saved = 0;
};

TEST_F(MovePropertyTest, NothingIsLostOrDoubledInAnyOrderOfSteps) {
  int flipped = 0, aborted = 0;
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE(seed);
    for (auto& [number, store] : stores) store.reset();
    directory.reset();
    for (const auto& file : std::filesystem::directory_iterator(std::filesystem::path(folder.file("")).parent_path()))
      std::filesystem::remove_all(file);
    random.seed(seed);
    moves.clear();
    saved = 0;
    SetUp();
    for (int i = 0; i < 150; ++i) {
      const auto kind = draw(20);
      if (kind < 2)
        begin();
      else if (kind < 4)
        operate();
      else if (kind == 4 && draw(4) == 0)
        open_all();
      else
        some_step();
      check();
      if (HasFailure()) return;
    }
    drain();
    check();
    operate();
    const auto grant = reacquire(query(0).shard(), 1, 1);
    ASSERT_EQ(grant.code(), proto::STORED);
    EXPECT_EQ(gold_of(grant.aggregate()), static_cast<std::int64_t>(saved));
    EXPECT_EQ(grant.aggregate().items_size(), static_cast<int>(saved));
    EXPECT_EQ(grant.ended_last_pseq(), saved);
    for (const auto& move : moves) ++(move.fate == proto::MOVE_FLIPPED ? flipped : aborted);
  }
  EXPECT_GE(flipped, 8);
  EXPECT_GE(aborted, 8);
}

}  // namespace
}  // namespace dure::store
