#include "tests/dungeon/dungeon_fixture.h"

#include <algorithm>
#include <optional>

namespace dure::test {

DungeonTest::DungeonTest(bool developer) {
  auto files = engine_files();
  for (const auto* file : sample::message_files()) files.push_back(file);
  routes_ = std::move(*Routes::build(files));
  content_.runs = std::move(*sample::parse_runs({"test.toml", R"(
[monster.rat]
hit_points = 5
attack = 1
gold = 3
loot = [{ template = "sword", chance = 1.0 }]
[[dungeon]]
name = "cellar"
reward_gold = 50
[[dungeon.wave]]
rat = 1
[[dungeon.wave]]
rat = 1
)"}));
  content_.items =
      std::move(*sample::parse_items({"items.toml", "[[item]]\nname = \"potion\"\nstack = true\nheal = 40\n"}));
  NodeIdentity identity;
  identity.id = NodeId(Role::kDungeon, 1);
  identity.name = "dungeon-1";
  identity.incarnation = {7, 7};
  identity.developer = developer;
  DungeonOptions options;
  options.handlers["cellar"] = "waves";
  options.handlers["trap"] = "trap";
  options.return_zones["cellar"] = "town";
  dungeon_ = std::make_unique<Dungeon>(identity, routes_, Seams{&log_, &entropy_, nullptr, nullptr}, options);
  sample_ = std::make_unique<sample::DungeonSample>(*dungeon_, content_);
  cluster_ = std::make_unique<FakeCluster>(*dungeon_, routes_);
  PeerFacts agent;
  agent.shards = {0};
  agent.directory = true;
  cluster_->up(kAgent, agent);
  cluster_->up(kGateway);
  cluster_->up(kGeneral);
  cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(
      kAgent, [](auto&, auto&) { return proto::PlayerLocateReply(); });
  cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(kAgent, [this](auto&, const auto& request) {
    proto::AcquireReply grant;
    if (request.expected_epoch() != epochs_[request.player_id()]) {
      grant.set_code(proto::EXPECTED_OTHER);
      grant.set_epoch(epochs_[request.player_id()]);
      return grant;
    }
    grant.set_epoch(++epochs_[request.player_id()]);
    *grant.mutable_aggregate() = rows_[request.player_id()];
    grant.mutable_aggregate()->set_player_id(request.player_id());
    for (const auto& entry : inbox_) *grant.mutable_aggregate()->add_inbox() = entry;
    grant.mutable_aggregate()->set_name("P" + std::to_string(request.player_id()));
    return grant;
  });
  cluster_->answers<proto::InboxQuery, proto::InboxReply>(kAgent, [this](auto&, const auto&) {
    proto::InboxReply unclaimed;
    for (const auto& entry : inbox_) *unclaimed.add_entries() = entry;
    return unclaimed;
  });
  cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
      kAgent, [this](auto&, const auto& request) -> std::optional<proto::ApplyReply> {
        if (!database_answers_) return std::nullopt;
        proto::ApplyReply saved;
        for (const auto& operation : request.operations()) {
          applied_.push_back(operation);
          saved.set_saved_pseq(operation.pseq());
        }
        return saved;
      });
  cluster_->answers<proto::Admit, proto::AdmitReply>(
      kGeneral, [this](auto&, const auto& admit) -> std::optional<proto::AdmitReply> {
        if (!lobby_answers_) return std::nullopt;
        back_.push_back(admit);
        proto::AdmitReply reply;
        reply.set_player_epoch(admit.expected_epoch() + 1);
        return reply;
      });
}

void DungeonTest::open(std::uint64_t run, const std::vector<std::uint64_t>& players, const std::string& dungeon) {
  expect(run, players, dungeon);
  for (const auto player : players) arrive(run, player);
}

void DungeonTest::expect(std::uint64_t run, const std::vector<std::uint64_t>& players, const std::string& dungeon) {
  proto::OpenInstance request;
  request.set_run_id(run);
  request.set_dungeon(dungeon);
  request.set_seed(5);
  for (const auto player : players) request.add_players(player);
  const CallId call = cluster_->ask(kGeneral, request);
  cluster_->turn();
  ASSERT_EQ(cluster_->take_reply<proto::OpenInstanceReply>(kGeneral, call)->code(), proto::OK);
}

void DungeonTest::arrive(std::uint64_t run, std::uint64_t player) {
  proto::Admit admit;
  admit.set_player_id(player);
  admit.set_session_id(player * 10);
  admit.set_session_epoch(1);
  admit.set_gateway(kGateway.value);
  admit.set_ticket(true);
  admit.set_run_id(run);
  admit.set_expected_epoch(epochs_[player]);
  admit.set_reason("dungeon");
  const CallId call = cluster_->ask(kGeneral, admit);
  cluster_->run(milliseconds(50));
  ASSERT_EQ(cluster_->take_reply<proto::AdmitReply>(kGeneral, call)->code(), proto::OK);
}

void DungeonTest::frame(std::uint64_t player, std::uint32_t message_id, const std::string& body) {
  MeshHeader header;
  header.kind = MeshKind::kFromClient;
  header.message_id = message_id;
  header.session = SessionId(player * 10);
  header.session_epoch = 1;
  header.player = PlayerId(player);
  header.player_epoch = epochs_[player];
  header.client_seq = ++seq_;
  cluster_->raw(kGateway, header, body);
  cluster_->turn();
}

void DungeonTest::fight(std::uint64_t player) {
  for (int i = 0; i < 100 && !monster(player).value; ++i) cluster_->run(milliseconds(50));
  const EntityId target = monster(player);
  ASSERT_TRUE(target);
  for (int i = 0; i < 400 && dungeon_->find(PlayerId(player)) != nullptr && monster(player) == target; ++i) {
    Instance* instance = dungeon_->instance_of(*dungeon_->find(PlayerId(player)));
    proto::MoveTo move;
    const Position self = dungeon_->find(PlayerId(player))->position;
    const Position there = instance->area().find(target)->position;
    const auto step = [](std::int32_t from, std::int32_t to) { return from + std::clamp(to - from, -20, 20); };
    move.set_x_cm(step(self.x_cm, there.x_cm));
    move.set_y_cm(step(self.y_cm, there.y_cm));
    client(player, move);
    sample::AttackRequest attack;
    attack.set_target(target.value);
    client(player, attack);
    cluster_->run(milliseconds(50));
  }
}

EntityId DungeonTest::monster(std::uint64_t player) {
  Player* self = dungeon_->find(PlayerId(player));
  Instance* instance = self == nullptr ? nullptr : dungeon_->instance_of(*self);
  if (instance == nullptr) return {};
  for (const auto& [id, entity] : instance->area().entities())
    if (entity.kind == "monster") return id;
  return {};
}

}  // namespace dure::test
