// How many connections one address may open: at once before login, and per second. IPv6 addresses count by their /64.
// One IO thread only (each counts its own; the kernel spreads an address over them).
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "gateway/port_options.h"

namespace dure {

// "10.1.2.3:4000" → "10.1.2.3"; "[2001:db8:1:2:3::4]:5" → "2001:db8:1:2".
std::string address_key(std::string_view address);
bool is_loopback(std::string_view address);

class AddressLimits {
 public:
  explicit AddressLimits(const PortOptions& options) : options_(options) {}
  // False: refuse it. Otherwise it counts until left() with the same key.
  [[nodiscard]] bool enter(const std::string& key, MonoTime now);
  // It logged in, or it is gone.
  void left(const std::string& key);
  // Forgets addresses that have nothing to be remembered for.
  void sweep(MonoTime now);
  std::size_t size() const { return addresses_.size(); }

 private:
  struct Address {
    std::uint32_t unaccepted = 0;
    TokenBucket connects;
  };
  const PortOptions& options_;
  std::map<std::string, Address> addresses_;
};

}  // namespace dure
