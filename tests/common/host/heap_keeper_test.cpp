#include "common/host/heap_keeper.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace dure {
namespace {

constexpr std::size_t kPieces = 400'000, kPieceBytes = 400;

TEST(HeapKeeper, GivesBackWhatABurstLeftBehindAndLeavesAFullHeapAlone) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizer brings its own allocator";
#endif
  (void)HeapKeeper().tend(MonoTime(seconds(1)));  // what other tests left
  std::vector<std::unique_ptr<char[]>> pieces;
  for (std::size_t i = 0; i < kPieces; ++i) pieces.push_back(std::make_unique<char[]>(kPieceBytes));
  HeapKeeper keeper;
  MonoTime now{seconds(100)};
  EXPECT_FALSE(keeper.tend(now)) << "all of it is in use";

  // One piece in fifty stays, so that the allocator gives nothing back by itself.
  for (std::size_t i = 0; i < kPieces; ++i)
    if (i % 50 != 0) pieces[i].reset();
  const std::size_t before = HeapKeeper::use().resident_bytes;
  EXPECT_FALSE(keeper.tend(now + HeapKeeper::kPause / 2)) << "asked a moment ago";
  now += HeapKeeper::kPause;
  EXPECT_TRUE(keeper.tend(now));
  EXPECT_LT(HeapKeeper::use().resident_bytes, before - kPieces * kPieceBytes / 2);
  EXPECT_FALSE(keeper.tend(now + HeapKeeper::kPause)) << "nothing came since";
}

}  // namespace
}  // namespace dure
