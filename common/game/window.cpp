#include "common/game/window.h"

#include "common/base/check.h"
#include "common/proto/value.pb.h"

namespace dure {

Window::Window(std::size_t* total) : total_(total) {}
Window::~Window() {
  if (total_ != nullptr) *total_ -= size();
}
Window::Window(Window&& other) noexcept { *this = std::move(other); }
Window& Window::operator=(Window&& other) noexcept {
  operations_.swap(other.operations_);
  added_.swap(other.added_);
  std::swap(next_, other.next_);
  std::swap(saved_, other.saved_);
  std::swap(total_, other.total_);
  return *this;
}

std::uint64_t Window::add(proto::Operation operation, MonoTime now) {
  operation.set_pseq(next_);
  operations_.push_back(std::move(operation));
  added_.push_back(now);
  if (total_ != nullptr) ++*total_;
  return next_++;
}

void Window::saved(std::uint64_t pseq) {
  CHECK(pseq < next_);
  while (!operations_.empty() && operations_.front().pseq() <= pseq) {
    operations_.pop_front();
    added_.pop_front();
    if (total_ != nullptr) --*total_;
  }
  saved_ = pseq > saved_ ? pseq : saved_;
}

bool Window::full(MonoTime now) const { return size() >= kWindowOperationsMax || age(now) >= kWindowAgeMax; }

Duration Window::age(MonoTime now) const { return added_.empty() ? Duration{} : now - added_.front(); }

}  // namespace dure
