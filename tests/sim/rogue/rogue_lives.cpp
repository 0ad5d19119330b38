#include "tests/sim/rogue/rogue_lives.h"

#include <iterator>

#include "common/proto/content.pb.h"
#include "dbagent/agent.h"
#include "tests/sim/rogue/judge.h"
#include "tests/sim/rogue/stories.h"
#include "tests/sim/rogue/story_things.h"

namespace dure::sim {
namespace {

constexpr std::size_t kAtOnce = 4;
constexpr double kGoesOn = 0.5;

const std::vector<Stories>& books() {
  static const std::vector<Stories> all = {name_stories(), session_stories(), creation_stories(), purge_stories(),
                                           letter_stories()};
  return all;
}

// Whatever it does with what is its own, others have what they had. The directory has nothing of value.
Step with_a_witness(Step step, const std::string& queue, const Known& known, Rng& rng) {
  if (step.leaves != Leaves::kAnything || queue == Agent::kDirectoryQueue || known.accounts().empty()) return step;
  auto other = known.accounts().begin();
  std::advance(other, static_cast<std::ptrdiff_t>(rng.below(known.accounts().size())));
  step.leaves = Leaves::kValue;
  step.players = {known.player_of(*other)};
  return step;
}

}  // namespace

std::vector<std::string> Lives::rules() {
  std::vector<std::string> rules = story_rules();
  for (const Stories& book : books()) rules.insert(rules.end(), book.rules.begin(), book.rules.end());
  return rules;
}

std::vector<Teller*> Lives::waiting(const std::string& queue) {
  std::vector<Teller*> all;
  for (const auto& teller : tellers_)
    if (teller->wants(queue)) all.push_back(teller.get());
  return all;
}

// Each story once, then each again.
std::optional<Step> Lives::next(const std::string& queue, const Known& known, Rng& rng) {
  if (tellers_.size() < kAtOnce) {
    if (untold_.empty())
      for (const Stories& book : books()) untold_.insert(untold_.end(), book.all.begin(), book.all.end());
    const auto drawn = untold_.begin() + static_cast<std::ptrdiff_t>(rng.below(untold_.size()));
    tellers_.push_back(std::make_unique<Teller>(*drawn, world_, Rng(rng.next())));
    untold_.erase(drawn);
  }
  const auto tellers = waiting(queue);
  if (tellers.empty()) return std::nullopt;
  return with_a_witness(tellers[rng.below(tellers.size())]->ask(), queue, known, rng);
}

std::vector<Step> Lives::ahead(const std::string& queue, const proto::StoreBatch&, const Known&, Rng&) {
  for (const auto& teller : tellers_) teller->ahead(queue);
  return {};
}

std::vector<Step> Lives::behind(const std::string& queue, const std::vector<Exchange>& batch, const Known& known,
                                Rng& rng) {
  learn(batch);
  std::vector<Step> steps;
  for (Teller* teller : waiting(queue))
    if (rng.chance(kGoesOn)) steps.push_back(with_a_witness(teller->ask(), queue, known, rng));
  return steps;
}

void Lives::learn(const std::vector<Exchange>& batch) {
  for (const Exchange& exchange : batch) {
    if (exchange.message_id != route_id(proto::ContentInstall::descriptor())) continue;
    proto::ContentInstall install;
    if (!install.ParseFromString(exchange.asked) || code_of(exchange.answered) != proto::STORED) continue;
    world_.shards.insert(install.shard());
    world_.content[install.shard()] = install.active();
  }
}

void Lives::answered(const std::string& queue, const Step& step, const std::string& answer) {
  for (const auto& teller : tellers_)
    if (teller->asked(queue, step)) {
      teller->answered(answer);
      break;
    }
  std::erase_if(tellers_, [](const auto& teller) { return teller->over(); });
}

}  // namespace dure::sim
