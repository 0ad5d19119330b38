#include "common/host/event_log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/host/clock.h"

namespace dure {
namespace {

constexpr std::size_t kNamesMax = 4096;

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

// As in a JSON string; bytes that are no UTF-8 become \u00xx, so that the line stays readable by any parser.
void append_escaped(std::string* out, std::string_view text) {
  const bool utf8 = valid_utf8(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      *out += '\\';
      *out += c;
    } else if (c == '\n') {
      *out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      fmt::format_to(std::back_inserter(*out), "\\u{:04x}", byte);
    } else {
      *out += c;
    }
  }
}

void append_text(std::string* out, std::string_view text) {
  const bool plain = !text.empty() && text.find_first_of(" =\"\\") == std::string_view::npos;
  if (!plain) *out += '"';
  append_escaped(out, text);
  if (!plain) *out += '"';
}

void append_field(std::string* out, const LogField& field, bool json) {
  *out += json ? ",\"" : " ";
  append_escaped(out, field.key);
  *out += json ? "\":" : "=";
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
    *out += std::to_string(*number);
  } else if (json) {
    *out += '"';
    append_escaped(out, std::get<std::string>(field.value));
    *out += '"';
  } else {
    append_text(out, std::get<std::string>(field.value));
  }
}

}  // namespace

Result<std::unique_ptr<HostEventLog>> HostEventLog::open(const LogOptions& options) {
  const bool terminal = options.path.empty() && isatty(STDERR_FILENO);
  const bool json = options.format == LogFormat::kJson || (options.format == LogFormat::kAuto && !terminal);
  spdlog::sink_ptr sink;
  try {
    if (options.path.empty())
      sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    else
      sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.path);
  } catch (const spdlog::spdlog_ex& error) {
    return fail(Trouble::kIo, error.what());
  }
  auto logger = std::make_shared<spdlog::logger>("dure", sink);
  if (json)
    logger->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%fZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
  else
    logger->set_pattern("%H:%M:%S.%e %^%-7l%$ %v");
  logger->set_level(to_spdlog(options.level));
  logger->flush_on(spdlog::level::info);
  return std::unique_ptr<HostEventLog>(new HostEventLog(options, std::move(logger), json));
}

HostEventLog::HostEventLog(const LogOptions& options, std::shared_ptr<spdlog::logger> logger, bool json)
    : options_(options), json_(json), logger_(std::move(logger)) {}

HostEventLog::~HostEventLog() { flush(); }

void HostEventLog::flush() { logger_->flush(); }

std::optional<std::uint64_t> HostEventLog::admit(std::string_view name) {
  const MonoTime now = mono_now();
  const std::lock_guard lock(mutex_);
  auto at = bursts_.find(name);
  if (at == bursts_.end()) {
    if (bursts_.size() >= kNamesMax) return 0;
    at = bursts_.emplace(std::string(name), Burst{now, 0, 0}).first;
  }
  Burst& burst = at->second;
  if (now - burst.since >= seconds(1)) burst.since = now, burst.count = 0;
  if (++burst.count <= options_.burst_per_s) return std::exchange(burst.suppressed, 0);
  ++burst.suppressed;
  return std::nullopt;
}

void HostEventLog::event(LogLevel level, std::string_view name, std::initializer_list<LogField> fields) {
  if (level < options_.level) return;
  std::uint64_t suppressed = 0;
  if (level >= LogLevel::kWarning) {
    const auto admitted = admit(name);
    if (!admitted) return;
    suppressed = *admitted;
  }
  std::string line = json_ ? "\"event\":\"" : "";
  append_escaped(&line, name);
  if (json_) line += '"';
  for (const auto& field : fields) append_field(&line, field, json_);
  if (suppressed != 0) append_field(&line, LogField("suppressed", suppressed), json_);
  logger_->log(to_spdlog(level), "{}", line);
}

}  // namespace dure
