// Which bots of one process go into dungeons as a party, and what they saw there: of each four by number the first two,
// three or all are one, the others go alone. A drop has one receiver, and it is of the killer's party. One thread.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace dure {

class Raids {
 public:
  struct Seat {
    std::string character;
    std::uint64_t entity = 0;
  };
  static constexpr std::uint32_t kPack = 4;
  static std::uint32_t pack_of(std::uint32_t number) { return (number - 1) / kPack; }
  static std::uint32_t size_of(std::uint32_t pack) { return 2 + pack % 3; }
  static bool leads(std::uint32_t number) { return (number - 1) % kPack == 0; }
  static bool joins(std::uint32_t number) { return (number - 1) % kPack < size_of(pack_of(number)); }

  void here(std::uint32_t number, const std::string& character, std::uint64_t entity) {
    packs_[pack_of(number)][number] = {character, entity};
  }
  const std::map<std::uint32_t, Seat>& seats(std::uint32_t number) { return packs_[pack_of(number)]; }

  void sits(std::uint64_t entity, std::uint64_t party) { party_of_[entity] = party; }
  void died(const std::string& place, std::uint64_t entity, std::uint64_t killer) {
    drops_.try_emplace({place, entity}, Drop{killer, party_of(killer), 0});
  }
  // Empty: as it should be.
  std::string dropped(const std::string& place, std::uint64_t entity, std::uint64_t receiver) {
    const auto at = drops_.find({place, entity});
    if (at == drops_.end()) return {};  // nobody of us saw it die
    Drop& drop = at->second;
    if (drop.receiver != 0 && drop.receiver != receiver) return "a second receiver";
    drop.receiver = receiver;
    return drop.party == party_of(receiver) ? "" : "a receiver who is not of the killer's party";
  }

 private:
  struct Drop {
    std::uint64_t killer = 0, party = 0, receiver = 0;
  };
  std::uint64_t party_of(std::uint64_t entity) const {
    const auto at = party_of_.find(entity);
    return at == party_of_.end() ? 0 : at->second;
  }
  std::map<std::uint32_t, std::map<std::uint32_t, Seat>> packs_;
  std::map<std::uint64_t, std::uint64_t> party_of_;
  std::map<std::pair<std::string, std::uint64_t>, Drop> drops_;
};

}  // namespace dure
