// Of characters whose grace is over: what they had is gone, nobody owns or creates them again, and a trade that is
// still open keeps them.
#include "common/proto/trade.pb.h"
#include "tests/sim/rogue/stories.h"
#include "tests/sim/rogue/story_things.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes

constexpr int kLooksMost = 60;  // at a trade that others end

Task<> buried(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const StoryCharacter character = co_await story_character(teller, account);
  Ownership owner = co_await owned_with_gold(teller, character, 5);
  co_await teller.done<DeliverReply>("life.gift", gift(teller, character, 3));
  co_await purged(teller, character);
  co_await teller.same("purge.again", purge(character));
  co_await teller.refused<ApplyReply>("purge.owner", change_layout(teller, &owner), STALE_EPOCH);
  owner.acquire_id = teller.number();
  co_await teller.refused<AcquireReply>("purge.acquire", acquire(owner, owner.epoch + 1), NO_SUCH);
  co_await teller.refused("purge.create", create(character), EXPECTED_OTHER);
  co_await teller.refused("purge.settle", settle(character), NO_SUCH);
  co_await teller.refused("purge.restore", erase(character, 0), NO_SUCH);
  const DeliverRequest late = gift(teller, character, 2);
  const auto delivered = co_await teller.done<DeliverReply>("purge.gift", late);
  teller.expect(delivered.turned_round(), "lies there");
  co_await teller.same<DeliverReply>("purge.gift-again", late);
}

// The other side is nobody, so it stays open until its register is asked to abort it.
ApplyRequest leg(Teller& teller, Ownership* owner, Uid txn) {
  ApplyRequest request = next_operation(teller, owner, nullptr);
  auto* trade = request.mutable_operations(0)->mutable_trade();
  *trade->mutable_terms()->mutable_txn() = txn;
  trade->mutable_terms()->set_register_shard(owner->shard);
  auto* mine = trade->mutable_terms()->add_sides();
  mine->set_player_id(owner->player_id);
  auto* give = mine->add_give();
  give->set_name(kGold);
  give->set_value(2);
  trade->mutable_terms()->add_sides()->set_player_id(teller.number());
  return request;
}

Task<> in_a_trade(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const StoryCharacter character = co_await story_character(teller, account);
  Ownership owner = co_await owned_with_gold(teller, character, 5);
  co_await teller.done("life.deleted", erase(character), STORED, NO_SUCH);
  Uid txn;
  txn.set_high(teller.number());
  // Whoever keeps house may have purged it by now.
  const ApplyRequest request = leg(teller, &owner, txn);
  const auto applied = co_await teller.either<ApplyReply>("purge.leg", request, STORED, STALE_EPOCH);
  if (applied.code() != STORED) co_return;
  teller.expect(applied.legs_size() == 1 && applied.legs(0).state() != LEG_WAITING, "waits for nobody");
  StoreReply ended;
  ended.set_code(RETRY);
  for (int looks = 0; looks < kLooksMost && ended.code() == RETRY; ++looks)
    ended = co_await teller.either("purge.held", purge(character), RETRY, STORED);
  if (ended.code() == RETRY) co_return;
  LegQuery query;
  query.set_shard(owner.shard);
  query.set_player_id(owner.player_id);
  *query.mutable_txn() = txn;
  const auto found = co_await teller.same<LegReply>("purge.leg-has-ended", query);
  teller.expect(found.outcome().state() == LEG_ABORTED, "is still open");
}

}  // namespace

Stories purge_stories() {
  return {{buried, in_a_trade},
          {"purge.again", "purge.owner", "purge.acquire", "purge.create", "purge.settle", "purge.restore", "purge.gift",
           "purge.gift-again", "purge.leg", "purge.held", "purge.leg-has-ended"}};
}

}  // namespace dure::sim
