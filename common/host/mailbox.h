// All that waits for one logic thread. Many threads put, one takes; taking swaps the whole batch. The bell rings only
// when the box was empty. Every batch knows when it was put in: how long inputs waited is this system's indicator of
// load.
//
// Only client frames count against the capacity and may be refused; an IO thread keeps what was refused and stops
// reading, so nothing is lost. Everything else is bounded by what it speaks of and always taken.
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/histogram.h"
#include "common/host/wake.h"
#include "common/logic/crossing.h"
#include "common/logic/seams.h"

namespace dure {

class Mailbox {
 public:
  Mailbox(std::string name, std::size_t frames_max, EventLog& log);

  // ── any thread ──────────────────────────────────────────────────────────────────────────────────────────────
  // For anything but a client's frame: never refused.
  void put(Inbound inbound);
  // Takes from the front of `inbounds`, in order, up to the first client frame that finds no room; the rest stays.
  void put_all(std::vector<Inbound>* inbounds);

  // ── the logic thread ────────────────────────────────────────────────────────────────────────────────────────
  // Swaps everything into `batch` (which must be empty) and records how long each waited.
  void take(std::vector<Inbound>* batch, MonoTime now);
  void wait(int timeout_ms) { wake_.wait(timeout_ms); }
  // Rings without putting anything in, so that the thread looks at its stop flag. Any thread.
  void ring() { wake_.ring(); }
  std::uint64_t input_wait_us(double quantile, MonoTime now) { return waits_.percentile_us(quantile, now); }

 private:
  struct Arrival {
    MonoTime at;
    std::size_t count;
  };
  static void stamp(Inbound* inbound, MonoTime now);
  void arrived(std::size_t count, MonoTime now);  // under the mutex
  void warn(std::size_t size);
  const std::string name_;
  const std::size_t frames_max_;
  EventLog& log_;
  Wake wake_;
  std::mutex mutex_;
  std::vector<Inbound> items_;
  std::vector<Arrival> arrivals_;  // in order; counts sum up to items_.size()
  std::size_t frames_ = 0;
  std::size_t warn_at_ = 8192;  // doubles at each warning, back once empty
  std::vector<Arrival> taken_;  // logic thread
  RecentHistogram waits_;       // logic thread
};

}  // namespace dure
