// Runs whose players have quests, levels and an entry fee to lose; who is beaten, and who comes back.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "tests/dungeon/dungeon_fixture.h"

namespace dure::test {

class RewardsTest : public DungeonTest {
 protected:
  RewardsTest() {
    content_.quests = std::move(*sample::parse_quests({"quests.toml", R"(
[level]
reward_gold = 10
experience_max = 150
[[quest]]
name = "rats"
kill = "rat"
needed = 1
)"},
                                                      content_.runs, content_.items));
    content_.runs.monsters.at("rat").experience = 120;
  }
  void counter(std::uint64_t player, const std::string& name, std::int64_t value) {
    auto* one = rows_[player].add_counters();
    one->set_name(name);
    one->set_value(value);
  }
  // Run 77, which player 1 has paid for.
  void open_for_a_fee() {
    counter(1, "entry_run", 77);
    counter(1, "entry_fee", 10);
    open(77, {1});
  }
  // Hit until it lies there.
  void beaten(std::uint64_t player) {
    Player& self = *dungeon_->find(PlayerId(player));
    for (int i = 0; i < 100 && !monster(player); ++i) cluster_->run(milliseconds(50));
    Instance& instance = *dungeon_->instance_of(self);
    self.position = instance.area().find(monster(player))->position;
    self.hit_points = 1;
    for (int i = 0; i < 200 && self.hit_points > 0; ++i) cluster_->run(milliseconds(10));
    ASSERT_EQ(self.hit_points, 0u);
  }
  // The same session, by another socket.
  void reconnect(std::uint64_t player) {
    proto::Attach attach;
    attach.set_player_id(player);
    attach.set_session_id(player * 10);
    attach.set_session_epoch(1);
    attach.set_gateway(kGateway.value);
    const CallId call = cluster_->ask(kGeneral, attach);
    cluster_->turn();
    ASSERT_EQ(cluster_->take_reply<proto::AttachReply>(kGeneral, call)->code(), proto::OK);
  }
  proto::Code whirl(std::uint64_t player) {
    sample::SkillRequest request;
    request.set_skill("whirl");
    client(player, request);
    const auto reply = cluster_->take<sample::SkillReply>(kGateway);
    return reply ? reply->second.code() : proto::INTERNAL;
  }
  std::vector<proto::Operation> applied(const std::string& reason) const {
    std::vector<proto::Operation> all;
    for (const auto& operation : applied_)
      if (operation.reason() == reason) all.push_back(operation);
    return all;
  }
};

}  // namespace dure::test
