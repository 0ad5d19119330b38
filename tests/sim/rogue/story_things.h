// What a rogue has of its own, made as anybody's is: accounts, characters with their names, and their ownership. Nobody
// else knows of them, so the rogue knows what they must be.
#pragma once
#include <string>
#include <vector>

#include "tests/sim/rogue/teller.h"

namespace dure::sim {

struct StoryAccount {
  std::uint64_t id = 0;
  std::uint32_t shard = 0, session_epoch = 0;
};
struct StoryCharacter {
  std::uint64_t id = 0, account_id = 0, reservation = 0;
  std::uint32_t shard = 0;
  std::string name;
};

// Of one life of one character.
struct Ownership {
  std::uint32_t shard = 0;
  std::uint64_t player_id = 0, epoch = 0, pseq = 0, acquire_id = 0;
  proto::Uid incarnation;
};

// An account that nobody had before.
Task<StoryAccount> story_account(Teller& teller);
// To be: not even its name is reserved.
StoryCharacter character_of(Teller& teller, const StoryAccount& account);
// Named, created and claimed.
Task<StoryCharacter> story_character(Teller& teller, StoryAccount account);
// Owned, with so much gold that was given and claimed; and it has letters after its first operation.
Task<Ownership> owned_with_gold(Teller& teller, StoryCharacter character, std::int64_t gold);
// It is deleted, its name released, its grace over.
Task<> purged(Teller& teller, StoryCharacter character);

proto::ReserveName reserve(const StoryCharacter& character);
proto::ClaimName claim(const StoryCharacter& character, bool release = false, bool ruled_out = false);
proto::CreatePlayerRequest create(const StoryCharacter& character);
proto::SettleCreation settle(const StoryCharacter& character);
// delete_at_ms 1: its grace is over by any clock.
proto::DeletePlayerRequest erase(const StoryCharacter& character, std::int64_t delete_at_ms = 1);
proto::PurgePlayer purge(const StoryCharacter& character);
proto::AcquireRequest acquire(const Ownership& owner, std::uint64_t expected_epoch);
// Its next one, without effects yet.
proto::ApplyRequest next_operation(const Teller& teller, Ownership* owner, proto::Effect** effect);
proto::ApplyRequest claim_letter(const Teller& teller, Ownership* owner, std::uint64_t message_id);
proto::ApplyRequest change_layout(const Teller& teller, Ownership* owner);
// By a game master.
proto::DeliverRequest gift(Teller& teller, const StoryCharacter& character, std::int64_t gold);

inline constexpr const char* kGold = "gold";
inline constexpr const char* kOwnPassword = "rogue";  // as kept
std::vector<std::string> story_rules();

}  // namespace dure::sim
