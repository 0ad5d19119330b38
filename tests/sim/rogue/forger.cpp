#include "tests/sim/rogue/forger.h"

#include "common/proto/dbagent.pb.h"
#include "common/proto/store.pb.h"
#include "tests/sim/broken.h"
#include "tests/sim/rogue/judge.h"

namespace dure::sim {
namespace {

const std::vector<Forgery>& forgeries() {
  static const std::vector<Forgery> all = [] {
    std::vector<Forgery> tables;
    for (const auto& table : {owner_forgeries(), shard_forgeries(), absent_forgeries(), trade_forgeries(),
                              move_forgeries(), register_forgeries(), directory_forgeries()})
      tables.insert(tables.end(), table.begin(), table.end());
    return tables;
  }();
  return all;
}

std::optional<Step> step_of(const Forgery& forgery, const Exchange& exchange, const Known& known, Rng& rng) {
  auto body = forgery.forge(exchange, known, rng);
  if (!body) return std::nullopt;
  Step step;
  step.rule = forgery.rule;
  step.law = law::kForbiddenIsRefused;
  step.message_id = forgery.message_id;
  step.body = std::move(*body);
  step.allowed = forgery.allowed;
  if (forgery.stays != nullptr) step.stays = forgery.stays(exchange);
  if (forgery.players != nullptr) {
    step.leaves = Leaves::kValue;
    step.players = forgery.players(step.body);
  }
  return step;
}

std::vector<Step> steps_of(When when, const Exchange& exchange, const Known& known, Rng& rng) {
  std::vector<Step> steps;
  for (const Forgery& one : forgeries())
    if (one.when == when && one.made_of == exchange.message_id)
      if (auto step = step_of(one, exchange, known, rng)) steps.push_back(std::move(*step));
  return steps;
}

}  // namespace

std::vector<std::string> Forger::rules() {
  std::vector<std::string> rules;
  for (const Forgery& one : forgeries()) rules.emplace_back(one.rule);
  return rules;
}

std::optional<Step> Forger::next(const std::string& queue, const Known& known, Rng& rng) {
  std::vector<const Forgery*> possible;
  for (const Forgery& one : forgeries())
    if (one.when == When::kAnyTime && known.any(queue, one.made_of)) possible.push_back(&one);
  if (possible.empty()) return std::nullopt;
  const Forgery& one = *possible[rng.below(possible.size())];
  return step_of(one, *known.one(queue, one.made_of, rng), known, rng);
}

std::vector<Step> Forger::ahead(const std::string&, const proto::StoreBatch& batch, const Known& known, Rng& rng) {
  const auto& item = batch.items(0);
  return steps_of(When::kAhead, {item.message_id(), item.body(), ""}, known, rng);
}

// The last of a batch: what the others left may have been changed by those behind them.
std::vector<Step> Forger::behind(const std::string&, const std::vector<Exchange>& batch, const Known& known, Rng& rng) {
  const Exchange& last = batch.back();
  if (code_of(last.answered) != proto::STORED) return {};
  return steps_of(When::kBehind, last, known, rng);
}

}  // namespace dure::sim
