#include "dbagent/store/audit_transit.h"

#include <set>

#include "common/proto/dbagent.pb.h"
#include "common/proto/trade.pb.h"
#include "dbagent/store/shard.h"

namespace dure::store {
namespace {

constexpr const char* kAccountOfPlayer = " LEFT JOIN account_move m ON m.account_id = player.account_id ";

template <class Named>
Amounts amounts_of(const Named& list) {
  Amounts amounts;
  for (const auto& amount : list) amounts[amount.name()] += amount.value();
  return amounts;
}

void add(Amounts* sum, const Amounts& more, int sign) {
  for (const auto& [currency, amount] : more) (*sum)[currency] += sign * amount;
}

// account_id, state, mv from this column on.
TransitRow row_of(const Query& row, int column) {
  return {row.u64(column), row.u64(column + 2), static_cast<AccountState>(row.i64(column + 1))};
}

void read_accounts(Database& db, Transit* out) {
  Query row(db, "SELECT name, currency, amount FROM account WHERE kind = 3 AND amount <> 0");
  while (row.row()) (row.text(0) == "move" ? out->moved : out->in_transit)[row.text(1)] += row.i64(2);
}

void read_letters(Database& db, Transit* out) {
  {
    Query row(db, db.literal(std::string("SELECT message_id, pid, to_pid, outbox.state, body, player.account_id, "
                                         "coalesce(m.state, 0), coalesce(m.mv, 0) FROM outbox JOIN player USING(pid)") +
                             kAccountOfPlayer + "ORDER BY message_id"));
    while (row.row()) {
      proto::InboxEntry body;
      body.ParseFromString(row.text(4));
      TransitLetter letter{
          row_of(row, 5), row.u64(0), row.u64(1), row.u64(2), row.i64(3) == 1, amounts_of(body.balances()), {}};
      for (const auto& item : body.items()) letter.items.push_back(key_of(item.id()));
      out->sent.push_back(std::move(letter));
    }
  }
  Query row(db, db.literal(std::string("SELECT message_id, from_pid, pid, player.account_id, coalesce(m.state, 0), "
                                       "coalesce(m.mv, 0) FROM inbox JOIN player USING(pid)") +
                           kAccountOfPlayer + "WHERE from_pid <> 0 ORDER BY message_id"));
  while (row.row()) out->received.push_back({row_of(row, 3), row.u64(0), row.u64(1), row.u64(2), true, {}, {}});
}

void read_legs(Database& db, Transit* out) {
  Query row(db, db.literal(std::string("SELECT txn_id, leg, verdict, pid, terms, player.account_id, "
                                       "coalesce(m.state, 0), coalesce(m.mv, 0) FROM hold JOIN player USING(pid)") +
                           kAccountOfPlayer + "WHERE vote = 1 AND verdict <> 2 ORDER BY txn_id, leg"));
  while (row.row()) {
    proto::TradeTerms terms;
    if (!terms.ParseFromString(row.text(4)) || terms.sides_size() != 2) continue;  // a finding of audit_trades
    const auto& mine = terms.sides(static_cast<int>(row.u32(1)));
    const auto& theirs = terms.sides(static_cast<int>(1 - row.u32(1)));
    TransitLeg leg{row_of(row, 5),
                   row.key(0),
                   row.u32(1),
                   static_cast<int>(row.i64(2)),
                   row.u64(3),
                   theirs.player_id(),
                   amounts_of(mine.give()),
                   amounts_of(theirs.give()),
                   {}};
    for (const auto& item : mine.items()) leg.items.push_back(key_of(item.item()));
    out->legs.push_back(std::move(leg));
  }
}

void read_halfway(Database& db, Transit* out) {
  std::map<std::uint64_t, TransitAccount> accounts;
  {
    Query row(db, "SELECT account_id, state, mv FROM account_move WHERE state IN (1, 2)");
    while (row.row()) accounts[row.u64(0)].row = row_of(row, 0);
  }
  for (auto& [id, account] : accounts) {
    Query row(db,
              "SELECT currency, amount FROM ("
              "SELECT 0 AS kind, pid AS owner FROM player WHERE account_id = ?1 UNION ALL "
              "SELECT 4, message_id FROM player CROSS JOIN inbox USING(pid) WHERE account_id = ?1 AND state = 0) "
              "CROSS JOIN account USING(kind, owner) WHERE account.name = '' AND amount <> 0",
              id);
    while (row.row()) account.amounts[row.text(0)] += row.i64(1);
    out->halfway.push_back(account);
  }
}

void read_items(Database& db, Transit* out) {
  Query row(db, "SELECT item_id, owner FROM item_holder WHERE kind = 3");
  while (row.row()) out->posted[row.key(0)] = row.u64(1);
}

std::string amounts_text(const Amounts& amounts, const std::vector<Key16>& items) {
  std::string text;
  for (const auto& [currency, amount] : amounts)
    text += (text.empty() ? "" : ", ") + std::to_string(amount) + " " + currency;
  for (const Key16& item : items) text += (text.empty() ? "item " : ", item ") + hex(item);
  return text.empty() ? "nothing" : text;
}

class Auditor {
 public:
  Auditor(const std::vector<Transit>& shards, const std::vector<Audit>& audits, const FateOf& fate)
      : shards_(shards), fate_(fate) {
    for (const Audit& audit : audits) {
      for (const Key16& item : audit.item_ids) places_[item].insert(audit.shard);
      for (const Key16& item : audit.moving_ids) places_[item].insert(audit.shard);
    }
  }
  std::vector<std::string> run() {
    letters();
    trades();
    moves();
    for (const Transit& shard : shards_) restored_alone_ = restored_alone_ || shard.restored_alone;
    // What a restore of one shard takes out of its accounts is balanced for moves, and for no others.
    if (!restored_alone_) compare("letters and trades under way", &Transit::in_transit, in_transit_);
    // Nobody on the move: merge_audits says whether they come to 0.
    if (halfway_ && known_) compare("moves under way", &Transit::moved, moved_);
    return std::move(lines_);
  }

 private:
  void say(const std::string& line) { lines_.push_back("transit: " + line); }
  static std::string of(std::uint64_t player, std::uint32_t shard) {
    return "player " + std::to_string(player) + " (shard " + std::to_string(shard) + ")";
  }

  std::optional<bool> flipped(const TransitRow& row) {
    const auto fate = fate_ ? fate_(row.account_id, row.move_id) : std::nullopt;
    if (!fate) return std::nullopt;
    return *fate == Fate::kFlipped;
  }
  // Of the two rows of an account on the move, the one where it is.
  bool counts(const TransitRow& row) {
    if (row.state != AccountState::kMoving && row.state != AccountState::kArriving) return true;
    return flipped(row).value_or(false) == (row.state == AccountState::kArriving);
  }

  void letters() {
    std::map<std::uint64_t, std::pair<const TransitLetter*, std::uint32_t>> sent, received;
    for (const Transit& shard : shards_) {
      for (const auto& letter : shard.sent)
        if (counts(letter.row)) sent[letter.message_id] = {&letter, shard.shard};
      for (const auto& letter : shard.received)
        if (counts(letter.row)) received[letter.message_id] = {&letter, shard.shard};
    }
    for (const auto& [id, at] : sent) {
      const auto& [letter, shard] = at;
      if (received.contains(id)) continue;
      const std::string which = "letter " + std::to_string(id) + " of " + of(letter->from, shard) + " to player " +
                                std::to_string(letter->to) + " with " + amounts_text(letter->amounts, letter->items);
      if (letter->delivered)
        say(which + " is delivered, and no shard has received it");
      else
        under_way(*letter, shard, which);
    }
    for (const auto& [id, at] : received)
      if (!sent.contains(id))
        say("letter " + std::to_string(id) + " to " + of(at.first->to, at.second) + " of player " +
            std::to_string(at.first->from) + " was sent by no shard");
  }
  // Each of its items is in the outbox, and nowhere else.
  void under_way(const TransitLetter& letter, std::uint32_t shard, const std::string& which) {
    add(&in_transit_, letter.amounts, 1);
    for (const Transit& one : shards_)
      if (one.shard == shard)
        for (const Key16& item : letter.items) {
          const auto at = one.posted.find(item);
          if (at == one.posted.end() || at->second != letter.message_id)
            say(which + " is under way, and item " + hex(item) + " is not in it");
        }
    nowhere(letter.items, which);
  }
  void nowhere(const std::vector<Key16>& items, const std::string& which) {
    for (const Key16& item : items)
      if (const auto at = places_.find(item); at != places_.end())
        for (const std::uint32_t place : at->second)
          say(which + " is under way, and item " + hex(item) + " is on shard " + std::to_string(place));
  }

  bool swapped(std::uint64_t player, const Key16& txn) const {
    for (const Transit& shard : shards_)
      for (const auto& [who, trade] : shard.swapped)
        if (who == player && trade == txn) return true;
    return false;
  }
  void trades() {
    std::map<std::pair<Key16, std::uint32_t>, std::pair<const TransitLeg*, std::uint32_t>> legs;
    for (const Transit& shard : shards_)
      for (const auto& leg : shard.legs)
        if (counts(leg.row)) legs[{leg.txn, leg.side}] = {&leg, shard.shard};
    for (const auto& [key, at] : legs) {
      const auto& [leg, shard] = at;
      if (leg->verdict == 0) continue;
      const auto other = legs.find({leg->txn, 1 - leg->side});
      const std::string which = "trade " + hex(leg->txn) + ": the leg of " + of(leg->player, shard) + " is committed";
      if (other == legs.end()) {
        if (!swapped(leg->other, leg->txn))
          say(which + ", that of player " + std::to_string(leg->other) + " is on no shard or was aborted");
        continue;
      }
      if (other->second.first->verdict != 0) continue;
      add(&in_transit_, leg->give, 1);
      add(&in_transit_, leg->get, -1);
      nowhere(leg->items, which + ", that of " + of(leg->other, other->second.second) + " is held");
    }
  }

  void moves() {
    for (const Transit& shard : shards_)
      for (const auto& account : shard.halfway) {
        halfway_ = true;
        const auto fate = flipped(account.row);
        if (!fate) {
          known_ = false;
          say("account " + std::to_string(account.row.account_id) + " is on the move on shard " +
              std::to_string(shard.shard) + ", and the directory does not know move " +
              std::to_string(account.row.move_id));
        } else if (*fate == (account.row.state == AccountState::kMoving)) {
          add(&moved_, account.amounts, -1);  // it is also where it went, or lies where it never will be
        }
      }
  }

  void compare(const char* what, Amounts Transit::*accounts, Amounts explained) {
    Amounts sum;
    std::map<std::string, std::string> places;
    for (const Transit& shard : shards_)
      for (const auto& [currency, amount] : shard.*accounts) {
        sum[currency] += amount;
        places[currency] += (places[currency].empty() ? "shard " : ", shard ") + std::to_string(shard.shard) + ": " +
                            std::to_string(amount);
      }
    for (const auto& [currency, amount] : sum) explained.try_emplace(currency, 0);
    for (const auto& [currency, amount] : explained)
      if (sum[currency] != amount)
        say(std::to_string(sum[currency]) + " " + currency + " by the accounts (" +
            (places[currency].empty() ? "none" : places[currency]) + "), " + what + " explain " +
            std::to_string(amount));
  }

  const std::vector<Transit>& shards_;
  const FateOf& fate_;
  std::map<Key16, std::set<std::uint32_t>> places_;
  Amounts in_transit_, moved_;  // explained
  bool restored_alone_ = false, halfway_ = false, known_ = true;
  std::vector<std::string> lines_;
};

Result<std::unique_ptr<Database>> open_to_read(const std::string& path) {
  auto database = Database::open({path, {}, true, false});
  if (database) (*database)->script("PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; BEGIN");
  return database;
}

}  // namespace

Transit read_transit(Database& db) {
  Transit result;
  result.shard = static_cast<std::uint32_t>(db.number("SELECT shard_id FROM shard_meta").value_or(0));
  result.restored_alone = db.number("SELECT 1 FROM restored LIMIT 1").has_value();
  read_accounts(db, &result);
  read_letters(db, &result);
  read_legs(db, &result);
  read_halfway(db, &result);
  read_items(db, &result);
  Query row(db, "SELECT pid, txn_id FROM swapped_leg");
  while (row.row()) result.swapped.emplace_back(row.u64(0), row.key(1));
  return result;
}

Result<Transit> transit_of_file(const std::string& path) try {
  auto database = open_to_read(path);
  if (!database) return tl::unexpected(database.error());
  return read_transit(**database);
} catch (const SqlTrouble& trouble) {
  return fail(trouble.busy() ? Trouble::kBusy : Trouble::kIo, path + ": " + trouble.what());
}

Result<FateOf> fates_of_file(const std::string& path, const std::vector<Transit>& shards) try {
  std::map<std::pair<std::uint64_t, std::uint64_t>, Fate> fates;
  auto database = open_to_read(path);
  if (!database) return tl::unexpected(database.error());
  for (const Transit& shard : shards)
    for (const auto& account : shard.halfway) {
      const auto fate = (*database)->number("SELECT fate FROM move WHERE account_id = ?1 AND move_id = ?2",
                                            account.row.account_id, account.row.move_id);
      if (fate) fates[{account.row.account_id, account.row.move_id}] = static_cast<Fate>(*fate);
    }
  return FateOf([fates](std::uint64_t account_id, std::uint64_t move_id) -> std::optional<Fate> {
    const auto at = fates.find({account_id, move_id});
    return at == fates.end() ? std::nullopt : std::optional<Fate>(at->second);
  });
} catch (const SqlTrouble& trouble) {
  return fail(trouble.busy() ? Trouble::kBusy : Trouble::kIo, path + ": " + trouble.what());
}

std::vector<std::string> audit_transit(const std::vector<Transit>& shards, const std::vector<Audit>& audits,
                                       const FateOf& fate) {
  return Auditor(shards, audits, fate).run();
}

}  // namespace dure::store
