#include "gateway/address_limits.h"

#include <algorithm>

namespace dure {
namespace {

std::string network_of(std::string_view v6) {
  // The first four groups; a "::" among them ends the prefix early, which only makes it shorter.
  std::size_t end = 0;
  for (int groups = 0; end < v6.size(); ++end)
    if (v6[end] == ':' && (++groups == 4 || v6.substr(end, 2) == "::")) break;
  return std::string(v6.substr(0, end));
}

}  // namespace

std::string address_key(std::string_view address) {
  if (!address.empty() && address.front() == '[') address = address.substr(1, address.find(']') - 1);
  const auto colons = std::count(address.begin(), address.end(), ':');
  if (colons == 0) return std::string(address);
  if (colons == 1) return std::string(address.substr(0, address.find(':')));
  if (address == "::1") return "::1";
  if (address.starts_with("::ffff:") && address.find('.') != std::string_view::npos)
    return std::string(address.substr(7));
  return network_of(address);
}

bool is_loopback(std::string_view address) {
  const std::string key = address_key(address);
  return key.starts_with("127.") || key == "::1";
}

bool AddressLimits::enter(const std::string& key, MonoTime now) {
  if (!options_.limit_loopback && is_loopback(key)) return true;
  Address& address = addresses_[key];
  if (options_.address_unaccepted_max != 0 && address.unaccepted >= options_.address_unaccepted_max) return false;
  if (!address.connects.take(options_.address_connects, now)) return false;
  ++address.unaccepted;
  return true;
}

void AddressLimits::left(const std::string& key) {
  const auto at = addresses_.find(key);
  if (at != addresses_.end() && at->second.unaccepted > 0) --at->second.unaccepted;
}

void AddressLimits::sweep(MonoTime now) {
  std::erase_if(addresses_, [&](auto& entry) {
    return entry.second.unaccepted == 0 && entry.second.connects.full(options_.address_connects, now);
  });
}

}  // namespace dure
