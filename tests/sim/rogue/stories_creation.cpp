// Of characters that are created, on the right shard and once, and of who is still their owner.
#include "common/proto/shard_map.pb.h"
#include "dbagent/store/shard_store.h"
#include "tests/sim/rogue/stories.h"
#include "tests/sim/rogue/story_things.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes

constexpr std::int64_t kFarAwayMs = 4'000'000'000'000;
constexpr int kLooksMost = 60;  // at what others do

Task<> created(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const StoryAccount other = co_await story_account(teller);
  const StoryCharacter character = character_of(teller, account);
  co_await teller.done<ReserveNameReply>("life.reserve", reserve(character));
  CreatePlayerRequest elsewhere = create(character);
  elsewhere.set_shard(account.shard + 1);
  co_await teller.refused_at(account.shard, "create.wrong-shard", elsewhere, WRONG_SHARD);
  co_await teller.done_or_over("life.create", create(character), proto::EXPECTED_OTHER);
  co_await teller.same("create.again", create(character));
  StoryCharacter claimed = character;
  claimed.reservation = teller.number();
  co_await teller.refused("create.another-reservation", create(claimed), EXPECTED_OTHER);
  co_await teller.refused("settle.another-reservation", settle(claimed), NO_SUCH);
  co_await teller.same("settle.created", settle(character));
  co_await teller.done("life.claim", claim(character));
  claimed = character;
  claimed.account_id = other.id;
  co_await teller.refused("create.another-account", create(claimed), EXPECTED_OTHER);
  co_await teller.refused("delete.another-account", erase(claimed), NO_SUCH);
  co_await teller.refused("purge.alive", purge(character), REJECTED);
  co_await teller.done("delete.with-grace", erase(character, kFarAwayMs));
  co_await teller.refused("purge.in-grace", purge(character), REJECTED);
  co_await teller.done("delete.undone", erase(character, 0));
}

Task<> all_slots(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  StoryCharacter character;
  for (std::uint32_t count = store::ShardOptions().characters_max; count > 0; --count) {
    character = character_of(teller, account);
    co_await teller.done_or_over("life.create", create(character), proto::EXPECTED_OTHER);
  }
  const StoryCharacter one_more = character_of(teller, account);
  co_await teller.refused("create.over-the-slots", create(one_more), REJECTED);
  co_await teller.done("life.deleted", erase(character), STORED, NO_SUCH);
  co_await teller.done("create.in-a-free-slot", create(one_more));
}

// What rules a creation out moves with its account. The desk of moves drives on what it finds begun.
Task<> ruled_out_and_moved(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  StoryCharacter character = character_of(teller, account);
  std::vector<std::uint32_t> others(teller.world().shards.begin(), teller.world().shards.end());
  std::erase(others, account.shard);
  if (others.empty()) co_return;
  co_await teller.done("name.settle", settle(character), NO_SUCH);
  MoveIntent intent;
  intent.set_account_id(account.id);
  intent.set_move_id(1);
  intent.set_target(others[teller.rng().below(others.size())]);
  co_await teller.done<MoveReply>("move.begin", intent, STORED, EXPECTED_OTHER);
  MoveQuery query;
  query.set_account_id(account.id);
  query.set_move_id(1);
  for (int looks = 0; looks < kLooksMost; ++looks) {
    const auto found = co_await teller.same<MoveReply>("move.look", query);
    if (found.move().fate() == MOVE_OPEN) continue;
    character.shard = found.shard();
    co_await teller.refused("create.ruled-out-elsewhere", create(character), EXPECTED_OTHER);
    break;
  }
}

// A rejected operation ends the epoch: its owner is not granted it again.
Task<> fenced(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const StoryCharacter character = co_await story_character(teller, account);
  Ownership owner = co_await owned_with_gold(teller, character, 5);
  const Ownership before = owner;
  const ApplyRequest forbidden = claim_letter(teller, &owner, teller.number());
  co_await teller.done<ApplyReply>("life.rejected", forbidden, REJECTED, STALE_EPOCH);
  co_await teller.refused<AcquireReply>("acquire.after-rejected", acquire(owner, owner.epoch - 1), EXPECTED_OTHER);
  owner = before;
  co_await teller.refused<ApplyReply>("apply.after-rejected", change_layout(teller, &owner), STALE_EPOCH);
  owner.acquire_id = teller.number();
  owner.pseq = 0;
  const auto granted = co_await teller.done<AcquireReply>("life.acquire", acquire(owner, owner.epoch + 1));
  owner.epoch = granted.epoch();
  co_await teller.done<ApplyReply>("life.layout", change_layout(teller, &owner));
  Ownership next = owner;
  next.acquire_id = teller.number();
  const auto taken = co_await teller.done<AcquireReply>("life.takeover", acquire(next, owner.epoch));
  teller.expect(taken.epoch() == owner.epoch + 1, "is not of the next epoch");
  teller.expect(taken.ended_epoch() == owner.epoch && taken.ended_last_pseq() == owner.pseq,
                "does not say how far the epoch before came");
  co_await teller.refused<ApplyReply>("apply.after-takeover", change_layout(teller, &owner), STALE_EPOCH);
}

}  // namespace

Stories creation_stories() {
  return {{created, all_slots, ruled_out_and_moved, fenced},
          {"create.wrong-shard",
           "create.again",
           "create.another-reservation",
           "settle.another-reservation",
           "settle.created",
           "create.another-account",
           "delete.another-account",
           "purge.alive",
           "delete.with-grace",
           "purge.in-grace",
           "delete.undone",
           "create.over-the-slots",
           "create.in-a-free-slot",
           "move.begin",
           "move.look",
           "create.ruled-out-elsewhere",
           "life.rejected",
           "acquire.after-rejected",
           "apply.after-rejected",
           "life.layout",
           "life.takeover",
           "apply.after-takeover"}};
}

}  // namespace dure::sim
