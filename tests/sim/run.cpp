#include "tests/sim/run.h"

#include <stdexcept>

#include "tests/sim/crowd.h"
#include "tests/sim/faults.h"
#include "tests/sim/game_master.h"
#include "tests/sim/rogue/rogue.h"

namespace dure::sim {
namespace {

constexpr Duration kBoot = seconds(3), kLiveness = seconds(60), kStep = milliseconds(500);
constexpr Duration kUntilTold = seconds(10);  // of a restore, by the next thing that is to be saved

const Game& game() {
  static const Game the_game;
  return the_game;
}

LinkModel links_of(const Plan& plan) {
  LinkModel model;
  model.latency_mean = plan.latency;
  return model;
}

ArmedSites armed_sites(const Plan& plan) {
  ArmedSites armed;
  for (const Unluck& one : plan.unlucky) armed[one.site] = one.one_in;
  return armed;
}

class Run {
 public:
  Run(const Plan& plan, const Watcher& watcher)
      : plan_(plan),
        stores_(plan.seed),
        cluster_(plan.seed, links_of(plan)),
        redis_(cluster_),
        rogue_(plan, cluster_),
        game_master_(cluster_, redis_),
        crowd_(cluster_, plan),
        faults_(cluster_, stores_.disk(), redis_, crowd_, plan_) {
    if (watcher) cluster_.watch(watcher);
    if (!plan.mischief.empty()) stores_.tap(&rogue_);
    faults_.back_up = [this](std::uint32_t shard) { return stores_.back_up(shard); };
    faults_.put_back = [this](std::uint32_t shard) { return put_back(shard); };
    add_roles(cluster_, game(), plan.shape, stores_);
    plant(plan.bug, stores_);
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
    game_master_.start(crowd_.names_of_who_never_fights());
    faults_.schedule();
    cluster_.be_unlucky(armed_sites(plan_));
    cluster_.run(faults_.end());
    faults_.heal();
    cluster_.be_unlucky({});
    rogue_.quiet();
    game_master_.be_quiet();
    crowd_.ask_for_answers();
    const MonoTime deadline = now() + kLiveness;
    MonoTime told = MonoTime::max();
    const auto through = [&] {
      if (!crowd_.everybody_acts() || !all_open()) return false;
      told = std::min(told, now() + kUntilTold);
      return crowd_.everybody_told() || now() >= told;
    };
    while (!through() && now() < deadline) cluster_.run(kStep);
    // A shard that a person has to open is judged by what it says of that, and nobody is expected to act.
    if (!crowd_.everybody_acts() && all_open()) outcome_.broken.push_back({law::kEverybodyActs, "\n" + crowd_.story()});
    crowd_.be_quiet();
    // A trade that just began ends by itself; then nothing may be left.
    cluster_.run(seconds(8));
    const auto rests = [&] {
      return crowd_.everything_saved() && crowd_.everybody_at_home() && !stores_.something_waits();
    };
    while (!rests() && now() < deadline) cluster_.run(kStep);
    // Who is quiet in a dungeon comes home when its run's time is over: later, perhaps, than all else has to be done.
    while (!crowd_.everybody_at_home() && now() < deadline + kLiveness) cluster_.run(kStep);
    // Whoever has just arrived may be given its fee back there, of which no client waits to hear that it is SAVED.
    cluster_.run(seconds(2));
  }
  // The shard alone goes back. Who was there is not judged by what it was told before. What a rogue knows is of no use
  // any more: what it repeats was never done.
  bool put_back(std::uint32_t shard) {
    if (!stores_.has_backup(shard)) return false;
    const auto players = stores_.put_back(shard);
    crowd_.went_back(players);
    game_master_.went_back(crowd_.names_of(players));
    rogue_.quiet();
    return true;
  }
  bool all_open() const {
    for (std::uint32_t shard = 0; shard < plan_.shape.shards; ++shard)
      if (stores_.is_shut(shard)) return false;
    return true;
  }
  void judge() {
    Verdict& verdict = outcome_.broken;
    no_fault_in_logic(cluster_, disk_ailed(), &verdict);
    owners_are_not_refused(cluster_, &verdict);
    if (plan_.faults.empty() && plan_.unlucky.empty() && plan_.bug == Bug::kNone) nobody_is_disturbed(&verdict);
    if (!crowd_.everything_saved() && verdict.empty() && all_open())
      verdict.push_back({law::kEverythingIsSaved, "\n" + crowd_.story()});
    crowd_.believe_rows();
    // Whatever is promised now is on the disk.
    cluster_.kill(agent_node());
    stores_.disk().power_cut();
    const Stored stored = stores_.read(plan_.shape.shards, crowd_.player_ids());
    const Verdict of_stores = stores_.broken();
    verdict.insert(verdict.end(), of_stores.begin(), of_stores.end());
    const Verdict of_rogue = rogue_.broken();
    verdict.insert(verdict.end(), of_rogue.begin(), of_rogue.end());
    if (restored_shard_opens(stored, &verdict))
      judge_clients(stored, &verdict);
    else
      judge_while_shut(stored, &verdict);
    for (const auto& line : stored.notes) count_note(line);
  }
  // What a person still has to look at: whoever is there waits, and so do those who have something with it.
  void judge_while_shut(const Stored& stored, Verdict* verdict) const {
    ledger_sums_to_zero(stored, verdict);
    every_item_has_one_holder(stored, verdict);
    for (const auto& player : crowd_.players())
      if (!is_mangled(plan_, letter(*player))) what_was_told_hangs_together(*player, verdict);
  }
  void judge_clients(const Stored& stored, Verdict* all) const {
    Verdict& verdict = *all;
    judge_books(stored, &verdict);
    gifts_arrive_once(game_master_, crowd_.ids(), stored, &verdict);
    // What a hostile client believes of itself is its own affair; what it did to the books and to others is not.
    bool hostile_trader = false;
    for (const auto& player : crowd_.players())
      if (!is_mangled(plan_, letter(*player))) judge_player(*player, stored, &verdict);
    for (const auto& trader : crowd_.traders())
      if (is_mangled(plan_, letter(*trader)))
        hostile_trader = true;
      else
        judge_trader(*trader, stored, &verdict);
    trades_are_whole(crowd_.traders(), &verdict);
    if (hostile_trader) return;
    const auto& starter = game().lobby.items;
    trades_make_nothing(crowd_.traders(), stored, prices_of(game()), crowd_.restored(), &verdict);
    std::int64_t potions_each = 0;
    for (const auto& [name, count] : starter.starter_stacks)
      if (name == Letters::kAttached) potions_each += count;
    letters_arrive_once(crowd_.traders(), stored, potions_each, &verdict);
  }
  // What a restore met, by the desk's own notes of it.
  void count_note(const std::string& line) {
    static constexpr std::pair<const char*, const char*> kNotes[] = {
        {"halves of trades and letters done again", "half of something was done again"},
        {" owes ", "something is owed"},
        {"is again as it came", "who had come was brought back"},
        {"has moved to shard", "who had left was given up"},
        {"was made after the backup", "who was made since is gone"},
        {"of accounts that moved since", "what moved was balanced"},
        {"left with accounts that moved", "what moved was balanced"}};
    for (const auto& [words, mark] : kNotes)
      if (line.find(words) != std::string::npos) ++outcome_.reached[std::string("restore: ") + mark];
  }
  bool disk_ailed() const {
    for (const auto& fault : plan_.faults)
      if (is_of_disk(fault.kind)) return true;
    return false;
  }
  static char letter(const auto& client) { return static_cast<char>('a' + client.number()); }
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
      reach("resumed, what was missed followed", player->resumed_whole());
      reach("resumed, the state followed", player->resumed_anew());
      reach("resume refused", player->resume_refused());
      reach("disconnected", player->disconnects());
    }
    for (const auto& trader : crowd_.traders()) {
      reach("trade committed (a side)", trader->committed());
      reach("trade aborted (a side)", trader->aborted());
      reach("sword bought", trader->swords().bought().saved);
      reach("sword sold", trader->swords().sold().saved);
      reach("sword without an answer", trader->swords().bought().unknown + trader->swords().sold().unknown);
      if (trader->letters()) {
        reach("letter saved", trader->letters()->requests().count().saved);
        reach("letter unknown", trader->letters()->requests().count().unknown);
      }
      if (trader->stall()) {
        reach("lot listed", trader->stall()->listed().saved);
        reach("bid saved", trader->stall()->bid().saved);
        reach("lot or bid without an answer", trader->stall()->listed().unknown + trader->stall()->bid().unknown);
        for (const auto& [notice, times] : trader->stall()->notices()) reach("auction told " + notice, times);
      }
      reach("disconnected", trader->disconnects());
    }
    for (const auto& player : crowd_.players()) reach_web(player->web());
    for (const auto& trader : crowd_.traders()) reach_web(trader->web());
    for (const auto& [mark, times] : faults_.marks()) outcome_.reached[mark] += times;
    for (const auto& [name, gifts] : game_master_.gifts()) {
      reach("gift arrived", static_cast<int>(gifts.given));
      reach("gift refused", static_cast<int>(gifts.refused));
      reach("gift without an answer", static_cast<int>(gifts.unknown));
    }
    for (const auto& [site, times] : cluster_.unlucky()) outcome_.reached["unlucky " + site] += times;
    for (const auto& [rule, times] : rogue_.held()) outcome_.reached["rogue " + rule] += times;
    outcome_.reached["commit judged"] += stores_.commits_judged();
    outcome_.reached["redis lost a message"] += redis_.lost();
    const Disk::Figures& disk = stores_.disk().figures();
    outcome_.reached["disk lost a write"] += disk.lost;
    outcome_.reached["disk tore a write"] += disk.torn;
    outcome_.reached["disk failed a sync"] += disk.failed_syncs;
    outcome_.reached["disk was full"] += disk.refused;
    outcome_.reached["disk failed to read or write"] += disk.errors;
    outcome_.reached["disk flipped a bit"] += disk.flips;
    outcome_.reached["a flipped page was detected"] += stores_.noticed().pages;
    outcome_.reached["a flipped log was detected"] += stores_.noticed().logs;
    for (const NodeId node : nodes_of(plan_.shape))
      for (const auto& line : cluster_.log(node).lines) ++outcome_.reached["log " + line.substr(0, line.find(' '))];
  }
  void reach(const std::string& name, int count) {
    if (count > 0) outcome_.reached[name] += static_cast<std::uint64_t>(count);
  }
  void reach_web(const WebFigures& web) {
    reach("websocket upgraded", web.upgraded);
    reach("websocket refused", web.refused);
    reach("websocket broken off", web.broken_off);
  }
  MonoTime now() { return cluster_.scheduler().now(); }

  const Plan plan_;
  Stores stores_;
  Cluster cluster_;
  Redis redis_;
  Rogue rogue_;
  GameMaster game_master_;
  Crowd crowd_;
  Faults faults_;
  Outcome outcome_;
  const MonoTime begun_ = cluster_.scheduler().now();
};

}  // namespace

Outcome run_plan(const Plan& plan, const Watcher& watcher) { return Run(plan, watcher).go(); }

}  // namespace dure::sim
