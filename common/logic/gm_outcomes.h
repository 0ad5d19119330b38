// What a node remembers of the latest commands of game masters, so that each is begun once however often it is
// repeated, and a repeat is answered with what was answered before. The oldest is forgotten first, whatever its number:
// the database still knows that it was claimed. Plain values.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace dure {

class GmOutcomes {
 public:
  static constexpr std::size_t kKept = 256;
  struct Outcome {
    bool known = false;  // else it is under way, or may be tried again
    bool ok = false;
    std::string text;
  };

  void begin(std::uint64_t command);
  // Of what was forgotten meanwhile nothing is kept.
  void end(std::uint64_t command, Outcome outcome);
  // Nothing was done: the sender's next repeat tries again.
  void forget(std::uint64_t command);
  // None: it was not begun, or is forgotten. Good until the next change.
  const Outcome* find(std::uint64_t command) const;

 private:
  std::map<std::uint64_t, Outcome> by_command_;
  std::deque<std::uint64_t> latest_;  // the same commands, oldest first
};

}  // namespace dure
