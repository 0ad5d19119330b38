// A queue that costs nothing while it is empty: one pointer's worth of elements in a row, taken from the front. A
// std::deque keeps some 600 bytes even when empty, which is most of what an idle client would cost. Plain value.
//
// push_back and pop_front are O(1) amortised: the room of what was taken is used again once it is more than half.
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace dure {

template <class T>
class Fifo {
 public:
  using iterator = typename std::vector<T>::iterator;
  using const_iterator = typename std::vector<T>::const_iterator;

  void push_back(T item) { items_.push_back(std::move(item)); }
  void pop_front() {
    items_[taken_] = T();
    if (++taken_ == items_.size()) return clear();
    if (taken_ < kKept || taken_ * 2 < items_.size()) return;
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
  }
  // Gives the memory back, too.
  void clear() {
    std::vector<T>().swap(items_);
    taken_ = 0;
  }

  T& front() { return items_[taken_]; }
  const T& front() const { return items_[taken_]; }
  T& operator[](std::size_t i) { return items_[taken_ + i]; }
  const T& operator[](std::size_t i) const { return items_[taken_ + i]; }
  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size() - taken_; }
  iterator begin() { return items_.begin() + static_cast<std::ptrdiff_t>(taken_); }
  iterator end() { return items_.end(); }
  const_iterator begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(taken_); }
  const_iterator end() const { return items_.end(); }

 private:
  static constexpr std::size_t kKept = 16;
  std::vector<T> items_;
  std::size_t taken_ = 0;  // of the front of items_: empty values
};

}  // namespace dure
