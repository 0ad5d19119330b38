#include "tests/sim/rogue/rogue_owner.h"

#include <algorithm>

#include "common/proto/content.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/agent.h"
#include "tests/sim/broken.h"
#include "tests/sim/rogue/judge.h"

namespace dure::sim {
namespace {

constexpr std::size_t kStrangersMost = 8;
constexpr int kDeedsInTurn = 8;
constexpr std::int64_t kDayMs = 86'400'000;

template <class Request, class Reply>
bool read(const Exchange& exchange, Request* request, Reply* reply) {
  return exchange.message_id == route_id(Request::descriptor()) && request->ParseFromString(exchange.asked) &&
         reply->ParseFromString(exchange.answered) && reply->code() == proto::STORED;
}

}  // namespace

RogueOwner::RogueOwner() {
  incarnation_ = numbers_.uid();
  for (const std::size_t which : {0u, 1u, 2u}) name_anew(which);
}

std::vector<std::string> RogueOwner::rules() {
  std::vector<std::string> rules = {"own.account",     "own.reserve",    "own.create",        "own.claim-name",
                                    "own.move",        "own.where",      "own.who-owns",      "own.grant",
                                    "own.grant-again", "own.inbox",      "own.characters",    "own.locate",
                                    "own.deeds",       "own.rollback",   "own.gift",          "own.day-is-full",
                                    "own.hoard-read",  "own.hoard-deed", "own.before-install"};
  for (const auto& trick : owner_tricks()) rules.emplace_back(trick.rule);
  for (const auto& trick : hoard_tricks()) rules.emplace_back(trick.rule);
  return rules;
}

Step RogueOwner::step_of(const char* rule, Question question, std::set<int> allowed) {
  Step step;
  step.rule = rule;
  step.law = law::kSavedIsRead;
  step.message_id = question.message_id;
  step.body = std::move(question.body);
  step.allowed = std::move(allowed);
  step.leaves = Leaves::kAnything;
  return step;
}

Step RogueOwner::asked(const std::string& queue, Step step, Asked asked) {
  asked_[queue] = std::move(asked);
  return step;
}

void RogueOwner::answered(const std::string& queue, const Step&, const std::string& answer) {
  const auto at = asked_.find(queue);
  if (at == asked_.end()) return;
  const Asked asked = std::move(at->second);
  asked_.erase(at);
  asked.heard(answer);
}

bool RogueOwner::at_home(const std::string& queue) const {
  return account_id_ != 0 && !moving_ && queue == Agent::shard_queue(shard_);
}

std::uint64_t RogueOwner::id_of(std::size_t which) const { return which == kHoard ? hoard_.id : characters_[which].id; }

bool RogueOwner::is_own(std::uint64_t player_id) const {
  return player_id == hoard_.id || player_id == characters_[0].id || player_id == characters_[1].id;
}

std::vector<std::uint64_t> RogueOwner::whose() const {
  std::vector<std::uint64_t> ids = {characters_[0].id, characters_[1].id, hoard_.id};
  for (const Stranger& stranger : strangers_) ids.push_back(stranger.player_id);
  return ids;
}

Scene RogueOwner::scene(std::size_t self, std::uint32_t shard) {
  const auto content = content_.find(shard);
  return {characters_[self],
          characters_[1 - self],
          strangers_,
          account_id_,
          hoard_.id,
          shard,
          content == content_.end() ? 0 : content->second,
          numbers_,
          incarnation_};
}

// ── what others ask ─────────────────────────────────────────────────────────────────────────────────────────

void RogueOwner::arrive(std::uint64_t player_id, std::uint64_t message_id) {
  Letters& coming = under_way_[player_id];
  const auto letter = coming.find(message_id);
  if (letter == coming.end()) return;
  for (OwnCharacter& character : characters_) {
    if (character.id != player_id) continue;
    character.has.inbox.insert(*letter);
    if (character.or_has) character.or_has->inbox.insert(*letter);
  }
  if (player_id == hoard_.id) hoard_.arrived(letter->second);
  coming.erase(letter);
}

void RogueOwner::listen(const Exchange& exchange) {
  proto::ContentInstall install;
  proto::ContentDone installed;
  if (read(exchange, &install, &installed)) content_[install.shard()] = install.active();
  proto::DeliverRequest deliver;
  proto::DeliverReply delivered;
  if (read(exchange, &deliver, &delivered) && is_own(deliver.player_id()))
    arrive(deliver.player_id(), deliver.message_id());
  proto::AcquireRequest acquire;
  proto::AcquireReply granted;
  if (!read(exchange, &acquire, &granted) || is_own(acquire.player_id())) return;
  Stranger stranger{acquire.player_id(), {}};
  for (const auto& letter : granted.aggregate().inbox()) stranger.letters.push_back(letter.message_id());
  if (stranger.letters.empty()) return;
  std::erase_if(strangers_, [&](const Stranger& one) { return one.player_id == stranger.player_id; });
  if (strangers_.size() == kStrangersMost) strangers_.erase(strangers_.begin());
  strangers_.push_back(std::move(stranger));
}

// ── what it asks ────────────────────────────────────────────────────────────────────────────────────────────

// A store that was opened anew judges by the content that it remembers, before it is told of any.
std::vector<Step> RogueOwner::ahead(const std::string& queue, const proto::StoreBatch& batch, const Known&, Rng&) {
  days_.insert(batch.wall_unix_ms() / kDayMs);
  if (days_.size() > 1)
    for (OwnCharacter& character : characters_) character.enough_for_today = false;
  if (!at_home(queue) || !content_.contains(shard_) || waits(queue) || !characters_[0].owned()) return {};
  for (const auto& item : batch.items()) {
    if (item.message_id() != route_id(proto::ContentInstall::descriptor())) continue;
    const OwnerTrick trick{"own.before-install", Stage::kJudged, {proto::REJECTED}, nullptr, true, Leaves::kValue};
    const Scene here = scene(0, shard_);
    return {tricked(queue, 0, trick, question(here.apply(here.loot().balance("gold", 10'001).take())))};
  }
  return {};
}

// First what it needs to know, or to have.
std::vector<Step> RogueOwner::behind(const std::string& queue, const std::vector<Exchange>& batch, const Known&,
                                     Rng& rng) {
  for (const Exchange& exchange : batch) listen(exchange);
  if (const auto at = asked_.find(queue); at != asked_.end()) {
    const Asked asked = std::move(at->second);
    asked_.erase(at);
    asked.unheard();
  }
  std::optional<Step> step;
  if (queue == Agent::kDirectoryQueue) step = get_ready_at_directory(queue);
  if (at_home(queue)) step = get_born(queue);
  if (at_home(queue) && !step && all_born()) step = get_known(queue, rng);
  if (at_home(queue) && !step && all_born() && !waits(queue) && deeds_left_ > 0 && content_.contains(shard_)) {
    --deeds_left_;
    step = act(queue, rng);
  }
  if (!step) return {};
  return {std::move(*step)};
}

std::optional<Step> RogueOwner::next(const std::string& queue, const Known&, Rng& rng) {
  if (waits(queue) || !all_born()) return std::nullopt;
  const std::size_t which = rng.below(2);
  if (queue == Agent::kDirectoryQueue) {
    if (moving_) return std::nullopt;
    if (content_.size() < 2 || rng.below(8) != 0) return locate(queue, rng.below(3));
    auto target = content_.begin();
    std::advance(target, rng.below(content_.size()));
    if (target->first == shard_) return std::nullopt;
    return move_to(queue, target->first);
  }
  for (const std::uint32_t shard : left_)
    if (queue == Agent::shard_queue(shard) && !moving_) return trick_by(queue, which, shard, {Stage::kMoved}, rng);
  if (!at_home(queue) || !content_.contains(shard_)) return std::nullopt;
  deeds_left_ = kDeedsInTurn;
  return act(queue, rng);
}

std::optional<Step> RogueOwner::act(const std::string& queue, Rng& rng) {
  const std::size_t which = rng.below(2);
  const std::uint64_t dice = rng.below(20);
  if (dice < 5) {
    if (hoard_.to_be_read) return std::nullopt;
    return rng.chance(0.3) ? change_hoard(queue, rng) : trick_on_hoard(queue, rng);
  }
  if (dice == 5) return give(queue, rng.below(3), rng);
  if (!characters_[which].owned()) return std::nullopt;
  if (dice < 10) return do_some(queue, which, rng);
  if (dice == 10) return read_something(queue, which, rng);
  // That took a while to come to.
  if (characters_[which].enough_for_today && dice < 14) return trick_by(queue, which, shard_, {Stage::kSated}, rng);
  return trick_by(queue, which, shard_, {Stage::kOwned, Stage::kJudged}, rng);
}

std::optional<Step> RogueOwner::read_something(const std::string& queue, std::size_t which, Rng& rng) {
  OwnCharacter& character = characters_[which];
  switch (rng.below(7)) {
    case 0:
      return acquire_again(queue, character);
    case 1:
      return read_inbox(queue, character);
    case 2:
      return read_characters(queue);
    case 3:
      return who_owns(queue, character);
    case 4:
      return acquire(queue, character);
    case 5:
      return roll_back(queue, which);
    default:
      if (day_was_filled_ || rng.below(2) != 0) return acquire_again(queue, character);
      return fill_the_day(queue, which);
  }
}

}  // namespace dure::sim
