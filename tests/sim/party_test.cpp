// Parties in a whole cluster while the chat, the owners and the dungeons die: afterwards the chat, each member's owner
// and each member say the same of every party. DURE_SIM_SEEDS=first..last runs other seeds than the usual ones.
#include <gtest/gtest.h>

#include <cstdio>

#include "chat/chat.h"
#include "common/base/hash.h"
#include "common/proto/chat.pb.h"
#include "common/proto/gateway.pb.h"
#include "tests/sim/client.h"
#include "tests/sim/fixture.h"

namespace dure::sim {
namespace {

constexpr int kCrowd = 6;
constexpr Duration kStep = milliseconds(200);

// Invites whom it knows by name, accepts, queues with its party, and leaves it now and then.
class Companion {
 public:
  Companion(Cluster& cluster, int number)
      : cluster_(cluster),
        name_(name_of(number)),
        client_(cluster, "127.0.0.1"),
        rng_(cluster.scheduler().seed(), 0xc0de + static_cast<std::uint64_t>(number)) {
    client_.on_frame = [this](const ClientFrame& frame) { take(frame); };
    client_.on_closed = [this] { in_world_ = false; };
  }
  static std::string name_of(int number) { return "Comrade" + std::string(1, static_cast<char>('a' + number)); }
  void start() {
    log_in();
    step();
  }
  void be_quiet() { quiet_ = true; }
  bool in_world() const { return in_world_; }
  PlayerId id() const { return PlayerId(player_id_); }
  const proto::PartyState& party() const { return party_; }
  int joined = 0, matched = 0;

 private:
  template <class Message>
  static bool read(const ClientFrame& frame, Message* message) {
    return frame.message_id == route_id(Message::descriptor()) && message->ParseFromString(std::string(frame.body));
  }
  void log_in() {
    in_world_ = selecting_ = false;
    if (!client_.connect(gateway_node())) return;
    proto::LoginRequest login;
    login.set_protocol_version(kProtocolVersion);
    login.set_content_version(1);
    login.set_account("account-" + name_);
    login.set_password("a password of " + name_);
    client_.send(login);
  }
  void take(const ClientFrame& frame) {
    if (proto::LoginReply login; read(frame, &login)) {
      if (!login.has_characters()) return;
      if (login.characters().characters_size() == 0) {
        proto::CreateCharacterRequest create;
        create.set_name(name_);
        client_.send(create);
      } else {
        player_id_ = login.characters().characters(0).player_id();
      }
    } else if (proto::CreateCharacterReply created; read(frame, &created)) {
      player_id_ = created.character().player_id();
    } else if (proto::SelectCharacterReply selected; read(frame, &selected)) {
      if (selected.code() != proto::OK) selecting_ = false;
    } else if (proto::PlayerState state; read(frame, &state)) {
      in_world_ = true;
    } else if (proto::PartyInvited invited; read(frame, &invited)) {
      proto::PartyAnswerRequest answer;
      answer.set_party(invited.party());
      answer.set_accept(!quiet_);
      client_.send(answer);
    } else if (proto::PartyState party; read(frame, &party)) {
      if (party.members().empty() && party.party() != party_.party()) return;
      if (party_.members().empty() && !party.members().empty()) ++joined;
      party_ = party;
    } else if (proto::MatchNotice match; read(frame, &match)) {
      if (match.code() == proto::OK) ++matched;
    }
  }
  void step() {
    cluster_.scheduler().after(kStep, fnv1a(name_), [this] { step(); });
    if (!client_.connected()) return log_in();
    if (!in_world_) {
      if (player_id_ == 0 || std::exchange(selecting_, true)) return;
      proto::SelectCharacterRequest select;
      select.set_player_id(player_id_);
      client_.send(select);
      return;
    }
    client_.send(proto::Ping());
    if (quiet_) return;
    if (rng_.chance(0.2)) {
      proto::PartyInviteRequest invite;
      invite.set_name(name_of(static_cast<int>(rng_.below(kCrowd))));
      client_.send(invite);
    }
    if (!party_.members().empty() && rng_.chance(0.02)) {
      proto::PartyChangeRequest leave;
      leave.set_what(proto::PartyChangeRequest::LEAVE);
      client_.send(leave);
    }
    if (party_.leader() == player_id_ && rng_.chance(0.1)) {
      proto::QueueRequest queue;
      queue.set_dungeon("cellar");
      client_.send(queue);
    }
  }
  Cluster& cluster_;
  std::string name_;
  Client client_;
  Rng rng_;
  proto::PartyState party_;
  bool in_world_ = false, selecting_ = false, quiet_ = false;
  std::uint64_t player_id_ = 0;
};

struct Company {
  explicit Company(std::uint64_t seed) : stores(seed), cluster(seed) {
    shape.generals = shape.dungeons = 2;
    add_roles(cluster, game(), shape, stores);
    cluster.start_all();
    cluster.run(seconds(3));
    for (int i = 0; i < kCrowd; ++i) crowd.push_back(std::make_unique<Companion>(cluster, i));
    for (auto& one : crowd) one->start();
  }
  bool everybody_plays() const {
    for (const auto& one : crowd)
      if (!one->in_world()) return false;
    return true;
  }
  const HeldParty* held(PlayerId player) {
    for (const NodeId node : {general_node(1), general_node(2), dungeon_node(1), dungeon_node(2)})
      if (auto* owner = cluster.as<OwnerNode>(node); owner != nullptr && owner->find(player) != nullptr)
        return owner->parties().of(player);
    return nullptr;
  }
  // The chat, the owner and the player say the same.
  void check() {
    for (auto& one : crowd) one->be_quiet();
    cluster.run(seconds(5));
    const auto* chat = cluster.as<Chat>(chat_node());
    ASSERT_NE(chat, nullptr);
    for (const auto& one : crowd) {
      const Party* truth = chat->parties().of(one->id());
      const HeldParty* mine = held(one->id());
      ASSERT_EQ(truth == nullptr, mine == nullptr) << one->id().value;
      ASSERT_EQ(truth == nullptr, one->party().members().empty()) << one->party().ShortDebugString();
      if (truth == nullptr) continue;
      EXPECT_EQ(truth->id, mine->id);
      EXPECT_EQ(truth->version, mine->version);
      EXPECT_EQ(truth->leader, mine->leader);
      EXPECT_EQ(truth->members, mine->members);
      EXPECT_TRUE(mine->has(one->id()));
      EXPECT_EQ(truth->id, one->party().party());
      EXPECT_EQ(truth->version, one->party().version());
    }
  }
  Stores stores;
  Shape shape;
  Cluster cluster;
  std::vector<std::unique_ptr<Companion>> crowd;
};

std::uint64_t company(std::uint64_t seed) {
  Company company(seed);
  company.cluster.run(seconds(8));
  Rng rng(seed, 0xdead);
  const std::vector<NodeId> victims{chat_node(),     chat_node(),     general_node(1),
                                    general_node(2), dungeon_node(1), dungeon_node(2)};
  for (int i = 0; i < 10; ++i) {
    const NodeId victim = victims[rng.below(victims.size())];
    company.cluster.kill(victim);
    company.cluster.start(victim, milliseconds(static_cast<std::int64_t>(rng.below(2500))));
    company.cluster.run(milliseconds(static_cast<std::int64_t>(rng.below(4000))));
  }
  for (const NodeId node : victims) company.cluster.start(node, seconds(3));
  for (int i = 0; i < 60 && (i < 8 || !company.everybody_plays()); ++i) company.cluster.run(seconds(1));
  EXPECT_TRUE(company.everybody_plays()) << "seed " << seed;
  company.check();
  int joined = 0, matched = 0;
  for (const auto& one : company.crowd) joined += one->joined, matched += one->matched;
  EXPECT_GT(joined, 1) << "seed " << seed;
  EXPECT_GT(matched, 0) << "seed " << seed;
  return company.cluster.trace();
}

TEST(PartySimulation, WhoeverDiesTheChatTheOwnersAndThePlayersAgreeAfterwards) {
  unsigned long long first = 1, last = 8;
  if (const char* asked = std::getenv("DURE_SIM_SEEDS")) std::sscanf(asked, "%llu..%llu", &first, &last);
  for (std::uint64_t seed = first; seed <= last && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    company(seed);
  }
}

// A dungeon that took a party in and died before it could tell anybody.
TEST(PartySimulation, NobodyStaysBehindWhereADungeonWas) { company(59); }

TEST(PartySimulation, AChatThatDiesAloneCostsNoParty) {
  Company company(77);
  company.cluster.run(seconds(8));
  for (auto& one : company.crowd) one->be_quiet();
  company.cluster.run(seconds(2));
  std::map<PlayerId, std::uint64_t> before;
  for (const auto& one : company.crowd)
    if (const HeldParty* party = company.held(one->id())) before[one->id()] = party->id;
  ASSERT_FALSE(before.empty());
  company.cluster.kill(chat_node());
  company.cluster.run(seconds(5));
  company.cluster.start(chat_node());
  company.cluster.run(seconds(5));
  for (const auto& [player, party] : before) {
    const Party* now = company.cluster.as<Chat>(chat_node())->parties().of(player);
    ASSERT_NE(now, nullptr);
    EXPECT_EQ(now->id, party);
  }
  company.check();
}

TEST(PartySimulation, OneSeedIsOneHistory) { EXPECT_EQ(company(3), company(3)); }

}  // namespace
}  // namespace dure::sim
