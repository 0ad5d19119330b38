#include "tests/sim/plan.h"

#include <algorithm>
#include <set>

#include "common/base/hash.h"
#include "tests/sim/luck.h"

namespace dure::sim {
namespace {

Duration draw_ms(Rng& rng, std::int64_t least, std::int64_t most) {
  return milliseconds(least + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(most - least + 1))));
}

constexpr double kRestores = 0.3;

std::uint16_t one_to(Rng& rng, std::uint64_t most) { return static_cast<std::uint16_t>(1 + rng.below(most)); }

void draw_clients(Rng& rng, Plan* plan) {
  const auto add = [&](Habit habit, char partner) {
    const char name = static_cast<char>('a' + plan->clients.size());
    plan->clients.push_back({name, habit, gateway_node(one_to(rng, plan->shape.gateways)), partner});
  };
  for (auto left = 1 + rng.below(4); left > 0; --left) add(Habit::kShops, 0);
  if (rng.chance(0.7))
    for (auto left = 2 + rng.below(4); left > 0; --left) add(Habit::kDungeon, 0);
  if (rng.chance(0.6))
    for (auto pairs = 1 + rng.below(2); pairs > 0; --pairs) {
      const char first = static_cast<char>('a' + plan->clients.size());
      add(Habit::kTrades, static_cast<char>(first + 1));
      add(Habit::kTrades, first);
    }
}

// Draws of one class come from a stream of its own: a class more or less leaves the others as they are.
void draw_faults(Plan* plan, FaultKind kind) {
  Rng rng(plan->seed, 0xfa017 + static_cast<std::uint64_t>(kind));
  if (rng.chance(0.5)) return;
  const std::vector<NodeId> nodes = nodes_of(plan->shape);
  const auto any = [&] { return nodes[rng.below(nodes.size())]; };
  for (auto left = 1 + rng.below(6); left > 0; --left) {
    Fault fault;
    fault.kind = kind;
    fault.at = draw_ms(rng, 0, plan->play / milliseconds(1));
    switch (kind) {
      case FaultKind::kCrash:
        fault.nodes = {any()};
        fault.lasts = rng.chance(0.1) ? draw_ms(rng, 3000, 20000) : draw_ms(rng, 0, 3000);
        break;
      case FaultKind::kStop:
        fault.nodes = {any()};
        fault.lasts = draw_ms(rng, 200, 8000);
        break;
      case FaultKind::kPause:
        fault.nodes = {any()};
        fault.lasts = rng.chance(0.1) ? draw_ms(rng, 6000, 20000) : draw_ms(rng, 10, 6000);
        break;
      case FaultKind::kCut:
      case FaultKind::kMute:
        fault.nodes = {any(), any()};
        if (fault.nodes[0] == fault.nodes[1]) continue;
        fault.lasts = draw_ms(rng, 20, 6000);
        break;
      case FaultKind::kPart:
        for (const NodeId node : nodes)
          if (rng.chance(0.4)) fault.nodes.push_back(node);
        if (fault.nodes.empty() || fault.nodes.size() == nodes.size()) continue;
        fault.lasts = draw_ms(rng, 20, 6000);
        break;
      case FaultKind::kDelay:
        fault.nodes = {any()};
        fault.lasts = draw_ms(rng, 100, 6000);
        fault.by = draw_ms(rng, 1, rng.chance(0.2) ? 900 : 100);
        break;
      case FaultKind::kRedisDies:
        fault.lasts = draw_ms(rng, 50, 8000);
        break;
      case FaultKind::kMangle:
        fault.lasts = draw_ms(rng, 500, 8000);
        fault.client = plan->clients[rng.below(plan->clients.size())].name;
        break;
      case FaultKind::kHangUp:
        fault.client = plan->clients[rng.below(plan->clients.size())].name;
        break;
      case FaultKind::kMove:
        fault.client = plan->clients[rng.below(plan->clients.size())].name;
        fault.shard = static_cast<std::uint32_t>(rng.below(plan->shape.shards));
        break;
      case FaultKind::kPowerCut:
        fault.nodes = {agent_node()};
        fault.lasts = draw_ms(rng, 20, 4000);
        break;
      case FaultKind::kDiskFull:
      case FaultKind::kDiskErrors:
      case FaultKind::kSyncFails:
      case FaultKind::kDiskStalls:
      case FaultKind::kDiskFlips:
        fault.nodes = {agent_node()};
        fault.lasts = rng.chance(0.1) ? draw_ms(rng, 3000, 10000) : draw_ms(rng, 10, 3000);
        break;
      case FaultKind::kClock:
        fault.nodes = {any()};
        fault.lasts = draw_ms(rng, 100, 10000);
        fault.by = rng.chance(0.5) ? draw_ms(rng, 1, 2000) : draw_ms(rng, 2000, 3'600'000);
        if (rng.chance(0.5)) fault.by = -fault.by;
        break;
      case FaultKind::kRestore:
        continue;
    }
    plan->faults.push_back(std::move(fault));
  }
}

// One shard goes back to a backup, once in a run; another one must not until the first is whole again.
void draw_restore(Plan* plan) {
  Rng rng(plan->seed, fnv1a("restore", 0xbac4));
  if (plan->shape.shards < 2 || !rng.chance(kRestores)) return;
  Fault fault;
  fault.kind = FaultKind::kRestore;
  fault.nodes = {agent_node()};
  fault.shard = static_cast<std::uint32_t>(rng.below(plan->shape.shards));
  const std::int64_t play = plan->play / milliseconds(1);
  fault.from = draw_ms(rng, rng.chance(0.2) ? 0 : 2500, play - 1000);
  fault.at = draw_ms(rng, fault.from / milliseconds(1) + 500, play);
  fault.lasts = draw_ms(rng, 200, 5000);
  plan->faults.push_back(std::move(fault));
}

// Plans without any fault: there nobody may be disturbed at all.
constexpr double kQuiet = 0.02;

// Once in so many times of being asked: more often where that is only at a login, a run or a handover.
std::uint32_t draw_rarity(Rng& rng, std::string_view site) {
  for (const char* seldom : {"handover.not_saved", "instance.full", "dungeon.crowded", "acquire.again", "hold.short",
                             "place.second_choice", "general.second_choice"})
    if (site == seldom) return 2u << rng.below(3);
  return 4u << rng.below(6);
}

// A site more or less leaves the others as they are.
void arm_sites(Plan* plan) {
  for (const std::string_view site : kUnluckySites) {
    Rng rng(plan->seed, fnv1a(site, 0x0bad));
    if (rng.chance(0.5)) continue;
    plan->unlucky.push_back({std::string(site), draw_rarity(rng, site)});
  }
}

void draw_mischief(Plan* plan) {
  for (const Who who : kWho) {
    Rng rng(plan->seed, fnv1a(to_text(who), 0x5095e));
    if (rng.chance(0.5)) plan->mischief.push_back({who, 2u << rng.below(4)});
  }
}

}  // namespace

Plan draw_plan(std::uint64_t seed) {
  Rng rng(seed, 0x91a2);
  Plan plan;
  plan.seed = seed;
  plan.shape.gateways = one_to(rng, 2);
  plan.shape.generals = one_to(rng, 3);
  plan.shape.dungeons = one_to(rng, 2);
  plan.shape.chats = one_to(rng, 2);
  plan.shape.shards = one_to(rng, 3);
  plan.latency = rng.chance(0.5) ? microseconds(200) : Duration(draw_ms(rng, 1, 12));
  plan.play = draw_ms(rng, 8000, 40000);
  draw_clients(rng, &plan);
  for (auto& client : plan.clients)
    client.web_socket = Rng(seed, 0x3eb50cce7 + static_cast<std::uint64_t>(client.name)).chance(0.5);
  for (auto& client : plan.clients)
    client.writes = client.habit == Habit::kTrades &&
                    Rng(seed, 0x1e77e5 + static_cast<std::uint64_t>(std::min(client.name, client.partner))).chance(0.5);
  for (auto& client : plan.clients)
    client.bids =
        client.habit == Habit::kTrades && Rng(seed, 0xb1d5 + static_cast<std::uint64_t>(client.name)).chance(0.5);
  for (auto& client : plan.clients)
    client.roams =
        client.habit != Habit::kTrades && Rng(seed, 0x20a35 + static_cast<std::uint64_t>(client.name)).chance(0.5);
  draw_mischief(&plan);
  if (Rng(seed, 0xca11).chance(kQuiet)) return plan;
  for (const FaultKind kind : kFaultKinds)
    if (kind != FaultKind::kRestore) draw_faults(&plan, kind);
  draw_restore(&plan);
  std::stable_sort(plan.faults.begin(), plan.faults.end(), [](const Fault& a, const Fault& b) { return a.at < b.at; });
  if (!plan.faults.empty()) arm_sites(&plan);
  return plan;
}

bool is_unlucky_site(const std::string& name) {
  return std::find(std::begin(kUnluckySites), std::end(kUnluckySites), name) != std::end(kUnluckySites);
}

std::vector<NodeId> nodes_of(const Shape& shape) {
  std::vector<NodeId> nodes = {agent_node()};
  for (std::uint16_t n = 1; n <= shape.gateways; ++n) nodes.push_back(gateway_node(n));
  for (std::uint16_t n = 1; n <= shape.generals; ++n) nodes.push_back(general_node(n));
  for (std::uint16_t n = 1; n <= shape.dungeons; ++n) nodes.push_back(dungeon_node(n));
  for (std::uint16_t n = 1; n <= shape.chats; ++n) nodes.push_back(chat_node(n));
  return nodes;
}

bool is_mangled(const Plan& plan, char client) {
  for (const Fault& fault : plan.faults)
    if (fault.kind == FaultKind::kMangle && fault.client == client) return true;
  return false;
}

std::string what_is_wrong(const Plan& plan) {
  const auto nodes = nodes_of(plan.shape);
  const auto knows = [&](NodeId node) { return std::find(nodes.begin(), nodes.end(), node) != nodes.end(); };
  const auto client = [&](char name) -> const ClientPlan* {
    for (const auto& one : plan.clients)
      if (one.name == name) return &one;
    return nullptr;
  };
  if (plan.clients.empty()) return "a plan needs a client";
  for (const auto& one : plan.clients) {
    const std::string name(1, one.name);
    if (client(one.name) != &one) return "client " + name + " is named twice";
    if (!knows(one.gateway)) return "client " + name + " plays at " + to_text(one.gateway) + ", which is not there";
    if (one.roams && one.habit == Habit::kTrades) return "client " + name + " trades, and cannot roam";
    if (one.habit != Habit::kTrades) continue;
    const ClientPlan* partner = one.partner == one.name ? nullptr : client(one.partner);
    if (partner == nullptr || partner->habit != Habit::kTrades || partner->partner != one.name)
      return "client " + name + " trades with one that does not trade with it";
    if (partner->writes != one.writes) return "of client " + name + " and its partner, only one writes";
  }
  std::set<std::string> armed;
  for (const Unluck& one : plan.unlucky)
    if (!armed.insert(one.site).second) return "site " + one.site + " is armed twice";
  std::set<Who> mischief;
  for (const Mischief& one : plan.mischief)
    if (!mischief.insert(one.who).second) return std::string("a rogue ") + to_text(one.who) + " twice";
  bool restored = false;
  for (const Fault& fault : plan.faults) {
    for (const NodeId node : fault.nodes)
      if (!knows(node)) return to_text(node) + " is not there";
    if (is_of_disk(fault.kind) && fault.nodes[0] != agent_node())
      return to_text(fault.nodes[0]) + " has no disk: only " + to_text(agent_node()) + " has";
    if (fault.client != 0 && client(fault.client) == nullptr)
      return "client " + std::string(1, fault.client) + " is not there";
    const bool of_shard = fault.kind == FaultKind::kMove || fault.kind == FaultKind::kRestore;
    if (of_shard && fault.shard >= plan.shape.shards) return "shard " + std::to_string(fault.shard) + " is not there";
    if (fault.kind != FaultKind::kRestore) continue;
    if (fault.from >= fault.at) return "a shard is restored from a backup that was not taken yet";
    if (std::exchange(restored, true)) return "a second restore: a shard is restored once in a run";
  }
  return "";
}

std::size_t entries(const Plan& plan) {
  return plan.clients.size() + plan.unlucky.size() + plan.mischief.size() + plan.faults.size();
}

}  // namespace dure::sim
