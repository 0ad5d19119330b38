// Of names: to whom one is left, when its creation was ruled out and when it was not, and who may take it.
#include "tests/sim/rogue/stories.h"
#include "tests/sim/rogue/story_things.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes

StoryCharacter another(Teller& teller, const StoryCharacter& of, const StoryAccount& account) {
  StoryCharacter character = character_of(teller, account);
  character.name = of.name;
  return character;
}

// Never created, and proven so: the name is its account's, for another character.
Task<> ruled_out(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const StoryAccount other = co_await story_account(teller);
  const StoryCharacter first = character_of(teller, account);
  co_await teller.done<ReserveNameReply>("life.reserve", reserve(first));
  co_await teller.done("name.settle", settle(first), NO_SUCH);
  co_await teller.refused("create.ruled-out", create(first), EXPECTED_OTHER);
  co_await teller.refused("settle.ruled-out", settle(first), NO_SUCH);
  co_await teller.done("name.release-ruled-out", claim(first, true, true));
  co_await teller.refused("name.claim-released", claim(first), EXPECTED_OTHER);
  co_await teller.refused<ReserveNameReply>("name.ruled-out-again", reserve(first), NAME_TAKEN);
  const StoryCharacter second = another(teller, first, account), third = another(teller, first, other);
  co_await teller.refused<ReserveNameReply>("name.left-to-another", reserve(third), NAME_TAKEN);
  co_await teller.done<ReserveNameReply>("name.left-to-its-account", reserve(second));
  PlayerLocate query;
  query.set_player_id(first.id);
  query.set_any_state(true);
  const auto located = co_await teller.same<PlayerLocateReply>("name.who-was-to-be", query);
  teller.expect(located.account_id() == account.id, "names another account");
}

// By a clock that is far ahead a creation is given up early. Then it is ruled out: it cannot happen any more.
Task<> given_up(Teller& teller, StoryCharacter character) {
  co_await teller.refused("create.ruled-out", create(character), EXPECTED_OTHER);
}

// It lives, or may still come.
Task<> released(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const StoryAccount other = co_await story_account(teller);
  const StoryCharacter first = character_of(teller, account);
  const StoryCharacter second = another(teller, first, account), third = another(teller, first, other);
  co_await teller.done<ReserveNameReply>("life.reserve", reserve(first));
  const auto theirs = co_await teller.refused<ReserveNameReply>("name.of-another", reserve(third), NAME_TAKEN);
  teller.expect(theirs.own_player() == 0 && theirs.own_reservation() == 0, "tells of another's creation");
  const auto own = co_await teller.either<ReserveNameReply>("name.of-its-own", reserve(second), NAME_TAKEN, STORED);
  if (own.code() == STORED) co_return co_await given_up(teller, first);
  teller.expect(own.own_player() == first.id && own.own_reservation() == first.reservation,
                "does not tell of the creation that goes on");
  const bool lived = teller.rng().chance(0.5);
  if (lived) {
    co_await teller.done_or_over("life.claim", claim(first), EXPECTED_OTHER);
    PlayerLocate query;
    query.set_name(first.name);
    const auto located = co_await teller.same<PlayerLocateReply>("name.locate", query);
    teller.expect(located.player_id() == first.id, "is another's");
  }
  co_await teller.done("name.release", claim(first, true, lived));
  const auto left = co_await teller.either<ReserveNameReply>("name.not-left", reserve(second), NAME_TAKEN, STORED);
  if (left.code() == STORED) co_return co_await given_up(teller, first);
  teller.expect(left.own_player() == 0, "tells of a creation that is over");
  co_await teller.refused<ReserveNameReply>("name.released-again", reserve(first), NAME_TAKEN);
  co_await teller.refused("name.claim-released", claim(first), EXPECTED_OTHER);
}

// Two names that one could take for each other.
Task<> look_alike(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const StoryAccount other = co_await story_account(teller);
  const StoryCharacter first = character_of(teller, account);
  StoryCharacter second = another(teller, first, other);
  second.name.replace(1, 1, "0");
  co_await teller.done<ReserveNameReply>("life.reserve", reserve(first));
  co_await teller.refused<ReserveNameReply>("name.look-alike", reserve(second), NAME_TAKEN);
  co_await teller.refused("name.claim-another", claim(second), EXPECTED_OTHER);
}

}  // namespace

Stories name_stories() {
  return {{ruled_out, released, look_alike},
          {"name.settle", "create.ruled-out", "settle.ruled-out", "name.release-ruled-out", "name.claim-released",
           "name.ruled-out-again", "name.left-to-another", "name.left-to-its-account", "name.who-was-to-be",
           "name.of-another", "name.of-its-own", "name.locate", "name.release", "name.not-left", "name.released-again",
           "name.look-alike", "name.claim-another"}};
}

}  // namespace dure::sim
