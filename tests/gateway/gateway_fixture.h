// The gateway and one ClientPort, as a process has them, on a fake cluster: a general, and a database agent that knows
// one account ("mina", account 5, character 50). Frames go in as bytes and come out as bytes.
#pragma once
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/proto/client_frame.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "gateway/client_port.h"
#include "gateway/gateway.h"
#include "gateway/password_worker.h"
#include "gateway/port_options.h"
#include "tests/common/fake_cluster.h"

namespace dure::test {

inline const NodeId kSelf(Role::kGateway, 1), kGeneral(Role::kGeneral, 1), kGeneral2(Role::kGeneral, 2),
    kDungeon(Role::kDungeon, 1), kAgent(Role::kDbagent, 1), kChat(Role::kChat, 1), kChat2(Role::kChat, 2);

struct Seen {
  std::uint16_t message_id;
  std::uint32_t seq;
  std::string body;
};

class GatewayTest : public ::testing::Test {
 protected:
  explicit GatewayTest(const NodeIdentity& self = identity(), const GatewayOptions& options = {})
      : routes_(std::move(*Routes::build(engine_files()))),
        worker_({}, PasswordCost{1, 8192 * 1024}),
        port_(routes_, port_options_, addresses_),
        gateway_(self, routes_, Seams{&log_, &entropy_, nullptr, nullptr}, options),
        cluster_(gateway_, routes_) {
    cluster_.on_effect = [this](Outbound& out) { return effect(out); };
    PeerFacts agent;
    agent.shards = {1};
    agent.directory = true;
    cluster_.up(kAgent, agent);
    cluster_.up(kGeneral);
    answer_as_a_database();
  }
  static NodeIdentity identity() {
    NodeIdentity identity;
    identity.id = kSelf;
    identity.name = "gateway-1";
    identity.incarnation = {9, 9};
    identity.developer = true;
    return identity;
  }
  void TearDown() override { EXPECT_TRUE(log_.errors.empty()) << log_.errors.front(); }

  bool effect(Outbound& out) {
    if (auto* work = std::get_if<Work>(&out)) {
      ++hashed_;
      if (!checked_ticket_.empty()) {
        cluster_.in(WorkDone{work->work_id, Bytes(checked_ticket_)});
      } else if (worker_answers_) {
        cluster_.in(WorkDone{work->work_id, Bytes(worker_.run(work->request.view()))});
      } else {
        unworked_.push_back(std::move(*work));
      }
      return true;
    }
    if (std::get_if<Stopped>(&out) != nullptr) return false;
    port_.command(out, cluster_.now);
    return true;
  }
  void answer_as_a_database() {
    using H = const MeshHeader&;
    cluster_.answers<proto::AccountQuery, proto::AccountReply>(kAgent, [this](H, const proto::AccountQuery& query) {
      proto::AccountReply reply;
      if (query.create()) password_hash_ = query.password_hash();
      reply.set_code(password_hash_.empty() ? proto::NO_SUCH : proto::STORED);
      reply.set_account_id(5);
      reply.set_shard(1);
      reply.set_session_epoch(session_epoch_);
      reply.set_password_hash(password_hash_);
      return std::optional(reply);
    });
    cluster_.answers<proto::CharactersRequest, proto::CharactersReply>(kAgent, [](H, const proto::CharactersRequest&) {
      proto::CharactersReply reply;
      auto* character = reply.add_characters();
      character->set_player_id(50);
      character->set_name("Mina");
      return std::optional(reply);
    });
    cluster_.answers<proto::SessionBegin, proto::SessionReply>(kAgent, [this](H, const proto::SessionBegin& begin) {
      proto::SessionReply reply;
      if (begin.expected_session_epoch() != session_epoch_)
        reply.set_code(proto::EXPECTED_OTHER);
      else
        ++session_epoch_;
      reply.set_session_epoch(session_epoch_);
      reply.set_account_id(5);
      reply.set_shard(1);
      return std::optional(reply);
    });
    cluster_.answers<proto::SessionResume, proto::SessionReply>(kAgent, [this](H, const proto::SessionResume&) {
      proto::SessionReply reply;
      reply.set_session_epoch(++session_epoch_);
      reply.set_account_id(5);
      reply.set_shard(1);
      return std::optional(reply);
    });
    cluster_.answers<proto::SessionSelect, proto::StoreReply>(
        kAgent, [](H, const proto::SessionSelect&) { return std::optional(proto::StoreReply()); });
  }

  void maintenance_begins() {
    proto::SwitchesNotice switches;
    auto* row = switches.add_switches();
    row->set_name("maintenance");
    row->set_on(true);
    switches.set_maintenance_until_unix_ms(77);
    cluster_.say(kAgent, switches);
  }
  // As somebody who comes by tickets is known: without a password.
  void account_exists() {
    cluster_.answers<proto::AccountQuery, proto::AccountReply>(kAgent, [this](auto&, auto&) {
      proto::AccountReply reply;
      reply.set_account_id(5);
      reply.set_shard(1);
      reply.set_session_epoch(session_epoch_);
      return std::optional(reply);
    });
  }
  // The worker's word on it is checked_ticket_.
  static proto::LoginRequest ticket_login() {
    proto::LoginRequest login;
    login.set_protocol_version(kProtocolVersion);
    login.set_content_version(1);
    login.set_ticket("signed");
    return login;
  }

  // The worker, that did not answer, does so now.
  void work_on(std::size_t times) {
    for (std::size_t i = 0; i < times && !unworked_.empty(); ++i) {
      const Work work = std::move(unworked_.front());
      unworked_.pop_front();
      cluster_.in(WorkDone{work.work_id, Bytes(worker_.run(work.request.view()))});
      settle();
    }
  }

  // The lobby lets the character 50 in once that is so, and knows of no such character before.
  void known_when(const bool& claimed) {
    cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [&](const MeshHeader&, const proto::Admit&) {
      proto::AdmitReply reply;
      if (claimed)
        route(kGeneral, 7);
      else
        reply.set_code(proto::NOT_FOUND);
      return std::optional(reply);
    });
  }

  void settle() {
    for (int i = 0; i < 5; ++i) {
      std::vector<Inbound> events;
      port_.take_events(&events);
      for (auto& event : events) cluster_.in(std::move(event));
      cluster_.turn();
    }
  }
  void open(ClientId client, const std::string& address = "127.0.0.1:5") {
    ASSERT_TRUE(port_.opened(client, address, cluster_.now));
    seq_[client] = 0;
  }
  template <class Message>
  std::uint32_t send(ClientId client, const Message& message) {
    const std::uint32_t seq = ++seq_[client];
    const auto id = static_cast<std::uint16_t>(route_id(Message::descriptor()));
    port_.received(client, encode_frame(id, seq, message.SerializeAsString()), cluster_.now);
    settle();
    return seq;
  }
  std::vector<Seen> seen(ClientId client) {
    std::vector<std::string_view> pieces;
    port_.gather(client, 10000, &pieces);
    std::string all;
    for (const auto piece : pieces) all += piece;
    port_.wrote(client, all.size(), cluster_.now);
    std::vector<Seen> frames;
    for (std::string_view rest = all; !rest.empty();) {
      const FrameCut cut = cut_frame(rest, 1 << 20);
      frames.push_back({cut.frame.message_id, cut.frame.seq, std::string(cut.frame.body)});
      rest.remove_prefix(cut.bytes);
    }
    return frames;
  }
  template <class Message>
  static std::optional<Message> pick(const std::vector<Seen>& frames) {
    for (const auto& frame : frames)
      if (frame.message_id == route_id(Message::descriptor())) {
        Message message;
        if (message.ParseFromString(frame.body)) return message;
      }
    return std::nullopt;
  }

  proto::LoginReply log_in(ClientId client, const std::string& password = "secret") {
    proto::LoginRequest login;
    login.set_protocol_version(kProtocolVersion);
    login.set_content_version(1);
    login.set_account("mina");
    login.set_password(password);
    send(client, login);
    auto reply = pick<proto::LoginReply>(seen(client)).value_or(proto::LoginReply());
    if (reply.session_id() != 0) session_ = SessionId(reply.session_id()), token_ = reply.resume_token();
    return reply;
  }
  void expect_selected(ClientId client) {
    proto::SelectCharacterRequest select;
    select.set_player_id(50);
    send(client, select);
    EXPECT_EQ(pick<proto::SelectCharacterReply>(seen(client)).value_or(proto::SelectCharacterReply()).code(),
              proto::OK);
  }
  // That owner has the session's input held.
  void hold(NodeId owner, std::uint64_t epoch) {
    proto::RouteHold hold;
    hold.set_session_id(session_.value);
    hold.set_player_epoch(epoch);
    cluster_.say(owner, hold);
  }
  void route(NodeId owner, std::uint64_t epoch, const std::string& place = "town/1") {
    proto::RouteSet set;
    set.set_session_id(session_.value);
    set.set_session_epoch(session_epoch_);
    set.set_player_id(50);
    set.set_player_epoch(epoch);
    set.set_place(place);
    cluster_.say(owner, set);
  }
  // Logged in and in the world at kGeneral with epoch 7.
  void enter(ClientId client) {
    open(client);
    ASSERT_TRUE(log_in(client).has_characters());
    cluster_.answers<proto::Admit, proto::AdmitReply>(kGeneral, [this](const MeshHeader&, const proto::Admit&) {
      route(kGeneral, 7);
      return std::optional(proto::AdmitReply());
    });
    proto::SelectCharacterRequest select;
    select.set_player_id(50);
    send(client, select);
    const auto frames = seen(client);
    ASSERT_TRUE(pick<proto::RouteNotice>(frames));
    ASSERT_EQ(pick<proto::SelectCharacterReply>(frames)->code(), proto::OK);
    ASSERT_EQ(gateway_.session(session_)->state, SessionState::kWorld);
    cluster_.forget_sent();
  }
  template <class Message>
  void owner_says(NodeId owner, std::uint64_t epoch, const Message& message) {
    MeshHeader header;
    header.kind = MeshKind::kToClient;
    header.message_id = route_id(Message::descriptor());
    header.session = session_;
    header.session_epoch = session_epoch_;
    header.player_epoch = epoch;
    cluster_.raw(owner, header, message.SerializeAsString());
    settle();
  }

  MemoryLog log_;
  SeededEntropy entropy_{1};
  PortOptions port_options_;
  AddressLimits addresses_{port_options_};
  Routes routes_;
  PasswordWorker worker_;
  ClientPort port_;
  Gateway gateway_;
  FakeCluster cluster_;
  std::map<ClientId, std::uint32_t> seq_;
  bool worker_answers_ = true;
  std::deque<Work> unworked_;
  std::string checked_ticket_;  // the worker's word on every ticket
  int hashed_ = 0;              // hashes the worker was asked for
  std::string password_hash_, token_;
  std::uint32_t session_epoch_ = 3;
  SessionId session_;
};

inline const ClientId kMina(1), kAgain(2);

}  // namespace dure::test
