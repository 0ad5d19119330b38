#include "tests/lobby/lobby_fixture.h"

#include <fstream>
#include <sstream>

#include "common/game/sample/messages.h"
#include "common/game/sample/outcome.h"

namespace dure::test {
namespace {

// The files that the program itself reads: they must be good, too.
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

}  // namespace

Content test_content() { return good(parse_content(content_file("zones.toml"), content_file("dungeons.toml"))); }

sample::LobbyContent test_sample() {
  sample::LobbyContent content;
  content.items = good(sample::parse_items(content_file("items.toml")));
  content.shops = good(sample::parse_shops(content_file("shops.toml"), content.items));
  content.runs = good(sample::parse_runs(content_file("dungeons.toml")));
  content.quests = good(sample::parse_quests(content_file("quests.toml"), content.runs, content.items));
  return content;
}

LobbyTest::LobbyTest() {
  auto files = engine_files();
  for (const auto* file : sample::message_files()) files.push_back(file);
  routes_ = std::move(*Routes::build(files));
  sample_ = test_sample();
  NodeIdentity identity;
  identity.id = NodeId(Role::kGeneral, 1);
  identity.name = "general-1";
  identity.incarnation = {7, 7};
  Lobby::Options options;
  options.content = test_content();
  options.owner.reasons = sample::reasons();
  options.owner.cap = [this](const std::string& name) { return sample_.items.cap(name); };
  options.owner.items_max = sample_.items.bag_slots;
  lobby_ = std::make_unique<Lobby>(identity, routes_, Seams{&log_, &entropy_, nullptr, nullptr}, options);
  sample::add_sample(*lobby_, sample_);
  cluster_ = std::make_unique<FakeCluster>(*lobby_, routes_);
  PeerFacts agent;
  agent.shards = {0};
  agent.directory = true;
  cluster_->up(kAgent, agent);
  cluster_->up(kGateway);
  cluster_->answers<proto::PlaceQuery, proto::PlaceReply>(kAgent, [this](auto&, const auto& query) {
    proto::PlaceReply none;
    none.set_code(proto::NO_SUCH);
    return places_.try_emplace(query.place(), none).first->second;
  });
  cluster_->answers<proto::PlaceAcquire, proto::PlaceReply>(kAgent, [this](auto&, const auto& request) {
    proto::PlaceReply taken;
    taken.set_epoch(request.expected_epoch() + 1);
    taken.set_holder(request.node());
    *taken.mutable_holder_incarnation() = request.incarnation();
    return places_[request.place()] = taken;
  });
  cluster_->answers<proto::PlayerLocate, proto::PlayerLocateReply>(
      kAgent, [](auto&, auto&) { return proto::PlayerLocateReply(); });
  cluster_->answers<proto::OwnerQuery, proto::AcquireReply>(kAgent, [this](auto&, const auto& query) {
    proto::AcquireReply row;
    row.set_code(proto::EXPECTED_OTHER);
    row.set_epoch(epochs_[query.player_id()]);
    if (const auto hint = hints_.find(query.player_id()); hint != hints_.end())
      *row.mutable_aggregate()->mutable_hint() = hint->second;
    return row;
  });
  cluster_->answers<proto::AcquireRequest, proto::AcquireReply>(kAgent, [this](auto&, const auto& request) {
    proto::AcquireReply grant;
    grant.set_epoch(epochs_[request.player_id()]);
    if (request.expected_epoch() != grant.epoch()) {
      grant.set_code(proto::EXPECTED_OTHER);
      return grant;
    }
    grant.set_epoch(++epochs_[request.player_id()]);
    auto* aggregate = grant.mutable_aggregate();
    *aggregate = rows_[request.player_id()];
    aggregate->set_player_id(request.player_id());
    aggregate->set_name("P" + std::to_string(request.player_id()));
    if (veterans_.count(request.player_id())) aggregate->add_flags(sample::kStarterFlag);
    if (const auto hint = hints_.find(request.player_id()); hint != hints_.end())
      *aggregate->mutable_hint() = hint->second;
    return grant;
  });
  cluster_->answers<proto::ApplyRequest, proto::ApplyReply>(
      kAgent, [this](auto&, const auto& request) -> std::optional<proto::ApplyReply> {
        if (!database_saves_) return std::nullopt;
        proto::ApplyReply saved;
        if (request.epoch() != epochs_[request.player_id()]) {
          saved.set_code(proto::STALE_EPOCH);
          return saved;
        }
        for (const auto& operation : request.operations()) {
          applied_.push_back(operation);
          saved.set_saved_pseq(operation.pseq());
        }
        return saved;
      });
  cluster_->run(seconds(1));
}

proto::AdmitReply LobbyTest::admit(std::uint64_t player, proto::Admit request) {
  request.set_player_id(player);
  request.set_session_id(player * 10);
  request.set_session_epoch(1);
  request.set_gateway(kGateway.value);
  if (request.reason().empty()) request.set_reason("login");
  const CallId call = cluster_->ask(kGateway, request);
  cluster_->turn();
  const auto reply = cluster_->take_reply<proto::AdmitReply>(kGateway, call);
  if (!reply) throw std::runtime_error("no answer to Admit");
  return *reply;
}

void LobbyTest::post(std::uint64_t player, std::uint32_t message_id, const std::string& body) {
  MeshHeader header;
  header.kind = MeshKind::kFromClient;
  header.message_id = message_id;
  header.session = SessionId(player * 10);
  header.session_epoch = 1;
  header.player = PlayerId(player);
  header.player_epoch = epochs_[player];
  header.client_seq = ++seq_;
  cluster_->raw(kGateway, header, body);
}

void LobbyTest::frame(std::uint64_t player, std::uint32_t message_id, const std::string& body) {
  post(player, message_id, body);
  cluster_->turn();
}

void LobbyTest::other_holds(const std::string& place, std::uint32_t players) {
  if (!lobby_->peer_up(kOther)) cluster_->up(kOther);
  proto::PlacesNotice notice;
  auto* held = notice.add_places();
  held->set_place(place);
  held->set_epoch(9);
  held->set_holder(kOther.value);
  held->set_players(players);
  const Incarnation incarnation = lobby_->link(kOther)->heard_incarnation();
  held->mutable_holder_incarnation()->set_high(incarnation.high);
  held->mutable_holder_incarnation()->set_low(incarnation.low);
  cluster_->say(kOther, notice);
  cluster_->turn();
}

}  // namespace dure::test
