#include "common/logic/task.h"

namespace dure {

Task<void> Scope::guard(Task<void> inner) {
  std::exception_ptr error;
  try {
    co_await inner;
  } catch (...) {
    error = std::current_exception();
  }
  if (error && on_error_) on_error_(error);
}

void Scope::spawn(Task<void> task) {
  if (ended_) return;
  roots_.push_back(Root{guard(std::move(task))});
  roots_.back().task.handle().promise().scope = this;
  roots_.back().task.handle().resume();
}

void Scope::sweep() {
  if (ended_) {
    roots_.clear();
    return;
  }
  roots_.remove_if([](const Root& root) { return root.task.handle().done(); });
}

std::size_t Scope::running() const {
  std::size_t running = 0;
  for (const auto& root : roots_) running += root.task.handle().done() ? 0 : 1;
  return running;
}

}  // namespace dure
