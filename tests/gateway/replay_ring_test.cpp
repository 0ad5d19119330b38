#include "gateway/replay_ring.h"

#include <gtest/gtest.h>

#include <string>

namespace dure {
namespace {

// The frames "1", "2", … of which the last `kept` are kept.
ReplayRing sent(std::size_t frames, std::size_t kept) {
  ReplayRing ring(kept, 1000);
  for (std::size_t i = 1; i <= frames; ++i) ring.add(Bytes(std::to_string(i)));
  return ring;
}

// What follows is told as one text; "lost" if it is not whole.
std::string after(const ReplayRing& ring, std::uint64_t received) {
  const auto frames = ring.after(received);
  if (!frames) return "lost";
  std::string all;
  for (const Bytes& frame : *frames) all += frame.view();
  return all;
}

TEST(ReplayRingTest, WhatAClientHasMissedIsThereAsFarAsItIsKept) {
  const ReplayRing ring = sent(9, 3);
  EXPECT_EQ(after(ring, 9), "");
  EXPECT_EQ(after(ring, 7), "89");
  EXPECT_EQ(after(ring, 6), "789");
  EXPECT_EQ(after(ring, 5), "lost") << "the oldest went";
  EXPECT_EQ(after(ring, 0), "lost");
  EXPECT_EQ(after(ring, 10), "lost") << "that was never sent";
}

TEST(ReplayRingTest, WhatAClientSaysItHasIsNotKept) {
  ReplayRing ring = sent(9, 9);
  ring.forget(10);
  EXPECT_EQ(after(ring, 0), "123456789") << "that was never sent";
  ring.forget(7);
  EXPECT_EQ(ring.bytes(), 2u);
  EXPECT_EQ(after(ring, 7), "89");
  EXPECT_EQ(after(ring, 6), "lost");
}

TEST(ReplayRingTest, IsTheSameInTheHandsOfAnotherSocket) {
  const ReplayRing ring = sent(9, 3);
  const ReplayRing taken(3, 1000, ring.sent(), ring.frames());
  EXPECT_EQ(taken.sent(), 9u);
  EXPECT_EQ(after(taken, 7), "89");
  EXPECT_EQ(after(taken, 5), "lost");
}

}  // namespace
}  // namespace dure
