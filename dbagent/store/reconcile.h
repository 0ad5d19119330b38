// RECONCILE: one shard was put back to a backup, alone, and stands closed. What the other shards know of its characters
// is redone here, until both-or-neither is true again of everything that ever crossed between them. "Here" is the
// restored shard, "there" one that went on.
//
//   known there                                    missing here                    done here
//   leg or register COMMIT of a trade              the leg, or its end             PREPARE and FINISH at once
//   COMMIT of a trade that this register decided   the decision                    decided again, by the same legs
//   a held leg whose goods are elsewhere as well   likewise                        likewise: they were given on
//   SWAP of this register, by who left since       the decision                    likewise, and the other leg
//   letter received of a character here            the debit and the outbox row    SEND, already delivered
//   letter sent to a character here                the inbox row                   DELIVER; of whom the backup does not
//                                                                                  know, into its grave until it opens
//   an item                                        that it left                    it leaves whoever has it here
//   nothing of an item that one of these gave away –                               it is again whose it was
//   COMMIT by nobody, a YES counted here           that it was aborted             aborted: ABORT for ever
//   account of another shard by the map            that it moved                   given up: a tombstone
//   account of this shard by the map, its move     that it came                    again as it came
//   character of this shard by the directory       its row                         its creation is settled
//
// Each is guarded by the row that it leaves (leg, outbox, inbox, tombstone), so a repeat has no effect. What a
// character gave and does not have here comes from the faucet "reconcile" and stays as its debt (common/base/debt.h):
// the other side has it, and nothing there is taken back. A fact that has to wait for another one (an item that comes
// back before it left) throws GuardFalse and is tried again (reconcile_rounds.h). Runs inside the batch's transaction;
// only while closed.
#pragma once
#include <string>
#include <vector>

#include "common/base/debt.h"
#include "dbagent/store/shard.h"

namespace dure::proto {
class AccountsHere;
class AccountsHereReply;
class BalanceMoves;
class BringBack;
class BroughtBack;
class ClosedQuery;
class ClosedReply;
class ExpectPlayers;
class ExpectPlayersReply;
class Facts;
class FactsQuery;
class GiveUpAccount;
class ItemTraces;
class ItemTracesReply;
class ItemsLetGo;
class ItemsLetGoReply;
class MoveContent;
class MovesBalance;
class MovesBalanceReply;
class NobodysItem;
class OpenShard;
class OpenShardReply;
class Reconcile;
class ReconcileReply;
class TradeFact;
}  // namespace dure::proto

namespace dure::store {

// reconcile_facts.cpp: there. Reads only.
proto::Facts facts(Shard& shard, const proto::FactsQuery& request);

// reconcile.cpp: here.
proto::ReconcileReply reconcile(Shard& shard, const proto::Reconcile& request);

// reconcile_accounts.cpp
proto::AccountsHereReply accounts_here(Shard& shard, const proto::AccountsHere& request);
proto::ReconcileReply give_up_account(Shard& shard, const proto::GiveUpAccount& request);
// reconcile_moves.cpp
proto::BroughtBack bring_back(Shard& shard, const proto::BringBack& request);
proto::MovesBalanceReply moves_balance(Shard& shard, const proto::MovesBalance& request);
proto::ReconcileReply balance_moves(Shard& shard, const proto::BalanceMoves& request);
// Accounts that came since the backup, with half of something that they did with characters of here: a line each. While
// one was brought back the other may not have been here yet.
std::vector<std::string> halves_brought_back(Shard& shard);
// An account is here that a move of this number took away since: its open holds are given back, it is retired, and
// nothing of it is kept.
void give_up(Shard& shard, std::uint64_t account_id, std::uint64_t move_id, std::uint32_t other_shard);

proto::ExpectPlayersReply expect_players(Shard& shard, const proto::ExpectPlayers& request);
// boxes.cpp: letters that came again to whom the backup does not know, as far as nobody has anything of them, go back.
void give_back_from_graves(Shard& shard);
// True: only what reads, and what reconciles, is answered; all else RETRY.
bool closed(Database& database);
proto::ClosedReply closed_state(Shard& shard, const proto::ClosedQuery& request);
proto::OpenShardReply open_shard(Shard& shard, const proto::OpenShard& request);

// reconcile_items.cpp
bool active_here(Shard& shard, std::uint64_t player_id);
// The letter is on its receiver's shard: what was in it is no longer here.
void mark_sent(Shard& shard, std::uint64_t message_id);
// It is on shard `there`.
bool redo_departure(Shard& shard, const Key16& item, std::uint32_t there, proto::ReconcileReply* reply);
// What an account that comes back had with it leaves whoever has it here: that was before.
void make_room(Shard& shard, const proto::MoveContent& content, std::uint32_t source, proto::BroughtBack* reply);
// An item that comes in again may do so before an earlier way out of here is redone, which then lets it go to where it
// no longer is. What was given away is kept, until the shard opens, with who held it; what nobody has then is given
// back.
proto::ItemsLetGoReply items_let_go(Shard& shard, const proto::ItemsLetGo& request);
proto::ItemTracesReply item_traces(Shard& shard, const proto::ItemTraces& request);
bool give_back(Shard& shard, const proto::NobodysItem& nobodys, proto::ReconcileReply* reply);

// reconcile_trades.cpp. True: something was missing and is done now. The decision first, if the register is here.
bool redo_decision(Shard& shard, const proto::TradeFact& fact);
bool redo_legs(const class Provider& provider, const proto::TradeFact& fact);
// A SWAP has answered this character's leg of the trade, where it was then.
bool swapped_leg(Shard& shard, std::uint64_t player_id, const Key16& txn);

// Makes good what a character has to give and does not have here: money from the faucet, with a debt; an item from
// whoever has it here.
class Provider {
 public:
  Provider(Shard& shard, const proto::Reconcile& request, proto::ReconcileReply* said, std::vector<Key16>* missing)
      : shard_(shard), request_(request), said_(said), missing_(missing) {}
  Shard& shard() const { return shard_; }
  void money(std::uint64_t player_id, const proto::Amount& amount, const char* what) const;
  // Those of `items` that are in its bag now. Guard, unless forced: all of them.
  std::vector<Key16> items(std::uint64_t player_id, const std::vector<Key16>& items) const;
  // One that comes from shard `there`: if room is to be made, it leaves whoever has it here.
  void room_for(const Key16& item, std::uint32_t there) const;

 private:
  bool item(std::uint64_t player_id, const Key16& item) const;
  Shard& shard_;
  const proto::Reconcile& request_;
  proto::ReconcileReply* said_;  // notes
  std::vector<Key16>* missing_;
};

}  // namespace dure::store
