#include "tests/sim/roles.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "chat/chat.h"
#include "common/game/content_keeper.h"
#include "common/game/sample/guards.h"
#include "common/game/sample/messages.h"
#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/agent.h"
#include "dbagent/store/directory_store.h"
#include "dbagent/store/shard_store.h"
#include "gateway/client_port.h"
#include "gateway/gateway.h"
#include "gateway/password_worker.h"

namespace dure::sim {
namespace {

ContentFile content_file(const std::string& name) {
  std::ifstream in(std::string(DURE_SOURCE_DIR) + "/configs/content/" + name);
  std::ostringstream text;
  text << in.rdbuf();
  return {name, text.str()};
}

template <class T>
T good(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().detail);
  return std::move(*result);
}

// A database file behind its worker's queue.
template <class Store>
class StoreWorker : public Worker {
 public:
  explicit StoreWorker(std::unique_ptr<Store> store) : store_(std::move(store)) {}
  std::string run(std::string_view batch) override { return store_->run(batch); }

 private:
  std::unique_ptr<Store> store_;
};

store::FileOptions file_options(const std::string& folder, const std::string& name, std::uint32_t shard,
                                const Incarnation& incarnation) {
  store::FileOptions options;
  options.path = folder + "/" + name + ".db";
  options.cluster_id = "dure";
  options.shard = shard;
  options.agent_incarnation = incarnation;
  options.sync = false;
  return options;
}

std::unique_ptr<store::ShardStore> open_shard(const std::string& folder, std::uint32_t shard, const Incarnation& inc) {
  store::ShardOptions options;
  static_cast<store::FileOptions&>(options) = file_options(folder, Agent::shard_queue(shard), shard, inc);
  return good(store::ShardStore::open(options));
}

Blueprint blueprint(NodeId id) {
  Blueprint plan;
  plan.identity.id = id;
  plan.identity.name = to_text(id);
  plan.identity.developer = true;
  return plan;
}

Blueprint gateway(const Game& game, std::uint16_t n) {
  Blueprint plan = blueprint(gateway_node(n));
  plan.build = [&game](const NodeIdentity& identity, const Seams& seams) {
    Parts parts;
    parts.node = std::make_unique<Gateway>(identity, game.routes, seams, game.gateway);
    const auto addresses = std::make_shared<AddressLimits>(game.port);
    parts.shared = addresses;
    for (std::uint32_t io = 0; io < 2; ++io)
      parts.ports.push_back(std::make_unique<ClientPort>(game.routes, game.port, *addresses, io));
    parts.workers["hash"] = std::make_unique<PasswordWorker>(TicketKeys{}, PasswordCost{1, 8192});
    return parts;
  };
  return plan;
}

Blueprint general(const Game& game, std::uint16_t n) {
  Blueprint plan = blueprint(general_node(n));
  plan.build = [&game](const NodeIdentity& identity, const Seams& seams) {
    Lobby::Options options;
    options.content = game.content;
    options.owner.reasons = sample::reasons();
    auto lobby = std::make_unique<Lobby>(identity, game.routes, seams, options);
    sample::add_live_sample(*lobby, game.lobby, game.hash);
    Parts parts;
    parts.node = std::move(lobby);
    return parts;
  };
  return plan;
}

// The sample's objects live as long as the node they serve.
class SampleDungeon : public Dungeon {
 public:
  SampleDungeon(const NodeIdentity& identity, const Game& game, const Seams& seams, const DungeonOptions& options)
      : SampleDungeon(identity, game, seams, options, sample::live_fight_content(game.fight, game.hash)) {}

 private:
  SampleDungeon(const NodeIdentity& identity, const Game& game, const Seams& seams, const DungeonOptions& options,
                const std::shared_ptr<LiveContent<sample::FightContent>>& live)
      : Dungeon(identity, game.routes, seams, options), sample_(*this, live) {
    use_content(live);
  }
  sample::DungeonSample sample_;
};

Blueprint dungeon(const Game& game, std::uint16_t n) {
  Blueprint plan = blueprint(dungeon_node(n));
  plan.build = [&game](const NodeIdentity& identity, const Seams& seams) {
    DungeonOptions options;
    options.owner.reasons = sample::reasons();
    for (const auto& d : game.content.dungeons) {
      options.handlers[d.name] = d.handler;
      options.return_zones[d.name] = d.return_zone;
    }
    Parts parts;
    parts.node = std::make_unique<SampleDungeon>(identity, game, seams, options);
    return parts;
  };
  return plan;
}

Blueprint chat(const Game& game, std::uint16_t n) {
  Blueprint plan = blueprint(chat_node(n));
  plan.build = [&game](const NodeIdentity& identity, const Seams& seams) {
    Parts parts;
    parts.node = std::make_unique<Chat>(identity, game.routes, seams, ChatOptions{});
    return parts;
  };
  return plan;
}

Blueprint agent(const Game& game, const Shape& shape, const std::string& folder) {
  Blueprint plan = blueprint(agent_node());
  for (std::uint32_t shard = 0; shard < shape.shards; ++shard) plan.identity.shards.push_back(shard);
  plan.identity.directory = true;
  plan.build = [&game, shape, folder](const NodeIdentity& identity, const Seams& seams) {
    Parts parts;
    AgentOptions agent_options;
    agent_options.content = game.load(true);
    parts.node = std::make_unique<Agent>(identity, game.routes, seams, agent_options);
    for (const std::uint32_t shard : identity.shards)
      parts.workers[Agent::shard_queue(shard)] =
          std::make_unique<StoreWorker<store::ShardStore>>(open_shard(folder, shard, identity.incarnation));
    store::DirectoryOptions options;
    static_cast<store::FileOptions&>(options) = file_options(folder, "directory", 0, identity.incarnation);
    options.shards = shape.shards;
    parts.workers[Agent::kDirectoryQueue] =
        std::make_unique<StoreWorker<store::DirectoryStore>>(good(store::DirectoryStore::open(options)));
    return parts;
  };
  return plan;
}

template <class Reply, class Request>
Reply ask(store::ShardStore& shard, const Request& request) {
  proto::StoreBatch batch;
  batch.set_wall_unix_ms(1);
  auto* item = batch.add_items();
  item->set_message_id(route_id(Request::descriptor()));
  item->set_body(request.SerializeAsString());
  proto::StoreBatchReply answer;
  Reply reply;
  if (!answer.ParseFromString(shard.run(batch.SerializeAsString())) || answer.items_size() != 1 ||
      !reply.ParseFromString(answer.items(0).body()))
    throw std::runtime_error("the store cannot be read: " + answer.detail());
  return reply;
}

}  // namespace

Game::Game() {
  auto messages = engine_files();
  for (const auto* file : sample::message_files()) messages.push_back(file);
  routes = good(Routes::build(messages));
  for (const char* name : {"zones.toml", "dungeons.toml", "items.toml", "shops.toml", "quests.toml", "guards.toml"})
    files.push_back(content_file(name));
  to_load = files;
  hash = content_hash(files);
  content = good(parse_content(files[0], files[1]));
  lobby = good(sample::parse_lobby_content(files));
  fight = good(sample::parse_fight_content(files));
  port.limit_loopback = false;
}

void Game::edit(const std::string& file, const std::string& text, const std::string& instead) {
  for (ContentFile& one : to_load) {
    if (one.name != file) continue;
    const auto at = one.text.find(text);
    if (at == std::string::npos) throw std::runtime_error(file + " has no " + text);
    one.text.replace(at, text.size(), instead);
  }
}

std::string Game::load(bool activate_first) const {
  const auto loaded = good(sample::parse_lobby_content(to_load));
  proto::ContentLoad load;
  load.set_hash(content_hash(to_load));
  for (const ContentFile& file : to_load) {
    auto* text = load.add_files();
    text->set_name(file.name);
    text->set_text(file.text);
  }
  *load.mutable_guards() = good(sample::parse_sample_guards(to_load[5], loaded.items, loaded.shops, loaded.quests));
  load.set_activate_first(activate_first);
  return load.SerializeAsString();
}

void add_roles(Cluster& cluster, const Game& game, const Shape& shape, const std::string& folder) {
  cluster.add(agent(game, shape, folder));
  for (std::uint16_t n = 1; n <= shape.gateways; ++n) cluster.add(gateway(game, n));
  for (std::uint16_t n = 1; n <= shape.generals; ++n) cluster.add(general(game, n));
  for (std::uint16_t n = 1; n <= shape.dungeons; ++n) cluster.add(dungeon(game, n));
  for (std::uint16_t n = 1; n <= shape.chats; ++n) cluster.add(chat(game, n));
}

Stored read_stores(const std::string& folder, std::uint32_t shards, const std::vector<std::uint64_t>& players) {
  Stored stored;
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    const auto store = open_shard(folder, shard, Incarnation{1, shard + 1});
    proto::AuditRequest audit;
    audit.set_shard(shard);
    for (;;) {
      const auto page = ask<proto::AuditReply>(*store, audit);
      stored.ledger_sum += page.ledger_sum();
      stored.items = std::max<std::uint64_t>(stored.items, page.items());
      stored.orphans += page.orphans();
      stored.doubles += page.doubles();
      for (const auto& line : page.findings()) stored.findings.push_back(line);
      if (page.next_offset() == 0) break;
      audit.set_offset(page.next_offset());
    }
    proto::UnsettledMoves moves;
    moves.set_shard(shard);
    moves.set_limit(100);
    const auto unsettled = ask<proto::UnsettledMovesReply>(*store, moves);
    for (const auto& move : unsettled.moves())
      stored.unsettled_moves.push_back("on shard " + std::to_string(shard) + ": " + move.ShortDebugString());
    for (const std::uint64_t player : players) {
      proto::OwnerQuery query;
      query.set_shard(shard);
      query.set_player_id(player);
      const auto row = ask<proto::AcquireReply>(*store, query);
      if (row.code() != proto::STORED && row.code() != proto::EXPECTED_OTHER) continue;
      proto::AcquireRequest acquire;
      acquire.set_shard(shard);
      acquire.set_player_id(player);
      acquire.set_expected_epoch(row.epoch());
      acquire.mutable_owner_incarnation()->set_low(9);
      acquire.set_acquire_id(99);
      const auto granted = ask<proto::AcquireReply>(*store, acquire);
      if (granted.code() == proto::STORED) stored.players[player] = granted.aggregate();
    }
  }
  return stored;
}

}  // namespace dure::sim
