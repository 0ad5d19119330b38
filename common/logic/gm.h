// What every role needs of a game master's command: reading it, answering it, its repeats, `status`. The command was
// verified where it came in; expiry is looked at again, since it may have waited. Logic thread only.
#pragma once
#include <cstdint>
#include <string>

#include "common/logic/crossing.h"
#include "common/logic/gm_outcomes.h"
#include "common/logic/link.h"

namespace dure {

class Node;
namespace proto {
class GmCommand;
}

// Of the claim by which a command takes effect at most once. One that is not answered in time may be made all the same:
// a second one would find it, and take it for that of an earlier life.
inline constexpr Duration kGmClaimDeadline = seconds(3600);

// False: unreadable, another cluster's, or expired; nothing is to be done or answered.
[[nodiscard]] bool read_gm(const Node& node, const GmCommandIn& in, proto::GmCommand* command);
void answer_gm(Node& node, const GmCommandIn& in, std::uint64_t id, bool ok, const std::string& text);
// Answers what was begun before as it was then; while it is under way, the answer comes with its end. False: it is new.
bool answer_gm_repeat(Node& node, const GmCommandIn& in, std::uint64_t id, const GmOutcomes& outcomes);
// Answers `status` with one line of this node. False: it is another verb.
bool answer_gm_status(Node& node, const GmCommandIn& in, const PeerLoad& load);

}  // namespace dure
