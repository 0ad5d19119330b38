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
      if (client.roams) players_.back()->roam();
    }
  }
  for (const auto& client : plan.clients)
    if (client.web_socket)
      each([&client](auto& one) {
        if (one.number() == client.name - 'a') one.use_web_socket();
      });
  for (const auto& client : plan.clients)
    if (client.habit == Habit::kTrades) {
      Trader& trader = *traders.at(client.name);
      trader.partner(traders.at(client.partner), client.name < client.partner);
      if (client.writes) trader.write_letters();
      if (client.bids) trader.keep_a_stall();
    }
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

std::vector<std::string> Crowd::names_of_who_never_fights() const {
  std::vector<std::string> names;
  for (const auto& player : players_)
    if (!player->wants_dungeon()) names.push_back(player->name());
  for (const auto& trader : traders_) names.push_back(trader->name());
  return names;
}

void Crowd::mangle(char name, bool on) {
  each([name, on](auto& client) {
    if (client.number() == name - 'a') client.mangle(on);
  });
}

void Crowd::went_back(const std::set<std::uint64_t>& players) {
  restored_ = true;
  each([&](auto& client) {
    if (client.player_id() == 0 || players.contains(client.player_id())) client.went_back();
  });
}

bool Crowd::everybody_told() const {
  bool all = true;
  each([&](const auto& client) { all &= !client.undone(); });
  return all;
}

void Crowd::believe_rows() {
  each([](auto& client) { client.believe_row(); });
}

std::set<std::string> Crowd::names_of(const std::set<std::uint64_t>& players) const {
  std::set<std::string> names;
  each([&](const auto& client) {
    if (client.player_id() == 0 || players.contains(client.player_id())) names.insert(client.name());
    // It may have one of that name, too, and play that again later.
    if (client.name() != client.first_name()) names.insert(client.first_name());
  });
  return names;
}

std::vector<const char*> Crowd::situations() const {
  bool trade = false, unsaved = false, unanswered = false, run = false, nowhere = false, queued = false;
  for (const auto& trader : traders_) trade |= trader->settling();
  for (const auto& player : players_) {
    unsaved |= !player->all_saved();
    unanswered |= player->waits_for_an_answer();
    run |= player->place().rfind("run/", 0) == 0;
    queued |= player->queued();
  }
  each([&](const auto& client) { nowhere |= client.player_id() != 0 && !client.in_world(); });
  std::vector<const char*> all;
  if (trade) all.push_back(situation::kTrade);
  if (unsaved) all.push_back(situation::kUnsaved);
  if (unanswered) all.push_back(situation::kUnanswered);
  if (run) all.push_back(situation::kRun);
  if (nowhere) all.push_back(situation::kNowhere);
  if (queued) all.push_back(situation::kQueued);
  return all;
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
    if (!trader->in_world() || trader->settling() || !trader->letters_arrived() || !trader->all_saved()) return false;
  // What a restore brought back of lots that are gone stays listed for ten minutes.
  if (!restored_)
    for (const auto& trader : traders_)
      if (!trader->stall_empty()) return false;
  return true;
}

bool Crowd::everybody_at_home() const {
  for (const auto& player : players_)
    if (!player->at_home()) return false;
  return true;
}

std::vector<std::uint64_t> Crowd::player_ids() const {
  std::vector<std::uint64_t> ids;
  each([&](const auto& client) {
    if (client.player_id() != 0) ids.push_back(client.player_id());
  });
  return ids;
}

std::map<std::string, std::uint64_t> Crowd::ids() const {
  std::map<std::string, std::uint64_t> all;
  each([&](const auto& client) {
    if (client.player_id() != 0) all[client.name()] = client.player_id();
  });
  return all;
}

std::string Crowd::story() const {
  std::string all;
  each([&](const auto& client) { all += client.story(); });
  return all;
}

}  // namespace dure::sim
