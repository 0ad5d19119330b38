// Whoever sends the agent's stores what no honest process would: late copies of real requests, and forged ones. It only
// listens at the tap and only asks through it, so that nothing else of a run changes: every event, draw and link is as
// it would be. Its personas and how often they act are the plan's (Mischief). One thread.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/sim/cluster.h"
#include "tests/sim/plan.h"
#include "tests/sim/rogue/judge.h"
#include "tests/sim/rogue/known.h"
#include "tests/sim/rogue/persona.h"
#include "tests/sim/rogue/tap.h"

namespace dure::sim {

// Names of all that any of them tries; each that was tried and held is a mark "rogue <rule>" of a batch.
std::vector<std::string> rogue_rules();
// Of these, for what so few seeds give an occasion that no batch needs to have met it: moves that are turned back,
// creations and trades that are settled by a scan, logins that end as they begin.
bool is_seldom(const std::string& rule);

class Rogue : public Tap {
 public:
  // What it asks and hears is part of the cluster's trace, and shown as moments "rogue".
  Rogue(const Plan& plan, Cluster& cluster);
  // From now on it does nothing.
  void quiet() { quiet_ = true; }
  const Judge& judge() const { return judge_; }
  // What the judge and the personas found.
  Verdict broken() const;
  std::map<std::string, std::uint64_t> held() const;  // by rule

  std::vector<Step> ahead(const std::string& queue, const proto::StoreBatch& batch) override;
  std::optional<Among> among(const std::string& queue, const proto::StoreBatch& batch) override;
  std::vector<Step> behind(const std::string& queue, const std::vector<Exchange>& batch) override;
  std::optional<Step> then(const std::string& queue, const Step& step, bool heard) override;
  void answered(const std::string& queue, const Step& step, const std::string& answer,
                std::optional<bool> changed) override;

 private:
  struct Player {
    Who who;
    std::uint32_t one_in;
    std::unique_ptr<Persona> persona;
    std::map<std::string, Rng> draws;  // by queue
  };
  Rng& draws_of(Player& player, const std::string& queue) const;
  Step signed_by(const Player& player, Step step) const;
  const std::uint64_t seed_;
  Cluster& cluster_;
  std::vector<Player> players_;
  std::map<std::string, Among> among_next_;  // by queue; its place is a draw
  Known known_;
  Judge judge_;
  bool quiet_ = false;
};

}  // namespace dure::sim
