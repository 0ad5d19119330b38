#include "common/logic/task.h"

namespace dure {

Scope::~Scope() {
  if (unswept_ != nullptr) std::erase(*unswept_, this);
}

Task<void> Scope::guard(Task<void> inner, Roots::iterator self) {
  std::exception_ptr error;
  try {
    co_await inner;
  } catch (...) {
    error = std::current_exception();
  }
  if (finished_.empty() && unswept_ != nullptr) unswept_->push_back(this);
  finished_.push_back(self);
  if (error && on_error_) on_error_(error);
}

void Scope::spawn(Task<void> task) {
  if (ended_) return;
  const auto root = roots_.emplace(roots_.end());
  *root = guard(std::move(task), root);
  root->handle().promise().scope = this;
  root->handle().resume();
}

void Scope::sweep() {
  if (ended_) {
    roots_.clear();
    finished_.clear();
  }
  while (!finished_.empty()) {
    const auto root = finished_.back();
    finished_.pop_back();
    roots_.erase(root);
  }
}

}  // namespace dure
