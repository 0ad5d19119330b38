// The unacknowledged window of one owned character: operations 1, 2, 3 … of this epoch, kept until SAVED, sent whole
// again after any doubt. Logic thread only. Limits are backpressure, not memory: 256 operations or 5 s of age.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>

#include "common/base/time.h"

namespace dure {

namespace proto {
class Operation;
}

inline constexpr std::size_t kWindowOperationsMax = 256;
inline constexpr std::size_t kWindowsOperationsMax = 65536;  // of one process
inline constexpr Duration kWindowAgeMax = seconds(5);
inline constexpr Duration kStoreLost = seconds(30);  // without a word of the agent: nothing more is accepted

class Window {
 public:
  // `total`: operations in all windows of this process, kept right by each of them; outlives them. None: not counted.
  explicit Window(std::size_t* total = nullptr);
  ~Window();
  Window(Window&&) noexcept;
  Window& operator=(Window&&) noexcept;

  // Gives it its number.
  std::uint64_t add(proto::Operation operation, MonoTime now);
  // SAVED(pseq): forgets everything up to it.
  void saved(std::uint64_t pseq);
  const std::deque<proto::Operation>& unsaved() const { return operations_; }
  bool empty() const { return size() == 0; }
  std::size_t size() const { return added_.size(); }
  bool full(MonoTime now) const;
  Duration age(MonoTime now) const;
  std::uint64_t last() const { return next_ - 1; }
  std::uint64_t saved_up_to() const { return saved_; }

 private:
  std::deque<proto::Operation> operations_;
  std::deque<MonoTime> added_;
  std::uint64_t next_ = 1, saved_ = 0;
  std::size_t* total_ = nullptr;
};

}  // namespace dure
