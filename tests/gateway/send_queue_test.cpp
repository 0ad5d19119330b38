#include "gateway/send_queue.h"

#include <gtest/gtest.h>

#include "common/proto/client_frame.h"

namespace dure {
namespace {

using Kind = SendQueue::Kind;
using Put = SendQueue::Put;

Bytes frame(std::uint16_t message, const std::string& body) { return Bytes(encode_frame(message, 0, body)); }
TopicKey cell(std::int32_t x) {
  TopicKey topic;
  topic.kind = TopicKind::kCell;
  topic.cell_x = x;
  return topic;
}
// The bodies that wait, in order.
std::vector<std::string> waiting(const SendQueue& queue) {
  std::vector<std::string_view> pieces;
  queue.gather(100000, &pieces);
  std::vector<std::string> bodies;
  for (const auto piece : pieces) bodies.emplace_back(piece.substr(std::min(piece.size(), kFrameHeaderBytes)));
  return bodies;
}

TEST(SendQueue, OfManyPositionsThatWaitOnlyTheNewestOfEachTopicAndMessageAreLeft) {
  SendQueue queue(1 << 20);
  ASSERT_EQ(queue.put(frame(7, "own"), Kind::kOwn), Put::kQueued);
  for (int tick = 0; tick < 1000; ++tick)
    for (int x = 0; x < 2; ++x)
      for (std::uint16_t message = 212; message < 214; ++message) {
        const TopicKey topic = cell(x);
        const std::string body = std::to_string(x) + "." + std::to_string(message) + "." + std::to_string(tick);
        ASSERT_EQ(queue.put(frame(message, body), Kind::kLatest, &topic), Put::kQueued);
        ASSERT_LE(queue.frames(), 1 + SendQueue::kBackedUp + 1);
      }
  const auto left = waiting(queue);
  EXPECT_EQ(left.front(), "own");
  EXPECT_EQ(std::vector<std::string>(left.end() - 4, left.end()),
            (std::vector<std::string>{"0.212.999", "0.213.999", "1.212.999", "1.213.999"}));
  EXPECT_EQ(queue.take_left_out(), (std::set<TopicKey>{cell(0), cell(1)}));
  EXPECT_TRUE(queue.take_left_out().empty()) << "told once";
}

TEST(SendQueue, WhatIsLeftKeepsItsOrderAndAFrameOnItsWayStays) {
  SendQueue queue(1 << 20);
  const TopicKey topic = cell(1);
  ASSERT_EQ(queue.put(frame(212, "first"), Kind::kLatest, &topic), Put::kQueued);
  queue.wrote(3);  // three bytes of it have left
  for (int i = 0; i < 40; ++i) {
    ASSERT_EQ(queue.put(frame(212, "p" + std::to_string(i)), Kind::kLatest, &topic), Put::kQueued);
    ASSERT_EQ(queue.put(frame(213, "r" + std::to_string(i)), Kind::kTopic, &topic), Put::kQueued);
  }
  std::size_t bytes = 0;
  std::vector<std::string_view> pieces;
  queue.gather(1000, &pieces);
  EXPECT_EQ(pieces.front(), encode_frame(212, 0, "first").substr(3));
  for (const auto piece : pieces) bytes += piece.size();
  EXPECT_EQ(bytes + 3, queue.bytes());
  int reliable = 0;
  for (const auto& body : waiting(queue)) {
    if (body[0] != 'r') continue;
    EXPECT_EQ(body, "r" + std::to_string(reliable++));
  }
  EXPECT_EQ(reliable, 40) << "none of them is taken out";
  queue.wrote(bytes);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(SendQueue, ATopicMayFillThreeQuartersAndTheRestIsTheSessionsOwn) {
  SendQueue queue(4000);
  const TopicKey topic = cell(1);
  const std::string body(488, 'x');  // 500 bytes a frame
  for (int i = 0; i < 6; ++i) EXPECT_EQ(queue.put(frame(213, body), Kind::kTopic, &topic), Put::kQueued);
  EXPECT_EQ(queue.put(frame(213, body), Kind::kTopic, &topic), Put::kRefused);
  EXPECT_EQ(queue.put(frame(7, body), Kind::kOwn), Put::kQueued);
  EXPECT_EQ(queue.put(frame(212, body), Kind::kLatest, &topic), Put::kQueued);
  EXPECT_EQ(queue.put(frame(212, body), Kind::kLatest, &topic), Put::kRefused);
  EXPECT_EQ(queue.put(frame(7, body), Kind::kOwn), Put::kQueued) << "in the place of a position";
  EXPECT_EQ(queue.put(frame(7, body), Kind::kOwn), Put::kRefused);
  EXPECT_EQ(queue.dropped(), 2u);
}

}  // namespace
}  // namespace dure
