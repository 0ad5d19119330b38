#include "tools/launcher/up.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <utility>

#include "common/host/event_log.h"
#include "common/host/signals.h"
#include "common/proto/config.pb.h"
#include "tools/launcher/node_table.h"
#include "tools/launcher/ports.h"
#include "tools/launcher/redis_server.h"
#include "tools/launcher/screen.h"
#include "tools/launcher/supervisor.h"
#include "tools/launcher/up_lock.h"
#include "tools/launcher/up_signals.h"

namespace dure {
namespace {

MonoTime mono_now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return MonoTime(seconds(t.tv_sec) + Duration(t.tv_nsec));
}

// With other counts of nodes than the file says, the children read a file of ours: `text`, at config.path().
struct Counted {
  Config config;
  std::string text;
  Result<void> write() const { return text.empty() ? Result<void>() : write_config(config.path(), text); }
};

Result<Counted> load_counted(const UpOptions& options) {
  const auto given = load_config(options.config_path);
  if (!given) return tl::unexpected(given.error());
  if (options.counts.empty()) return Counted{*given, {}};
  auto text = with_node_counts(options.config_path, options.counts);
  if (!text) return tl::unexpected(text.error());
  const auto counted = parse_config(*text, given->base().cluster().data_dir() + "/up.toml");
  if (!counted) return tl::unexpected(counted.error());
  return Counted{*counted, std::move(*text)};
}

class Up {
 public:
  Up(const UpOptions& options, const Counted& counted, EventLog& log)
      : options_(options),
        counted_(counted),
        config_(counted.config),
        data_dir_(config_.base().cluster().data_dir()),
        plan_(plan_processes(config_)),
        monitor_(config_.base().redis().address(), config_.base().redis().prefix(), milliseconds(50)),
        supervisor_([this](const std::string& line) { screen_.line(line); }, log) {}

  int run() {
    began_ = mono_now();
    start_limit_ = began_ + seconds(config_.base().cluster().start_timeout_s());
    if (const int code = wait_for_others(); code != 0 || stops_ > 0) return code;
    if (!locked_) screen_.line(data_dir_ + " has another supervisor: it hears of added shards, not this");
    if (const auto written = counted_.write(); !written) {
      screen_.line(written.error().detail);
      return kExitConfig;
    }
    if (const auto added = add_redis(); !added) {
      screen_.line(added.error().detail);
      return kExitConfig;
    }
    for (const PlannedProcess& planned : plan_) add(planned);
    const int code = serve();
    supervisor_.stop(mono_now(), seconds(config_.base().cluster().stop_timeout_s()));
    const int at_once_from = stops_ > 0 ? 2 : 1;  // the first one began the orderly stop
    for (bool at_once = false; !supervisor_.stopped();) {
      if (stops_ >= at_once_from && !std::exchange(at_once, true)) {
        screen_.line("asked again: everything is stopped at once");
        supervisor_.stop_at_once();
      }
      wait(milliseconds(100));
      supervisor_.turn(mono_now());
      show();
    }
    return conclude(code);
  }

 private:
  bool own_redis() const {
    return config_.base().redis().private_server() && !config_.base().redis().address().empty();
  }

  std::string taken_port() const {
    const auto text = [this](const std::string& port, const std::string& who) {
      return "port taken: " + port + " (" + who + ", " + config_.path() + "); waiting";
    };
    for (const PlannedProcess& process : plan_)
      for (const std::string& port : process.ports)
        if (!port_free(port)) return text(port, process.name);
    const std::string& redis = config_.base().redis().address();
    if (own_redis() && !redis.starts_with("unix:") && !port_free(redis)) return text(redis, "redis");
    return {};
  }

  // What another cluster still has; empty: nothing that this one needs.
  std::string taken() {
    std::string port = taken_port();
    if (!port.empty()) return port;
    locked_ = locked_ || lock_.take(data_dir_);
    if (locked_ || counted_.text.empty()) return {};
    return data_dir_ + " has another supervisor, and up.toml is its nodes'; waiting";
  }

  int wait_for_others() {
    std::string told;
    for (std::string what; !(what = taken()).empty();) {
      if (told != what) screen_.line(told = what);
      if (mono_now() >= start_limit_) return kExitWaited;
      wait(milliseconds(200));
      if (stops_ > 0) return 0;
    }
    return 0;
  }

  Result<void> add_redis() {
    if (!own_redis()) return {};
    auto command = redis_command(config_.base().redis().address(), data_dir_);
    if (!command) return tl::unexpected(command.error());
    auto redis = std::make_unique<Supervised>();
    redis->name = redis->role = "redis";
    redis->rank = Rank::kRedis;
    redis->command = std::move(*command);
    redis->answers = [this] { return monitor_.ping(); };
    supervisor_.add(std::move(redis), mono_now());
    return {};
  }

  void add(const PlannedProcess& planned) {
    auto process = std::make_unique<Supervised>();
    process->name = planned.name;
    process->role = planned.role;
    process->rank = planned.rank;
    process->nodes = planned.nodes;
    process->command = {options_.program,
                        {"dure", "--role=" + planned.role, "--config=" + config_.path(), "--node=" + planned.name},
                        data_dir_ + "/logs/" + planned.name + ".log"};
    if (!options_.journal_folder.empty()) process->command.arguments.push_back("--journal=" + options_.journal_folder);
    supervisor_.add(std::move(process), mono_now());
  }

  // What the configuration names by now and did not before: `dure shards add` was here.
  void add_what_is_new() {
    const auto extended = load_counted(options_);
    const auto written = extended ? extended->write() : tl::unexpected(extended.error());
    if (!written) {
      screen_.line(written.error().detail);
      return;
    }
    for (const PlannedProcess& planned : plan_processes(extended->config)) {
      const auto& known = supervisor_.processes();
      if (std::any_of(known.begin(), known.end(), [&](const auto& one) { return one->name == planned.name; })) continue;
      screen_.line(planned.name + ": new in " + options_.config_path + ", started");
      add(planned);
    }
  }

  void add_bots(MonoTime now) {
    auto bots = std::make_unique<Supervised>();
    bots->name = bots->role = "bots";
    bots->rank = Rank::kBots;
    bots->restart = false;
    bots->answers = [] { return true; };
    const std::string duration = std::to_string(to_ms(options_.run_for)) + "ms";
    bots->command = {options_.program,
                     {"dure", "bots", "--config", config_.path(), "--count", std::to_string(options_.bots), "--story",
                      options_.story, "--for", options_.run_for > Duration{} ? duration : "0"},
                     data_dir_ + "/logs/bots.log"};
    if (options_.websocket) bots->command.arguments.push_back("--websocket");
    if (!options_.report_path.empty())
      bots->command.arguments.insert(bots->command.arguments.end(), {"--report", options_.report_path});
    bots_ = &supervisor_.add(std::move(bots), now);
  }

  // Until it shall stop; the exit code so far.
  int serve() {
    bool ready = false;
    MonoTime end = MonoTime::max();
    while (true) {
      const MonoTime now = mono_now();
      if (std::exchange(look_again_, false)) {
        supervisor_.revive(now);
        add_what_is_new();
      }
      supervisor_.turn(now);
      if (!ready && supervisor_.any(ChildState::kRefused)) return kExitConfig;
      if (!ready && supervisor_.any(ChildState::kDown)) return 1;
      if (!ready && now >= start_limit_) {
        screen_.line(
            "not ready within start_timeout_s = " + std::to_string(config_.base().cluster().start_timeout_s()) + " s");
        return kExitWaited;
      }
      if (!ready && supervisor_.all_ready()) {
        ready = true;
        screen_.line("ready in " + std::to_string(to_ms(now - began_)) + " ms");
        if (options_.bots > 0) add_bots(now);
        if (options_.run_for > Duration{}) end = now + options_.run_for;
        hints(now);
      }
      show();
      if (stops_ > 0) return 0;
      if (ready && done(now, end)) return 0;
      wait(ready ? milliseconds(1000) : milliseconds(10));
    }
  }

  // With bots it is they who know when they have finished; they get half a minute more.
  bool done(MonoTime now, MonoTime end) {
    if (end == MonoTime::max()) return false;
    if (!bots_) return now >= end;
    if (bots_->state == ChildState::kEnded) return true;
    if (now < end + seconds(30)) return false;
    screen_.line(late_ = "bots: did not finish within --for and 30 s");
    return true;
  }

  void hints(MonoTime now) {
    supervisor_.turn(now);
    const std::string config = options_.config_path == "configs/local.toml" ? "" : " --config " + options_.config_path;
    screen_.line("try next, from another terminal:");
    if (!config_.base().redis().address().empty()) {
      screen_.line("  " + options_.program + " gm" + config + " announce \"The harvest begins\"");
      screen_.line("  " + options_.program + " status" + config);
    }
    for (const auto& process : supervisor_.processes())
      if (process->rank == Rank::kDungeons) {
        screen_.line("  kill -9 " + std::to_string(process->child.pid()) + "    (" + process->name +
                     ": its players walk back to the lobby)");
        break;
      }
    screen_.line("  Ctrl-C stops everything in order; logs are in " + data_dir_ + "/logs");
  }

  void show() {
    const MonoTime now = mono_now();
    if (now - shown_ < milliseconds(900) && !supervisor_.stopping()) return;
    if (supervisor_.stopping() && now - shown_ < milliseconds(300)) return;
    shown_ = now;
    std::vector<std::string> names;
    for (const auto& process : supervisor_.processes())
      names.insert(names.end(), process->nodes.begin(), process->nodes.end());
    const std::vector<MonitorValue> values = monitor_.read(names);
    std::vector<NodeRow> rows;
    std::size_t next = 0;
    for (const auto& process : supervisor_.processes()) {
      const std::string state = supervisor_.state_text(*process, now);
      if (process->state == ChildState::kDown)
        for (const std::string& node : process->nodes) monitor_.write_state(node, state);
      if (process->nodes.empty()) rows.push_back({process->name, process->role, state, process->child.pid(), {}});
      for (const std::string& node : process->nodes) {
        const std::string role = node.substr(0, node.rfind('-'));
        const std::string name = process->role == "all" ? process->name + "/" + role : node;
        rows.push_back({name, role, state, process->child.pid(), values[next++]});
      }
    }
    screen_.table(format_table(rows), now);
  }

  // At most `limit`, shorter when a child says ready or ends, or a signal comes.
  void wait(Duration limit) {
    std::vector<pollfd> fds = {{signals_.fd(), POLLIN, 0}};
    for (const int fd : supervisor_.ready_fds()) fds.push_back({fd, POLLIN, 0});
    for (const auto& process : supervisor_.processes())
      if (process->state == ChildState::kWaiting)
        limit = std::clamp(process->start_at - mono_now(), Duration(milliseconds(1)), limit);
    poll(fds.data(), fds.size(), static_cast<int>(to_ms(limit)));
    const UpSignals::Asked asked = signals_.take();
    stops_ += asked.stops;
    look_again_ = look_again_ || asked.look_again;
  }

  int conclude(int code) {
    screen_.leave_table();
    const bool bots_failed = bots_ && options_.run_for > Duration{} && !bots_->ending.clean();
    std::vector<std::string> unexpected = supervisor_.unexpected();
    if (!late_.empty()) unexpected.push_back(late_);
    screen_.line(unexpected.empty() ? "stopped; nothing unexpected happened"
                                    : "stopped; unexpected: " + std::to_string(unexpected.size()));
    for (const std::string& line : unexpected) screen_.line("  " + line);
    if (bots_ && !options_.report_path.empty()) screen_.line("report of the bots: " + options_.report_path);
    if (code != 0) return code;
    return options_.run_for > Duration{} && (bots_failed || !unexpected.empty()) ? 1 : 0;
  }

  const UpOptions& options_;
  const Counted& counted_;
  const Config& config_;
  const std::string data_dir_;
  const std::vector<PlannedProcess> plan_;
  UpSignals signals_;
  UpLock lock_;
  bool locked_ = false;
  Screen screen_;
  MonitorTable monitor_;
  Supervisor supervisor_;
  Supervised* bots_ = nullptr;
  MonoTime began_{}, start_limit_{}, shown_{};
  std::string late_;
  int stops_ = 0;
  bool look_again_ = false;
};

Result<void> make_data_dir(const Config& config) {
  std::error_code error;
  const std::string logs = config.base().cluster().data_dir() + "/logs";
  std::filesystem::create_directories(logs, error);
  if (error) return fail(Trouble::kIo, logs + ": " + error.message());
  return {};
}

}  // namespace

int run_up(const UpOptions& given) {
  UpOptions options = given;
  if (options.program.empty()) options.program = std::filesystem::read_symlink("/proc/self/exe").string();
  const auto counted = load_counted(options);
  if (!counted) {
    std::fprintf(stderr, "%s\n", counted.error().detail.c_str());
    return kExitConfig;
  }
  if (const auto made = make_data_dir(counted->config); !made) {
    std::fprintf(stderr, "%s\n", made.error().detail.c_str());
    return kExitConfig;
  }
  LogOptions log_options;
  log_options.path = counted->config.base().cluster().data_dir() + "/logs/up.log";
  const auto log = HostEventLog::open(log_options);
  if (!log) {
    std::fprintf(stderr, "%s\n", log.error().detail.c_str());
    return kExitConfig;
  }
  ignore_broken_pipes();
  return Up(options, *counted, **log).run();
}

}  // namespace dure
