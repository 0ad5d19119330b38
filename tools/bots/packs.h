// Which bots of one process make up a guild: each four of them, by number. One thread.
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>

namespace dure {

class Packs {
 public:
  static constexpr std::uint32_t kSize = 4;
  void join(std::uint32_t number, const std::string& character) { packs_[number / kSize].insert(character); }
  const std::set<std::string>& of(std::uint32_t number) { return packs_[number / kSize]; }

 private:
  std::map<std::uint32_t, std::set<std::string>> packs_;
};

}  // namespace dure
