// AddressLimits for ports that run in several threads: the same table behind a lock. Held for a moment at each accept,
// each login and once a second; any thread.
#pragma once
#include <mutex>
#include <string>

#include "gateway/address_limits.h"

namespace dure {

class SharedAddressLimits : public AddressGate {
 public:
  // Borrows the options.
  explicit SharedAddressLimits(const PortOptions& options) : limits_(options) {}
  [[nodiscard]] bool enter(const std::string& key, MonoTime now) override {
    const std::lock_guard lock(mutex_);
    return limits_.enter(key, now);
  }
  void left(const std::string& key) override {
    const std::lock_guard lock(mutex_);
    limits_.left(key);
  }
  void sweep(MonoTime now) override {
    const std::lock_guard lock(mutex_);
    limits_.sweep(now);
  }

 private:
  std::mutex mutex_;
  AddressLimits limits_;
};

}  // namespace dure
