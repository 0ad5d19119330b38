// Parties: up to five players who belong together wherever they are, with one leader. Each change raises the version;
// who kicks or hands over the lead names the version that it saw. A party lives while two have a seat; who is away
// keeps it for a while. The changes are ordered here; the value is held by the members' owners, who bring it back after
// this process has died (merge). Plain object without messages or clocks; logic thread.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "common/base/ids.h"
#include "common/base/time.h"
#include "common/proto/route.pb.h"

namespace dure {

inline constexpr std::size_t kPartyMost = 5;
inline constexpr Duration kPartySeat = seconds(60);    // of who is away
inline constexpr Duration kPartyInvite = seconds(30);  // until it lapses

struct Party {
  std::uint64_t id = 0;
  std::uint64_t version = 0;
  PlayerId leader;
  std::vector<PlayerId> members;      // in the order they came; one alone only until the first invitation is answered
  std::map<PlayerId, MonoTime> away;  // since when
  std::map<PlayerId, MonoTime> invited;  // until when
};

class Parties {
 public:
  // `draw`: an id that no party ever had.
  explicit Parties(std::function<std::uint64_t()> draw) : draw_(std::move(draw)) {}
  // What a change did. Nobody but those in `told` needs to hear of it; a party that is over has no members any more.
  struct Outcome {
    proto::Code code = proto::OK;
    Party party;
    std::vector<PlayerId> told;
  };
  // Makes the party if there is none. INVALID: oneself; TAKEN: in a party, or invited here already; FULL; NOT_ALLOWED:
  // not the leader.
  Outcome invite(PlayerId by, PlayerId whom, MonoTime now);
  // NOT_FOUND: no such invitation (any more); WRONG_STATE: in a party by now; FULL.
  Outcome answer(PlayerId who, std::uint64_t party, bool accept, MonoTime now);
  // WRONG_STATE: in no party, or another version by now; NOT_ALLOWED: not the leader; NOT_FOUND: no member; INVALID:
  // oneself.
  Outcome leave(PlayerId who);
  Outcome kick(PlayerId by, PlayerId whom, std::uint64_t version);
  Outcome lead(PlayerId by, PlayerId whom, std::uint64_t version);
  std::optional<Outcome> away(PlayerId who, MonoTime now);
  std::optional<Outcome> back(PlayerId who);
  // What the owner of `who` holds. The higher version wins; whoever was in it and has left since, or sits in another
  // by now, has no seat; whom `here` does not know is away since now. Nothing if nobody has to hear of it.
  std::optional<Outcome> merge(PlayerId who, const Party& held, const std::function<bool(PlayerId)>& here,
                               MonoTime now);
  // Another process orders them now.
  void clear();
  // Who was away too long loses the seat; invitations lapse.
  std::vector<Outcome> review(MonoTime now);

  // None unless at least two have a seat.
  const Party* of(PlayerId who) const;
  bool knows(std::uint64_t party) const { return parties_.count(party) != 0; }
  std::size_t size() const { return parties_.size(); }
  void check_invariants() const;

 private:
  using Departure = std::pair<std::uint64_t, PlayerId>;  // out of which party
  Party* mine(PlayerId who);
  void left(const Departure& departure, std::uint64_t version);
  std::uint64_t left_at(std::uint64_t party, PlayerId who) const;
  Outcome out_of(std::uint64_t party, std::uint64_t version, PlayerId who) const;
  Outcome change(Party& party, std::vector<PlayerId> also = {});
  Outcome remove(Party& party, PlayerId who);
  Outcome steer(PlayerId by, PlayerId whom, std::uint64_t version, Party** party);
  std::map<std::uint64_t, Party> parties_;
  std::map<PlayerId, std::uint64_t> party_of_;
  // The last ones, and as of which version: an owner that did not hear of it does not bring them back.
  std::map<Departure, std::uint64_t> departures_;
  std::deque<Departure> departures_in_order_;
  std::function<std::uint64_t()> draw_;
};

}  // namespace dure
