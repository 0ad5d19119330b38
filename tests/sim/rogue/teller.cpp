#include "tests/sim/rogue/teller.h"

#include <utility>

#include "dbagent/agent.h"
#include "tests/sim/rogue/forgery.h"
#include "tests/sim/rogue/judge.h"

namespace dure::sim {
namespace {

constexpr std::uint64_t kNumbers = kRogue + (std::uint64_t{1} << 40);  // above those that a forger draws
constexpr std::size_t kReportsMost = 20;

}  // namespace

Teller::Teller(Story story, World& world, Rng rng) : world_(world), rng_(rng), story_(story(*this)) {
  go_on(story_.handle());
}

void Teller::go_on(std::coroutine_handle<> told) {
  told.resume();
  if (!story_.handle().done()) return;
  over_ = true;
  story_.handle().promise().take();
}

Step Teller::ask() {
  asked_ = true;
  batches_since_ = 0;
  return step_;
}

bool Teller::asked(const std::string& queue, const Step& step) const {
  return !over_ && asked_ && queue == queue_ && step.message_id == step_.message_id && step.body == step_.body;
}

void Teller::answered(const std::string& answer) {
  const int code = code_of(answer);
  if (code == ends_) {
    over_ = true;
  } else if (step_.allowed.contains(code)) {
    answer_ = answer;
    go_on(std::exchange(told_, nullptr));
  } else if (code == proto::RETRY) {
    asked_ = false;
  } else {
    over_ = true;
  }
}

// At the first batch since then it may be among it; at the second nobody will answer it any more.
void Teller::ahead(const std::string& queue) {
  if (over_ || !asked_ || queue != queue_ || ++batches_since_ < 2) return;
  asked_ = false;
  if (again_ != kNoOther) step_.allowed.insert(again_);
}

void Teller::expect(bool holds, const std::string& what) {
  if (!holds && world_.broken.size() < kReportsMost)
    world_.broken.push_back({law::kLawfulIsDone, step_.rule + " " + what});
}

std::uint64_t Teller::number() { return kNumbers + ++world_.numbers; }

std::uint32_t Teller::content(std::uint32_t shard) const {
  const auto at = world_.content.find(shard);
  return at == world_.content.end() ? 0 : at->second;
}

std::string Teller::queue_of(std::uint32_t shard) { return Agent::shard_queue(shard); }

}  // namespace dure::sim
