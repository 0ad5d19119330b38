// The plan of one run, wholly written down before it begins: how many processes, what each client does, and every fault
// with its time. The seed draws it; a scenario file is one as text; shrinking takes entries away. Plain values.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/time.h"
#include "tests/sim/bug.h"
#include "tests/sim/roles.h"

namespace dure::sim {

enum class FaultKind {
  kCrash,
  kStop,
  kPause,
  kCut,
  kMute,
  kPart,
  kDelay,
  kHangUp,
  kMove,
  kPowerCut,
  kDiskFull,
  kDiskErrors,
  kSyncFails,
  kDiskStalls,
  kClock,
  kMangle,
  kRedisDies,
  kDiskFlips,
  kRestore,
};
inline constexpr FaultKind kFaultKinds[] = {
    FaultKind::kCrash,    FaultKind::kStop,       FaultKind::kPause,     FaultKind::kCut,        FaultKind::kMute,
    FaultKind::kPart,     FaultKind::kDelay,      FaultKind::kHangUp,    FaultKind::kMove,       FaultKind::kPowerCut,
    FaultKind::kDiskFull, FaultKind::kDiskErrors, FaultKind::kSyncFails, FaultKind::kDiskStalls, FaultKind::kClock,
    FaultKind::kMangle,   FaultKind::kRedisDies,  FaultKind::kDiskFlips, FaultKind::kRestore};
const char* to_text(FaultKind kind);
// Of the machine under the agent, the only process that has a disk.
bool is_of_disk(FaultKind kind);

struct Fault {
  Duration at{};  // since the clients began
  FaultKind kind = FaultKind::kCrash;
  std::vector<NodeId> nodes;  // one; cut: both; mute: who speaks, who hears nothing; part: one of the two sides
  Duration lasts{};           // none: hang-up, move
  Duration by{};              // delay: of every message from or to it; clock: its wall clock goes wrong, either way
  char client = 0;            // hang-up, move; mangle: its frames leave with bytes wrong
  std::uint32_t shard = 0;    // move: where to; restore: which
  Duration from{};            // restore: when the backup was taken that is put back
};

// A site of production code that takes its rare path (common/logic/unlucky.h) while the faults happen.
struct Unluck {
  std::string site;
  std::uint32_t one_in = 1;  // of the times that it is asked
};

// What a rogue does at the stores (rogue.h): asks again what was done, asks for what is forbidden, lives with accounts
// and characters of its own, trades with itself, owns what must be read as it was saved.
enum class Who { kEchoes, kForges, kLives, kDeals, kOwns };
inline constexpr Who kWho[] = {Who::kEchoes, Who::kForges, Who::kLives, Who::kDeals, Who::kOwns};
const char* to_text(Who who);
struct Mischief {
  Who who = Who::kEchoes;
  std::uint32_t one_in = 1;  // of a store's batches
};

enum class Habit { kShops, kDungeon, kTrades };
const char* to_text(Habit habit);
struct ClientPlan {
  char name = 'a';
  Habit habit = Habit::kShops;
  NodeId gateway;
  char partner = 0;         // of who trades
  bool writes = false;      // who trades: letters to its partner, too
  bool bids = false;        // who trades: keeps a stall at the auction house, too
  bool roams = false;       // who does not trade: resumes its session at any gateway, and goes there unasked
  bool web_socket = false;  // the door it comes in by
};

struct Plan {
  std::uint64_t seed = 1;  // of everything that is still drawn while it runs
  Shape shape;
  Duration latency = microseconds(200);  // the mean of a hop
  Duration play = seconds(10);           // the phase of faults
  Bug bug = Bug::kNone;
  std::vector<ClientPlan> clients;
  std::vector<Unluck> unlucky;     // armed, each once
  std::vector<Fault> faults;       // by time
  std::vector<Mischief> mischief;  // each once, until healing
};

// Each class of fault is absent in about half of the seeds, and each unlucky site; all are in one of fifty. A shard is
// restored alone in three of ten that have more than one. Without
// faults nothing is unlucky. A rogue's mischief is absent in half of the seeds, too, whatever else happens: nobody
// notices it.
Plan draw_plan(std::uint64_t seed);
std::vector<NodeId> nodes_of(const Shape& shape);
// Whether it is hostile at some time: what it then believes itself is judged no more.
bool is_mangled(const Plan& plan, char client);
bool is_unlucky_site(const std::string& name);
// What is wrong with it: a site armed or a rogue's mischief named twice, a client or a node that it names and does not
// have, a trader without its partner. Empty: fine.
std::string what_is_wrong(const Plan& plan);
// Lines of its text that say what happens: clients, unlucky sites, mischief and faults.
std::size_t entries(const Plan& plan);

}  // namespace dure::sim
