#include "tests/sim/run.h"

#include <stdexcept>

#include "tests/sim/crowd.h"
#include "tests/sim/faults.h"
#include "tests/sim/folder.h"

namespace dure::sim {
namespace {

constexpr Duration kBoot = seconds(3), kLiveness = seconds(60), kStep = milliseconds(500);

const Game& game() {
  static const Game the_game;
  return the_game;
}

LinkModel links_of(const Plan& plan) {
  LinkModel model;
  model.latency_mean = plan.latency;
  return model;
}

class Run {
 public:
  Run(const Plan& plan, const Watcher& watcher)
      : plan_(plan), cluster_(plan.seed, links_of(plan)), crowd_(cluster_, plan), faults_(cluster_, crowd_, plan) {
    if (watcher) cluster_.watch(watcher);
    add_roles(cluster_, game(), plan.shape, folder_.path);
    plant(cluster_, plan.bug, folder_.path);
  }
  Outcome go() {
    try {
      live();
      judge();
    } catch (const std::exception& error) {
      outcome_.broken.push_back({law::kInvariantsHold, error.what()});
    }
    count();
    return std::move(outcome_);
  }

 private:
  void live() {
    cluster_.start_all();
    cluster_.run(kBoot);
    crowd_.start();
    faults_.schedule();
    cluster_.run(faults_.end());
    faults_.heal();
    crowd_.ask_for_answers();
    const MonoTime deadline = now() + kLiveness;
    while (!crowd_.everybody_acts() && now() < deadline) cluster_.run(kStep);
    if (!crowd_.everybody_acts()) outcome_.broken.push_back({law::kEverybodyActs, "\n" + crowd_.story()});
    crowd_.be_quiet();
    // A trade that just began ends by itself; then nothing may be left.
    cluster_.run(seconds(8));
    while (!crowd_.everything_saved() && now() < deadline) cluster_.run(kStep);
  }
  void judge() {
    Verdict& verdict = outcome_.broken;
    no_fault_in_logic(cluster_, &verdict);
    owners_are_not_refused(cluster_, &verdict);
    if (plan_.faults.empty() && plan_.bug == Bug::kNone) nobody_is_disturbed(&verdict);
    if (!crowd_.everything_saved() && verdict.empty())
      verdict.push_back({law::kEverythingIsSaved, "\n" + crowd_.story()});
    cluster_.kill(agent_node());
    const Stored stored = read_stores(folder_.path, plan_.shape.shards, crowd_.player_ids());
    judge_books(stored, &verdict);
    for (const auto& player : crowd_.players()) judge_player(*player, stored, &verdict);
    for (const auto& trader : crowd_.traders()) mirror_equals_row(*trader, stored, &verdict);
    trades_are_whole(crowd_.traders(), &verdict);
    trades_make_nothing(crowd_.traders(), stored, game().lobby.items.starter_gold, &verdict);
  }
  void nobody_is_disturbed(Verdict* verdict) const {
    for (const auto& player : crowd_.players())
      if (player->disconnects() != 0) verdict->push_back({law::kNobodyIsDisturbed, player->story()});
    for (const auto& trader : crowd_.traders())
      if (trader->disconnects() != 0) verdict->push_back({law::kNobodyIsDisturbed, trader->story()});
    for (const auto& line : cluster_.errors()) verdict->push_back({law::kNobodyIsDisturbed, line});
  }
  void count() {
    outcome_.trace = cluster_.trace();
    outcome_.events = cluster_.scheduler().events();
    outcome_.virtual_time = now() - begun_;
    outcome_.faults = faults_.injected();
    outcome_.story = crowd_.story();
    for (const auto& player : crowd_.players()) {
      for (const auto& [creq, fate] : player->requests()) ++outcome_.reached[std::string("buy ") + to_text(fate)];
      reach("buy resent", player->resent());
      reach("attack", player->attacks());
      reach("returned to the lobby", player->returns());
      reach("disconnected", player->disconnects());
    }
    for (const auto& trader : crowd_.traders()) {
      reach("trade committed (a side)", trader->committed());
      reach("trade aborted (a side)", trader->aborted());
      reach("disconnected", trader->disconnects());
    }
    for (const NodeId node : nodes_of(plan_.shape))
      for (const auto& line : cluster_.log(node).lines) ++outcome_.reached["log " + line.substr(0, line.find(' '))];
  }
  void reach(const std::string& name, int count) {
    if (count > 0) outcome_.reached[name] += static_cast<std::uint64_t>(count);
  }
  MonoTime now() { return cluster_.scheduler().now(); }

  const Plan plan_;
  Folder folder_;
  Cluster cluster_;
  Crowd crowd_;
  Faults faults_;
  Outcome outcome_;
  const MonoTime begun_ = cluster_.scheduler().now();
};

}  // namespace

Outcome run_plan(const Plan& plan, const Watcher& watcher) { return Run(plan, watcher).go(); }

}  // namespace dure::sim
