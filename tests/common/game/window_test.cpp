#include "common/game/window.h"

#include <gtest/gtest.h>

#include "common/base/check.h"
#include "common/proto/value.pb.h"

namespace dure {
namespace {

TEST(Window, NumbersFromOneAndForgetsWhatIsSaved) {
  Window window;
  for (std::uint64_t i = 1; i <= 5; ++i) EXPECT_EQ(window.add(proto::Operation(), MonoTime{}), i);
  window.saved(3);
  ASSERT_EQ(window.size(), 2u);
  EXPECT_EQ(window.unsaved().front().pseq(), 4u);
  window.saved(2);
  EXPECT_EQ(window.size(), 2u) << "an older answer takes nothing back";
  EXPECT_EQ(window.saved_up_to(), 3u);
}

TEST(Window, IsFullBySizeAndByAge) {
  Window window;
  window.add(proto::Operation(), MonoTime{});
  EXPECT_FALSE(window.full(MonoTime{} + kWindowAgeMax - milliseconds(1)));
  EXPECT_TRUE(window.full(MonoTime{} + kWindowAgeMax));
  while (window.size() < kWindowOperationsMax) window.add(proto::Operation(), MonoTime{});
  EXPECT_TRUE(window.full(MonoTime{}));
}

TEST(Window, AllWindowsOfAProcessAreCountedTogether) {
  std::size_t total = 0;
  {
    Window one(&total), two(&total);
    one.add(proto::Operation(), MonoTime{});
    two.add(proto::Operation(), MonoTime{});
    two.add(proto::Operation(), MonoTime{});
    EXPECT_EQ(total, 3u);
    two.saved(1);
    EXPECT_EQ(total, 2u);
    one = Window(&total);
    EXPECT_EQ(total, 1u);
    Window moved = std::move(two);
    EXPECT_EQ(total, 1u);
  }
  EXPECT_EQ(total, 0u);
}

TEST(Window, TheDatabaseCannotHaveSavedWhatWasNeverSent) {
  Window window;
  window.add(proto::Operation(), MonoTime{});
  EXPECT_THROW(window.saved(2), CheckFailed);
}

}  // namespace
}  // namespace dure
