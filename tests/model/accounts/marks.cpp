#include "tests/model/accounts/steps.h"

namespace dure::model::accounts {

void note_marks(const Scenario& scenario, const State& state, std::array<std::uint64_t, kMarks>& marks) {
  const auto note = [&](Mark mark, bool happened) { marks[static_cast<int>(mark)] += happened; };
  (void)scenario;
  note(Mark::kAccountNamed, state.closed && state.stays);
  if (!state.restored || state.closed) return;
  note(Mark::kAccountGivenUp, state.given_up);
  note(Mark::kAccountBroughtBack, state.brought_back != 0);
  note(Mark::kHalvesRedone, state.redone);
  note(Mark::kItemGivenBack, state.given_back);
  note(Mark::kMadeRoom, state.made_room);
  note(Mark::kOpenedAfterTheDeskDied, state.crashes != 0);
  for (const Map& map : state.map)
    note(Mark::kMovedAfterOpening, map.intent != 0 && map.source[map.intent] == kRestored);
}

}  // namespace dure::model::accounts
