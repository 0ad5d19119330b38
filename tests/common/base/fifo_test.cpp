#include "common/base/fifo.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "common/base/random.h"

namespace dure {
namespace {

TEST(Fifo, IsAQueueWhateverTheOrderOfComingAndGoing) {
  Rng rng(7);
  Fifo<std::uint64_t> fifo;
  std::deque<std::uint64_t> expected;
  for (std::uint64_t step = 0; step < 20'000; ++step) {
    const bool fills = step / 500 % 2 == 0;
    if (rng.below(10) < (fills ? 7u : 3u)) {
      fifo.push_back(step);
      expected.push_back(step);
    } else if (!expected.empty()) {
      ASSERT_EQ(fifo.front(), expected.front());
      fifo.pop_front();
      expected.pop_front();
    }
    ASSERT_EQ(fifo.size(), expected.size());
    ASSERT_EQ(fifo.empty(), expected.empty());
    ASSERT_TRUE(step % 100 != 0 || std::equal(fifo.begin(), fifo.end(), expected.begin(), expected.end()));
  }
}

TEST(Fifo, LetsGoOfWhatWasTakenAtOnce) {
  const auto held = std::make_shared<int>(1);
  Fifo<std::shared_ptr<int>> fifo;
  for (int i = 0; i < 3; ++i) fifo.push_back(held);
  fifo.pop_front();
  EXPECT_EQ(held.use_count(), 3);
  fifo.pop_front();
  fifo.pop_front();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_TRUE(fifo.empty());
}

}  // namespace
}  // namespace dure
