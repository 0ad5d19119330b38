#include "tools/compose.h"

#include <sodium.h>

#include <filesystem>

#include "chat/chat.h"
#include "common/proto/config.pb.h"
#include "dbagent/agent.h"
#include "dbagent/store/directory_store.h"
#include "dbagent/store/shard_store.h"
#include "dbagent/store_worker.h"
#include "dungeon/dungeon.h"
#include "gateway/client_port.h"
#include "gateway/gateway.h"
#include "gateway/password_worker.h"
#include "gateway/web_socket_port.h"
#include "lobby/lobby.h"
#include "tools/config/data_files.h"
#include "tools/shared_address_limits.h"

namespace dure {
namespace {

NodeIdentity identity_of(const Config& config, const NodeEntry& entry, const Incarnation& incarnation) {
  const auto& cluster = config.base().cluster();
  NodeIdentity identity;
  identity.id = entry.node;
  identity.name = entry.name;
  identity.incarnation = incarnation;
  identity.cluster_id = cluster.cluster_id();
  identity.realm_id = cluster.realm_id();
  identity.content_version = cluster.content_version();
  if (entry.address != "inproc") identity.address = entry.address;
  identity.developer = config.base().dev().enabled();
  identity.seed = incarnation.low;
  if (entry.node.role() == Role::kDbagent) {
    const auto& agent = config.of(entry.node).dbagent();
    identity.shards.assign(agent.shards().begin(), agent.shards().end());
    identity.directory = agent.directory();
  }
  return identity;
}

// ── gateway ─────────────────────────────────────────────────────────────────────────────────────────────────

PortOptions port_options(const proto::GatewaySettings& s) {
  PortOptions options;
  options.body_bytes_max_before_login = s.frame_bytes_max_before_login();
  options.body_bytes_max = s.frame_bytes_max();
  options.memory_bytes_max_before_login = s.memory_bytes_max_before_login();
  options.handshake_deadline = milliseconds(s.handshake_timeout_ms());
  options.login_deadline = milliseconds(s.login_timeout_ms());
  options.frame_deadline = milliseconds(s.frame_timeout_ms());
  options.frame_bytes_per_s_min = s.frame_bytes_per_s_min();
  options.heartbeat_deadline = milliseconds(s.heartbeat_timeout_ms());
  options.frames_undelivered_max = s.undelivered_frames_max();
  options.unknown_messages_max = s.unknown_messages_max();
  options.queue_bytes_max = s.send_queue_bytes_max();
  options.queue_full_deadline = milliseconds(s.send_stuck_timeout_ms());
  options.ring_frames_max = s.replay_frames_max();
  options.ring_bytes_max = s.replay_bytes_max();
  options.gather_topics = milliseconds(s.gather_topics_ms());
  options.latest_bytes = {double(s.latest_bytes_per_s()), double(s.latest_bytes_per_s())};
  options.rates = {{{double(s.rate_free_per_s()), double(s.rate_free_burst())},
                    {double(s.rate_login_per_s()), double(s.rate_login_burst())},
                    {double(s.rate_move_per_s()), double(s.rate_move_burst())},
                    {double(s.rate_act_per_s()), double(s.rate_act_burst())},
                    {double(s.rate_value_per_s()), double(s.rate_value_burst())},
                    {double(s.rate_talk_per_s()), double(s.rate_talk_burst())},
                    {double(s.rate_costly_per_s()), double(s.rate_costly_burst())}}};
  options.address_unaccepted_max = s.address_unaccepted_max();
  options.address_connects = {double(s.address_connects_per_s()), 2.0 * s.address_connects_per_s()};
  options.limit_loopback = s.limit_loopback();
  return options;
}

// The public half of an ed25519 seed in hexadecimal digits; empty for none.
std::string public_key_of(const std::string& seed_hex) {
  std::string seed(crypto_sign_SEEDBYTES, '\0'), key(crypto_sign_PUBLICKEYBYTES, '\0');
  std::string secret(crypto_sign_SECRETKEYBYTES, '\0');
  std::size_t length = 0;
  auto* bytes = reinterpret_cast<unsigned char*>(seed.data());
  if (sodium_hex2bin(bytes, seed.size(), seed_hex.data(), seed_hex.size(), nullptr, &length, nullptr) != 0 ||
      length != seed.size())
    return {};
  crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(key.data()),
                           reinterpret_cast<unsigned char*>(secret.data()), bytes);
  return key;
}

// What the ports of a gateway share. Outlives them: they keep references to it.
struct PortSettings {
  explicit PortSettings(PortOptions all) : options(std::move(all)), addresses(options) {}
  const PortOptions options;
  SharedAddressLimits addresses;
  std::vector<std::unique_ptr<ClientPort>> behind_web;  // each behind a WebSocketPort
};

Result<NodeBundle> gateway(const Config& config, const NodeIdentity& identity, const Routes& routes,
                           const Seams& seams) {
  const auto& settings = config.of(identity.id).gateway();
  const auto& dev = config.base().dev();
  GatewayOptions options;
  options.register_unknown = dev.enabled();
  options.developer_key_off_loopback = dev.allow_off_loopback();
  options.session_kept = seconds(settings.resume_window_s());
  options.heartbeat_interval_ms = settings.heartbeat_interval_ms();
  options.hash_work_max = milliseconds(settings.hash_queue_ms_max());
  NodeBundle bundle;
  bundle.node = std::make_unique<Gateway>(identity, routes, seams, options);
  auto kept = std::make_shared<PortSettings>(port_options(settings));
  for (std::uint32_t io = 0; io < settings.io_threads(); ++io) {
    auto port = std::make_unique<ClientPort>(routes, kept->options, kept->addresses, io);
    if (settings.listen_websocket().empty()) {
      bundle.ports.push_back(std::move(port));
      continue;
    }
    bundle.ports.push_back(std::make_unique<WebSocketPort>(*port, kept->options));
    kept->behind_web.push_back(std::move(port));
  }
  bundle.game = kept;
  bundle.listen = settings.listen();
  bundle.listen_web = settings.listen_websocket();
  TicketKeys keys;
  if (dev.enabled()) keys.developer = public_key_of(dev.ticket_key());
  bundle.workers["hash"] = std::make_unique<PasswordWorker>(
      std::move(keys), PasswordCost{settings.argon2_passes(), std::size_t{settings.argon2_memory_kib()} << 10});
  return bundle;
}

// ── dbagent ─────────────────────────────────────────────────────────────────────────────────────────────────

template <class Store, class Options>
Result<> add_store(NodeBundle* bundle, const std::string& queue, const Options& options) {
  auto opened = Store::open(options);
  if (!opened) return tl::unexpected<Error>(opened.error());
  bundle->workers[queue] = std::make_unique<StoreWorker<Store>>(std::move(*opened));
  return {};
}

template <class Options>
Options file_options(const Config& config, const NodeIdentity& identity, const std::string& path, std::uint32_t shard) {
  Options options;
  options.path = path;
  options.cluster_id = identity.cluster_id;
  options.shard = shard;
  options.realm_id = identity.realm_id;
  options.agent_incarnation = identity.incarnation;
  options.quick_check_bytes_max = std::uint64_t{config.of(identity.id).dbagent().background_check_mib()} << 20;
  return options;
}

Result<NodeBundle> dbagent(const Config& config, const NodeIdentity& identity, const Routes& routes, const Game& game,
                           const Seams& seams, Workers workers) {
  const auto& settings = config.of(identity.id).dbagent();
  std::error_code error;
  if (workers == Workers::kReal) std::filesystem::create_directories(config.base().cluster().data_dir(), error);
  if (error) return fail(Trouble::kInvalid, config.base().cluster().data_dir() + ": " + error.message());
  AgentOptions options;
  options.group.wait = milliseconds(settings.group_commit_ms());
  options.group.items_max = settings.batch_operations_max();
  options.balances = game.balances;
  options.items = game.items;
  options.cap = game.cap;
  options.items_max = game.items_max;
  // A developer plays what the files say; elsewhere a game master activates it.
  if (identity.directory) options.content = content_load(game, true, config.base().dev().enabled());
  NodeBundle bundle;
  bundle.node = std::make_unique<Agent>(identity, routes, seams, options);
  if (workers == Workers::kNone) return bundle;
  for (const std::uint32_t shard : identity.shards) {
    const auto file =
        file_options<store::ShardOptions>(config, identity, shard_path(data_folder(config), shard), shard);
    if (auto added = add_store<store::ShardStore>(&bundle, Agent::shard_queue(shard), file); !added)
      return tl::unexpected<Error>(added.error());
  }
  if (identity.directory) {
    auto file = file_options<store::DirectoryOptions>(config, identity, directory_path(data_folder(config)), 0);
    file.first_shard = 1;
    file.shards = config.base().cluster().shard_count();
    if (auto added = add_store<store::DirectoryStore>(&bundle, Agent::kDirectoryQueue, file); !added)
      return tl::unexpected<Error>(added.error());
  }
  // Only now: a restore that begins meanwhile finds them in use.
  const std::string unfinished = unfinished_restore_path(data_folder(config));
  if (std::filesystem::exists(unfinished))
    return fail(Trouble::kInvalid, unfinished + ": a restore stopped between two files, they are not of one cut. " +
                                       "Do it again: dure restore DIR");
  return bundle;
}

// ── general, dungeon, chat ──────────────────────────────────────────────────────────────────────────────────

OwnerNode::Options owner_options(const Config& config, NodeId node, const Game& game) {
  const auto& settings = config.of(node).general();
  OwnerNode::Options options;
  options.link_dead = seconds(settings.link_dead_s());
  options.hint_interval = milliseconds(settings.hint_interval_ms());
  options.reasons = game.reasons;
  options.cap = game.cap;
  options.items_max = game.items_max;
  return options;
}

NodeBundle general(const Config& config, const NodeIdentity& identity, const Routes& routes, const Game& game,
                   const Seams& seams) {
  Lobby::Options options;
  options.owner = owner_options(config, identity.id, game);
  options.content = game.content;
  auto lobby = std::make_unique<Lobby>(identity, routes, seams, options);
  game.lobby(*lobby);
  NodeBundle bundle;
  bundle.node = std::move(lobby);
  return bundle;
}

NodeBundle dungeon(const Config& config, const NodeIdentity& identity, const Routes& routes, const Game& game,
                   const Seams& seams) {
  const auto& settings = config.of(identity.id).dungeon();
  DungeonOptions options;
  options.owner = owner_options(config, identity.id, game);
  options.tick_rate_hz = settings.tick_rate_hz();
  options.instances_max = settings.instances_max();
  for (const auto& one : game.content.dungeons) {
    options.handlers[one.name] = one.handler;
    options.return_zones[one.name] = one.return_zone;
  }
  auto node = std::make_unique<Dungeon>(identity, routes, seams, options);
  NodeBundle bundle;
  bundle.game = game.dungeon(*node);
  bundle.node = std::move(node);
  return bundle;
}

NodeBundle chat(const Config& config, const NodeIdentity& identity, const Routes& routes, const Seams& seams) {
  const auto& settings = config.of(identity.id).chat();
  ChatOptions options;
  options.history_lines = settings.history_lines();
  options.points_max = settings.line_points_max();
  options.burst_lines = settings.flood_burst();
  options.line_interval = milliseconds(10000 / settings.flood_lines_per_10s());
  NodeBundle bundle;
  bundle.node = std::make_unique<Chat>(identity, routes, seams, options);
  return bundle;
}

}  // namespace

Result<NodeBundle> compose_node(const Config& config, const NodeEntry& entry, const Routes& routes, const Game& game,
                                const Incarnation& incarnation, const Seams& seams, Workers workers) {
  const NodeIdentity identity = identity_of(config, entry, incarnation);
  Result<NodeBundle> bundle = fail(Trouble::kInvalid, entry.name + ": no such role");
  switch (entry.node.role()) {
    case Role::kGateway:
      bundle = gateway(config, identity, routes, seams);
      break;
    case Role::kGeneral:
      bundle = general(config, identity, routes, game, seams);
      break;
    case Role::kDungeon:
      bundle = dungeon(config, identity, routes, game, seams);
      break;
    case Role::kChat:
      bundle = chat(config, identity, routes, seams);
      break;
    case Role::kDbagent:
      bundle = dbagent(config, identity, routes, game, seams, workers);
      break;
    default:
      break;
  }
  if (!bundle) return bundle;
  bundle->address = identity.address;
  if (const auto missing = bundle->node->routes_without_handler(); !missing.empty())
    return fail(Trouble::kInvalid, entry.name + ": no handler for " + missing.front());
  return bundle;
}

}  // namespace dure
