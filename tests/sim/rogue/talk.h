// How a persona tells a story: a coroutine that asks one step, hears its answer, and only then thinks of the next. The
// persona takes its steps to the stores and brings the answers. One thread; outlives the story.
#pragma once
#include <coroutine>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/logic/task.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "tests/sim/broken.h"
#include "tests/sim/rogue/judge.h"
#include "tests/sim/rogue/tap.h"

namespace dure::sim {

// Thrown where a story waits: nobody knows whether its step was done, or the answer is none that it can go on from.
struct Unheard {};

class Talk {
 public:
  class Waiting {
   public:
    explicit Waiting(Talk& talk) : talk_(talk) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> story) { talk_.story_ = story; }
    std::string await_resume() { return talk_.heard(); }

   private:
    Talk& talk_;
  };
  // ── for the story ──
  Waiting ask(std::string queue, Step step) {
    state_ = State::kWants;
    queue_ = std::move(queue);
    step_ = std::move(step);
    return Waiting(*this);
  }
  // Waits until it may begin something.
  Waiting turn() {
    state_ = State::kIdle;
    return Waiting(*this);
  }
  // ── for its persona ──
  bool idle() const { return state_ == State::kIdle; }
  // A step of it is on its way there, or was lost.
  bool is_out(const std::string& queue) const { return state_ == State::kOut && queue_ == queue; }
  std::optional<Step> take(const std::string& queue) {
    if (state_ != State::kWants || queue_ != queue) return std::nullopt;
    state_ = State::kOut;
    return step_;
  }
  void go_on() { resume(std::string()); }
  void answer(std::string answer) { resume(std::move(answer)); }
  void lose() { resume(std::nullopt); }

 private:
  enum class State { kIdle, kWants, kOut };
  void resume(std::optional<std::string> answer) {
    answer_ = std::move(answer);
    std::exchange(story_, {}).resume();
  }
  std::string heard() {
    if (!answer_) throw Unheard();
    return std::move(*answer_);
  }
  State state_ = State::kIdle;
  std::string queue_;
  Step step_;
  std::optional<std::string> answer_;
  std::coroutine_handle<> story_;
};

// What a step is asked for, and what it may be answered. No lists: g++ 12 takes none inside a co_await expression.
class Asking {
 public:
  // Lawful: stored.
  explicit Asking(std::string rule) {
    step_.rule = std::move(rule);
    step_.law = law::kDealsAreWhole;
    step_.allowed = {proto::STORED};
    step_.leaves = Leaves::kAnything;
  }
  template <class... Codes>
  Asking&& answered(Codes... codes) && {
    step_.allowed = {codes...};
    return std::move(*this);
  }
  // Forbidden: one of these, and not a row is changed.
  template <class... Codes>
  Asking&& refused(Codes... codes) && {
    step_.allowed = {codes...};
    step_.law = law::kForbiddenIsRefused;
    step_.leaves = Leaves::kNothing;
    return std::move(*this);
  }
  // Done before: not a row is changed.
  Asking&& repeated() && {
    step_.law = law::kRepeatChangesNothing;
    step_.leaves = Leaves::kNothing;
    return std::move(*this);
  }
  Asking&& or_answered(int code) && {
    step_.allowed.insert(code);
    return std::move(*this);
  }
  Step step() && { return std::move(step_); }

 private:
  Step step_;
};

// The answer, if it is one that was allowed; who is busy says RETRY, which is one only where it was asked for.
template <class Reply, class Request>
Task<Reply> ask(Talk& talk, std::string queue, Asking asking, Request request) {
  Step step = std::move(asking).step();
  step.message_id = route_id(Request::descriptor());
  step.body = request.SerializeAsString();
  const std::set<int> allowed = step.allowed;
  const std::string answer = co_await talk.ask(std::move(queue), std::move(step));
  Reply reply;
  if (!allowed.contains(code_of(answer)) || !reply.ParseFromString(answer)) throw Unheard();
  co_return reply;
}

}  // namespace dure::sim
