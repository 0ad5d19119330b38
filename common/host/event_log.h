// The log of a process: named events with fields, one line each; text on a terminal, a JSON object a line elsewhere.
// Any thread. Control characters in fields are escaped, so a stranger's bytes cannot forge a line. Warnings and errors
// of one name are limited to `burst_per_s`; what was left out is counted in the next line ("suppressed").
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/logic/seams.h"

namespace spdlog {
class logger;
}

namespace dure {

enum class LogFormat { kAuto, kText, kJson };  // auto: text if it goes to a terminal

struct LogOptions {
  std::string path;  // empty: standard error
  LogFormat format = LogFormat::kAuto;
  LogLevel level = LogLevel::kInfo;
  int burst_per_s = 20;
};

class HostEventLog : public EventLog {
 public:
  // Fails if the file cannot be opened.
  static Result<std::unique_ptr<HostEventLog>> open(const LogOptions& options);
  ~HostEventLog() override;
  void event(LogLevel level, std::string_view name, std::initializer_list<LogField> fields) override;
  void flush();

 private:
  struct Burst {
    MonoTime since{};
    int count = 0;
    std::uint64_t suppressed = 0;
  };
  HostEventLog(const LogOptions& options, std::shared_ptr<spdlog::logger> logger, bool json);
  // How many of this name were left out before; nothing if this one is to be left out, too.
  std::optional<std::uint64_t> admit(std::string_view name);
  const LogOptions options_;
  const bool json_;
  std::shared_ptr<spdlog::logger> logger_;
  std::mutex mutex_;
  std::map<std::string, Burst, std::less<>> bursts_;
};

}  // namespace dure
