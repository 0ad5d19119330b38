#include "common/host/flight_recorder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace dure {
namespace {

struct Lines : EventLog {
  std::vector<std::string> names;
  void event(LogLevel, std::string_view name, std::initializer_list<LogField>) override { names.emplace_back(name); }
};

class FlightRecorderTest : public ::testing::Test {
 protected:
  FlightRecorderTest() { std::filesystem::remove_all(folder_); }
  ~FlightRecorderTest() override { std::filesystem::remove_all(folder_); }

  static std::vector<Inbound> frame(std::uint32_t seq, std::size_t bytes) {
    return {ClientFrameIn{ClientId(1), 210, seq, std::string(bytes, 'x'), {}}};
  }
  static JournalTurn turn(std::uint32_t number) { return {{}, MonoTime(seconds(number)), {}, {}, {}}; }
  // A life that ends without closing anything, in the middle of its last turn.
  void live_and_die(std::uint32_t turns, std::size_t bytes, std::uint64_t reading = 0) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto recorder = FlightRecorder::open(folder_, "all-1/general", log_);
      for (std::uint32_t n = 1; n <= turns; ++n) {
        (*recorder)->turn_begins(turn(n), frame(n, bytes));
        if (n < turns) (*recorder)->turn_ended({});
      }
      *(*recorder)->reading() = reading;
      ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));
  }
  struct Seen {
    std::vector<std::uint32_t> seqs;
    std::size_t turns = 0, ends = 0;
  };
  static Seen read(const Flight& flight) {
    Seen seen;
    auto reader = JournalReader::open(flight.journal);
    EXPECT_TRUE(reader);
    for (;;) {
      const auto record = reader->next();
      EXPECT_TRUE(record) << record.error().detail;
      if (!record || !*record) return seen;
      seen.ends += std::holds_alternative<JournalTurnEnd>(**record) ? 1 : 0;
      if (const auto* one = std::get_if<JournalTurn>(&**record)) {
        ++seen.turns;
        for (const Inbound& input : one->inputs) seen.seqs.push_back(std::get<ClientFrameIn>(input).seq);
      }
    }
  }

  const std::string folder_ = ::testing::TempDir() + "flight_" + std::to_string(::getpid());
  Lines log_;
};

TEST_F(FlightRecorderTest, WhatALifeTookLastOutlivesItsSuddenEnd) {
  live_and_die(50, 100);
  const auto next = FlightRecorder::open(folder_, "all-1/general", log_);
  ASSERT_TRUE(next) << next.error().detail;
  EXPECT_EQ(log_.names, std::vector<std::string>{"flight.kept"});
  const auto flight = read_flight(folder_ + "/all-1-general-1.flight");
  ASSERT_TRUE(flight) << flight.error().detail;
  EXPECT_EQ(flight->node, "all-1-general");
  EXPECT_FALSE(flight->closed);
  const Seen seen = read(*flight);
  EXPECT_EQ(seen.turns, 50u);
  EXPECT_EQ(seen.ends, 49u) << "it died inside the last one";
  EXPECT_EQ(seen.seqs.back(), 50u);
}

TEST_F(FlightRecorderTest, TheOldestTurnsMakeRoomWhole) {
  live_and_die(5'000, 1'000);
  ASSERT_TRUE(FlightRecorder::open(folder_, "all-1/general", log_));
  const auto flight = read_flight(folder_ + "/all-1-general-1.flight");
  ASSERT_TRUE(flight);
  const Seen seen = read(*flight);
  EXPECT_GT(seen.turns, 900u);
  EXPECT_LT(seen.turns, 1'050u);
  for (std::size_t i = 0; i < seen.seqs.size(); ++i) ASSERT_EQ(seen.seqs[i], 5'000 - seen.seqs.size() + 1 + i);
}

TEST_F(FlightRecorderTest, AnEndInOrderLeavesNothingAside) {
  {
    const auto recorder = FlightRecorder::open(folder_, "chat-1", log_);
    (*recorder)->turn_begins(turn(1), frame(1, 10));
    (*recorder)->turn_ended({});
  }
  EXPECT_TRUE(read_flight(folder_ + "/chat-1.flight")->closed);
  EXPECT_TRUE(FlightRecorder::open(folder_, "chat-1", log_));
  EXPECT_TRUE(log_.names.empty());
}

TEST_F(FlightRecorderTest, ATurnThatWouldFillItIsKeptWithoutItsInputs) {
  const auto recorder = FlightRecorder::open(folder_, "chat-1", log_);
  (*recorder)->turn_begins(turn(1), frame(1, 10));
  (*recorder)->turn_begins(turn(2), frame(2, kFlightRingBytes));
  const Seen seen = read(*read_flight(folder_ + "/chat-1.flight"));
  EXPECT_EQ(seen.turns, 2u);
  EXPECT_EQ(seen.seqs, std::vector<std::uint32_t>{1});
}

TEST_F(FlightRecorderTest, ASecondProcessOfTheNodeHarmsNotTheFirst) {
  const auto first = FlightRecorder::open(folder_, "chat-1", log_);
  {
    const auto second = FlightRecorder::open(folder_, "chat-1", log_);
    ASSERT_TRUE(second);
  }
  for (std::uint32_t n = 1; n < 3'000; ++n) (*first)->turn_begins(turn(n), frame(n, 1'000));
  EXPECT_GT(read(*read_flight(folder_ + "/chat-1-1.flight")).turns, 900u);
}

TEST_F(FlightRecorderTest, AnInputThatEndedTwoLivesIsSetAsideInTheNext) {
  live_and_die(3, 10, 41);
  live_and_die(3, 10, 42);
  live_and_die(3, 10);
  EXPECT_TRUE((*FlightRecorder::open(folder_, "all-1/general", log_))->set_aside().empty()) << "once may be chance";
  live_and_die(3, 10, 42);
  log_.names.clear();
  EXPECT_EQ((*FlightRecorder::open(folder_, "all-1/general", log_))->set_aside(), std::vector<std::uint64_t>{42});
  EXPECT_EQ(log_.names, (std::vector<std::string>{"flight.kept", "input.set_aside"}));
  EXPECT_EQ((*FlightRecorder::open(folder_, "all-1/general", log_))->set_aside(), std::vector<std::uint64_t>{42})
      << "also after a life that ended in order";
  EXPECT_TRUE((*FlightRecorder::open(folder_, "chat-1", log_))->set_aside().empty()) << "another node";
  for (int n = 1; n <= kFlightsKept; ++n)
    std::filesystem::remove(folder_ + "/all-1-general-" + std::to_string(n) + ".flight");
  EXPECT_TRUE((*FlightRecorder::open(folder_, "all-1/general", log_))->set_aside().empty()) << "an operator lifted it";
}

TEST_F(FlightRecorderTest, OnlyTheLastFewAreKept) {
  for (int life = 0; life < kFlightsKept + 2; ++life) live_and_die(3, 10);
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/all-1-general-5.flight"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/all-1-general-6.flight"));
}

// A limit stands in for a full disk: some of the file there is room for.
TEST_F(FlightRecorderTest, OneThatThereIsNoRoomForTakesNone) {
  std::filesystem::create_directories(folder_);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto ignored = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit little{65536, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &little), 0);
  const auto recorder = FlightRecorder::open(folder_, "chat-1", log_);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, ignored);
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().trouble, Trouble::kIo);
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(FlightRecorderTest, WhatIsNoFlightIsRefusedWithItsOffset) {
  std::filesystem::create_directories(folder_);
  const std::string path = folder_ + "/x.flight";
  std::ofstream(path) << "something else";
  EXPECT_EQ(read_flight(path).error().detail, path + ": offset 0: this is no flight record");
  EXPECT_EQ(read_flight(folder_ + "/nowhere").error().trouble, Trouble::kIo);
}

}  // namespace
}  // namespace dure
