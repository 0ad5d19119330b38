#include "common/host/mailbox.h"

#include <gtest/gtest.h>

#include <thread>

#include "tests/common/host/waiting.h"

namespace dure {
namespace {

TEST(Mailbox, keeps_the_order_of_each_of_many_writers) {
  CountingLog log;
  Mailbox box("test", 10, log);
  constexpr std::uint64_t kEach = 5000;
  std::vector<std::thread> writers;
  for (std::uint64_t w = 1; w <= 3; ++w)
    writers.emplace_back([&box, w] {
      for (std::uint64_t n = 1; n <= kEach; ++n) box.put(WorkDone{w << 32 | n, {}});
    });
  std::uint64_t last[4] = {}, taken = 0;
  std::vector<Inbound> batch;
  const MonoTime until = mono_now() + seconds(10);
  while (taken < 3 * kEach && mono_now() < until) {
    box.wait(100);
    box.take(&batch, mono_now());
    for (auto& inbound : batch) {
      const std::uint64_t id = std::get<WorkDone>(inbound).work_id;
      EXPECT_EQ(++last[id >> 32], id & 0xffffffff);
      ++taken;
    }
    batch.clear();
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(taken, 3 * kEach);
}

TEST(Mailbox, refuses_only_frames_and_leaves_the_rest_in_order) {
  CountingLog log;
  Mailbox box("test", 2, log);
  std::vector<Inbound> events;
  for (std::uint32_t seq = 1; seq <= 3; ++seq) events.push_back(ClientFrameIn{ClientId(1), 7, seq, "x"});
  events.push_back(ClientClosed{ClientId(1), "gone"});
  box.put_all(&events);
  ASSERT_EQ(events.size(), 2u);  // the third frame, and what must not overtake it
  box.put(ClientClosed{ClientId(2), "control is never refused"});
  std::vector<Inbound> batch;
  box.take(&batch, mono_now());
  EXPECT_EQ(batch.size(), 3u);
  box.put_all(&events);
  EXPECT_TRUE(events.empty());
}

TEST(Mailbox, measures_how_long_inputs_waited) {
  CountingLog log;
  Mailbox box("test", 2, log);
  box.put(BusUp{NodeId(Role::kChat, 1)});
  const MonoTime later = mono_now() + milliseconds(40);
  std::vector<Inbound> batch;
  box.take(&batch, later);
  EXPECT_GE(box.input_wait_us(0.99, later), 39'000u);
  EXPECT_LE(box.input_wait_us(0.99, later), 50'000u);
}

}  // namespace
}  // namespace dure
