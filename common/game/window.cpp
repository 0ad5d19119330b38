#include "common/game/window.h"

#include "common/base/check.h"
#include "common/proto/value.pb.h"

namespace dure {

Window::Window() = default;
Window::~Window() = default;
Window::Window(Window&&) noexcept = default;
Window& Window::operator=(Window&&) noexcept = default;

std::uint64_t Window::add(proto::Operation operation, MonoTime now) {
  operation.set_pseq(next_);
  operations_.push_back(std::move(operation));
  added_.push_back(now);
  return next_++;
}

void Window::saved(std::uint64_t pseq) {
  CHECK(pseq < next_);
  while (!operations_.empty() && operations_.front().pseq() <= pseq) {
    operations_.pop_front();
    added_.pop_front();
  }
  saved_ = pseq > saved_ ? pseq : saved_;
}

bool Window::full(MonoTime now) const { return size() >= kWindowOperationsMax || age(now) >= kWindowAgeMax; }

Duration Window::age(MonoTime now) const { return added_.empty() ? Duration{} : now - added_.front(); }

}  // namespace dure
