// Of letters to who was purged and to who never was: they come back to the sender, once, and whole; to a sender who is
// gone, too, they do not.
#include "tests/sim/rogue/stories.h"
#include "tests/sim/rogue/story_things.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes

constexpr std::int64_t kHas = 9, kSent = 4;
constexpr int kLooksMost = 80;  // at what others carry

ApplyRequest send(Teller& teller, Ownership* owner, std::uint64_t to, std::uint64_t message_id) {
  Effect* effect = nullptr;
  ApplyRequest request = next_operation(teller, owner, &effect);
  auto* letter = effect->mutable_send();
  letter->set_message_id(message_id);
  letter->set_to_player(to);
  auto* amount = letter->add_balances();
  amount->set_name(kGold);
  amount->set_value(kSent);
  return request;
}

// As whoever relays it says it.
DeliverRequest carried(const Ownership& sender, std::uint64_t to, std::uint32_t shard, std::uint64_t message_id) {
  DeliverRequest request;
  request.set_shard(shard);
  request.set_player_id(to);
  request.set_message_id(message_id);
  request.set_reason("rogue");
  auto* amount = request.add_balances();
  amount->set_name(kGold);
  amount->set_value(kSent);
  request.set_relayed(true);
  request.set_from_shard(sender.shard);
  request.set_from_player(sender.player_id);
  return request;
}

InboxQuery inbox_of(const Ownership& owner) {
  InboxQuery query;
  query.set_shard(owner.shard);
  query.set_player_id(owner.player_id);
  query.set_epoch(owner.epoch);
  *query.mutable_owner_incarnation() = owner.incarnation;
  return query;
}

// Looks until there is one; 0: it did not come in time.
Task<std::uint64_t> came_back(Teller& teller, Ownership sender, std::uint64_t from) {
  for (int looks = 0; looks < kLooksMost; ++looks) {
    const auto inbox = co_await teller.same<InboxReply>("letter.look", inbox_of(sender));
    if (inbox.entries_size() == 0) continue;
    const InboxEntry& letter = inbox.entries(0);
    teller.expect(inbox.entries_size() == 1, "shows more than what came back");
    teller.expect(letter.returned_from() == from, "shows what did not come back");
    teller.expect(letter.balances_size() == 1 && letter.balances(0).value() == kSent, "shows less than was sent");
    co_return letter.message_id();
  }
  co_return 0;
}

Task<> sent_in_vain(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const bool nobody = teller.rng().chance(0.5);
  StoryCharacter receiver = character_of(teller, account);
  if (!nobody) {
    receiver = co_await story_character(teller, account);
    co_await purged(teller, receiver);
  }
  const StoryCharacter character = co_await story_character(teller, account);
  Ownership sender = co_await owned_with_gold(teller, character, kHas);
  const std::uint64_t message_id = teller.number();
  co_await teller.done<ApplyReply>("letter.send", send(teller, &sender, receiver.id, message_id));
  DeliverRequest letter = carried(sender, receiver.id, receiver.shard, message_id);
  letter.set_nobody(nobody);
  const auto delivered =
      co_await teller.done<DeliverReply>(nobody ? "letter.to-nobody" : "letter.to-the-purged", letter);
  teller.expect(delivered.turned_round(), "is not turned round");
  const std::uint64_t returned = co_await came_back(teller, sender, receiver.id);
  if (returned == 0) co_return;
  co_await teller.done<ApplyReply>("letter.claim-returned", claim_letter(teller, &sender, returned));
  co_await teller.same<DeliverReply>("letter.carried-again", letter);
  const auto again = co_await teller.same<AcquireReply>("letter.balance", acquire(sender, 0));
  const auto& balances = again.aggregate().balances();
  teller.expect(again.aggregate().inbox_size() == 0, "shows a letter more");
  teller.expect(balances.size() == 1 && balances[0].value() == kHas, "says another balance than before it was sent");
}

bool is_sent_back_again(const OutboxReply& outbox, std::uint64_t sender) {
  for (const auto& letter : outbox.pending())
    if (letter.returned_from() == sender) return true;
  return false;
}

// Nobody is left to have it.
Task<> nobody_is_left(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const StoryCharacter receiver = co_await story_character(teller, account);
  co_await purged(teller, receiver);
  const StoryCharacter character = co_await story_character(teller, account);
  Ownership sender = co_await owned_with_gold(teller, character, kHas);
  const std::uint64_t message_id = teller.number();
  co_await teller.done<ApplyReply>("letter.send", send(teller, &sender, receiver.id, message_id));
  co_await purged(teller, character);
  const DeliverRequest letter = carried(sender, receiver.id, receiver.shard, message_id);
  const auto delivered = co_await teller.done<DeliverReply>("letter.to-the-purged", letter);
  teller.expect(delivered.turned_round(), "is not turned round");
  OutboxQuery query;
  query.set_shard(account.shard);
  for (int looks = 0; looks < kLooksMost / 4; ++looks) {
    const auto outbox = co_await teller.same<OutboxReply>("letter.returned-once", query);
    teller.expect(!is_sent_back_again(outbox, sender.player_id), "goes back again");
    for (DeliverRequest back : outbox.pending()) {
      if (back.player_id() != sender.player_id) continue;
      back.set_shard(account.shard);
      const auto sunk = co_await teller.done<DeliverReply>("letter.to-nobody-left", back);
      teller.expect(sunk.turned_round(), "lies there");
      break;
    }
  }
}

}  // namespace

Stories letter_stories() {
  return {{sent_in_vain, nobody_is_left},
          {"letter.send", "letter.to-nobody", "letter.to-the-purged", "letter.look", "letter.claim-returned",
           "letter.carried-again", "letter.balance", "letter.returned-once", "letter.to-nobody-left"}};
}

}  // namespace dure::sim
