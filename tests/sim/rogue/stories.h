// What a rogue lives through with accounts, names, characters and sessions of its own, from creation to purge: what is
// lawful is done and read back, what is forbidden in that state is refused. Adding a rule: a step in a story, its name
// in the list of its file, and its mark is wanted of every batch.
#pragma once
#include <string>
#include <vector>

#include "tests/sim/rogue/teller.h"

namespace dure::sim {

struct Stories {
  std::vector<Teller::Story> all;
  std::vector<std::string> rules;
};

Stories name_stories();
Stories session_stories();
Stories creation_stories();
Stories purge_stories();
Stories letter_stories();

}  // namespace dure::sim
