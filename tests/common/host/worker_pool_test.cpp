#include "common/host/worker_pool.h"

#include <gtest/gtest.h>

#include "tests/common/host/waiting.h"

namespace dure {
namespace {

class Shout : public Worker {
 public:
  std::string run(std::string_view request) override {
    if (request == "throw") throw std::runtime_error("bug");
    return std::string(request) + "!";
  }
};

TEST(WorkerPool, answers_in_order_survives_a_throw_and_finishes_before_it_stops) {
  CountingLog log;
  Mailbox box("test", 2, log);
  Shout shout;
  WorkerPool pool({{"shout", &shout}}, box, log);
  pool.submit(Work{"shout", 1, Bytes(std::string("a"))});
  pool.submit(Work{"shout", 2, Bytes(std::string("throw"))});
  pool.submit(Work{"shout", 3, Bytes(std::string("b"))});
  pool.stop();
  pool.submit(Work{"nobody", 4, {}});
  std::vector<Inbound> batch;
  box.take(&batch, mono_now());
  ASSERT_EQ(batch.size(), 4u);
  EXPECT_EQ(std::get<WorkDone>(batch[0]).reply.view(), "a!");
  EXPECT_EQ(std::get<WorkDone>(batch[1]).reply.view(), "");
  EXPECT_EQ(std::get<WorkDone>(batch[2]).reply.view(), "b!");
  EXPECT_EQ(std::get<WorkDone>(batch[3]).work_id, 4u);
  EXPECT_EQ(log.count("worker.fault"), 1);
  EXPECT_EQ(log.count("worker.unknown"), 1);
}

}  // namespace
}  // namespace dure
