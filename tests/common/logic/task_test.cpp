// Task and Scope, and the two traps of g++ 12.2 shown to be safe by the manners of task.h.
#include "common/logic/task.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace dure {
namespace {

// Suspends whoever awaits it until open() is called.
class Gate {
 public:
  struct Wait {
    Gate& gate;
    explicit Wait(Gate& g) : gate(g) {}
    ~Wait() { gate.waiters_.remove(handle); }
    bool await_ready() const { return gate.open_; }
    void await_suspend(std::coroutine_handle<> waiter) { gate.waiters_.push_back(handle = waiter); }
    void await_resume() {}
    std::coroutine_handle<> handle;
  };
  Wait wait() { return Wait(*this); }
  void open() {
    open_ = true;
    while (!waiters_.empty()) {
      const auto waiter = waiters_.front();
      waiters_.pop_front();
      waiter.resume();
    }
  }
  std::size_t waiting() const { return waiters_.size(); }

 private:
  bool open_ = false;
  std::list<std::coroutine_handle<>> waiters_;
};

// Counts how often it is made and destroyed.
struct Counted {
  static inline int alive = 0, destroyed = 0;
  static void reset() { alive = destroyed = 0; }
  Counted() { ++alive; }
  Counted(const Counted&) { ++alive; }
  Counted(Counted&&) noexcept { ++alive; }
  ~Counted() { --alive, ++destroyed; }
};

Task<int> number(int n) { co_return n; }
Task<int> gated_number(Gate* gate, int n) {
  co_await gate->wait();
  co_return n;
}

TEST(Task, IsLazyUntilSpawned) {
  bool ran = false;
  const auto body = [](bool* flag) -> Task<void> {
    *flag = true;
    co_return;
  };
  {
    Task<void> task = body(&ran);
    EXPECT_FALSE(ran);
  }
  EXPECT_FALSE(ran);
  Scope scope;
  scope.spawn(body(&ran));
  EXPECT_TRUE(ran);
}

Task<void> add_three(Gate* gate, int* sum) {
  *sum += co_await number(1);
  *sum += co_await gated_number(gate, 2);
  *sum += co_await number(3);
}

TEST(Task, ValuesComeBackWhetherTheChildSuspendsOrNot) {
  Gate gate;
  Scope scope;
  int sum = 0;
  scope.spawn(add_three(&gate, &sum));
  EXPECT_EQ(sum, 1);
  EXPECT_EQ(scope.running(), 1u);
  gate.open();
  EXPECT_EQ(sum, 6);
  EXPECT_EQ(scope.running(), 0u);
}

Task<int> throws_after(Gate* gate) {
  if (gate != nullptr) co_await gate->wait();
  throw std::runtime_error("broken");
}
Task<void> catches(Gate* gate, std::string* caught) {
  try {
    co_await throws_after(gate);
  } catch (const std::runtime_error& e) {
    *caught = e.what();
  }
}

TEST(Task, AnExceptionReachesTheAwaiterFromBothSidesOfASuspension) {
  Scope scope;
  std::string caught;
  scope.spawn(catches(nullptr, &caught));
  EXPECT_EQ(caught, "broken");
  caught.clear();
  Gate gate;
  scope.spawn(catches(&gate, &caught));
  EXPECT_EQ(caught, "");
  gate.open();
  EXPECT_EQ(caught, "broken");
}

Task<void> passes_on(Gate* gate) { co_await throws_after(gate); }

TEST(Task, AnExceptionNobodyCaughtIsToldToTheScopeOnce) {
  int told = 0;
  Scope scope([&told](std::exception_ptr error) {
    ++told;
    EXPECT_THROW(std::rethrow_exception(error), std::runtime_error);
  });
  scope.spawn(passes_on(nullptr));
  EXPECT_EQ(told, 1);
  Gate gate;
  scope.spawn(passes_on(&gate));
  EXPECT_EQ(told, 1);
  gate.open();
  EXPECT_EQ(told, 2);
  EXPECT_EQ(scope.running(), 0u);
}

Task<void> holds(Gate* gate, [[maybe_unused]] Counted counted, bool* went_on) {
  co_await gate->wait();
  *went_on = true;
}
Task<void> holds_outer(Gate* gate, bool* went_on) {
  Counted here;
  Counted given;
  co_await holds(gate, given, went_on);
  *went_on = true;
}

TEST(Task, EndingAScopeDestroysSuspendedFramesAndTheirAwaits) {
  Counted::reset();
  Gate gate;
  bool went_on = false;
  Scope scope;
  scope.spawn(holds_outer(&gate, &went_on));
  EXPECT_GT(Counted::alive, 0);
  EXPECT_EQ(gate.waiting(), 1u);
  scope.end();
  EXPECT_GT(Counted::alive, 0) << "frames go at sweep(), never inside a task";
  scope.sweep();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(gate.waiting(), 0u) << "what they waited for has forgotten them";
  gate.open();
  EXPECT_FALSE(went_on);
}

TEST(Task, DestroyingAScopeDestroysSuspendedFrames) {
  Counted::reset();
  Gate gate;
  bool went_on = false;
  {
    Scope scope;
    scope.spawn(holds_outer(&gate, &went_on));
  }
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(gate.waiting(), 0u);
}

Task<void> ends_its_own(Scope* scope, Gate* gate, std::string* story) {
  *story += "end;";
  scope->end();
  scope->spawn(holds_outer(gate, nullptr));  // destroyed unstarted
  *story += "wait;";
  co_await gate->wait();
  *story += "never;";
}

TEST(Task, ATaskMayEndItsOwnScope) {
  Gate gate;
  Scope scope;
  std::string story;
  scope.spawn(ends_its_own(&scope, &gate, &story));
  EXPECT_EQ(story, "end;wait;");
  scope.sweep();
  EXPECT_EQ(gate.waiting(), 0u);
}

TEST(Task, SweepKeepsWhatStillRuns) {
  Gate gate;
  Scope scope;
  int sum = 0;
  for (int i = 0; i < 10; ++i) scope.spawn(add_three(&gate, &sum));
  scope.sweep();
  EXPECT_EQ(scope.running(), 10u);
  gate.open();
  scope.sweep();
  EXPECT_EQ(scope.running(), 0u);
  EXPECT_EQ(sum, 60);
}

// ── stack ───────────────────────────────────────────────────────────────────────────────────────────────────

Task<void> many_in_a_row(int count, long* sum) {
  for (int i = 0; i < count; ++i) *sum += co_await number(1);
}

// With symmetric transfer this overflows the stack at -O0 and under ASan: g++ 12.2 makes no tail call there.
TEST(Task, AHundredThousandAwaitsThatFinishAtOnceUseNoStack) {
  Scope scope;
  long sum = 0;
  scope.spawn(many_in_a_row(100'000, &sum));
  EXPECT_EQ(sum, 100'000);
}

Task<void> many_after_a_gate(Gate* gate, int count, long* sum) {
  for (int i = 0; i < count; ++i) *sum += co_await gated_number(gate, 1);
}

TEST(Task, SoDoAwaitsThatFollowASuspension) {
  Gate gate;
  Scope scope;
  long sum = 0;
  scope.spawn(many_after_a_gate(&gate, 100'000, &sum));
  EXPECT_EQ(sum, 0);
  gate.open();
  EXPECT_EQ(sum, 100'000);
}

// ── temporaries in a co_await expression ────────────────────────────────────────────────────────────────────

// With a constructor, so not an aggregate: g++ 12.2 destroys an unnamed aggregate here twice.
struct Request {
  explicit Request(std::string t) : text(std::move(t)) {}
  std::string text;
  Counted counted;
};
struct Aggregate {
  std::string text;
  Counted counted;
};

template <class T>
Task<std::size_t> length_of(Gate* gate, T request) {
  co_await gate->wait();
  co_return request.text.size();
}

Task<void> awaits_with_a_constructor(Gate* gate, std::size_t* length) {
  *length = co_await length_of(gate, Request(std::string(100, 'x')));
}
Task<void> awaits_a_named_aggregate(Gate* gate, std::size_t* length) {
  Aggregate request{std::string(100, 'x'), {}};
  *length = co_await length_of(gate, std::move(request));
}

template <class Body>
void destroyed_as_often_as_made(Body body, bool finish) {
  Counted::reset();
  std::size_t length = 0;
  {
    Gate gate;
    Scope scope;
    scope.spawn(body(&gate, &length));
    if (finish) gate.open();
  }
  EXPECT_EQ(length, finish ? 100u : 0u);
  EXPECT_EQ(Counted::alive, 0);
}

TEST(Task, ATemporaryWithAConstructorInAnAwaitIsDestroyedOnce) {
  destroyed_as_often_as_made(awaits_with_a_constructor, true);
  destroyed_as_often_as_made(awaits_with_a_constructor, false);
}

TEST(Task, AnAggregateThatWasNamedFirstIsDestroyedOnce) {
  destroyed_as_often_as_made(awaits_a_named_aggregate, true);
  destroyed_as_often_as_made(awaits_a_named_aggregate, false);
}

}  // namespace
}  // namespace dure
