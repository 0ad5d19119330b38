#include "tests/sim/rogue/rogue.h"

#include "common/base/hash.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/store.pb.h"
#include "tests/sim/rogue/echo.h"
#include "tests/sim/rogue/forger.h"
#include "tests/sim/rogue/rogue_dealer.h"
#include "tests/sim/rogue/rogue_lives.h"
#include "tests/sim/rogue/rogue_owner.h"

namespace dure::sim {
namespace {

constexpr std::uint64_t kAmong = 4;  // of so many steps one is put into the middle of a batch

std::unique_ptr<Persona> persona_of(Who who) {
  switch (who) {
    case Who::kEchoes:
      return std::make_unique<Echo>();
    case Who::kForges:
      return std::make_unique<Forger>();
    case Who::kLives:
      return std::make_unique<Lives>();
    case Who::kDeals:
      return std::make_unique<Dealer>();
    case Who::kOwns:
      return std::make_unique<RogueOwner>();
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> rogue_rules() {
  std::vector<std::string> rules = Echo::rules();
  for (auto& rule : Forger::rules()) rules.push_back(std::move(rule));
  for (auto& rule : Lives::rules()) rules.push_back(std::move(rule));
  for (auto& rule : Dealer::rules()) rules.push_back(std::move(rule));
  for (auto& rule : RogueOwner::rules()) rules.push_back(std::move(rule));
  return rules;
}

bool is_seldom(const std::string& rule) {
  for (const char* seldom : {"echo.settle-creation", "echo.verdict", "echo.unfreeze", "echo.discard", "echo.move-abort",
                             "echo.session-end", "flip.aborted"})
    if (rule == seldom) return true;
  return false;
}

Rogue::Rogue(const Plan& plan, Cluster& cluster) : seed_(plan.seed), cluster_(cluster) {
  for (const Mischief& one : plan.mischief) players_.push_back({one.who, one.one_in, persona_of(one.who), {}});
}

Rng& Rogue::draws_of(Player& player, const std::string& queue) const {
  return player.draws.try_emplace(queue, seed_, fnv1a(to_text(player.who), fnv1a(queue))).first->second;
}

Step Rogue::signed_by(const Player& player, Step step) const {
  step.of = static_cast<std::size_t>(&player - players_.data());
  return step;
}

std::vector<Step> Rogue::ahead(const std::string& queue, const proto::StoreBatch& batch) {
  std::vector<Step> steps;
  if (quiet_) return steps;
  for (Player& player : players_)
    for (Step& step : player.persona->ahead(queue, batch, known_, draws_of(player, queue)))
      steps.push_back(signed_by(player, std::move(step)));
  return steps;
}

std::optional<Tap::Among> Rogue::among(const std::string& queue, const proto::StoreBatch& batch) {
  const auto at = among_next_.find(queue);
  if (quiet_ || at == among_next_.end()) return std::nullopt;
  Among among = std::move(at->second);
  among_next_.erase(at);
  among.place %= batch.items_size() + 1;
  return among;
}

std::vector<Step> Rogue::behind(const std::string& queue, const std::vector<Exchange>& batch) {
  std::vector<Step> steps;
  if (quiet_) return steps;
  known_.hear(queue, batch);
  for (Player& player : players_) {
    Rng& draws = draws_of(player, queue);
    for (Step& step : player.persona->behind(queue, batch, known_, draws))
      steps.push_back(signed_by(player, std::move(step)));
    if (draws.below(player.one_in) != 0) continue;
    auto next = player.persona->next(queue, known_, draws);
    if (!next) continue;
    Step step = signed_by(player, std::move(*next));
    if (draws.below(kAmong) == 0)
      among_next_.insert_or_assign(queue, Among{static_cast<int>(draws.below(1 << 16)), std::move(step)});
    else
      steps.push_back(std::move(step));
  }
  return steps;
}

std::optional<Step> Rogue::then(const std::string& queue, const Step& step, bool heard) {
  Player& player = players_[step.of];
  auto next = player.persona->then(queue, heard);
  if (next) next = signed_by(player, std::move(*next));
  return next;
}

Verdict Rogue::broken() const {
  Verdict all = judge_.broken();
  for (const Player& player : players_) {
    const Verdict& found = player.persona->broken();
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

// The steps of a story are no rules: only its end is.
std::map<std::string, std::uint64_t> Rogue::held() const {
  std::map<std::string, std::uint64_t> all;
  for (const std::string& rule : rogue_rules())
    if (const auto at = judge_.held().find(rule); at != judge_.held().end()) all.insert(*at);
  for (const Player& player : players_) all.merge(player.persona->held());
  return all;
}

void Rogue::answered(const std::string& queue, const Step& step, const std::string& answer,
                     std::optional<bool> changed) {
  Scheduler& scheduler = cluster_.scheduler();
  scheduler.fold(fnv1a(step.body, step.message_id));
  scheduler.fold(fnv1a(answer));
  cluster_.tell("rogue", {}, {},
                step.rule + " at " + queue + (changed ? "" : ", among others") + ": " +
                    proto::StoreCode_Name(static_cast<proto::StoreCode>(code_of(answer))));
  judge_.judge(step, answer, changed);
  players_[step.of].persona->answered(queue, step, answer);
}

}  // namespace dure::sim
