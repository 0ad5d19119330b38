// Keeps strangers from filling the log: one line a second and cause, which says how many there were since the one
// before. Plain value, one thread; bounded in memory: what is beyond kCausesMax causes at a time shares one line.
//
//   if (const auto times = limit.due(cause, now)) log.event(level, name, {…, {"times", times}});
//
// A cause is ours to name (what is wrong, which peer), never a text that a stranger chose freely.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/time.h"

namespace dure {

class LogLimit {
 public:
  static constexpr Duration kInterval = seconds(1);
  static constexpr std::size_t kCausesMax = 64;

  // How many there were of this cause since its last line, this one counted. 0: not now.
  std::uint64_t due(std::string_view cause, MonoTime now);
  std::size_t causes() const { return causes_.size(); }

 private:
  struct Cause {
    bool said = false;
    MonoTime said_at{};
    std::uint64_t unsaid = 0;
  };
  static bool quiet(const Cause& cause, MonoTime now) { return now - cause.said_at >= kInterval; }
  std::map<std::string, Cause, std::less<>> causes_;
  Cause others_;
};

}  // namespace dure
