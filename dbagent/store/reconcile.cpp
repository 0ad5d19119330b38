#include "dbagent/store/reconcile.h"

#include "common/base/debt.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/trade.pb.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/savepoint.h"
#include "dbagent/store/trade.h"

namespace dure::store {
namespace {

// A YES that was counted before the backup is of a trade that may have been aborted since, and its leg given back: it
// must not meet the other one now.
void abort_undecided(Shard& shard) {
  std::vector<Key16> undecided;
  {
    Query row(shard.db,
              "SELECT DISTINCT txn_id FROM trade_vote v WHERE NOT EXISTS "
              "(SELECT 1 FROM decision d WHERE d.txn_id = v.txn_id) ORDER BY txn_id");
    while (row.row()) undecided.push_back(row.key(0));
  }
  for (const Key16& txn : undecided)
    if (decision_of(shard, txn).verdict == 0) decide_abort(shard, txn);
}

// Every other shard has been heard, and none acted on a decision of this register: it is made now.
void settle_undecided(Shard& shard, proto::ReconcileReply* reply) {
  proto::OpenHoldsQuery query;
  query.set_shard(shard.number);
  const proto::OpenHoldsReply open = open_holds(shard, query);
  for (const auto& hold : open.holds()) {
    if (hold.shard() != shard.number) continue;
    proto::TradeVote vote = hold;
    vote.set_abort_if_undecided(true);
    const proto::TradeVerdict verdict = cast(shard, vote);
    if (verdict.verdict() != proto::ABORT) continue;  // COMMIT: its goods come with the fact
    proto::TradeFinish request;
    request.set_shard(shard.number);
    *request.mutable_txn() = vote.terms().txn();
    request.set_side(vote.side());
    request.set_verdict(proto::ABORT);
    finish(shard, request);
    reply->set_redone(reply->redone() + 1);
  }
  abort_undecided(shard);
}

// SEND again: what another shard received of a character of this one.
bool redo_send(const Provider& provider, const proto::DeliverRequest& letter, std::uint32_t there) {
  Shard& shard = provider.shard();
  const std::uint64_t sender = letter.from_player();
  if (!active_here(shard, sender)) return false;
  if (const auto state = shard.db.number("SELECT state FROM outbox WHERE message_id = ?1", letter.message_id())) {
    const bool waits = *state == static_cast<int>(OutboxState::kPending);
    if (waits) mark_sent(shard, letter.message_id());
    return waits;
  }
  for (const auto& amount : letter.balances()) provider.money(sender, amount, "a letter");
  std::vector<Key16> wanted;
  for (const auto& item : letter.items()) wanted.push_back(key_of(item.id()));
  const std::vector<Key16> items = provider.items(sender, wanted);
  const auto root = find_root(shard, sender);
  Posting posting(shard, {sender, root->epoch, 0, letter.reason()});
  for (const auto& amount : letter.balances())
    posting.move(amount.name(), amount.value(), player_account(sender), transit());
  for (const Key16& item : items) posting.let_go(item, {HolderKind::kPlayer, sender}, there);
  proto::InboxEntry body;
  body.set_message_id(letter.message_id());
  body.set_reason(letter.reason());
  body.set_memo(letter.memo());
  body.set_from_player(sender);
  body.set_returned_from(letter.returned_from());
  *body.mutable_balances() = letter.balances();
  *body.mutable_items() = letter.items();
  shard.db.run("INSERT INTO outbox VALUES(?1, ?2, ?3, ?4, 1, ?5)", letter.message_id(), shard.file.next_number(),
               sender, letter.player_id(), Blob{body.SerializeAsString()});
  return true;
}

// DELIVER again, also of what was claimed: it waits to be claimed once more.
bool redo_delivery(const Provider& provider, proto::DeliverRequest letter, std::uint32_t there) {
  Shard& shard = provider.shard();
  if (!active_here(shard, letter.player_id())) return false;
  if (shard.db.number("SELECT 1 FROM inbox WHERE message_id = ?1", letter.message_id())) return false;
  letter.set_shard(shard.number);
  for (const auto& item : letter.items()) provider.room_for(key_of(item.id()), there);
  return deliver(shard, letter).code() == proto::STORED;
}

// Each fact in a savepoint of its own: one that has to wait leaves nothing.
class Attempts {
 public:
  Attempts(Shard& shard, const proto::Reconcile& request, proto::ReconcileReply* reply)
      : shard_(shard), request_(request), reply_(reply) {}
  template <class Act>
  void make(proto::FactKind kind, int index, const Act& act) {
    proto::ReconcileReply said;
    std::vector<Key16> missing;
    std::string why;
    bool changed = false;
    Savepoint before(shard_.db);
    try {
      changed = act(Provider(shard_, request_, &said, &missing));
    } catch (const GuardFalse& guard) {
      why = guard.what();
    } catch (const SqlTrouble& trouble) {
      if (!trouble.constraint()) throw;
      why = trouble.what();
    }
    if (why.empty()) {
      before.keep();
      if (changed) reply_->set_redone(reply_->redone() + 1);
      reply_->mutable_notes()->MergeFrom(said.notes());
      return;
    }
    before.take_back();
    auto* waits = reply_->add_waiting();
    waits->set_kind(kind);
    waits->set_index(static_cast<std::uint32_t>(index));
    waits->set_why(why);
    for (const Key16& item : missing) put(item, waits->add_missing());
  }

 private:
  Shard& shard_;
  const proto::Reconcile& request_;
  proto::ReconcileReply* reply_;
};

}  // namespace

void Provider::money(std::uint64_t player_id, const proto::Amount& amount, const char* what) const {
  const std::int64_t missing = amount.value() - balance_of(shard_, player_id, amount.name());
  if (missing <= 0) return;
  Posting posting(shard_, {player_id, 0, 0, kReconcileReason});
  posting.move(amount.name(), missing, faucet(kReconcileReason), player_account(player_id));
  posting.move(debt_of(amount.name()), missing, faucet(kReconcileReason), player_account(player_id));
  said_->add_notes("player " + std::to_string(player_id) + " owes " + std::to_string(missing) + " " + amount.name() +
                   ": given away by " + what + " that the backup does not know");
}

proto::ReconcileReply reconcile(Shard& shard, const proto::Reconcile& request) {
  proto::ReconcileReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  require(closed(shard.db), "not closed");
  Attempts attempts(shard, request, &reply);
  for (int i = 0; i < request.trades_size(); ++i) {
    // Decided even while its legs have to wait.
    const int waiting = reply.waiting_size();
    attempts.make(proto::FACT_LEGS, i, [&](const Provider&) { return redo_decision(shard, request.trades(i)); });
    if (reply.waiting_size() == waiting)
      attempts.make(proto::FACT_LEGS, i, [&](const Provider& on) { return redo_legs(on, request.trades(i)); });
  }
  for (int i = 0; i < request.received_size(); ++i)
    attempts.make(proto::FACT_RECEIVED, i,
                  [&](const Provider& on) { return redo_send(on, request.received(i), request.from_shard()); });
  for (int i = 0; i < request.sent_size(); ++i)
    attempts.make(proto::FACT_SENT, i,
                  [&](const Provider& on) { return redo_delivery(on, request.sent(i), request.from_shard()); });
  for (int i = 0; i < request.items_size(); ++i)
    attempts.make(proto::FACT_ITEMS, i, [&](const Provider&) {
      return redo_departure(shard, key_of(request.items(i)), request.from_shard(), &reply);
    });
  for (int i = 0; i < request.give_back_size(); ++i)
    attempts.make(proto::FACT_ITEMS, i,
                  [&](const Provider&) { return give_back(shard, request.give_back(i), &reply); });
  if (request.settle()) settle_undecided(shard, &reply);
  return reply;
}

}  // namespace dure::store
