// What a rogue's pair tries with its deals: tables of stories, each of which ends where the pair settles and must have
// what it says. Adding one: a row, and its mark "rogue deal.<name>" is wanted of every batch.
#pragma once
#include <string>
#include <vector>

#include "tests/sim/rogue/rogue_pair.h"

namespace dure::sim {

struct Trick {
  std::string name;
  bool (*fits)(const Pair&);
  Task<void> (*play)(Pair&);
};

std::vector<Trick> swap_tricks();   // both legs and the register on one shard
std::vector<Trick> vote_tricks();   // likewise, but somebody votes
std::vector<Trick> hold_tricks();   // a leg that is held, with nobody at the other side
std::vector<Trick> held_tricks();   // what must not be done beside it
std::vector<Trick> guard_tricks();  // a leg that does not fit, either way
std::vector<Trick> trade_tricks();  // whole trades by votes

inline bool always(const Pair&) { return true; }
inline bool together(const Pair& pair) { return pair.together(); }
inline bool many_shards(const Pair& pair) { return pair.contents.size() > 1; }

inline Character& one_of(Pair& pair) { return pair.rng.chance(0.5) ? pair.first : pair.second; }
inline Character& partner_of(Pair& pair, const Character& one) {
  return &one == &pair.first ? pair.second : pair.first;
}
// Whose leg is which: the side of this character.
inline std::uint32_t side_of(const Deal& deal, const Character& who) { return deal.parts[0].who == &who ? 0 : 1; }
// Other terms under the same number, which this side can keep as well.
void change_terms(Pair& pair, Deal& deal, std::uint32_t side);

}  // namespace dure::sim
