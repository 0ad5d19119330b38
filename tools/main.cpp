// The program: reads the command line and hands over. Everything else is a library that the tests link alike.
#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "common/proto/config.pb.h"
#include "common/proto/routes.h"
#include "tools/audit/run_audit.h"
#include "tools/backup/run_backup.h"
#include "tools/bots/run_bots.h"
#include "tools/config/print_config.h"
#include "tools/content/run_content.h"
#include "tools/duration.h"
#include "tools/flight.h"
#include "tools/game.h"
#include "tools/gm/gm_key.h"
#include "tools/gm/run_gm.h"
#include "tools/launcher/status.h"
#include "tools/launcher/up.h"
#include "tools/ledger/run_ledger.h"
#include "tools/replay.h"
#include "tools/rollback/run_rollback.h"
#include "tools/seed/run_seed.h"
#include "tools/serve.h"
#include "tools/shards/run_shards.h"

namespace dure {
namespace {

constexpr const char* kVersion = "dure 0.1.0 (protocol 1)";
constexpr int kExitUsage = 64;  // EX_USAGE

int with_routes(const std::function<int(const Routes&)>& action) {
  auto files = engine_files();
  for (const auto* file : game_files()) files.push_back(file);
  const auto routes = Routes::build(files);
  if (routes) return action(*routes);
  std::fprintf(stderr, "dure: %s\n", routes.error().detail.c_str());
  return kExitConfig;
}

int print_routes(const Routes& routes) {
  const char* phases[] = {"always", "connected", "account", "world"};
  const char* rates[] = {"free", "login", "move", "act", "value", "talk", "costly"};
  const char* answers[] = {"", "APPLIED", "SAVED"};
  std::printf("%6s  %-24s %-8s %-18s %-10s %-7s %-9s %-8s %6s  %s\n", "id", "message", "from", "to", "phase", "rate",
              "class", "answer", "slo_ms", "reply");
  for (const auto& [id, route] : routes.all()) {
    std::string to = route.to_client ? "client" : route.to_any ? "any" : "";
    for (const Role role : route.to) to += (to.empty() ? "" : ",") + std::string(to_text(role));
    std::printf("%6u  %-24s %-8s %-18s %-10s %-7s %-9s %-8s %6s  %s\n", id, route.name.c_str(),
                route.from_client ? "client"
                : route.to_client ? "server"
                                  : "peer",
                to.c_str(), route.from_client ? phases[static_cast<int>(route.phase)] : "",
                route.from_client ? rates[static_cast<int>(route.rate)] : "", route.latest ? "latest" : "reliable",
                answers[route.answer], route.slo_ms != 0 ? std::to_string(route.slo_ms).c_str() : "",
                route.reply.c_str());
  }
  return 0;
}

int with_config(const std::string& path, const std::function<int(const Config&)>& action) {
  const auto config = load_config(path);
  if (config) return action(*config);
  std::fprintf(stderr, "%s\n", config.error().detail.c_str());
  return kExitConfig;
}

GmOptions gm_options(const Config& config) {
  GmOptions options;
  options.redis = config.base().redis().address();
  options.prefix = config.base().redis().prefix();
  options.cluster_id = config.base().cluster().cluster_id();
  options.key_file = config.base().gm().key_file();
  options.key_name = config.base().gm().key_name();
  options.development = config.base().dev().enabled();
  return options;
}

struct Arguments {
  std::string config = "configs/local.toml";
  ServeOptions serve;
  UpOptions up;
  BotsOptions bots;
  ShardsOptions shards;
  LedgerOptions ledger;
  RollbackOptions rollback;
  SeedOptions seed;
  ReplayOptions replay;
  std::size_t flight_lines = 40;
  std::string key_path, duration, patience, every, folder;
  std::vector<std::string> gateways;
  unsigned gateway_count = 0, general_count = 0, dungeon_count = 0, chat_count = 0;
  unsigned restore_shard = 0;
  bool json = false, password = false, websocket = false, watch = false, one_by_one = false, status = false;
};

// Every command that needs the configuration takes it the same way.
CLI::App* command(CLI::App& app, Arguments& arguments, const std::string& name, const std::string& sentence,
                  bool config = true) {
  CLI::App* sub = app.add_subcommand(name, sentence);
  if (config) sub->add_option("--config", arguments.config, "configuration file")->capture_default_str();
  return sub;
}

bool set_duration(const std::string& text, Duration* duration, const char* option) {
  if (text.empty()) return true;
  const auto parsed = parse_duration(text);
  if (parsed)
    *duration = *parsed;
  else
    std::fprintf(stderr, "dure: %s %s: %s\n", option, text.c_str(), parsed.error().detail.c_str());
  return parsed.has_value();
}

int start_up(Arguments& a) {
  a.up.config_path = a.config;
  if (!set_duration(a.duration, &a.up.run_for, "--for")) return kExitUsage;
  const std::pair<Role, unsigned> counts[] = {{Role::kGateway, a.gateway_count},
                                              {Role::kGeneral, a.general_count},
                                              {Role::kDungeon, a.dungeon_count},
                                              {Role::kChat, a.chat_count}};
  for (const auto& [role, count] : counts)
    if (count > 0) a.up.counts.push_back({role, count});
  return run_up(a.up);
}

std::vector<std::string> gateway_addresses(const Config& config, bool websocket) {
  std::vector<std::string> addresses;
  for (const auto& entry : config.nodes()) {
    if (entry.node.role() != Role::kGateway) continue;
    const auto& gateway = config.of(entry.node).gateway();
    if (!websocket)
      addresses.push_back(gateway.listen());
    else if (!gateway.listen_websocket().empty())
      addresses.push_back("ws://" + gateway.listen_websocket());
  }
  return addresses;
}

int start_bots(Arguments& a) {
  if (!set_duration(a.duration, &a.bots.duration, "--for")) return kExitUsage;
  if (!set_duration(a.patience, &a.bots.reply_deadline, "--patience")) return kExitUsage;
  return with_config(a.config, [&](const Config& config) {
    const auto& cluster = config.base().cluster();
    a.bots.cluster_id = cluster.cluster_id();
    a.bots.content_version = cluster.content_version();
    if (a.bots.developer_key.empty() && !a.password && config.base().dev().enabled())
      a.bots.developer_key = config.base().dev().ticket_key();
    a.bots.gateways = a.gateways.empty() ? gateway_addresses(config, a.websocket) : a.gateways;
    if (!a.bots.gateways.empty()) return run_bots(a.bots);
    std::fprintf(stderr, "dure bots: %s: no gateway says gateway.listen%s\n", config.path().c_str(),
                 a.websocket ? "_websocket" : "");
    return kExitConfig;
  });
}

int check_content(const Config& config) {
  const auto game = load_game(config.base().cluster().content_dir());
  if (!game) std::fprintf(stderr, "dure: %s\n", game.error().detail.c_str());
  return game ? 0 : kExitConfig;
}

// An empty folder: only what there is.
int start_content(const Config& config, const std::string& folder) {
  if (folder.empty()) return run_content(config, {});
  const auto game = load_game(folder);
  if (!game) {
    std::fprintf(stderr, "dure content: %s\n", game.error().detail.c_str());
    return kExitConfig;
  }
  return run_content(config, content_load(*game, true, false));
}

int start_seed(const Config& config, SeedOptions options) {
  const auto game = load_game(config.base().cluster().content_dir());
  if (!game) {
    std::fprintf(stderr, "dure seed: %s\n", game.error().detail.c_str());
    return kExitConfig;
  }
  options.templates = game->items;
  options.balances = game->balances;
  return run_seed(config, options);
}

int run(int argc, char** argv) {
  Arguments a;
  CLI::App app("Dure: an MMO-style game server cluster. Without a command: runs the nodes that --role names.", "dure");
  app.set_version_flag("--version", kVersion);
  app.add_option("--role", a.serve.roles,
                 "gateway, general (lobby), dungeon, chat (community), dbagent, several, or all")
      ->delimiter(',');
  app.add_option("--config", a.config, "configuration file")->capture_default_str();
  app.add_option("--node", a.serve.nodes, "which of the configured nodes this is: gateway-1, all-1")->delimiter(',');
  app.add_option("--journal", a.serve.journal_folder,
                 "folder: keep a journal of all that enters the nodes, for dure replay");
  app.add_flag("--print-config", a.serve.print_config, "print the settings that apply, and where each came from");
  app.require_subcommand(0, 1);

  auto* up = command(app, a, "up", "start a whole cluster on this machine, and show it");
  up->add_option("--bots", a.up.bots, "how many bots play");
  up->add_option("--story", a.up.story,
                 "walk, chat, shop, dungeon, zone, trade, mail, auction, guild, party, quest, market, evening, idle")
      ->capture_default_str();
  up->add_option("--for", a.duration, "stop after so long: 60s, 10m");
  up->add_option("--report", a.up.report_path, "where the bots write their report");
  up->add_flag("--websocket", a.up.websocket, "the bots come by WebSocket");
  up->add_option("--journal", a.up.journal_folder, "folder: every node keeps a journal there, for dure replay");
  up->add_option("--gateways", a.gateway_count, "how many, instead of what the configuration says");
  up->add_option("--generals", a.general_count, "likewise");
  up->add_option("--dungeons", a.dungeon_count, "likewise");
  up->add_option("--chats", a.chat_count, "likewise");

  auto* bots = command(app, a, "bots", "play, check everything that is seen, and report");
  bots->add_option("--count", a.bots.count, "how many")->capture_default_str();
  bots->add_option("--first", a.bots.first, "number of the first one")->capture_default_str();
  bots->add_option("--story", a.bots.story,
                   "walk, chat, shop, dungeon, zone, trade, mail, auction, guild, party, quest, market, evening, idle")
      ->capture_default_str();
  bots->add_option("--for", a.duration, "how long: 60s (the default), 10m");
  bots->add_option("--gateway", a.gateways, "127.0.0.1:7001 or ws://127.0.0.1:7011[,…]; default: the configured ones")
      ->delimiter(',');
  bots->add_flag("--websocket", a.websocket, "to the configured gateways by WebSocket");
  bots->add_option("--report", a.bots.report_path, "file of the report; default: standard output");
  bots->add_option("--history", a.bots.history_path, "file of all that was asked for and told");
  bots->add_option("--dev-key", a.bots.developer_key, "seed that tickets are signed with; default: dev.ticket_key");
  bots->add_flag("--password", a.password, "log in by password instead of by ticket");
  bots->add_option("--patience", a.patience,
                   "how long a reply, or its SAVED, may take before it counts as missing: 10s");
  bots->add_option("--ramp", a.bots.ramp_per_s, "connects a second")->capture_default_str();
  bots->add_option("--seed", a.bots.seed, "of the bots' choices")->capture_default_str();

  auto* gm = command(app, a, "gm",
                     "a game master's order, signed, over Redis: announce TEXT, kick NAME, give NAME THING [COUNT], "
                     "feature NAME on|off, "
                     "ban NAME [--until T], maintenance on|off [--until T], status");
  gm->prefix_command();
  auto* status = command(app, a, "status", "the table of nodes, once");
  status->add_flag("--json", a.json, "for programs");
  auto* shards = command(app, a, "shards", "the shards: what they hold, how busy they are");
  auto* shards_move = shards->add_subcommand("move", "bring accounts to another shard while they are played");
  auto* move_account = shards_move->add_option("--account", a.shards.account, "number, account or character name");
  auto* move_to = shards_move->add_option("--to", a.shards.to, "target shard");
  auto* move_from = shards_move->add_option("--from", a.shards.from, "many: from this shard")->excludes(move_account);
  shards_move->add_option("--count", a.shards.count, "many: so many accounts")->needs(move_from);
  shards_move->add_flag("--cancel", a.shards.cancel, "turn the account's move back")->needs(move_account);
  auto* shards_add = shards->add_subcommand("add", "one more shard: into the configuration, started, and known");
  shards_add->add_flag("!--no-start", a.shards.start, "only write the configuration");
  shards_move->fallthrough();  // --config may stand anywhere
  shards_add->fallthrough();
  shards->require_subcommand(0, 1);
  auto* audit = command(app, a, "audit", "prove the books of a running or a stopped cluster");
  auto* audit_watch = audit->add_flag("--watch", a.watch, "how the agents' own audit stands, again and again");
  audit
      ->add_flag("--one-by-one", a.one_by_one,
                 "of a running cluster: without copies; a shard commits nothing while it is read")
      ->excludes(audit_watch);
  audit->add_option("--every", a.every, "how often it is said: 60s (the default)");
  audit->add_option("--rounds", a.ledger.rounds, "stop after so many");
  auto* item = command(app, a, "item", "the whole life of an item, over all shards");
  item->add_option("id", a.ledger.item, "32 hexadecimal digits")->required();
  auto* player = command(app, a, "player", "where a player is and what it has; with --ledger, how it came to that");
  player->add_option("name", a.ledger.player, "character name or number")->required();
  player->add_flag("--ledger", a.ledger.movements, "every movement, and the sums by reason");
  player->add_option("--since", a.duration, "so far back: 1d, 2h; default: all");
  auto* economy = command(app, a, "economy", "faucets and sinks by reason and hour, and what runs away");
  economy->add_option("--since", a.duration, "so far back: 24h (the default), 7d");
  auto* backup = command(app, a, "backup", "copy all files of a running cluster at one cut");
  backup->add_option("folder", a.folder, "where to; empty or new")->required();
  auto* restore = command(app, a, "restore", "put a backup into the place of a stopped cluster's files");
  auto* restore_folder = restore->add_option("folder", a.folder, "of a backup");
  restore->add_option("--shard", a.restore_shard,
                      "this one alone; it starts closed, and is reconciled with the others");
  auto* restore_status =
      restore->add_flag("--status", a.status, "of a running cluster: which shards are closed, and why");
  auto* content = command(app, a, "content", "the versions of the game's content that a running cluster has");
  auto* content_load_command = content->add_subcommand("load", "one more, as the next; a game master activates it");
  content_load_command->add_option("folder", a.folder, "of content files")->required();
  content_load_command->fallthrough();
  auto* rollback =
      command(app, a, "rollback", "undo what the system gave and took since a time, or a trade: shown first");
  auto* rollback_player = rollback->add_option("--player", a.rollback.player, "character name or number");
  rollback->add_option("--to", a.rollback.to, "2h (ago), 2026-11-21T10:00Z")->needs(rollback_player);
  rollback->add_option("--trade", a.rollback.trade, "32 hexadecimal digits")->excludes(rollback_player);
  rollback->add_flag("--dry-run", a.rollback.dry_run, "only show it");
  rollback->add_flag("--yes", a.rollback.yes, "do not ask");
  auto* seed = command(app, a, "seed", "fill the files of a stopped cluster, to take figures on");
  seed->add_option("--accounts", a.seed.accounts, "how many more")->capture_default_str();
  seed->add_option("--characters", a.seed.characters, "of an account")->check(CLI::Range(1, 8))->capture_default_str();
  seed->add_option("--items", a.seed.items, "of a character")->check(CLI::Range(0, 2000))->capture_default_str();
  auto* check = command(app, a, "check-config", "say whether a configuration is good");
  auto* routes = command(app, a, "routes", "the table of all messages", false);
  auto* replay =
      command(app, a, "replay", "run a node's journal through the same role again, without the cluster", false);
  replay->add_option("file", a.replay.path, "a .journal that --journal kept")->required();
  replay->add_option("--stop-before", a.replay.stop_before, "turn before which SIGTRAP is raised, for a debugger");
  replay->add_flag("--log", a.replay.log, "with what the node logs");
  auto* flight =
      command(app, a, "flight", "the last inputs of a node whose process died: DATA_DIR/flight/NODE-1.flight", false);
  flight->add_option("file", a.folder, "a .flight")->required();
  flight->add_option("--lines", a.flight_lines, "the last so many; 0: all")->capture_default_str();
  auto* keygen = command(app, a, "keygen", "make an ed25519 key for a game master or the account service", false);
  keygen->add_option("path", a.key_path, "file to write; its public half goes to PATH.pub")->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  // A stranger's bytes are answered and counted where they come in; the library need not talk about them.
  google::protobuf::SetLogHandler(nullptr);
  if (up->parsed()) return start_up(a);
  if (bots->parsed()) return start_bots(a);
  if (gm->parsed()) {
    const auto words = gm->remaining();  // all of them, in order: orders have options of their own
    return with_config(a.config, [&](const Config& config) { return run_gm(gm_options(config), words); });
  }
  if (status->parsed())
    return with_config(a.config,
                       [&](const Config& config) { return print_status(config, a.json, std::cout, std::cerr); });
  if (shards->parsed()) {
    if (shards_move->parsed()) a.shards.command = ShardsOptions::Command::kMove;
    if (shards_add->parsed()) a.shards.command = ShardsOptions::Command::kAdd;
    const bool many = a.shards.from != 0 && a.shards.count != 0;
    if (shards_move->parsed() && ((a.shards.account.empty() && !many) || (move_to->empty() && !a.shards.cancel))) {
      std::fprintf(stderr,
                   "dure shards move: --account N --to S, --account N --cancel, or --from A --to B --count N\n");
      return kExitUsage;
    }
    return with_config(a.config, [&](const Config& config) { return run_shards(config, a.shards); });
  }
  if (audit->parsed() && !a.watch) return run_audit(a.config, a.one_by_one);
  if (audit->parsed() || item->parsed() || player->parsed() || economy->parsed()) {
    a.ledger.command = audit->parsed()    ? LedgerOptions::Command::kWatch
                       : item->parsed()   ? LedgerOptions::Command::kItem
                       : player->parsed() ? LedgerOptions::Command::kPlayer
                                          : LedgerOptions::Command::kEconomy;
    if (!set_duration(a.duration, &a.ledger.since, "--since") || !set_duration(a.every, &a.ledger.every, "--every"))
      return kExitUsage;
    return with_config(a.config, [&](const Config& config) { return run_ledger(config, a.ledger); });
  }
  if (backup->parsed())
    return with_config(a.config, [&](const Config& config) { return run_backup(config, a.folder); });
  if (restore->parsed() && restore_status->count() > 0)
    return with_config(a.config, [&](const Config& config) { return run_restore_status(config); });
  if (restore->parsed() && restore_folder->empty()) {
    std::fprintf(stderr, "dure restore: FOLDER [--shard N], or --status\n");
    return kExitUsage;
  }
  if (restore->parsed())
    return with_config(a.config, [&](const Config& config) { return run_restore(config, a.folder, a.restore_shard); });
  if (content->parsed())
    return with_config(a.config, [&](const Config& config) { return start_content(config, a.folder); });
  if (rollback->parsed()) {
    if (a.rollback.trade.empty() && (a.rollback.player.empty() || a.rollback.to.empty())) {
      std::fprintf(stderr, "dure rollback: --player NAME --to TIME, or --trade ID\n");
      return kExitUsage;
    }
    return with_config(a.config, [&](const Config& config) {
      GmOptions order = gm_options(config);
      order.patience = seconds(60);
      return run_rollback(config, order, a.rollback);
    });
  }
  if (seed->parsed()) return with_config(a.config, [&](const Config& config) { return start_seed(config, a.seed); });
  if (check->parsed()) {
    const int bad = check_config(a.config, std::cout, std::cerr);
    return bad != 0 ? bad : with_config(a.config, [](const Config& config) { return check_content(config); });
  }
  if (routes->parsed()) return with_routes(print_routes);
  if (replay->parsed()) return run_replay(a.replay);
  if (flight->parsed())
    return with_routes([&](const Routes& known) { return print_flight(a.folder, known, a.flight_lines); });
  if (keygen->parsed()) return run_keygen(a.key_path);
  if (a.serve.roles.empty()) {
    std::cout << app.help();
    return kExitUsage;
  }
  a.serve.config_path = a.config;
  return run_serve(a.serve);
}

}  // namespace
}  // namespace dure

int main(int argc, char** argv) { return dure::run(argc, argv); }
