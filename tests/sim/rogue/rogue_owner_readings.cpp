// What the rogue owner reads of its own, each answer compared with what it knows.
#include "dbagent/agent.h"
#include "tests/sim/broken.h"
#include "tests/sim/rogue/judge.h"
#include "tests/sim/rogue/rogue_owner.h"

namespace dure::sim {
namespace {

template <class Reply>
Reply parsed(const std::string& answer) {
  Reply reply;
  reply.ParseFromString(answer);
  return reply;
}

// Of answers that say something: RETRY does not.
template <class Reply, class Judge>
std::function<std::string(const std::string&)> when_stored(Judge judge) {
  return [judge](const std::string& answer) -> std::string {
    const auto reply = parsed<Reply>(answer);
    return reply.code() == proto::STORED ? judge(reply) : "";
  };
}

std::string other(const char* what, std::uint64_t read) {
  return std::string("it says ") + what + " " + std::to_string(read);
}

}  // namespace

std::optional<Step> RogueOwner::get_known(const std::string& queue, Rng& rng) {
  for (const std::size_t which : {0u, 1u}) {
    OwnCharacter& character = characters_[which];
    if (character.state == OwnCharacter::State::kUnknown) return who_owns(queue, character);
    if (character.state != OwnCharacter::State::kNobodys) continue;
    if (character.was_fenced && rng.below(3) == 0) return trick_by(queue, which, shard_, {Stage::kNobodys}, rng);
    return acquire(queue, character);
  }
  if (hoard_.to_be_read) return read_hoard(queue);
  return std::nullopt;
}

// Whatever was not answered was done or not; nobody else ends its epochs.
Step RogueOwner::who_owns(const std::string& queue, OwnCharacter& character) {
  proto::OwnerQuery request;
  request.set_shard(shard_);
  request.set_player_id(character.id);
  Step step = step_of("own.who-owns", question(request), {proto::STORED});
  step.leaves = Leaves::kNothing;
  step.untrue = when_stored<proto::AcquireReply>([this, &character](const proto::AcquireReply& reply) -> std::string {
    if (character.state == OwnCharacter::State::kUnknown) return character.untrue_owner(reply);
    if (reply.epoch() != character.epoch) return other("epoch", reply.epoch());
    if (reply.last_pseq() != character.saved) return other("last_pseq", reply.last_pseq());
    return key_of(reply.owner_incarnation()) == key_of(incarnation_) ? "" : "it is another's";
  });
  const auto heard = [&character](const std::string& answer) {
    const auto reply = parsed<proto::AcquireReply>(answer);
    if (reply.code() != proto::STORED || character.state != OwnCharacter::State::kUnknown) return;
    character.believe_owner(reply);
  };
  return asked(queue, std::move(step), {heard, [] {}});
}

Step RogueOwner::acquire(const std::string& queue, OwnCharacter& character) {
  proto::AcquireRequest request;
  request.set_shard(shard_);
  request.set_player_id(character.id);
  request.set_expected_epoch(character.epoch);
  *request.mutable_owner_incarnation() = incarnation_;
  request.set_acquire_id(numbers_.next());
  Step step = step_of("own.grant", question(request), {proto::STORED});
  step.untrue = when_stored<proto::AcquireReply>([this, &character](const proto::AcquireReply& grant) {
    return character.untrue(grant, under_way_[character.id], true);
  });
  const auto heard = [this, &character, id = request.acquire_id()](const std::string& answer) {
    const auto grant = parsed<proto::AcquireReply>(answer);
    if (grant.code() != proto::STORED) {
      character.state = OwnCharacter::State::kUnknown;
      return;
    }
    character.believe(grant);
    character.acquire_id = id;
    for (const auto& letter : grant.aggregate().inbox()) under_way_[character.id].erase(letter.message_id());
  };
  return asked(queue, std::move(step), {heard, [&character] { character.state = OwnCharacter::State::kUnknown; }});
}

Step RogueOwner::acquire_again(const std::string& queue, OwnCharacter& character) {
  proto::AcquireRequest request;
  request.set_shard(shard_);
  request.set_player_id(character.id);
  request.set_expected_epoch(character.epoch - 1);
  *request.mutable_owner_incarnation() = incarnation_;
  request.set_acquire_id(character.acquire_id);
  Step step = step_of("own.grant-again", question(request), {proto::STORED});
  step.leaves = Leaves::kNothing;
  step.untrue = when_stored<proto::AcquireReply>([this, &character](const proto::AcquireReply& grant) {
    return character.untrue(grant, under_way_[character.id], false);
  });
  return asked(queue, std::move(step), {[](const std::string&) {}, [] {}});
}

Step RogueOwner::read_inbox(const std::string& queue, OwnCharacter& character) {
  proto::InboxQuery request;
  request.set_shard(shard_);
  request.set_player_id(character.id);
  request.set_epoch(character.epoch);
  *request.mutable_owner_incarnation() = incarnation_;
  Step step = step_of("own.inbox", question(request), {proto::STORED});
  step.leaves = Leaves::kNothing;
  step.untrue = when_stored<proto::InboxReply>([this, &character](const proto::InboxReply& reply) {
    return difference_of_letters(character.has.inbox, under_way_[character.id], reply.entries());
  });
  return asked(queue, std::move(step), {[](const std::string&) {}, [] {}});
}

Step RogueOwner::read_characters(const std::string& queue) {
  proto::CharactersRequest request;
  request.set_shard(shard_);
  request.set_account_id(account_id_);
  Step step = step_of("own.characters", question(request), {proto::STORED});
  step.leaves = Leaves::kNothing;
  step.untrue = when_stored<proto::CharactersReply>([this](const proto::CharactersReply& reply) -> std::string {
    std::map<std::uint64_t, std::string> read, known;
    for (const auto& one : reply.characters()) read[one.player_id()] = one.name();
    for (const OwnCharacter& one : characters_) known[one.id] = one.name;
    return read == known ? "" : "they are " + reply.ShortDebugString();
  });
  return asked(queue, std::move(step), {[](const std::string&) {}, [] {}});
}

Step RogueOwner::read_hoard(const std::string& queue) {
  proto::OwnerlessRead request;
  request.set_shard(shard_);
  request.set_aggregate_id(hoard_.id);
  request.set_inbox_limit(500);
  request.set_value(true);
  Step step = step_of("own.hoard-read", question(request), {proto::STORED});
  step.leaves = Leaves::kNothing;
  step.untrue = when_stored<proto::OwnerlessReadReply>(
      [this](const proto::OwnerlessReadReply& reply) { return hoard_.untrue(reply, under_way_[hoard_.id]); });
  const auto heard = [this](const std::string& answer) {
    const auto reply = parsed<proto::OwnerlessReadReply>(answer);
    if (reply.code() != proto::STORED) return;
    hoard_.believe(reply);
    for (const auto& letter : reply.inbox()) under_way_[hoard_.id].erase(letter.message_id());
  };
  return asked(queue, std::move(step), {heard, [] {}});
}

Step RogueOwner::locate(const std::string& queue, std::size_t which) {
  proto::PlayerLocate request;
  request.set_player_id(id_of(which));
  Step step = step_of("own.locate", question(request), {proto::STORED});
  step.leaves = Leaves::kNothing;
  const std::string name = which == kHoard ? hoard_.name : characters_[which].name;
  step.untrue = when_stored<proto::PlayerLocateReply>([this, which, name](const auto& reply) -> std::string {
    const bool right = reply.player_id() == id_of(which) && reply.account_id() == account_id_ && reply.name() == name &&
                       (moving_ || reply.shard() == shard_);
    return right ? "" : "it says " + reply.ShortDebugString();
  });
  return asked(queue, std::move(step), {[](const std::string&) {}, [] {}});
}

}  // namespace dure::sim
