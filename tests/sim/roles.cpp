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
#include "dbagent/agent.h"
#include "gateway/client_port.h"
#include "gateway/gateway.h"
#include "gateway/password_worker.h"
#include "gateway/web_socket_port.h"
#include "tests/sim/game_master.h"

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

Blueprint blueprint(NodeId id) {
  Blueprint plan;
  plan.identity.id = id;
  plan.identity.name = to_text(id);
  plan.identity.developer = true;
  return plan;
}

// What the ports of a gateway borrow.
struct PortsShare {
  explicit PortsShare(const PortOptions& options) : addresses(options) {}
  AddressLimits addresses;
  std::vector<std::unique_ptr<ClientPort>> behind_web;
};

Blueprint gateway(const Game& game, std::uint16_t n) {
  Blueprint plan = blueprint(gateway_node(n));
  plan.build = [&game](const NodeIdentity& identity, const Seams& seams) {
    Parts parts;
    parts.node = std::make_unique<Gateway>(identity, game.routes, seams, game.gateway);
    const auto shared = std::make_shared<PortsShare>(game.port);
    parts.shared = shared;
    for (std::uint32_t io = 0; io < 2; ++io) {
      shared->behind_web.push_back(std::make_unique<ClientPort>(game.routes, game.port, shared->addresses, io));
      parts.ports.push_back(std::make_unique<WebSocketPort>(*shared->behind_web.back(), game.port));
    }
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

Blueprint agent(const Game& game, const Shape& shape, Stores& stores) {
  Blueprint plan = blueprint(agent_node());
  for (std::uint32_t shard = 0; shard < shape.shards; ++shard) plan.identity.shards.push_back(shard);
  plan.identity.directory = true;
  plan.build = [&game, &stores](const NodeIdentity& identity, const Seams& seams) {
    Parts parts;
    AgentOptions options;
    options.content = game.load(true);
    options.balances = {GameMaster::kGift};
    parts.node = std::make_unique<Agent>(identity, game.routes, seams, options);
    parts.workers = stores.open(identity.shards, identity.incarnation);
    return parts;
  };
  plan.died = [&stores] { stores.disk().process_died(); };
  return plan;
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

void add_roles(Cluster& cluster, const Game& game, const Shape& shape, Stores& stores) {
  cluster.add(agent(game, shape, stores));
  for (std::uint16_t n = 1; n <= shape.gateways; ++n) cluster.add(gateway(game, n));
  for (std::uint16_t n = 1; n <= shape.generals; ++n) cluster.add(general(game, n));
  for (std::uint16_t n = 1; n <= shape.dungeons; ++n) cluster.add(dungeon(game, n));
  for (std::uint16_t n = 1; n <= shape.chats; ++n) cluster.add(chat(game, n));
}

}  // namespace dure::sim
