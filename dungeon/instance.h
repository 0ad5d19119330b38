// One run of a dungeon: its ground, who is expected and who is here, and the game's handler that makes it a game. Lives
// in one dungeon process; its run id is stable, and reward keys hang on it. Logic thread only.
//
//   kWaiting (for the expected, at most 10 s) ──► kRunning ──► kClosing (everybody on the way to the lobby) ──► gone
//        └────────────────────────────────────────────┘ a throw, an empty instance: at once
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/game/area.h"
#include "common/game/movement.h"

namespace dure {

class Instance;

// The game's part. Called inside the instance's own fault boundary: what throws here closes this instance alone.
class RunHandler {
 public:
  virtual ~RunHandler() = default;
  virtual void start() = 0;
  virtual void tick(std::uint64_t tick) = 0;
  virtual void joined(Player& player) = 0;
  virtual void left(PlayerId player) = 0;
  // It is about to go of its own will: it asked to leave, or logs out. What is committed here is saved before.
  virtual void walks_out(Player&) {}
  // Frames of the instance's topic did not reach this player: how the run stands, told to it alone.
  virtual void show_again(Player&) {}
};

// Players are entities under their own ids, which have 63 bits: the upper half is the instance's.
inline constexpr std::uint64_t kFirstOfRun = std::uint64_t{1} << 63;

class Instance {
 public:
  enum class State { kWaiting, kRunning, kClosing };

  Instance(RunId id, std::string dungeon, std::set<PlayerId> expected, std::uint64_t seed, TopicPublisher& publisher,
           AreaOptions area, Area::TellWhole tell_whole, MonoTime opened)
      : id_(id),
        dungeon_(std::move(dungeon)),
        expected_(std::move(expected)),
        rng_(seed, id.value),
        opened_(opened),
        area_(publisher, area, std::move(tell_whole)) {}

  RunId id() const { return id_; }
  const std::string& dungeon() const { return dungeon_; }
  std::string place() const { return "run/" + std::to_string(id_.value); }
  bool expects(PlayerId player) const { return expected_.count(player) != 0; }
  const std::set<PlayerId>& expected() const { return expected_; }
  Area& area() { return area_; }
  Rng& rng() { return rng_; }
  MonoTime opened() const { return opened_; }

  State state = State::kWaiting;
  std::uint32_t content_version = 0;  // it began with, and goes on with
  std::unique_ptr<RunHandler> handler;
  std::set<PlayerId> members;
  std::map<PlayerId, Pace> paces;
  MonoTime empty_since{};
  bool broken = false;  // a developer asked for a throw
  bool finished = false, failed = false;
  std::uint64_t next_drop = 1;              // numbers drops of this run
  std::uint64_t next_entity = kFirstOfRun;  // monsters

 private:
  RunId id_;
  std::string dungeon_;
  std::set<PlayerId> expected_;
  Rng rng_;
  MonoTime opened_;
  Area area_;
};

}  // namespace dure
