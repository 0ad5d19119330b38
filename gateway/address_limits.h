// How many connections one address may open: at once before login, and per second, at the whole gateway. IPv6 addresses
// count by their /64. The kernel spreads an address over the IO threads, so their ports ask one AddressGate; where they
// are threads indeed, it is one with a lock (tools/shared_address_limits.h).
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

class AddressGate {
 public:
  virtual ~AddressGate() = default;
  // False: refuse it. Otherwise it counts until left() with the same key.
  [[nodiscard]] virtual bool enter(const std::string& key, MonoTime now) = 0;
  // It logged in, or it is gone.
  virtual void left(const std::string& key) = 0;
  // Forgets addresses that have nothing to be remembered for.
  virtual void sweep(MonoTime now) = 0;
};

// The counting itself. One thread; borrows the options.
class AddressLimits : public AddressGate {
 public:
  explicit AddressLimits(const PortOptions& options) : options_(options) {}
  [[nodiscard]] bool enter(const std::string& key, MonoTime now) override;
  void left(const std::string& key) override;
  void sweep(MonoTime now) override;
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
