// How the rogue's own come into the world, and from shard to shard: lawfully, and whatever of it is not answered is
// asked again.
#include "common/proto/shard_map.pb.h"
#include "dbagent/agent.h"
#include "tests/sim/rogue/judge.h"
#include "tests/sim/rogue/rogue_owner.h"

namespace dure::sim {
namespace {

constexpr const char* kNames[] = {"Rogueanna", "Roguebert", "Roguehoard"};

bool is_stored(const std::string& answer) { return code_of(answer) == proto::STORED; }

template <class Reply>
Reply parsed(const std::string& answer) {
  Reply reply;
  reply.ParseFromString(answer);
  return reply;
}

}  // namespace

// Also after a creation that somebody has ruled out: then it never comes to be.
void RogueOwner::name_anew(std::size_t which) {
  Birth& birth = births_[which];
  birth.stage = Birth::Stage::kReserve;
  birth.reservation = numbers_.next();
  const std::string name = kNames[which] + std::string(static_cast<std::size_t>(birth.tries++), 'q');
  const std::uint64_t id = numbers_.next();
  if (which == kHoard) {
    hoard_.id = id;
    hoard_.name = name;
  } else {
    characters_[which].id = id;
    characters_[which].name = name;
  }
}

bool RogueOwner::all_born() const {
  for (const Birth& birth : births_)
    if (birth.stage != Birth::Stage::kDone) return false;
  return true;
}

std::optional<Step> RogueOwner::get_ready_at_directory(const std::string& queue) {
  if (account_id_ == 0) return make_account(queue);
  if (moving_) return where(queue);
  for (const std::size_t which : {0u, 1u, 2u}) {
    if (births_[which].stage == Birth::Stage::kReserve) return reserve(queue, which);
    if (births_[which].stage == Birth::Stage::kClaim) return claim_name(queue, which);
  }
  return std::nullopt;
}

std::optional<Step> RogueOwner::get_born(const std::string& queue) {
  for (const std::size_t which : {0u, 1u, 2u})
    if (births_[which].stage == Birth::Stage::kCreate) return create(queue, which);
  return std::nullopt;
}

Step RogueOwner::make_account(const std::string& queue) {
  proto::AccountQuery request;
  request.set_account("rogue owner");
  request.set_create(true);
  const auto heard = [this](const std::string& answer) {
    const auto account = parsed<proto::AccountReply>(answer);
    if (account.code() != proto::STORED) return;
    account_id_ = account.account_id();
    shard_ = account.shard();
  };
  Step step = step_of("own.account", question(request), {proto::STORED});
  step.untrue = [](const std::string& answer) {
    const auto account = parsed<proto::AccountReply>(answer);
    return account.code() == proto::STORED && account.account_id() == 0 ? "it is nobody's" : "";
  };
  return asked(queue, std::move(step), {heard, [] {}});
}

Step RogueOwner::reserve(const std::string& queue, std::size_t which) {
  proto::ReserveName request;
  request.set_name(which == kHoard ? hoard_.name : characters_[which].name);
  request.set_player_id(id_of(which));
  request.set_account_id(account_id_);
  request.set_reservation(births_[which].reservation);
  const auto heard = [this, which](const std::string& answer) {
    if (is_stored(answer)) births_[which].stage = Birth::Stage::kCreate;
    if (code_of(answer) == proto::NAME_TAKEN) name_anew(which);
  };
  return asked(queue, step_of("own.reserve", question(request), {proto::STORED, proto::NAME_TAKEN}), {heard, [] {}});
}

Step RogueOwner::create(const std::string& queue, std::size_t which) {
  proto::CreatePlayerRequest request;
  request.set_shard(shard_);
  request.set_player_id(id_of(which));
  request.set_account_id(account_id_);
  request.set_name(which == kHoard ? hoard_.name : characters_[which].name);
  request.set_reservation(births_[which].reservation);
  request.set_ownerless(which == kHoard);
  const auto heard = [this, which](const std::string& answer) {
    if (is_stored(answer)) births_[which].stage = Birth::Stage::kClaim;
    if (code_of(answer) == proto::EXPECTED_OTHER) name_anew(which);
  };
  return asked(queue, step_of("own.create", question(request), {proto::STORED, proto::EXPECTED_OTHER}), {heard, [] {}});
}

Step RogueOwner::claim_name(const std::string& queue, std::size_t which) {
  proto::ClaimName request;
  request.set_name(which == kHoard ? hoard_.name : characters_[which].name);
  request.set_player_id(id_of(which));
  request.set_reservation(births_[which].reservation);
  const auto heard = [this, which](const std::string& answer) {
    if (is_stored(answer)) births_[which].stage = Birth::Stage::kDone;
  };
  return asked(queue, step_of("own.claim-name", question(request), {proto::STORED}), {heard, [] {}});
}

// The desk finds it open, and drives it.
Step RogueOwner::move_to(const std::string& queue, std::uint32_t target) {
  proto::MoveIntent request;
  request.set_account_id(account_id_);
  request.set_move_id(moves_ + 1);
  request.set_target(target);
  moving_ = true;
  return asked(queue, step_of("own.move", question(request), {proto::STORED}), {[](const std::string&) {}, [] {}});
}

Step RogueOwner::where(const std::string& queue) {
  proto::MoveQuery request;
  request.set_account_id(account_id_);
  const auto heard = [this](const std::string& answer) {
    const auto reply = parsed<proto::MoveReply>(answer);
    if (reply.code() != proto::STORED || reply.intent() != 0) return;
    moving_ = false;
    moves_ = reply.move().move_id();
    if (reply.shard() != shard_)
      for (OwnCharacter& character : characters_) character.burnt_here.clear();
    left_.insert(shard_);
    shard_ = reply.shard();
    left_.erase(shard_);
  };
  return asked(queue, step_of("own.where", question(request), {proto::STORED}), {heard, [] {}});
}

}  // namespace dure::sim
