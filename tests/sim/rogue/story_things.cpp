#include "tests/sim/rogue/story_things.h"

#include "common/proto/reasons.h"

namespace dure::sim {

std::vector<std::string> story_rules() {
  return {"life.account", "life.reserve", "life.create",  "life.claim",   "life.acquire", "life.gift",
          "life.gold",    "life.grant",   "life.deleted", "life.release", "life.purge"};
}

Task<StoryAccount> story_account(Teller& teller) {
  proto::AccountQuery query;
  query.set_account("rogue-" + std::to_string(teller.number()));
  query.set_create(true);
  query.set_password_hash(kOwnPassword);
  const auto reply = co_await teller.done<proto::AccountReply>("life.account", query);
  co_return StoryAccount{reply.account_id(), reply.shard(), reply.session_epoch()};
}

StoryCharacter character_of(Teller& teller, const StoryAccount& account) {
  StoryCharacter character;
  character.id = teller.number();
  character.account_id = account.id;
  character.reservation = teller.number();
  character.shard = account.shard;
  character.name = "Rogue" + std::to_string(character.id & 0xffff'ffff);
  return character;
}

Task<StoryCharacter> story_character(Teller& teller, StoryAccount account) {
  const StoryCharacter character = character_of(teller, account);
  const auto reserved = co_await teller.done<proto::ReserveNameReply>("life.reserve", reserve(character));
  teller.expect(reserved.shard() == account.shard, "names another shard");
  // By a clock that is far ahead it may have been given up already.
  co_await teller.done_or_over("life.create", create(character), proto::EXPECTED_OTHER);
  co_await teller.done("life.claim", claim(character));
  co_return character;
}

Task<Ownership> owned_with_gold(Teller& teller, StoryCharacter character, std::int64_t gold) {
  Ownership owner;
  owner.shard = character.shard;
  owner.player_id = character.id;
  owner.acquire_id = teller.number();
  owner.incarnation.set_high(teller.number());
  const proto::DeliverRequest letter = gift(teller, character, gold);
  const auto delivered = co_await teller.done<proto::DeliverReply>("life.gift", letter);
  teller.expect(!delivered.turned_round(), "was turned round");
  const auto granted = co_await teller.done<proto::AcquireReply>("life.acquire", acquire(owner, 0));
  owner.epoch = granted.epoch();
  const auto& inbox = granted.aggregate().inbox();
  teller.expect(inbox.size() == 1 && inbox[0].message_id() == letter.message_id(), "does not show the gift");
  co_await teller.done<proto::ApplyReply>("life.gold", claim_letter(teller, &owner, letter.message_id()));
  const auto again = co_await teller.same<proto::AcquireReply>("life.grant", acquire(owner, 0));
  const auto& balances = again.aggregate().balances();
  teller.expect(again.last_pseq() == owner.pseq, "says another number than what was saved");
  teller.expect(again.aggregate().inbox_size() == 0, "shows a letter that was claimed");
  teller.expect(balances.size() == 1 && balances[0].name() == kGold && balances[0].value() == gold,
                "says another balance than what was claimed");
  co_return owner;
}

Task<> purged(Teller& teller, StoryCharacter character) {
  co_await teller.done("life.deleted", erase(character), proto::STORED, proto::NO_SUCH);
  co_await teller.done("life.release", claim(character, true));
  co_await teller.done("life.purge", purge(character));
}

proto::ReserveName reserve(const StoryCharacter& character) {
  proto::ReserveName request;
  request.set_name(character.name);
  request.set_player_id(character.id);
  request.set_account_id(character.account_id);
  request.set_reservation(character.reservation);
  return request;
}

proto::ClaimName claim(const StoryCharacter& character, bool release, bool ruled_out) {
  proto::ClaimName request;
  request.set_name(character.name);
  request.set_player_id(character.id);
  request.set_reservation(character.reservation);
  request.set_release(release);
  request.set_ruled_out(ruled_out);
  return request;
}

proto::CreatePlayerRequest create(const StoryCharacter& character) {
  proto::CreatePlayerRequest request;
  request.set_shard(character.shard);
  request.set_player_id(character.id);
  request.set_account_id(character.account_id);
  request.set_name(character.name);
  request.set_reservation(character.reservation);
  return request;
}

proto::SettleCreation settle(const StoryCharacter& character) {
  proto::SettleCreation request;
  request.set_shard(character.shard);
  request.set_player_id(character.id);
  request.set_reservation(character.reservation);
  request.set_name(character.name);
  request.set_account_id(character.account_id);
  return request;
}

proto::DeletePlayerRequest erase(const StoryCharacter& character, std::int64_t delete_at_ms) {
  proto::DeletePlayerRequest request;
  request.set_shard(character.shard);
  request.set_account_id(character.account_id);
  request.set_player_id(character.id);
  request.set_delete_at_unix_ms(delete_at_ms);
  return request;
}

proto::PurgePlayer purge(const StoryCharacter& character) {
  proto::PurgePlayer request;
  request.set_shard(character.shard);
  request.set_player_id(character.id);
  return request;
}

proto::AcquireRequest acquire(const Ownership& owner, std::uint64_t expected_epoch) {
  proto::AcquireRequest request;
  request.set_shard(owner.shard);
  request.set_player_id(owner.player_id);
  *request.mutable_owner_incarnation() = owner.incarnation;
  request.set_expected_epoch(expected_epoch);
  request.set_acquire_id(owner.acquire_id);
  return request;
}

proto::ApplyRequest next_operation(const Teller& teller, Ownership* owner, proto::Effect** effect) {
  proto::ApplyRequest request;
  request.set_shard(owner->shard);
  request.set_player_id(owner->player_id);
  request.set_epoch(owner->epoch);
  *request.mutable_owner_incarnation() = owner->incarnation;
  auto* operation = request.add_operations();
  operation->set_pseq(++owner->pseq);
  operation->set_reason("rogue");
  operation->set_content_version(teller.content(owner->shard));
  if (effect != nullptr) *effect = operation->add_effects();
  return request;
}

proto::ApplyRequest claim_letter(const Teller& teller, Ownership* owner, std::uint64_t message_id) {
  proto::Effect* effect = nullptr;
  auto request = next_operation(teller, owner, &effect);
  effect->mutable_claim()->set_message_id(message_id);
  return request;
}

proto::ApplyRequest change_layout(const Teller& teller, Ownership* owner) {
  proto::Effect* effect = nullptr;
  auto request = next_operation(teller, owner, &effect);
  effect->mutable_layout()->set_layout("rogue " + std::to_string(owner->pseq));
  return request;
}

proto::DeliverRequest gift(Teller& teller, const StoryCharacter& character, std::int64_t gold) {
  proto::DeliverRequest request;
  request.set_shard(character.shard);
  request.set_player_id(character.id);
  request.set_message_id(teller.number());
  request.set_reason(std::string(kGrantReason));
  auto* amount = request.add_balances();
  amount->set_name(kGold);
  amount->set_value(gold);
  return request;
}

}  // namespace dure::sim
