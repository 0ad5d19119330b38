#include "tests/sim/crowd.h"

#include "common/base/hash.h"

namespace dure::sim {

Crowd::Crowd(Cluster& cluster, const Plan& plan) : cluster_(cluster) {
  std::map<char, Trader*> traders;
  for (const auto& client : plan.clients) {
    const int number = client.name - 'a';
    if (client.habit == Habit::kTrades) {
      traders_.push_back(std::make_unique<Trader>(cluster, client.gateway, number));
      traders[client.name] = traders_.back().get();
    } else {
      players_.push_back(
          std::make_unique<ScriptedPlayer>(cluster, client.gateway, number, client.habit == Habit::kDungeon));
      players_.back()->be_tireless();
    }
  }
  for (const auto& client : plan.clients)
    if (client.habit == Habit::kTrades)
      traders.at(client.name)->partner(traders.at(client.partner), client.name < client.partner);
}

void Crowd::start() {
  Duration after{};
  each([&](auto& client) {
    cluster_.scheduler().after(after, fnv1a("client"), [&client] { client.start(); });
    after += milliseconds(100);
  });
}

void Crowd::hang_up(char name) {
  each([name](auto& client) {
    if (client.number() == name - 'a') client.hang_up();
  });
}

std::uint64_t Crowd::account_of(char name) const {
  std::uint64_t account = 0;
  each([&](const auto& client) {
    if (client.number() == name - 'a') account = client.account_id();
  });
  return account;
}

void Crowd::ask_for_answers() {
  each([](auto& client) { client.ask_for_answers(); });
}

bool Crowd::everybody_acts() const {
  bool all = true;
  each([&](const auto& client) { all &= client.in_world() && client.answers() > 0; });
  return all;
}

void Crowd::be_quiet() {
  each([](auto& client) { client.be_quiet(); });
}

bool Crowd::everything_saved() const {
  for (const auto& player : players_)
    if (!player->in_world() || !player->all_saved()) return false;
  for (const auto& trader : traders_)
    if (!trader->in_world() || trader->settling()) return false;
  return true;
}

std::vector<std::uint64_t> Crowd::player_ids() const {
  std::vector<std::uint64_t> ids;
  each([&](const auto& client) {
    if (client.player_id() != 0) ids.push_back(client.player_id());
  });
  return ids;
}

std::string Crowd::story() const {
  std::string all;
  each([&](const auto& client) { all += client.story(); });
  return all;
}

}  // namespace dure::sim
