// `dure backup` on a fake bus: one agent serves the directory and two shards, of which the second is large.
#include "tools/backup/backup_node.h"

#include <map>
#include <set>

#include "common/proto/operator.pb.h"
#include "tests/tools/tool_fixture.h"

namespace dure::test {
namespace {

constexpr std::uint32_t kSmall = 1, kLarge = 2;

class BackupNodeTest : public ToolTest<BackupNode, std::string> {
 protected:
  BackupNodeTest() : ToolTest({kSmall, kLarge}, "nowhere") {
    cluster.answers<proto::DirectoryBackup, proto::BackupState>(kAgent, [](const MeshHeader&, const auto&) {
      proto::BackupState state;
      state.set_phase(proto::BACKUP_NEARLY);
      return std::optional(state);
    });
    cluster.answers<proto::ShardBackup, proto::BackupState>(
        kAgent, [this](const MeshHeader&, const proto::ShardBackup& request) -> std::optional<proto::BackupState> {
          ++(request.cancel() ? cancelled : asked)[request.shard()];
          if (request.shard() == kLarge && !request.cancel()) return std::nullopt;
          return small;
        });
    small.set_phase(proto::BACKUP_NEARLY);
    agent_comes_up();
  }
  // A step of the large shard takes a second.
  void run(int seconds_long) {
    for (int i = 0; i < seconds_long && !node.done(); ++i) {
      cluster.run(seconds(1));
      proto::BackupState copying;
      copying.set_phase(proto::BACKUP_COPYING);
      while (const auto request = cluster.take<proto::ShardBackup>(kAgent))
        cluster.answer(kAgent, request->first, copying);
      cluster.turn();
    }
  }
  proto::BackupState small;
  std::map<std::uint32_t, int> asked, cancelled;
};

TEST_F(BackupNodeTest, ACopyThatIsNearlyWholeIsAskedForWhileAnotherOneIsMade) {
  run(20);
  EXPECT_FALSE(node.done());
  EXPECT_GE(asked[kSmall], 8) << "else it is taken for one that was left";
  EXPECT_LE(asked[kSmall], 20);
}

TEST_F(BackupNodeTest, OneFileThatIsRefusedEndsTheBackupAndSaysWhy) {
  small.set_phase(proto::BACKUP_BROKEN);
  small.set_detail("another backup is under way");
  run(5);
  EXPECT_TRUE(node.done());
  EXPECT_TRUE(node.answered());
  EXPECT_FALSE(node.whole());
  EXPECT_EQ(node.why(), "shard 1: another backup is under way");
  EXPECT_EQ(cancelled[kLarge], 1) << "nothing is left of it";
}

// The large shard has to be copied from its start again just when everybody stands still.
TEST_F(BackupNodeTest, ACopyThatFellBehindIsCopiedOnWhileEverybodyWorksAndNoneIsFinishedBefore) {
  bool held = false;
  int pauses = 0, copied_in_pauses = 0;
  std::map<std::uint32_t, int> left = {{0, 0}, {kSmall, 0}, {kLarge, 5}};
  std::set<std::uint32_t> finished;
  // Says how it stood before, as a store does.
  const auto copied_on = [&](std::uint32_t file, bool finish) {
    proto::BackupState state;
    state.set_phase(finished.contains(file) ? proto::BACKUP_DONE
                    : left[file] > 0        ? proto::BACKUP_COPYING
                                            : proto::BACKUP_NEARLY);
    if (finish) {
      EXPECT_EQ(pauses, 2);
      EXPECT_EQ(left[kLarge], 0);
      finished.insert(file);
    } else if (left[file] > 0) {
      --left[file];
      copied_in_pauses += held ? 1 : 0;
    }
    return std::optional(state);
  };
  cluster.answers<proto::DirectoryBackup, proto::BackupState>(
      kAgent, [&](const MeshHeader&, const auto& request) { return copied_on(0, request.finish()); });
  cluster.answers<proto::ShardBackup, proto::BackupState>(
      kAgent, [&](const MeshHeader&, const auto& request) { return copied_on(request.shard(), request.finish()); });
  cluster.answers<proto::CommitPause, proto::CommitPauseReply>(kAgent, [&](const MeshHeader&, const auto& request) {
    held = !request.resume();
    if (held && ++pauses == 1) left[kLarge] = 20;
    proto::CommitPauseReply reply;
    reply.set_held(true);
    return std::optional(reply);
  });
  while (const auto request = cluster.take<proto::ShardBackup>(kAgent))
    cluster.answer(kAgent, request->first, *copied_on(request->second.shard(), request->second.finish()));
  for (int i = 0; i < 100 && !node.done(); ++i) cluster.run(milliseconds(100));
  EXPECT_TRUE(node.whole()) << node.why();
  EXPECT_EQ(finished.size(), 3u);
  EXPECT_FALSE(held);
  EXPECT_LE(copied_in_pauses, 2);
}

// Everybody stands still until the last one has ended.
TEST_F(BackupNodeTest, FilesAreFinishedTogetherNotOneAfterTheOther) {
  std::set<std::uint32_t> finishing;
  const auto asked_of = [&](std::uint32_t file, bool finish) -> std::optional<proto::BackupState> {
    if (finish) {
      finishing.insert(file);
      return std::nullopt;
    }
    return small;
  };
  cluster.answers<proto::DirectoryBackup, proto::BackupState>(
      kAgent, [&](const MeshHeader&, const auto& request) { return asked_of(0, request.finish()); });
  cluster.answers<proto::ShardBackup, proto::BackupState>(
      kAgent, [&](const MeshHeader&, const auto& request) { return asked_of(request.shard(), request.finish()); });
  cluster.answers<proto::CommitPause, proto::CommitPauseReply>(kAgent, [&](const MeshHeader&, const auto&) {
    proto::CommitPauseReply reply;
    reply.set_held(true);
    return std::optional(reply);
  });
  while (const auto request = cluster.take<proto::ShardBackup>(kAgent)) cluster.answer(kAgent, request->first, small);
  cluster.run(seconds(1));
  EXPECT_EQ(finishing.size(), 3u);
}

TEST_F(BackupNodeTest, ABackupThatIsNotWantedAnyMoreIsCancelledEverywhere) {
  run(3);
  ASSERT_FALSE(node.done());
  node.interrupt();
  run(3);
  EXPECT_TRUE(node.done());
  EXPECT_FALSE(node.whole());
  EXPECT_EQ(node.why(), "interrupted");
  EXPECT_EQ(cancelled[kSmall], 1);
  EXPECT_EQ(cancelled[kLarge], 1);
}

}  // namespace
}  // namespace dure::test
