#include "tests/process/ledger_oracle.h"

#include <sqlite3.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <tuple>

namespace dure::test {
namespace {

using nlohmann::json;
using Player = std::uint64_t;
using Amounts = std::map<std::string, std::int64_t>;

// The numbers that rows are written with.
constexpr int kPlayersBag = 0, kSink = 2;
constexpr int kCommit = 1, kAbort = 2;
const std::set<std::string> kRequestReasons = {"shop.buy", "shop.sell", "item.use"};

std::string to_text(const Amounts& amounts, const std::set<std::string>& items) {
  std::string text;
  for (const auto& [name, value] : amounts)
    if (value != 0) text += name + ":" + std::to_string(value) + " ";
  for (const auto& item : items) text += item + " ";
  return text;
}

// ── what a bot was told ─────────────────────────────────────────────────────────────────────────────────────

struct Request {
  std::string key;
  bool trade = false;
  bool refused = false;          // nothing was done, for certain
  std::uint64_t told_epoch = 0;  // of the OK; 0: none
  bool committed = false, aborted = false;
};

struct Told {
  std::map<std::pair<Player, std::uint64_t>, Request> requests;             // by creq
  std::map<std::pair<Player, std::uint64_t>, std::uint64_t> saved;          // by epoch: up to
  std::map<std::string, std::map<Player, std::pair<bool, bool>>> verdicts;  // by trade: told committed, told aborted
};

std::string trade_key(Player me, Player with, const std::string& gives, const std::string& gets) {
  return std::to_string(me) + " to " + std::to_string(with) + ": " + gives + "for " + gets;
}

std::set<std::string> texts(const json& list) {
  const auto all = list.get<std::vector<std::string>>();
  return {all.begin(), all.end()};
}

// Codes that leave open what became of it: it may run still, or was done before.
bool says_nothing(const std::string& code) {
  static const std::set<std::string> kOpen = {"BUSY", "SUPERSEDED", "CONFLICT", "ERROR"};
  return kOpen.count(code) != 0;
}

Told read_history(const std::string& path) {
  Told told;
  std::ifstream in(path);
  if (!in) throw std::runtime_error("no history " + path);
  for (std::string text; std::getline(in, text);) {
    const json line = json::parse(text);
    const std::string did = line["did"];
    const Player player = line["player"];
    const std::uint64_t epoch = line["epoch"], creq = line["creq"];
    if (did == "saved") {
      std::uint64_t& up_to = told.saved[{player, epoch}];
      up_to = std::max(up_to, creq);
      continue;
    }
    Request& request = told.requests[{player, creq}];
    if (did == "ask") {
      const auto removed = texts(line["removed"]);
      request.key = std::to_string(player) + ": " + to_text(line["balances"].get<Amounts>(), removed) + "new " +
                    std::to_string(line["fresh"].get<int>());
    } else if (did == "agree") {
      request.trade = true;
      request.key = trade_key(player, line["with"], to_text(line["give"].get<Amounts>(), texts(line["gives"])),
                              to_text(line["get"].get<Amounts>(), texts(line["gets"])));
    } else if (did == "told") {
      if (line["code"] == "OK")
        request.told_epoch = epoch;
      else if (!says_nothing(line["code"]))
        request.refused = true;
    } else if (did == "void") {
      request.refused = true;
    } else if (did == "settled") {
      (line["committed"] ? request.committed : request.aborted) = true;
      auto& heard = told.verdicts[line["txn"]][player];
      (line["committed"] ? heard.first : heard.second) = true;
    }
  }
  return told;
}

// ── what is in the files ────────────────────────────────────────────────────────────────────────────────────

class File {
 public:
  explicit File(const std::string& path) {
    if (sqlite3_open_v2(path.c_str(), &db_, SQLITE_OPEN_READWRITE, nullptr) != SQLITE_OK) trouble(path);
  }
  ~File() { sqlite3_close(db_); }
  File(const File&) = delete;
  void each(const char* sql, const std::function<void(sqlite3_stmt*)>& row) {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql, -1, &statement, nullptr) != SQLITE_OK) trouble(sql);
    int step = SQLITE_DONE;
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) row(statement);
    sqlite3_finalize(statement);
    if (step != SQLITE_DONE) trouble(sql);
  }

 private:
  [[noreturn]] void trouble(const std::string& what) {
    throw std::runtime_error(what + ": " + (db_ == nullptr ? "no memory" : sqlite3_errmsg(db_)));
  }
  sqlite3* db_ = nullptr;
};

std::uint64_t number(sqlite3_stmt* row, int column) {
  return static_cast<std::uint64_t>(sqlite3_column_int64(row, column));
}
std::string text(sqlite3_stmt* row, int column) {
  return reinterpret_cast<const char*>(sqlite3_column_text(row, column));
}

// What one operation did, all its ledger transactions together.
struct Done {
  std::string reason;
  std::map<Player, Amounts> taken, given;       // of players' own accounts, both as positive numbers
  std::map<Player, std::set<std::string>> got;  // items that came into players' bags
  std::set<std::string> sunk;
  int transactions = 0;
};

struct Leg {
  Player player = 0;
  std::tuple<Player, std::uint64_t, std::uint64_t> operation;  // player, epoch, pseq
  bool yes = false, finished = false;
  int verdict = 0;
  int shard = 0;
  int rows = 0;
};

struct Kept {
  std::map<std::tuple<Player, std::uint64_t, std::uint64_t>, Done> operations;
  std::map<std::string, std::map<int, Leg>> legs;
  struct Decision {
    int verdict = 0, rows = 0;
    bool swapped = false;
  };
  std::map<std::string, Decision> decisions;
  Amounts transit;  // of all shards together
};

void read_shard(const std::string& path, int shard, Kept* kept) {
  File file(path);
  std::map<std::uint64_t, Done*> by_txn;
  file.each("SELECT txn, pid, epoch, pseq, reason FROM ledger_txn WHERE pseq > 0", [&](sqlite3_stmt* row) {
    Done& done = kept->operations[{number(row, 1), number(row, 2), number(row, 3)}];
    done.reason = text(row, 4);
    ++done.transactions;
    by_txn[number(row, 0)] = &done;
  });
  file.each(
      "SELECT txn, owner, currency, ledger_entry.amount FROM ledger_entry JOIN account ON account.id = account "
      "WHERE kind = 0",
      [&](sqlite3_stmt* row) {
        const auto at = by_txn.find(number(row, 0));
        if (at == by_txn.end()) return;
        const std::int64_t amount = sqlite3_column_int64(row, 3);
        (amount < 0 ? at->second->taken : at->second->given)[number(row, 1)][text(row, 2)] += std::abs(amount);
      });
  file.each("SELECT txn, kind, owner, lower(hex(item_id)) FROM item_history", [&](sqlite3_stmt* row) {
    const auto at = by_txn.find(number(row, 0));
    if (at == by_txn.end()) return;
    const auto kind = static_cast<int>(number(row, 1));
    if (kind == kPlayersBag) at->second->got[number(row, 2)].insert(text(row, 3));
    if (kind == kSink) at->second->sunk.insert(text(row, 3));
  });
  file.each("SELECT lower(hex(txn_id)), leg, pid, epoch, pseq, vote, finished, verdict FROM hold",
            [&](sqlite3_stmt* row) {
              Leg& leg = kept->legs[text(row, 0)][static_cast<int>(number(row, 1))];
              leg.player = number(row, 2);
              leg.operation = {leg.player, number(row, 3), number(row, 4)};
              leg.yes = number(row, 5) == 1;
              leg.finished = number(row, 6) == 1;
              leg.verdict = static_cast<int>(number(row, 7));
              leg.shard = shard;
              ++leg.rows;
            });
  file.each("SELECT currency, amount FROM account WHERE kind = 3",
            [&](sqlite3_stmt* row) { kept->transit[text(row, 0)] += sqlite3_column_int64(row, 1); });
  file.each("SELECT lower(hex(txn_id)), verdict, swapped FROM decision", [&](sqlite3_stmt* row) {
    Kept::Decision& decision = kept->decisions[text(row, 0)];
    decision.verdict = static_cast<int>(number(row, 1));
    decision.swapped = number(row, 2) == 1;
    ++decision.rows;
  });
}

// ── the two beside each other ───────────────────────────────────────────────────────────────────────────────

using Counts = std::map<std::string, std::uint64_t>;

const Amounts& amounts_of(const std::map<Player, Amounts>& all, Player player) {
  static const Amounts kNone;
  const auto at = all.find(player);
  return at == all.end() ? kNone : at->second;
}

std::set<std::string> items_of(const std::map<Player, std::set<std::string>>& all, Player player) {
  const auto at = all.find(player);
  return at == all.end() ? std::set<std::string>() : at->second;
}

void count_request(const Player player, const Done& done, Counts* found) {
  Amounts deltas;
  for (const auto& [name, value] : amounts_of(done.given, player)) deltas[name] += value;
  for (const auto& [name, value] : amounts_of(done.taken, player)) deltas[name] -= value;
  ++(*found)[std::to_string(player) + ": " + to_text(deltas, done.sunk) + "new " +
             std::to_string(items_of(done.got, player).size())];
}

void count_trade(Player one, const Done& by_one, Player two, const Done& by_two, Counts* found,
                 std::vector<std::string>* wrong) {
  const std::string first = to_text(amounts_of(by_one.taken, one), items_of(by_two.got, two));
  const std::string second = to_text(amounts_of(by_two.taken, two), items_of(by_one.got, one));
  ++(*found)[trade_key(one, two, first, second)];
  ++(*found)[trade_key(two, one, second, first)];
  if (amounts_of(by_one.given, one) != amounts_of(by_two.taken, two) ||
      amounts_of(by_two.given, two) != amounts_of(by_one.taken, one))
    wrong->push_back(trade_key(one, two, first, second) + ": one got what the other did not give");
}

// Whom a SWAP touched: its ledger transaction is both players' together.
std::set<Player> players_of(const Done& done) {
  std::set<Player> players;
  for (const auto* side : {&done.taken, &done.given})
    for (const auto& [player, amounts] : *side) players.insert(player);
  for (const auto& [player, items] : done.got) players.insert(player);
  return players;
}

void look_at_legs(const Kept& kept, Judgement* judgement, Counts* found) {
  auto& wrong = judgement->wrong;
  for (const auto& [txn, decision] : kept.decisions) {
    if (decision.rows != 1) wrong.push_back("trade " + txn + " is decided on two shards");
    if (decision.verdict == kAbort) ++judgement->aborted;
    if (decision.swapped) ++judgement->swapped;
    if (decision.verdict != kCommit || decision.swapped) continue;
    const auto at = kept.legs.find(txn);
    if (at == kept.legs.end() || at->second.size() != 2) {
      wrong.push_back("trade " + txn + " is committed and has not two legs");
      continue;
    }
    const Leg &one = at->second.at(0), &two = at->second.at(1);
    if (one.shard != two.shard) ++judgement->across_shards;
    const auto operation = [&](const Leg& leg) -> const Done& {
      static const Done kNone;
      const auto done = kept.operations.find(leg.operation);
      return done == kept.operations.end() ? kNone : done->second;
    };
    count_trade(one.player, operation(one), two.player, operation(two), found, &wrong);
  }
  for (const auto& [txn, legs] : kept.legs) {
    const auto decision = kept.decisions.find(txn);
    const int verdict = decision == kept.decisions.end() || decision->second.swapped ? 0 : decision->second.verdict;
    for (const auto& [side, leg] : legs) {
      if (leg.rows != 1) wrong.push_back("trade " + txn + " has side " + std::to_string(side) + " twice");
      if (!leg.finished) wrong.push_back("trade " + txn + " is still held");
      if (leg.yes && leg.finished && leg.verdict != verdict)
        wrong.push_back("trade " + txn + " ended other than it was decided");
      if (!leg.yes && verdict == kCommit) wrong.push_back("trade " + txn + " is committed over a NO");
    }
  }
}

Counts look_at_ledger(const Kept& kept, Judgement* judgement) {
  Counts found;
  std::set<std::tuple<Player, std::uint64_t, std::uint64_t>> legs;
  for (const auto& [txn, both] : kept.legs)
    for (const auto& [side, leg] : both)
      if (leg.yes) legs.insert(leg.operation);
  std::uint64_t swaps = 0;
  for (const auto& [key, done] : kept.operations) {
    const Player player = std::get<0>(key);
    if (kRequestReasons.count(done.reason)) {
      if (done.transactions != 1) judgement->wrong.push_back("an operation of " + std::to_string(player) + " twice");
      count_request(player, done, &found);
    } else if (const auto players = players_of(done); players.size() == 2 && legs.count(key) == 0) {
      ++swaps;
      const Player other = *players.begin() == player ? *players.rbegin() : *players.begin();
      count_trade(player, done, other, done, &found, &judgement->wrong);
    }
  }
  look_at_legs(kept, judgement, &found);
  if (swaps != judgement->swapped)
    judgement->wrong.push_back(std::to_string(judgement->swapped) + " trades were swapped, the ledger has " +
                               std::to_string(swaps));
  return found;
}

void look_at_verdicts(const Told& told, const Kept& kept, Judgement* judgement) {
  for (const auto& [txn, players] : told.verdicts) {
    const auto at = kept.decisions.find(txn);
    const int verdict = at == kept.decisions.end() ? 0 : at->second.verdict;
    for (const auto& [player, heard] : players)
      if ((heard.first && verdict != kCommit) || (heard.second && verdict != kAbort))
        judgement->wrong.push_back(
            "trade " + txn + ": " + std::to_string(player) + " was told " + (heard.first ? "COMMIT" : "ABORT") +
            (heard.second && heard.first ? " and ABORT" : "") + ", decided is " + std::to_string(verdict));
  }
}

}  // namespace

Judgement judge(const std::string& history, const std::vector<std::string>& shards) {
  const Told told = read_history(history);
  Kept kept;
  for (std::size_t i = 0; i < shards.size(); ++i) read_shard(shards[i], static_cast<int>(i), &kept);
  Judgement judgement;
  const Counts found = look_at_ledger(kept, &judgement);
  look_at_verdicts(told, kept, &judgement);
  for (const auto& [name, amount] : kept.transit)
    if (amount != 0) judgement.wrong.push_back(std::to_string(amount) + " " + name + " is between the shards for ever");

  struct Bounds {
    std::uint64_t told = 0, unknown = 0;
    bool trade = false;
  };
  std::map<std::string, Bounds> bounds;
  for (const auto& [id, request] : told.requests) {
    const auto& [player, creq] = id;
    const auto up_to = told.saved.find({player, request.told_epoch});
    const bool saved = request.told_epoch != 0 && up_to != told.saved.end() && creq <= up_to->second;
    Judgement::Count& count = request.trade ? judgement.trades : judgement.requests;
    Bounds& bound = bounds[request.key];
    bound.trade = request.trade;
    if (request.trade ? request.committed : saved) {
      ++bound.told, ++count.told;
      if (request.refused || request.aborted)
        judgement.wrong.push_back("creq " + std::to_string(creq) + " of " + request.key + " was told both ways");
    } else if (request.refused || request.aborted) {
      ++count.refused;
    } else {
      ++bound.unknown, ++count.unknown;
    }
  }
  for (const auto& [key, times] : found) bounds[key];
  for (const auto& [key, bound] : bounds) {
    const auto at = found.find(key);
    const std::uint64_t times = at == found.end() ? 0 : at->second;
    if (times < bound.told || times > bound.told + bound.unknown)
      judgement.wrong.push_back(key + ": told " + std::to_string(bound.told) + ", unknown " +
                                std::to_string(bound.unknown) + ", in the ledger " + std::to_string(times));
    if (times > bound.told) (bound.trade ? judgement.trades : judgement.requests).unknown_done += times - bound.told;
  }
  return judgement;
}

}  // namespace dure::test
