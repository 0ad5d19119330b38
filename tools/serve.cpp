#include "tools/serve.h"

#include <sodium.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>

#include "common/host/clock.h"
#include "common/host/event_log.h"
#include "common/host/flight_recorder.h"
#include "common/host/journal_file.h"
#include "common/host/os_entropy.h"
#include "common/host/process.h"
#include "common/host/signals.h"
#include "common/host/throw_stack.h"
#include "common/proto/config.pb.h"
#include "tools/compose.h"
#include "tools/config/print_config.h"

namespace dure {
namespace {

int refuse(const std::string& why) {
  std::fprintf(stderr, "dure: %s\n", why.c_str());
  return kExitConfig;
}

// The nodes of the config that this process is to be.
Result<std::vector<NodeEntry>> choose(const Config& config, const ServeOptions& options) {
  const bool all = options.roles.size() == 1 && options.roles[0] == "all";
  std::vector<NodeEntry> mine;
  for (const auto& name : options.roles) {
    const Role role = role_from_text(name);
    if (!all && (role == Role::kNone || role == Role::kTool))
      return fail(Trouble::kInvalid,
                  "--role " + name + ": gateway, general (lobby), dungeon, chat (community), dbagent, or all");
    std::vector<NodeEntry> fitting;
    for (const auto& entry : config.nodes()) {
      const bool named = options.nodes.empty() ||
                         std::find(options.nodes.begin(), options.nodes.end(), entry.name) != options.nodes.end() ||
                         std::find(options.nodes.begin(), options.nodes.end(), entry.process()) != options.nodes.end();
      if (named && (all ? entry.united() : entry.node.role() == role)) fitting.push_back(entry);
    }
    if (fitting.empty()) return fail(Trouble::kInvalid, config.path() + ": has no node for --role " + name);
    if (!all && options.nodes.empty()) fitting.resize(1);
    mine.insert(mine.end(), fitting.begin(), fitting.end());
  }
  return mine;
}

LogOptions log_options(const proto::LogSettings& settings) {
  LogOptions options;
  options.path = settings.file();
  options.burst_per_s = static_cast<int>(settings.burst_per_s());
  if (settings.format() == "text") options.format = LogFormat::kText;
  if (settings.format() == "json") options.format = LogFormat::kJson;
  if (settings.level() == "debug") options.level = LogLevel::kDebug;
  if (settings.level() == "warning") options.level = LogLevel::kWarning;
  if (settings.level() == "error") options.level = LogLevel::kError;
  return options;
}

std::optional<RedisOptions> redis_options(const Config& config) {
  const auto& settings = config.base().redis();
  if (settings.address().empty()) return std::nullopt;
  RedisOptions options;
  options.address = settings.address();
  options.prefix = settings.prefix();
  options.cluster_id = config.base().cluster().cluster_id();
  for (const auto& named : config.base().gm().public_keys()) {
    const auto colon = named.rfind(':');
    const std::string hex = named.substr(colon + 1);
    GmPublicKey key{};
    std::size_t length = 0;
    if (sodium_hex2bin(key.data(), key.size(), hex.data(), hex.size(), nullptr, &length, nullptr) == 0 &&
        length == key.size())
      options.gm_keys[named.substr(0, colon)] = key;
  }
  options.gm_rights.grant_limit_count = config.base().gm().grant_limit_count();
  for (const auto& right : config.base().gm().rights()) {
    const auto colon = right.find(':');
    std::set<std::string>& verbs = options.gm_rights.verbs[right.substr(0, colon)];
    std::istringstream words(right.substr(colon + 1));
    for (std::string verb; std::getline(words, verb, ',');) verbs.insert(verb);
  }
  return options;
}

ProcessOptions process_options(const Config& config, const std::vector<NodeEntry>& mine) {
  ProcessOptions options;
  options.redis = redis_options(config);
  options.redis_required = options.redis.has_value();
  options.start_timeout = seconds(config.base().cluster().start_timeout_s());
  options.stop_timeout = seconds(config.base().cluster().stop_timeout_s());
  for (const auto& entry : config.nodes()) {
    const bool here = std::any_of(mine.begin(), mine.end(), [&](const auto& own) { return own.node == entry.node; });
    if (!here && !entry.united()) options.peers.push_back({entry.name, entry.address});
  }
  return options;
}

// A database file may still be locked by the agent that is ending: that is waited for, unless the process shall stop.
Result<NodeBundle> compose_patiently(const Config& config, const NodeEntry& entry, const Routes& routes,
                                     const Game& game, const Incarnation& incarnation, const Seams& seams,
                                     EventLog& log, Process& process) {
  const MonoTime give_up = mono_now() + seconds(config.base().cluster().start_timeout_s());
  for (Duration pause = milliseconds(50);; pause = std::min<Duration>(pause * 2, seconds(1))) {
    auto bundle = compose_node(config, entry, routes, game, incarnation, seams);
    if (bundle || bundle.error().trouble == Trouble::kInvalid || mono_now() >= give_up) return bundle;
    log.event(LogLevel::kWarning, "start.waits", {{"node", entry.name}, {"why", bundle.error().detail}});
    if (process.stopped_within(pause)) return bundle;
  }
}

struct Journaling {
  std::unique_ptr<JournalFile> file;
  JournaledEntropy entropy;
};

// A disk that is full, or broken, keeps nobody from serving: what only helps to understand a death is done without.
void done_without(const char* what, const NodeEntry& entry, const Error& why, EventLog& log) {
  log.event(LogLevel::kWarning, what, {{"node", entry.name}, {"why", why.detail}});
}

std::unique_ptr<FlightRecorder> open_flight(const Config& config, const NodeEntry& entry, EventLog& log) {
  auto flight = FlightRecorder::open(config.base().cluster().data_dir() + "/flight", entry.name, log);
  if (flight) return std::move(*flight);
  done_without("flight.none", entry, flight.error(), log);
  return nullptr;
}

// None: nobody asked for one, or there cannot be one.
std::unique_ptr<Journaling> begin_journal(const ServeOptions& options, const NodeEntry& entry,
                                          const Incarnation& incarnation, const std::vector<std::uint64_t>& set_aside,
                                          Entropy& source, EventLog& log) {
  if (options.journal_folder.empty()) return nullptr;
  std::ifstream in(options.config_path);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  auto file =
      JournalFile::create(options.journal_folder, {entry.name, incarnation, options.config_path, text, set_aside}, log);
  if (!file) {
    done_without("journal.none", entry, file.error(), log);
    return nullptr;
  }
  JournalFile& journal = **file;
  return std::unique_ptr<Journaling>(new Journaling{std::move(*file), JournaledEntropy(source, journal)});
}

}  // namespace

int run_serve(const ServeOptions& options) {
  const auto config = load_config(options.config_path);
  if (!config) return refuse(config.error().detail);
  const auto mine = choose(*config, options);
  if (!mine) return refuse(mine.error().detail);
  if (options.print_config) {
    for (const auto& entry : *mine) print_config(*config, entry.node, std::cout);
    return 0;
  }
  auto game = load_game(config->base().cluster().content_dir());
  if (!game) return refuse(game.error().detail);
  auto files = engine_files();
  files.insert(files.end(), game->files.begin(), game->files.end());
  const auto routes = Routes::build(files);
  if (!routes) return refuse(routes.error().detail);
  auto log = HostEventLog::open(log_options(config->of(mine->front().node).log()));
  if (!log) return refuse(log.error().detail);

  install_crash_report();
  ignore_broken_pipes();
  use_all_descriptors();
  OsEntropy entropy;
  HostThrowStack throw_stack;
  const std::size_t count = mine->size();
  std::vector<TurnFigures> figures(count);
  std::vector<std::unique_ptr<FlightRecorder>> flights(count);
  std::vector<std::unique_ptr<Journaling>> journals(count);
  std::vector<NodeBundle> bundles(count);
  Process process(process_options(*config, *mine), **log);
  for (std::size_t i = 0; i < count; ++i) {
    const NodeEntry& entry = (*mine)[i];
    const Incarnation incarnation{entropy.u64(), entropy.u64()};
    flights[i] = open_flight(*config, entry, **log);
    const std::vector<std::uint64_t> set_aside = flights[i] ? flights[i]->set_aside() : std::vector<std::uint64_t>();
    journals[i] = begin_journal(options, entry, incarnation, set_aside, entropy, **log);
    Entropy& chance = journals[i] ? static_cast<Entropy&>(journals[i]->entropy) : entropy;
    const Seams seams{log->get(), &chance, &throw_stack, &figures[i], flights[i] ? flights[i]->reading() : nullptr,
                      set_aside};
    auto bundle = compose_patiently(*config, entry, *routes, *game, incarnation, seams, **log, process);
    if (!bundle) {
      if (process.stopped_within({})) return 0;
      std::fprintf(stderr, "dure: %s\n", bundle.error().detail.c_str());
      return bundle.error().trouble == Trouble::kInvalid ? kExitConfig : kExitTemporary;
    }
    bundles[i] = std::move(*bundle);
    NodeParts parts;
    parts.node = bundles[i].node.get();
    parts.figures = &figures[i];
    if (flights[i]) parts.recorders.push_back(flights[i].get());
    if (journals[i]) parts.recorders.push_back(journals[i]->file.get());
    parts.bus_address = bundles[i].address;
    parts.listen_address = bundles[i].listen;
    parts.web_address = bundles[i].listen_web;
    for (const auto& port : bundles[i].ports) parts.client_io.push_back(port.get());
    for (const auto& [queue, worker] : bundles[i].workers) parts.workers[queue] = worker.get();
    process.add_node(std::move(parts));
  }
  return process.run();
}

}  // namespace dure
