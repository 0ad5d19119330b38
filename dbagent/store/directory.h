// The transactions of the directory database, a function each: who may log in, which session is the live one, who has
// which name, who holds which place, which GM commands were claimed. Compare-and-set throughout. All run inside the
// batch's transaction.
#pragma once
#include <cstdint>
#include <map>

#include "dbagent/store/batch.h"
#include "dbagent/store/schema.h"
#include "dbagent/store/store_file.h"

namespace dure::proto {
class AccountQuery;
class AccountReply;
class BanSet;
class ClaimName;
class ContentActivate;
class ContentDone;
class ContentLoad;
class ContentLoaded;
class ContentQuery;
class ContentReply;
class AccountsOfShard;
class AccountsOfShardReply;
class GmClaim;
class MoveAbort;
class MoveFlip;
class MoveIntent;
class MoveQuery;
class MoveReply;
class OpenMovesQuery;
class OpenMovesReply;
class ShardsQuery;
class ShardsReply;
class ShardsServed;
class ShardsServedReply;
class PlaceAcquire;
class PlaceQuery;
class MovesInto;
class MovesIntoReply;
class NamesOfShard;
class NamesOfShardReply;
class PlaceReply;
class PasswordSet;
class PlayerLocate;
class PlayerLocateReply;
class ReserveName;
class ReserveNameReply;
class ReservedNames;
class ReservedNamesReply;
class SessionBegin;
class SessionEnd;
class SessionReply;
class SessionResume;
class SessionsHeld;
class SessionsHeldReply;
class SessionSelect;
class StoreReply;
class SwitchSet;
class SwitchesQuery;
class SwitchesReply;
}  // namespace dure::proto

namespace dure::store {

inline constexpr std::int64_t kPreviousTokenGraceMs = 30'000;
// A used ticket is remembered for so long after its end: another gateway's clock may be behind.
inline constexpr std::int64_t kUsedTicketGraceMs = 3'600'000;
inline constexpr std::uint32_t kNamePartitions = 64;

struct Directory {
  StoreFile& file;
  Database& db;
  std::uint32_t first_shard;
  std::uint32_t shards;    // new accounts go to the one with the fewest
  std::uint32_t realm_id;  // of new accounts
};

proto::AccountReply find_account(Directory& directory, const proto::AccountQuery& request);
// Ends the live session, too: session_epoch + 1.
proto::SessionReply set_ban(Directory& directory, const proto::BanSet& request);
// Likewise, if the password is still the one that was proven.
proto::SessionReply set_password(Directory& directory, const proto::PasswordSet& request);

proto::SessionReply begin_session(Directory& directory, const proto::SessionBegin& request);
proto::SessionReply resume_session(Directory& directory, const proto::SessionResume& request);
void end_session(Directory& directory, const proto::SessionEnd& request);
proto::SessionsHeldReply sessions_held(Directory& directory, const proto::SessionsHeld& request);
proto::StoreReply select_player(Directory& directory, const proto::SessionSelect& request);
// session_epoch + 1 and no session: whatever acted under the old number is fenced.
void end_session_family(Directory& directory, std::uint64_t account_id);

proto::ReserveNameReply reserve_name(Directory& directory, const proto::ReserveName& request);
proto::StoreReply claim_name(Directory& directory, const proto::ClaimName& request);
proto::ReservedNamesReply reserved_names(Directory& directory, const proto::ReservedNames& request);
proto::NamesOfShardReply names_of_shard(Directory& directory, const proto::NamesOfShard& request);
proto::PlayerLocateReply locate_player(Directory& directory, const proto::PlayerLocate& request);

// directory_moves.cpp
proto::MoveReply intend_move(Directory& directory, const proto::MoveIntent& request);
proto::MoveReply flip_move(Directory& directory, const proto::MoveFlip& request);
proto::MoveReply abort_move(Directory& directory, const proto::MoveAbort& request);
proto::MoveReply find_move(Directory& directory, const proto::MoveQuery& request);
proto::OpenMovesReply open_moves(Directory& directory, const proto::OpenMovesQuery& request);
proto::MovesIntoReply moves_into(Directory& directory, const proto::MovesInto& request);
proto::AccountsOfShardReply accounts_of_shard(Directory& directory, const proto::AccountsOfShard& request);
// Every shard there is: the configured ones and those that an agent has ever served.
std::map<std::uint32_t, std::uint64_t> accounts_by_shard(Directory& directory);
proto::ShardsReply known_shards(Directory& directory, const proto::ShardsQuery& request);
proto::ShardsServedReply shards_served(Directory& directory, const proto::ShardsServed& request);

proto::PlaceReply acquire_place(Directory& directory, const proto::PlaceAcquire& request);
proto::PlaceReply find_place(Directory& directory, const proto::PlaceQuery& request);

// directory_content.cpp
proto::ContentLoaded load_content(Directory& directory, const proto::ContentLoad& request);
proto::ContentDone activate_content(Directory& directory, const proto::ContentActivate& request);
proto::ContentReply content(Directory& directory, const proto::ContentQuery& request);

proto::StoreReply claim_gm_command(Directory& directory, const proto::GmClaim& request);
proto::StoreReply set_switch(Directory& directory, const proto::SwitchSet& request);
proto::SwitchesReply switches(Directory& directory, const proto::SwitchesQuery& request);
// The number of the first audit row whose hash does not follow from the rows before it; 0: the chain is whole.
std::uint64_t first_forged_audit_row(Database& database);

}  // namespace dure::store
