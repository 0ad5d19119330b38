#include "tests/sim/bug.h"

namespace dure::sim {

const char* to_text(Bug bug) {
  switch (bug) {
    case Bug::kNone:
      return "none";
    case Bug::kUnsyncedStore:
      return "unsynced-store";
    case Bug::kDeafStore:
      return "deaf-store";
    case Bug::kTrustingStore:
      return "trusting-store";
    case Bug::kGullibleStore:
      return "gullible-store";
  }
  return "";
}

bool bug_from_text(const std::string& text, Bug* bug) {
  for (const Bug one : kBugs)
    if (text == to_text(one)) {
      *bug = one;
      return true;
    }
  return false;
}

std::string bug_names() {
  std::string names;
  for (const Bug bug : kBugs) names += (names.empty() ? "" : ", ") + std::string(to_text(bug));
  return names;
}

void plant(Bug bug, Stores& stores) {
  if (bug == Bug::kUnsyncedStore) stores.be_unsynced();
  if (bug == Bug::kTrustingStore) stores.be_trusting();
  if (bug == Bug::kGullibleStore) stores.be_gullible();
  if (bug == Bug::kDeafStore) stores.disk().be_silent_about_syncs();
}

}  // namespace dure::sim
