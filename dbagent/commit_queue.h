// What waits for one database file, and when the next group of it is to be committed. Plain object, logic thread only.
//
// A group leaves when the one before it is done and either the oldest item has waited for `wait`, or `items_max` wait
// already. Order of arrival is the order of commit, but for loads (kinds that read much: a login, a ledger): they are
// read a slice at a time, at most `loads_max` in a group, and what comes later overtakes those that have to wait. So a
// burst of logins delays no operation by more than a slice.
#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/logic/node.h"

namespace dure {

struct Asked;

// How the answers of one kind of request are made and what else they bring about.
struct StoreKind {
  std::uint32_t message_id = 0;
  std::function<std::string(int code)> refuse;                            // an encoded reply with only a StoreCode
  std::function<void(const Asked& asked, std::string_view reply)> after;  // may be empty
  bool load = false;
};

struct Asked {
  From from;
  const StoreKind* kind = nullptr;
  std::string body;
  MonoTime since;
};

struct GroupLimits {
  std::size_t items_max = 256;
  std::size_t bytes_max = 8u << 20;
  std::size_t waiting_max = 65536;  // beyond it askers are told to try again
  Duration wait = milliseconds(5);
  std::size_t loads_max = 12;  // of a group
};

class CommitQueue {
 public:
  explicit CommitQueue(const GroupLimits& limits) : limits_(limits) {}

  // False: too many wait already; nothing was kept.
  [[nodiscard]] bool push(Asked asked);
  // When the next group may leave; nothing while one is being committed or none waits. `hurry`: without gathering.
  std::optional<MonoTime> due(MonoTime now, bool hurry) const;
  // At most so many of each kind, and what the limits say.
  std::vector<Asked> take(MonoTime now, std::size_t most = ~std::size_t{0});
  void done(MonoTime now);
  // Everything that waits, when it can no longer be committed.
  std::vector<Asked> abandon();

  bool committing() const { return committing_; }
  bool idle() const { return waiting() == 0 && !committing_; }
  std::size_t waiting() const { return waiting_.size() + loads_.size(); }
  std::uint64_t committed() const { return committed_; }
  // Of the last groups, from leaving to being answered.
  Duration p50() const;
  // Of the oldest item of each of the last groups, from coming in to being answered: what makes a shard hot.
  Duration wait_p99() const;
  // Once a second.
  void second_passed() { committed_per_s_ = committed_ - std::exchange(committed_before_, committed_); }
  std::uint64_t committed_per_s() const { return committed_per_s_; }

 private:
  GroupLimits limits_;
  std::deque<Asked> waiting_, loads_;
  bool committing_ = false;
  std::size_t group_ = 0;
  MonoTime left_at_{};
  MonoTime oldest_{};
  std::uint64_t committed_ = 0, committed_before_ = 0, committed_per_s_ = 0;
  std::deque<Duration> durations_, waits_;
};

}  // namespace dure
