// Who hears of every turn of a node, on its logic thread: a journal, a flight recorder.
#pragma once
#include <vector>

#include "common/logic/journal.h"

namespace dure {

class TurnRecorder {
 public:
  virtual ~TurnRecorder() = default;
  // Before the turn: a crash inside it is recorded. `turn` carries no inputs of its own.
  virtual void turn_begins(const JournalTurn& turn, const std::vector<Inbound>& inputs) = 0;
  virtual void turn_ended(const std::vector<Outbound>& effects) = 0;
};

}  // namespace dure
