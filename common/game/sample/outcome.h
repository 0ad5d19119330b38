// How a committed operation is told to its client, and why one was not committed. Also: every reason that an operation
// of the sample may carry. No state.
#pragma once
#include <set>
#include <string>

#include "common/game/owner.h"
#include "common/proto/route.pb.h"

namespace dure::sample {

class Touched;

proto::Code code_of(Mirror::Guard guard);
// The values after it of whatever the operation touched; `mirror` already has it.
void tell_touched(const Mirror& mirror, const proto::Operation& operation, Touched* touched);
// The same for an operation that its client did not ask for and that takes no item away: AggregateChanged.
void tell_changed(OwnerNode& owner, const Player& player, const proto::Operation& operation);
// For OwnerNode::Options::reasons.
std::set<std::string> reasons();

}  // namespace dure::sample
