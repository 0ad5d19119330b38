// Unluckiness (FoundationDB's buggify): sites in production code where a rare path that may be taken at any time is
// taken when the simulation says so. Nobody says so in production: Seams has no Luck there, and none in a replay. The
// sites are declared here and nowhere else: another name does not compile, and a batch of the simulation fails if one
// of these is never met (tests/sim/marks.h). Plain values; a Luck is asked from the logic thread only.
#pragma once
#include <cstddef>
#include <iterator>
#include <string_view>

namespace dure {

inline constexpr std::string_view kUnluckySites[] = {
    // Every node.
    "call.late",         // an answer comes after its deadline
    "call.unreachable",  // the link is down at this moment
    "heartbeat.skipped",
    "topics.told_again",  // all that is subscribed, not what is new
    // Owners of players.
    "save.put_off",        // a window leaves a turn later
    "save.alone",          // one operation of the window
    "save.retry.longest",  // the longest pause at once
    "window.full",         // BUSY
    "shard.forgotten",     // where the player lives is asked again
    "acquire.again",       // a grant is not trusted: fenced and read anew
    "inbox.asked_again",
    "claims.one",  // one entry of the inbox at a time
    "hint.early",
    "handover.not_saved",
    "place.second_choice",
    // Generals, dungeons, chats.
    "channel.crowded",
    "queue.joined_again",
    "dungeon.crowded",
    "instance.full",
    "instance.closed_early",
    "speaker.unknown",
    // Gateways.
    "login.not_admitted",
    "general.second_choice",
    "hold.short",
    "topic.gapped",  // a client read so slowly that frames of it were dropped
    // Agents.
    "commit.alone",  // a group of one
    "commit.full",
    "outbox.page",  // of one letter
    "outbox.place_forgotten",
    "outbox.delivered_again",
    "vote.lost",  // found again by the scan
    "trade_notice.lost",
};

class UnluckySite {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): reads as unlucky("call.late")
  consteval UnluckySite(const char* name) : site_(find(name)) {}
  std::string_view name() const { return kUnluckySites[site_]; }

 private:
  static consteval std::size_t find(std::string_view name) {
    for (std::size_t site = 0; site < std::size(kUnluckySites); ++site)
      if (kUnluckySites[site] == name) return site;
    throw "kUnluckySites has no such name";  // which ends the compilation
  }
  std::size_t site_;
};

class Luck {
 public:
  virtual ~Luck() = default;
  virtual bool unlucky(UnluckySite site) = 0;
};

}  // namespace dure
