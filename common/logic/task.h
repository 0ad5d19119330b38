// Task<T>: a conversation that is linear, begins with one message and ends within seconds. Lazy; run by spawning it on
// a Scope or by awaiting it from another task. One logic thread only.
//
// A Scope owns its tasks: ending it destroys their frames, and what they wait for forgets them (the awaiter's
// destructor). A task may end its own scope: the frames then go at Scope::sweep(), after the turn.
//
// Manners: take the message by value; after each co_await find players again by (id, epoch), never keep a reference
// across it; no capturing lambda and no unnamed aggregate inside a co_await expression (g++ 12.2 destroys it twice;
// tests/common/logic/task_test.cpp and the lint guard both). The child is started inside await_suspend, which returns
// false if it has finished: g++ 12.2 does not make symmetric transfer a tail call at -O0 or under ASan.
#pragma once
#include <coroutine>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/base/check.h"

namespace dure {

template <class T>
class Task;
class Scope;

namespace task_detail {

struct PromiseBase {
  const Scope* scope = nullptr;    // whose this conversation is; handed down to what it awaits
  std::coroutine_handle<> waiter;  // resumed when this task finishes after its waiter had suspended
  std::exception_ptr error;
  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> self) noexcept {
      // The waiter may destroy this frame: nothing of it is touched afterwards.
      if (const auto waiter = self.promise().waiter) waiter.resume();
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { error = std::current_exception(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  void return_value(T v) { value.emplace(std::move(v)); }
  T take() {
    if (error) std::rethrow_exception(error);
    return std::move(*value);
  }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() {
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace task_detail

template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() {
    if (handle_) handle_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  template <class WaiterPromise>
  bool await_suspend(std::coroutine_handle<WaiterPromise> waiter) {
    if constexpr (std::is_base_of_v<task_detail::PromiseBase, WaiterPromise>)
      handle_.promise().scope = waiter.promise().scope;
    handle_.resume();
    if (handle_.done()) return false;
    handle_.promise().waiter = waiter;
    return true;
  }
  T await_resume() { return handle_.promise().take(); }

  // For Scope.
  Handle handle() const { return handle_; }

 private:
  Handle handle_;
};

template <class T>
Task<T> task_detail::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> task_detail::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

class Scope {
 public:
  // Called with the exception of a task that ended by one.
  using OnError = std::function<void(std::exception_ptr)>;
  // Scopes with finished tasks, for whoever sweeps them; it outlives them.
  using Unswept = std::vector<Scope*>;
  explicit Scope(OnError on_error = {}, Unswept* unswept = nullptr)
      : on_error_(std::move(on_error)), unswept_(unswept) {}
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope();

  // Runs the task until it first suspends. After end() new tasks are destroyed unstarted.
  void spawn(Task<void> task);
  // No task of this scope is resumed any more (one that runs now goes on until it suspends). Frames are freed by
  // sweep(), or with the scope.
  void end() { ended_ = true; }
  // Frees finished tasks, and all of them once ended. Never call it from inside one of the tasks.
  void sweep();
  std::size_t running() const { return roots_.size() - finished_.size(); }
  // Frames that wait for sweep().
  std::size_t finished() const { return finished_.size(); }
  bool ended() const { return ended_; }

 private:
  using Roots = std::list<Task<void>>;
  Task<void> guard(Task<void> inner, Roots::iterator self);
  OnError on_error_;
  Unswept* const unswept_;
  Roots roots_;
  std::vector<Roots::iterator> finished_;  // of roots_: what sweep() frees, so that it looks at no task that goes on
  bool ended_ = false;
};

}  // namespace dure
