#include "gateway/session.h"

namespace dure {

Verdict judge(const Session* session, bool logging_in, Phase phase, Bound bound) {
  if (phase == Phase::kAlways)
    return bound == Bound::kGateway || session != nullptr ? Verdict::kTake : Verdict::kWrongState;
  if (phase == Phase::kConnected) return session == nullptr && !logging_in ? Verdict::kTake : Verdict::kWrongState;
  if (session == nullptr) return Verdict::kWrongState;
  if (phase == Phase::kAccount) return session->state == SessionState::kAccount ? Verdict::kTake : Verdict::kWrongState;
  switch (session->state) {
    case SessionState::kWorld:
      return Verdict::kTake;
    case SessionState::kHolding:
      if (bound == Bound::kOwner) return Verdict::kHold;
      return bound == Bound::kChat ? Verdict::kTake : Verdict::kBusy;
    case SessionState::kAccount:
    case SessionState::kEntering:
    case SessionState::kLeaving:
      return Verdict::kWrongState;
  }
  return Verdict::kWrongState;
}

}  // namespace dure
