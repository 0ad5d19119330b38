#include "tests/bench/turn_figures.h"

#include <algorithm>
#include <chrono>
#include <deque>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/lobby.pb.h"
#include "tests/bench/world.h"
#include "tests/common/fake_cluster.h"
#include "tests/common/game/inn.h"

namespace dure::bench {
namespace {

constexpr Duration kStep = milliseconds(10);
constexpr int kStepsASecond = 100, kSeconds = 20;

struct Turns {
  std::vector<double> us;
  std::uint64_t committed = 0, refused = 0;
  double at(double share) const { return us[static_cast<std::size_t>(share * static_cast<double>(us.size() - 1))]; }
};

// The agent's answer to each request that the inn sent, so many steps later; below 0: never, nor does it beat.
class Crowd : private test::InnCluster {
 public:
  Crowd() : InnCluster({1}, options()) {}
  void arrive(std::uint32_t players) {
    for (std::uint64_t player = 1; player <= players; ++player) {
      ask_in(player);
      cluster_->forget_sent();
    }
    now_ = cluster_->now;
    wall_ = cluster_->wall;
    if (inn_->players().size() != players) give_up("not all players arrived");
  }
  // Everybody commits one operation a second.
  Turns run(int answered_after) {
    Turns turns;
    std::vector<std::uint64_t> ids;
    for (const auto& [id, player] : inn_->players()) ids.push_back(id.value);
    for (int step = 0; step < kSeconds * kStepsASecond; ++step) {
      now_ += kStep;
      wall_ += kStep;
      std::vector<Inbound> in;
      beat(step, answered_after >= 0, &in);
      for (; !asked_.empty() && answered_after >= 0 && asked_.front().first <= step; asked_.pop_front())
        in.push_back(BusMessage{Bytes(std::move(asked_.front().second))});
      inn_->after(Duration{}, [this, &ids, &turns, step] { commit(ids, step % kStepsASecond, &turns); });
      std::vector<Outbound> out;
      const auto began = std::chrono::steady_clock::now();
      inn_->turn(now_, wall_, &in, &out);
      turns.us.push_back(std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count());
      hear(out, step + std::max(answered_after, 1));
    }
    for (auto& [step, reply] : asked_) step = 0;
    std::sort(turns.us.begin(), turns.us.end());
    return turns;
  }

 private:
  static OwnerNode::Options options() {
    OwnerNode::Options options;
    options.reasons = {"loot"};
    return options;
  }
  void commit(const std::vector<std::uint64_t>& ids, int part, Turns* turns) {
    for (std::size_t i = static_cast<std::size_t>(part); i < ids.size(); i += kStepsASecond) {
      Player* player = inn_->find(PlayerId(ids[i]));
      if (player == nullptr || player->window.full(now_)) {
        ++turns->refused;
        continue;
      }
      proto::Operation operation;
      operation.set_reason("loot");
      auto* balance = operation.add_effects()->mutable_balance();
      balance->set_currency("gold");
      balance->set_delta(1);
      if (inn_->commit(*player, std::move(operation)) == Mirror::Guard::kOk) ++turns->committed;
    }
  }
  static std::string from(NodeId peer, MeshHeader header, const std::string& body) {
    header.from = peer;
    header.to = NodeId(Role::kGeneral, 1);
    header.sender = {peer == kAgent ? 1u : 2u, peer.value};
    return encode_mesh(header, body);
  }
  static void beat(int step, bool agent_too, std::vector<Inbound>* in) {
    if (step % 20 != 0) return;
    MeshHeader header;
    header.kind = MeshKind::kNotice;
    header.message_id = route_id(proto::Heartbeat::descriptor());
    for (const NodeId peer : {kGateway, kAgent})
      if (peer == kGateway || agent_too)
        in->push_back(BusMessage{Bytes(from(peer, header, proto::Heartbeat().SerializeAsString()))});
  }
  void hear(const std::vector<Outbound>& out, int answer_at) {
    for (const Outbound& effect : out) {
      const auto* send = std::get_if<BusSend>(&effect);
      MeshHeader header;
      std::string_view body;
      if (send == nullptr || send->peer != kAgent || !decode_mesh(send->message.view(), &header, &body)) continue;
      if (header.kind != MeshKind::kRequest) continue;
      std::string reply;
      if (header.message_id == route_id(proto::ApplyRequest::descriptor())) {
        proto::ApplyRequest request;
        request.ParseFromString(std::string(body));
        proto::ApplyReply saved;
        saved.set_saved_pseq(request.operations(request.operations_size() - 1).pseq());
        reply = saved.SerializeAsString();
      } else if (header.message_id != route_id(proto::InboxQuery::descriptor())) {
        continue;
      }
      header.kind = MeshKind::kReply;
      header.message_id = 0;
      asked_.emplace_back(answer_at, from(kAgent, header, reply));
    }
  }

  std::deque<std::pair<int, std::string>> asked_;
  MonoTime now_{};
  WallTime wall_{};
};

}  // namespace

void measure_turns(std::uint32_t players, Table* table) {
  Crowd crowd;
  crowd.arrive(players);
  const auto row = [&](const std::string& what, const Turns& turns) {
    table->row("turns of an owner of " + number(players) + " players, " + what,
               "p50 " + number(turns.at(0.5)) + " µs, p99 " + number(turns.at(0.99)) + " µs, max " +
                   number(turns.at(1)) + " µs",
               "", -1,
               number(static_cast<double>(turns.committed)) + " operations, " +
                   number(static_cast<double>(turns.refused)) + " had to wait");
    return turns.at(1);
  };
  crowd.run(1);  // every path is warm
  const double answered = row("each saved at once", crowd.run(1));
  row("each saved 3 s later", crowd.run(300));
  crowd.run(1);  // all of that is saved
  const double frozen = row("the agent frozen for 20 s", crowd.run(-1));
  table->row("save stall: longest turn, frozen against answered",
             number(frozen / 1000) + " ms : " + number(answered / 1000) + " ms", "no longer",
             frozen <= answered ? 1 : 0);
}

}  // namespace dure::bench
