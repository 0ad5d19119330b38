// What the rogue owner does, lawfully and not.
#include <algorithm>

#include "common/proto/reasons.h"
#include "common/proto/rollback.pb.h"
#include "dbagent/agent.h"
#include "tests/sim/broken.h"
#include "tests/sim/rogue/judge.h"
#include "tests/sim/rogue/rogue_owner.h"

namespace dure::sim {
namespace {

constexpr int kTries = 12;                     // for a trick that fits
constexpr std::uint64_t kEnough = 20'000'000;  // gold a day of "loot", configs/content/guards.toml
constexpr std::int64_t kAtOnce = 10'000;

bool is_stored(const std::string& answer) { return code_of(answer) == proto::STORED; }

}  // namespace

void RogueOwner::note_letters(std::uint64_t sender, const OwnThings& had, const proto::Effect::Send& send,
                              const std::string& reason) {
  if (is_own(send.to_player())) under_way_[send.to_player()][send.message_id()] = letter_of(send, reason, sender, had);
}

// ── lawful ──────────────────────────────────────────────────────────────────────────────────────────────────

proto::Operation RogueOwner::any_deed(const Scene& scene, const OwnThings& has, Rng& rng) {
  const auto letter = [&] {
    auto made = scene.letter(rng.chance(0.3) ? scene.hoard_id : scene.other.id);
    made.set_memo("n" + std::to_string(rng.below(100)));
    if (const std::int64_t gold = has.balance("gold"); gold > 0) {
      auto* amount = made.add_balances();
      amount->set_name("gold");
      amount->set_value(
          1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(std::min<std::int64_t>(gold, 100)))));
    }
    if (const auto* item = any_item(has, rng); item != nullptr && rng.chance(0.3)) *made.add_items() = item->id();
    return made;
  };
  const proto::Item* item = any_item(has, rng);
  switch (rng.below(13)) {
    case 0:
      if (scene.self.day_may_be_full) break;
      return scene.loot().balance("gold", 1 + static_cast<std::int64_t>(rng.below(1000))).take();
    case 1:
      return scene.loot().balance("potion", 5).mint(scene.numbers.uid(), "rusty_sword").take();
    case 2:
      return scene.loot().mint(scene.numbers.uid(), "iron_sword").mint(scene.numbers.uid(), "rusty_sword").take();
    case 3:
      if (item != nullptr) return OwnerDeed("rogue").burn(item->id(), item->version()).take();
      break;
    case 4:
    case 5:
      if (item != nullptr)
        return OwnerDeed("rogue")
            .attribute(item->id(), item->version(), rng.chance(0.5) ? "edge" : "age",
                       static_cast<std::int64_t>(rng.below(9)))
            .take();
      break;
    case 6:
    case 11:
      if (has.counter("experience") <= 395'000) return OwnerDeed("kill").count("experience", 100'000).take();
      break;
    case 7:
      return OwnerDeed("rogue").flag("rogue" + std::to_string(scene.numbers.next())).count("rogue.count", 2).take();
    case 8:
    case 9:
      if (const auto* sealed = any_letter(has, rng);
          sealed != nullptr && (sealed->balances_size() == 0 || sealed->balances(0).name() != "potion"))
        return OwnerDeed("rogue").claim(sealed->message_id()).take();
      break;
    case 10:
      if (has.balance("gold") >= 25) return OwnerDeed("shop.buy").balance("gold", -25).balance("potion", 1).take();
      break;
    default:
      break;
  }
  return OwnerDeed("rogue").send(letter()).take();
}

Step RogueOwner::do_some(const std::string& queue, std::size_t which, Rng& rng) {
  OwnCharacter& character = characters_[which];
  const Scene here = scene(which, shard_);
  OwnThings has = character.has;
  std::vector<proto::Operation> operations;
  proto::ApplyRequest request;
  for (std::uint64_t left = 1 + rng.below(3); left > 0; --left) {
    proto::Operation operation = any_deed(here, has, rng);
    if (rng.chance(0.5)) {
      operation.set_creq(has.creq + 1 + rng.below(2));
      operation.set_creq_hash(rng.below(1 << 30));
    }
    for (const auto& effect : operation.effects())
      if (effect.has_send()) note_letters(character.id, has, effect.send(), operation.reason());
    has.undergo(operation);
    proto::ApplyRequest one = here.apply(operation);
    one.mutable_operations(0)->set_pseq(character.saved + operations.size() + 1);
    if (operations.empty())
      request = std::move(one);
    else
      *request.add_operations() = one.operations(0);
    operations.push_back(std::move(operation));
  }
  Step step = step_of("own.deeds", question(request), {proto::STORED});
  step.law = law::kOwnersAreNotRefused;
  step.untrue = [saved = character.saved + operations.size()](const std::string& answer) -> std::string {
    proto::ApplyReply reply;
    reply.ParseFromString(answer);
    return reply.code() != proto::STORED || reply.saved_pseq() == saved
               ? ""
               : "it says SAVED(" + std::to_string(reply.saved_pseq()) + ")";
  };
  const auto heard = [&character, operations](const std::string& answer) {
    if (is_stored(answer))
      character.did(operations);
    else
      character.may_have_done(operations);
  };
  const auto unheard = [&character, operations] { character.may_have_done(operations); };
  return asked(queue, std::move(step), {heard, unheard});
}

// By whoever acquired it for that: it is nobody's then.
Step RogueOwner::roll_back(const std::string& queue, std::size_t which) {
  OwnCharacter& character = characters_[which];
  const Scene here = scene(which, shard_);
  proto::RollbackApply request;
  request.set_shard(shard_);
  request.set_player_id(character.id);
  request.set_epoch(character.epoch);
  *request.mutable_owner_incarnation() = incarnation_;
  *request.mutable_operation() = here.loot().balance("gold", 3).take();
  request.mutable_operation()->set_pseq(character.saved + 1);
  Step step = step_of("own.rollback", question(request), {proto::STORED});
  step.law = law::kOwnersAreNotRefused;
  const std::vector<proto::Operation> operations = {request.operation()};
  const auto heard = [&character, operations](const std::string& answer) {
    if (!is_stored(answer)) return character.may_have_done(operations);
    character.did(operations);
    character.was_rejected();
  };
  const auto unheard = [&character, operations] { character.may_have_done(operations); };
  return asked(queue, std::move(step), {heard, unheard});
}

// As a game master does. Of potions as many as fit nobody who has any.
Step RogueOwner::give(const std::string& queue, std::size_t which, Rng& rng) {
  proto::DeliverRequest request;
  request.set_shard(shard_);
  request.set_player_id(id_of(which));
  request.set_message_id(numbers_.next());
  request.set_reason(std::string(kGrantReason));
  auto* amount = request.add_balances();
  amount->set_name(rng.chance(0.6) ? "potion" : "gold");
  amount->set_value(amount->name() == "potion" ? 9999 : 1 + static_cast<std::int64_t>(rng.below(500)));
  if (rng.chance(0.5)) {
    auto* item = request.add_items();
    *item->mutable_id() = numbers_.uid();
    item->set_template_("rusty_sword");
    item->set_version(1);
  }
  under_way_[request.player_id()][request.message_id()] = letter_of(request);
  Step step = step_of("own.gift", question(request), {proto::STORED});
  const auto heard = [this, to = request.player_id(), id = request.message_id()](const std::string& answer) {
    if (is_stored(answer)) arrive(to, id);
  };
  return asked(queue, std::move(step), {heard, [] {}});
}

Step RogueOwner::change_hoard(const std::string& queue, Rng& rng) {
  const Scene here = scene(rng.below(2), shard_);
  const proto::OwnerlessApply request = hoard_deed({hoard_, here}, rng);
  for (const auto& send : request.sends()) note_letters(hoard_.id, hoard_.now.has, send, request.reason());
  Step step = step_of("own.hoard-deed", question(request), {proto::STORED});
  const auto heard = [this, request](const std::string& answer) {
    if (is_stored(answer))
      hoard_.did(request);
    else
      hoard_.may_have_done(request);
  };
  return asked(queue, std::move(step), {heard, [this, request] { hoard_.may_have_done(request); }});
}

// ── forbidden ───────────────────────────────────────────────────────────────────────────────────────────────

Step RogueOwner::tricked(const std::string& queue, std::size_t which, const OwnerTrick& trick, Question question) {
  OwnCharacter& character = characters_[which];
  Step step = step_of(trick.rule, std::move(question), trick.allowed);
  step.law = law::kForbiddenIsRefused;
  step.leaves = trick.leaves;
  step.players = whose();
  if (!trick.operation) return asked(queue, std::move(step), {[](const std::string&) {}, [] {}});
  const auto heard = [&character](const std::string& answer) {
    const int code = code_of(answer);
    if (code == proto::REJECTED)
      character.was_rejected();
    else if (code == proto::STORED)
      character.state = OwnCharacter::State::kUnknown;
  };
  return asked(queue, std::move(step), {heard, [&character] { character.state = OwnCharacter::State::kUnknown; }});
}

std::optional<Step> RogueOwner::trick_by(const std::string& queue, std::size_t which, std::uint32_t shard,
                                         const std::set<Stage>& stages, Rng& rng) {
  std::vector<const OwnerTrick*> possible;
  for (const OwnerTrick& trick : owner_tricks())
    if (stages.contains(trick.stage)) possible.push_back(&trick);
  const Scene here = scene(which, shard);
  for (int tries = 0; tries < kTries; ++tries) {
    const OwnerTrick& trick = *possible[rng.below(possible.size())];
    if (auto question = trick.ask(here, rng)) return tricked(queue, which, trick, std::move(*question));
  }
  return std::nullopt;
}

std::optional<Step> RogueOwner::trick_on_hoard(const std::string& queue, Rng& rng) {
  const Scene here = scene(rng.below(2), shard_);
  for (int tries = 0; tries < kTries; ++tries) {
    const HoardTrick& trick = hoard_tricks()[rng.below(hoard_tricks().size())];
    const auto request = trick.ask({hoard_, here}, rng);
    if (!request) continue;
    Step step = step_of(trick.rule, question(*request), trick.allowed);
    step.law = law::kForbiddenIsRefused;
    step.leaves = trick.leaves;
    step.players = whose();
    return asked(queue, std::move(step), {[](const std::string&) {}, [] {}});
  }
  return std::nullopt;
}

// More than a day of it: whatever it had of that day before, the last one is refused, and what came before it stays.
Step RogueOwner::fill_the_day(const std::string& queue, std::size_t which) {
  OwnCharacter& character = characters_[which];
  const Scene here = scene(which, shard_);
  proto::Effect::DropKey key = here.fresh_key();
  std::vector<proto::Operation> operations;
  proto::ApplyRequest request = here.apply({});
  request.clear_operations();
  for (std::uint64_t n = 1; n <= kEnough / kAtOnce + 1; ++n) {
    key.set_number(n);
    operations.push_back(OwnerDeed("loot").key(key).balance("gold", kAtOnce).content(here.content).take());
    operations.back().set_pseq(character.saved + n);
    *request.add_operations() = operations.back();
  }
  day_was_filled_ = character.day_may_be_full = true;
  Step step = step_of("own.day-is-full", question(request), {proto::REJECTED});
  step.law = law::kForbiddenIsRefused;
  const auto heard = [this, &character, operations](const std::string& answer) {
    proto::ApplyReply reply;
    reply.ParseFromString(answer);
    if (reply.code() != proto::REJECTED) return character.may_be_anything();
    const std::uint64_t done = std::min<std::uint64_t>(reply.saved_pseq() - character.saved, operations.size());
    character.did({operations.begin(), operations.begin() + static_cast<std::ptrdiff_t>(done)});
    character.was_rejected();
    character.enough_for_today = days_.size() == 1;
  };
  return asked(queue, std::move(step), {heard, [&character] { character.may_be_anything(); }});
}

}  // namespace dure::sim
