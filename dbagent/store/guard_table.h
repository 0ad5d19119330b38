// The guards of one version of content (content.proto), ready to be looked up: by name, then by the longest pattern.
// Immutable; any thread. Knows no row: content_guard.h judges operations by it.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace dure::proto {
class ContentGuards;
}

namespace dure::store {

template <class T>
class Named {
 public:
  void put(const std::string& name, const T& value) {
    if (!name.empty() && name.back() == '*')
      patterns_[name.substr(0, name.size() - 1)] = value;
    else
      exact_[name] = value;
  }
  // Nullptr: neither it nor a pattern of it is there.
  const T* find(std::string_view name) const {
    if (const auto at = exact_.find(name); at != exact_.end()) return &at->second;
    const T* found = nullptr;
    std::size_t longest = 0;
    for (const auto& [prefix, value] : patterns_)
      if (name.starts_with(prefix) && (found == nullptr || prefix.size() >= longest)) {
        found = &value;
        longest = prefix.size();
      }
    return found;
  }
  bool empty() const { return exact_.empty() && patterns_.empty(); }

 private:
  std::map<std::string, T, std::less<>> exact_, patterns_;
};

struct Limit {
  std::int64_t operation_max = 0;
  std::int64_t day_max = 0;  // 0: any
};

struct ReasonGuards {
  bool unique_key = false;
  Named<Limit> creates, mints, counts;
  std::string currency;
  Named<std::int64_t> sells, buys;
};

class GuardTable {
 public:
  explicit GuardTable(const proto::ContentGuards& guards);
  // 0: none.
  std::int64_t cap(std::string_view balance) const;
  std::int64_t counter_cap(std::string_view counter) const;
  const ReasonGuards* reason(std::string_view name) const;
  bool closed() const { return closed_; }
  // A balance or an item template that there is.
  bool knows(std::string_view thing) const { return things_.empty() || things_.contains(thing); }

 private:
  Named<std::int64_t> caps_, counter_caps_;
  std::map<std::string, ReasonGuards, std::less<>> reasons_;
  std::set<std::string, std::less<>> things_;
  bool closed_ = false;
};

// The lesser of two caps, each 0 for none.
inline std::int64_t lesser_cap(std::int64_t a, std::int64_t b) { return a <= 0 ? b : b <= 0 || a < b ? a : b; }

}  // namespace dure::store
