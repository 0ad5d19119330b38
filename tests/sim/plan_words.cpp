// What the kinds of things in a plan are called, in scenarios and marks.
#include "tests/sim/plan.h"

namespace dure::sim {

const char* to_text(FaultKind kind) {
  switch (kind) {
    case FaultKind::kCrash:
      return "crash";
    case FaultKind::kStop:
      return "stop";
    case FaultKind::kPause:
      return "pause";
    case FaultKind::kCut:
      return "cut";
    case FaultKind::kMute:
      return "mute";
    case FaultKind::kPart:
      return "part";
    case FaultKind::kDelay:
      return "delay";
    case FaultKind::kHangUp:
      return "hang-up";
    case FaultKind::kMove:
      return "move";
    case FaultKind::kPowerCut:
      return "power-cut";
    case FaultKind::kDiskFull:
      return "disk-full";
    case FaultKind::kDiskErrors:
      return "disk-errors";
    case FaultKind::kSyncFails:
      return "sync-fails";
    case FaultKind::kDiskStalls:
      return "disk-stalls";
    case FaultKind::kDiskFlips:
      return "disk-flips";
    case FaultKind::kClock:
      return "clock";
    case FaultKind::kMangle:
      return "mangle";
    case FaultKind::kRedisDies:
      return "redis-dies";
    case FaultKind::kRestore:
      return "restore";
  }
  return "";
}

bool is_of_disk(FaultKind kind) {
  switch (kind) {
    case FaultKind::kPowerCut:
    case FaultKind::kDiskFull:
    case FaultKind::kDiskErrors:
    case FaultKind::kSyncFails:
    case FaultKind::kDiskStalls:
    case FaultKind::kDiskFlips:
      return true;
    default:
      return false;
  }
}

const char* to_text(Who who) {
  switch (who) {
    case Who::kEchoes:
      return "echoes";
    case Who::kForges:
      return "forges";
    case Who::kLives:
      return "lives";
    case Who::kDeals:
      return "deals";
    case Who::kOwns:
      return "owns";
  }
  return "";
}

const char* to_text(Habit habit) {
  switch (habit) {
    case Habit::kShops:
      return "shops";
    case Habit::kDungeon:
      return "fights";
    case Habit::kTrades:
      return "trades";
  }
  return "";
}

}  // namespace dure::sim
