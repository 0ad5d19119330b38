#include "dbagent/commit_queue.h"

#include <gtest/gtest.h>

namespace dure {
namespace {

class CommitQueueTest : public ::testing::Test {
 protected:
  void push(const StoreKind& kind, const std::string& body) { ASSERT_TRUE(queue_.push({{}, &kind, body, now_})); }
  std::string take() {
    std::string bodies;
    for (const Asked& asked : queue_.take(now_)) bodies += asked.body;
    queue_.done(now_);
    return bodies;
  }
  const StoreKind operation_{1, {}, {}, false}, load_{2, {}, {}, true};
  MonoTime now_{seconds(1)};
  CommitQueue queue_{GroupLimits{4, 8u << 20, 10, milliseconds(5), 2}};
};

TEST_F(CommitQueueTest, OperationsAreCommittedInTheOrderInWhichTheyCame) {
  for (const char* body : {"a", "b", "c", "d", "e"}) push(operation_, body);
  EXPECT_EQ(queue_.due(now_, false), now_);
  EXPECT_EQ(take(), "abcd");
  EXPECT_EQ(queue_.due(now_, false), now_ + milliseconds(5));
  EXPECT_EQ(take(), "e");
}

TEST_F(CommitQueueTest, ABurstOfLoadsGoesASliceAtATimeAndOperationsOvertakeIt) {
  for (const char* body : {"1", "2", "3", "4", "5"}) push(load_, body);
  push(operation_, "a");
  EXPECT_EQ(take(), "a12");
  push(operation_, "b");
  EXPECT_EQ(take(), "b34");
  EXPECT_EQ(take(), "5");
  EXPECT_TRUE(queue_.idle());
}

TEST_F(CommitQueueTest, ASliceOfLoadsDoesNotWaitForOperations) {
  push(load_, "1");
  EXPECT_EQ(queue_.due(now_, false), now_ + milliseconds(5));
  push(load_, "2");
  EXPECT_EQ(queue_.due(now_, false), now_);
}

TEST_F(CommitQueueTest, LoadsCountAgainstWhatMayWaitAndAreAbandonedWithTheRest) {
  for (int i = 0; i < 9; ++i) push(load_, "x");
  push(operation_, "a");
  EXPECT_FALSE(queue_.push({{}, &operation_, "b", now_}));
  EXPECT_EQ(queue_.abandon().size(), 10u);
  EXPECT_TRUE(queue_.idle());
}

}  // namespace
}  // namespace dure
