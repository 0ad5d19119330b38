#include "dbagent/store/audit_trades.h"

#include <map>
#include <string>
#include <utility>

#include "common/proto/trade.pb.h"
#include "dbagent/store/trade_terms.h"

namespace dure::store {
namespace {

constexpr std::int64_t kStuckMs = 60'000;

std::string leg_text(const Key16& txn, std::uint32_t side) {
  return "leg " + std::to_string(side) + " of trade " + hex(txn);
}

struct HeldValue {
  std::map<std::pair<std::uint64_t, std::string>, std::int64_t> money;  // (player, currency)
  std::map<Key16, std::uint64_t> items;                                 // → player
};

struct Auditor {
  Database& db;
  std::uint32_t shard;
  const AddFinding& finding;
  TradesAudit result;
  HeldValue expected;

  // What open legs give, and that their reservations say the same.
  void read_open_legs(std::int64_t shard_time) {
    Query row(db, "SELECT txn_id, leg, pid, terms, at FROM hold WHERE finished = 0 ORDER BY txn_id, leg");
    while (row.row()) {
      const std::string leg = leg_text(row.key(0), row.u32(1));
      ++result.open;
      if (row.i64(4) < shard_time - kStuckMs) {
        ++result.stuck;
        finding("stuck: " + leg + " has been held for " + std::to_string((shard_time - row.i64(4)) / 1000) + " s");
      }
      if (!db.number("SELECT 1 FROM player WHERE pid = ?1 AND status = 0", row.u64(2)))
        finding("hold: the character of " + leg + " is not here");
      proto::TradeTerms terms;
      if (!terms.ParseFromString(row.text(3)) || terms.sides_size() != 2) {
        finding("hold: the terms of " + leg + " cannot be read");
        continue;
      }
      const auto& side = terms.sides(static_cast<int>(row.u32(1)));
      for (const auto& amount : side.give()) expected.money[{row.u64(2), amount.name()}] += amount.value();
      // The other leg may be of this shard, too, and have been finished first: then it has taken the items already.
      const bool taken =
          db.number("SELECT 1 FROM hold WHERE txn_id = ?1 AND leg = ?2 AND verdict = 1", row.key(0), 1 - row.u32(1))
              .has_value();
      if (!taken)
        for (const auto& item : side.items()) expected.items[key_of(item.item())] = row.u64(2);
      compare_reservation(row.key(0), row.u32(1), terms, leg);
    }
  }
  void compare_reservation(const Key16& txn, std::uint32_t side, const proto::TradeTerms& terms,
                           const std::string& leg) {
    auto wanted = exchange_of(terms, side);
    Query row(db, "SELECT currency, give, get FROM hold_amount WHERE txn_id = ?1 AND leg = ?2", txn, side);
    bool same = true;
    while (row.row()) {
      const auto at = wanted.find(row.text(0));
      same = same && at != wanted.end() && at->second.give == row.i64(1) && at->second.get == row.i64(2);
      if (at != wanted.end()) wanted.erase(at);
    }
    if (!same || !wanted.empty()) finding("hold: what is reserved for " + leg + " is not what its terms say");
  }

  void compare_money() {
    auto missing = expected.money;
    Query row(db,
              "SELECT owner, currency, amount FROM account WHERE kind = 5 AND amount <> 0 ORDER BY owner, currency");
    while (row.row()) {
      const auto at = missing.find({row.u64(0), row.text(1)});
      const std::int64_t wanted = at == missing.end() ? 0 : at->second;
      if (at != missing.end()) missing.erase(at);
      if (row.i64(2) == wanted) continue;
      ++result.orphans;
      finding("orphan: " + std::to_string(row.i64(2)) + " " + row.text(1) + " of player " + std::to_string(row.u64(0)) +
              " is held, open trades give " + std::to_string(wanted));
    }
    for (const auto& [of, amount] : missing)
      finding("hold: open trades of player " + std::to_string(of.first) + " give " + std::to_string(amount) + " " +
              of.second + ", none is held");
  }
  void compare_items() {
    auto missing = expected.items;
    Query row(db, "SELECT item_id, owner FROM item_holder WHERE kind = 5 ORDER BY item_id");
    while (row.row()) {
      const auto at = missing.find(row.key(0));
      const bool known = at != missing.end() && at->second == row.u64(1);
      if (at != missing.end()) missing.erase(at);
      if (known) continue;
      ++result.orphans;
      finding("orphan: item " + hex(row.key(0)) + " of player " + std::to_string(row.u64(1)) +
              " is held for no open trade");
    }
    for (const auto& [item, player] : missing)
      finding("hold: item " + hex(item) + " of an open trade of player " + std::to_string(player) + " is not held");
  }

  // COMMIT stands on two votes YES over the same terms, or is a SWAP.
  void audit_register() {
    Query row(db,
              "SELECT txn_id FROM decision WHERE verdict = 1 AND swapped = 0 AND 2 <> "
              "(SELECT count(*) FROM trade_vote v WHERE v.txn_id = decision.txn_id AND yes = 1) ORDER BY txn_id");
    while (row.row()) finding("register: trade " + hex(row.key(0)) + " is committed without two votes for it");
    Query votes(db,
                "SELECT decision.txn_id FROM decision JOIN trade_vote a ON a.txn_id = decision.txn_id AND a.side = 0 "
                "JOIN trade_vote b ON b.txn_id = decision.txn_id AND b.side = 1 "
                "WHERE verdict = 1 AND (swapped = 1 OR a.terms <> b.terms) ORDER BY 1");
    while (votes.row()) finding("register: trade " + hex(votes.key(0)) + " is committed over votes that do not agree");
  }
  // A leg that was counted here ended as was decided here.
  void audit_ends() {
    Query row(
        db,
        "SELECT hold.txn_id, hold.leg FROM hold JOIN trade_vote v ON v.txn_id = hold.txn_id AND v.side = hold.leg "
        "AND v.epoch = hold.epoch AND v.pseq = hold.pseq AND v.shard = ?1 "
        "LEFT JOIN decision d ON d.txn_id = hold.txn_id "
        "WHERE hold.finished = 1 AND hold.vote = 1 AND hold.verdict <> coalesce(d.verdict, 0) ORDER BY 1, 2",
        shard);
    while (row.row()) finding("register: " + leg_text(row.key(0), row.u32(1)) + " did not end as was decided");
  }
};

}  // namespace

TradesAudit audit_trades(Database& db, std::uint32_t shard, const AddFinding& finding) {
  Auditor auditor{db, shard, finding, {}, {}};
  auditor.read_open_legs(db.number("SELECT shard_time FROM shard_meta").value_or(0));
  auditor.compare_money();
  auditor.compare_items();
  auditor.audit_register();
  auditor.audit_ends();
  return auditor.result;
}

}  // namespace dure::store
