#include "tests/sim/rogue/rogue_dealer.h"

#include "common/proto/content.pb.h"

namespace dure::sim {
namespace {

const std::vector<Trick>& tricks() {
  static const std::vector<Trick> all = [] {
    std::vector<Trick> tables;
    for (const auto& table :
         {swap_tricks(), vote_tricks(), hold_tricks(), held_tricks(), guard_tricks(), trade_tricks()})
      tables.insert(tables.end(), table.begin(), table.end());
    return tables;
  }();
  return all;
}

std::string rule_of(const Trick& trick) { return "deal." + trick.name; }

}  // namespace

std::vector<std::string> Dealer::rules() {
  std::vector<std::string> rules;
  for (const Trick& one : tricks()) rules.push_back(rule_of(one));
  return rules;
}

const Verdict& Dealer::broken() const {
  static const Verdict none;
  return pair_ ? pair_->broken() : none;
}

std::optional<Step> Dealer::next(const std::string& queue, const Known&, Rng& rng) {
  if (contents_.empty()) return std::nullopt;
  if (!pair_) {
    pair_ = std::make_unique<Pair>(Rng(rng.next()));
    pair_->contents = contents_;
    story_.spawn(live());
  } else if (pair_->talk.idle()) {
    pair_->talk.go_on();
  }
  return pair_->talk.take(queue);
}

std::vector<Step> Dealer::behind(const std::string& queue, const std::vector<Exchange>& batch, const Known&, Rng&) {
  for (const Exchange& exchange : batch) {
    proto::ContentInstall install;
    if (exchange.message_id == route_id(proto::ContentInstall::descriptor()) &&
        code_of(exchange.answered) == proto::STORED && install.ParseFromString(exchange.asked))
      contents_[install.shard()] = install.active();
  }
  std::vector<Step> steps;
  if (!pair_) return steps;
  pair_->contents = contents_;
  if (pair_->talk.is_out(queue)) pair_->talk.lose();
  if (auto step = pair_->talk.take(queue)) steps.push_back(std::move(*step));
  return steps;
}

void Dealer::answered(const std::string&, const Step&, const std::string& answer) { pair_->talk.answer(answer); }

std::optional<Step> Dealer::then(const std::string& queue, bool heard) {
  if (heard) return pair_->talk.take(queue);
  pair_->talk.lose();
  return std::nullopt;
}

Task<void> Dealer::live() {
  for (;;) {
    try {
      co_await play();
    } catch (const Unheard&) {
    } catch (const std::exception& error) {
      pair_->report(error.what());
    }
    pair_->sure = false;
    co_await pair_->talk.turn();
  }
}

Task<void> Dealer::play() {
  Pair& pair = *pair_;
  pair.rule = "deal";
  for (Character* one : {&pair.first, &pair.second}) {
    if (one->made) continue;
    co_await make(pair.talk, *one);
    co_await pair.supply(*one, 1000, 20, 3);
  }
  co_await pair.settle();
  for (;;) {
    co_await pair.talk.turn();
    const Trick& trick = *draw();
    pair.rule = rule_of(trick);
    co_await trick.play(pair);
    co_await pair.settle();
    ++held_[pair.rule];
  }
}

const Trick* Dealer::draw() const {
  std::vector<const Trick*> possible;
  for (const Trick& one : tricks())
    if (one.fits(*pair_)) possible.push_back(&one);
  return possible[pair_->rng.below(possible.size())];
}

}  // namespace dure::sim
