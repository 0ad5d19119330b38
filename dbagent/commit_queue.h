// What waits for one database file, and when the next group of it is to be committed. Plain object, logic thread only.
//
// A group leaves when the one before it is done and either the oldest item has waited for `wait`, or `items_max` wait
// already. Order of arrival is the order of commit.
#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/logic/node.h"

namespace dure {

struct Asked;

// How the answers of one kind of request are made and what else they bring about.
struct StoreKind {
  std::uint32_t message_id = 0;
  std::function<std::string(int code)> refuse;                            // an encoded reply with only a StoreCode
  std::function<void(const Asked& asked, std::string_view reply)> after;  // may be empty
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
};

class CommitQueue {
 public:
  explicit CommitQueue(const GroupLimits& limits) : limits_(limits) {}

  // False: too many wait already; nothing was kept.
  [[nodiscard]] bool push(Asked asked);
  // When the next group may leave; nothing while one is being committed or none waits. `hurry`: without gathering.
  std::optional<MonoTime> due(MonoTime now, bool hurry) const;
  std::vector<Asked> take(MonoTime now);
  void done(MonoTime now);
  // Everything that waits, when it can no longer be committed.
  std::vector<Asked> abandon();

  bool idle() const { return waiting_.empty() && !committing_; }
  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t committed() const { return committed_; }
  // Of the last groups, from leaving to being answered.
  Duration p50() const;

 private:
  GroupLimits limits_;
  std::deque<Asked> waiting_;
  bool committing_ = false;
  std::size_t group_ = 0;
  MonoTime left_at_{};
  std::uint64_t committed_ = 0;
  std::deque<Duration> durations_;
};

}  // namespace dure
