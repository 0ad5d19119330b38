// A shard that is put back to a backup while the others go on, and what its agent's desk then asks of them.
#pragma once
#include <sqlite3.h>

#include <set>

#include "common/proto/operator.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/rollback.pb.h"
#include "dbagent/reconcile_rounds.h"
#include "dbagent/store/backup.h"
#include "tests/dbagent/store/by_hand.h"
#include "tests/dbagent/store/trade_fixture.h"

namespace dure::store {

class ReconcileTest : public TradeTest {
 protected:
  static constexpr const char* kNobodyCanTell = "what is held for a trade is in a letter, too";
  std::string copy_of(std::uint32_t shard) { return folder.file("copy" + std::to_string(shard)); }
  void back_up(std::uint32_t shard) {
    proto::ShardBackup request;
    request.set_shard(shard);
    request.set_backup_id(++backups);
    request.set_path(copy_of(shard));
    proto::BackupState state;
    for (int i = 0; i < 3 && state.phase() != proto::BACKUP_DONE; ++i) {
      request.set_finish(i > 0);
      state = ask<proto::BackupState>(*stores.at(shard), request, now);
      ASSERT_TRUE(stores.at(shard)->between_commits());
    }
    ASSERT_EQ(state.phase(), proto::BACKUP_DONE) << state.detail();
  }
  // What was under way to it and from it dies with its links.
  void put_back(std::uint32_t shard) {
    stores[shard].reset();
    std::erase_if(said, [&](const proto::StoreEvent& event) {
      return (event.has_vote() && (event.vote().shard() == shard || event.vote().from_shard() == shard)) ||
             (event.has_finish() && event.finish().shard() == shard);
    });
    const Restoring restoring{
        copy_of(shard), folder.file("shard" + std::to_string(shard)), "shard", "test", shard, ++generation, true};
    ASSERT_TRUE(prepare_restore(restoring));
    ASSERT_TRUE(place_restored(restoring));
    open(shard);
    between.insert(shard);
  }
  bool is_closed(std::uint32_t shard) {
    proto::ClosedQuery query;
    query.set_shard(shard);
    return on<proto::ClosedReply>(shard, query).closed();
  }

  template <class Act>
  void each_page(std::uint32_t from, proto::FactKind kind, const Act& act) {
    proto::FactsQuery query;
    query.set_shard(from);
    query.set_kind(kind);
    query.set_limit(3);
    do {
      const auto page = on<proto::Facts>(from, query);
      EXPECT_EQ(page.code(), proto::STORED);
      act(page);
      query.set_after(page.next());
    } while (!query.after().empty());
  }
  void tell(proto::Reconcile& request, std::uint32_t shard, ReconcileRounds* rounds) {
    request.set_shard(shard);
    const auto reply = on<proto::ReconcileReply>(shard, request);
    EXPECT_EQ(reply.code(), proto::STORED) << reply.detail();
    rounds->heard(request, reply);
    for (const auto& line : reply.notes()) notes.push_back(line);
  }
  // All that one shard knows, in the order of the desk.
  void hear(std::uint32_t shard, std::uint32_t from, ReconcileRounds* rounds) {
    for (const auto kind : {proto::FACT_REGISTER, proto::FACT_LEGS, proto::FACT_RECEIVED, proto::FACT_SENT})
      each_page(from, kind, [&](const proto::Facts& page) {
        proto::Reconcile request;
        request.set_from_shard(from);
        for (const auto& fact : page.trades()) {
          if (fact.undecided())
            verdict(from, fact.terms(), true);
          else
            *request.add_trades() = fact;
          const bool leg = !fact.undecided() && !fact.committed() && fact.legs_size() == 1;
          if (leg && fact.legs(0).items_size() > 0) held.emplace_back(from, fact);
        }
        *(kind == proto::FACT_SENT ? request.mutable_sent() : request.mutable_received()) = page.letters();
        tell(request, shard, rounds);
      });
  }
  static proto::OpenTrade trade_of(const proto::TradeFact& fact) {
    proto::OpenTrade trade;
    *trade.mutable_txn() = fact.terms().txn();
    trade.set_register_shard(fact.terms().register_shard());
    return trade;
  }
  // What is held elsewhere for a trade of this register, and is somewhere else as well. False: nobody can tell.
  bool hear_what_was_passed_on(std::uint32_t shard, ReconcileRounds* rounds) {
    for (auto& [from, fact] : held) {
      if (fact.terms().register_shard() != shard) continue;
      bool passed_on = is_committed(trade_of(fact)), in_a_letter = false;
      for (const auto& [other, store] : stores)
        if (other != shard) look_for_goods_of(fact, other, &passed_on, &in_a_letter);
      if (!passed_on && in_a_letter) return false;
      if (!passed_on) continue;
      proto::Reconcile request;
      request.set_from_shard(from);
      fact.set_committed(true);
      *request.add_trades() = fact;
      tell(request, shard, rounds);
    }
    return true;
  }
  void look_for_goods_of(const proto::TradeFact& fact, std::uint32_t other, bool* passed_on, bool* in_a_letter) {
    proto::ItemTraces query;
    query.set_shard(other);
    for (const auto& item : fact.legs(0).items()) *query.add_items() = item.id();
    const auto found = on<proto::ItemTracesReply>(other, query);
    const std::string mine = fact.terms().txn().SerializeAsString();
    for (const auto& trace : found.traces()) {
      *passed_on = *passed_on || trace.here();
      *in_a_letter = *in_a_letter || trace.letters_size() > 0;
      for (const auto& trade : trace.leaving())
        *passed_on = *passed_on || (trade.txn().SerializeAsString() != mine && !is_committed(trade));
      for (const auto& trade : trace.coming())
        *passed_on = *passed_on || (trade.txn().SerializeAsString() != mine && is_committed(trade));
    }
  }
  void hear_held_items(std::uint32_t shard, ReconcileRounds* rounds) {
    for (const auto& [from, fact] : std::exchange(held, {})) {
      if (is_committed(trade_of(fact))) continue;
      proto::Reconcile request;
      request.set_from_shard(from);
      for (const auto& item : fact.legs(0).items()) *request.add_items() = item.id();
      tell(request, shard, rounds);
    }
  }
  // Legs that were held at the backup, by the final words of their registers.
  void settle(std::uint32_t shard, ReconcileRounds* rounds) {
    const auto open_legs = open_holds(shard);
    for (auto hold : open_legs.holds()) {
      if (hold.shard() == shard) continue;
      hold.set_abort_if_undecided(true);
      if (finish(finish_of(hold, cast(hold))).code() == proto::STORED) rounds->got_on();
    }
    proto::Reconcile request;
    request.set_settle(true);
    tell(request, shard, rounds);
  }
  void reconcile(std::uint32_t shard) {
    ReconcileRounds rounds(shard);
    for (const auto& [other, store] : stores)
      if (other != shard) hear(shard, other, &rounds);
    if (!hear_what_was_passed_on(shard, &rounds)) return open_lines.push_back(kNobodyCanTell);
    settle(shard, &rounds);
    while (auto request = rounds.next()) {
      tell(*request, shard, &rounds);
      settle(shard, &rounds);
    }
    for (const auto& line : rounds.stuck()) open_lines.push_back(line);
    for (const auto& [other, store] : stores)
      if (other != shard)
        each_page(other, proto::FACT_ITEMS, [&](const proto::Facts& page) {
          proto::Reconcile request;
          request.set_from_shard(other);
          *request.mutable_items() = page.items();
          tell(request, shard, &rounds);
        });
    hear_held_items(shard, &rounds);
    give_back(shard, &rounds);
  }
  bool is_committed(const proto::OpenTrade& trade) {
    proto::TradeQuery query;
    query.set_shard(trade.register_shard());
    *query.mutable_txn() = trade.txn();
    return on<proto::TradeRecord>(trade.register_shard(), query).committed();
  }
  // Nothing happens between two looks here.
  void give_back(std::uint32_t shard, ReconcileRounds* rounds) {
    proto::ItemsLetGo query;
    query.set_shard(shard);
    const auto gone = on<proto::ItemsLetGoReply>(shard, query);
    std::vector<bool> found(static_cast<std::size_t>(gone.items_size()));
    std::vector<proto::NobodysItem> nobodys(found.size());
    for (const auto& [other, store] : stores) {
      if (other == shard) continue;
      proto::ItemTraces traces;
      traces.set_shard(other);
      *traces.mutable_items() = gone.items();
      const auto reply = on<proto::ItemTracesReply>(other, traces);
      ASSERT_EQ(reply.traces_size(), gone.items_size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        const auto& trace = reply.traces(static_cast<int>(i));
        found[i] = found[i] || trace.here();
        nobodys[i].mutable_letters()->MergeFrom(trace.letters());
        for (const auto& trade : trace.leaving()) found[i] = found[i] || !is_committed(trade);
        for (const auto& trade : trace.coming()) found[i] = found[i] || is_committed(trade);
      }
    }
    proto::Reconcile request;
    request.set_from_shard(shard);
    for (std::size_t i = 0; i < found.size(); ++i) {
      *nobodys[i].mutable_item() = gone.items(static_cast<int>(i));
      if (!found[i]) *request.add_give_back() = nobodys[i];
    }
    tell(request, shard, rounds);
  }
  proto::OpenShardReply open_again(std::uint32_t shard, const std::string& by = {}) {
    proto::OpenShard request;
    request.set_shard(shard);
    request.set_by(by);
    for (const auto& line : open_lines) request.add_open(line);
    for (const auto& line : notes) request.add_notes(line);
    between.erase(shard);
    return on<proto::OpenShardReply>(shard, request);
  }

  // ── items ──
  using ItemIds = std::set<std::uint64_t>;
  // Wherever it is, also between two holders.
  ItemIds items_on(std::uint32_t shard) {
    ItemIds items;
    Query row(stores.at(shard)->database(), "SELECT item_id FROM item");
    while (row.row()) {
      proto::Uid id;
      put(row.key(0), &id);
      items.insert(id.low());
    }
    return items;
  }
  ItemIds items_on_all() {
    ItemIds all;
    for (const auto& [shard, store] : stores) all.merge(items_on(shard));
    return all;
  }
  // That crossed between another shard and somebody, as that one knows it.
  ItemIds items_that_crossed(std::uint32_t other) {
    ItemIds items;
    for (const auto kind : {proto::FACT_LEGS, proto::FACT_RECEIVED, proto::FACT_SENT})
      each_page(other, kind, [&](const proto::Facts& page) {
        for (const auto& fact : page.trades())
          for (const auto& side : fact.terms().sides())
            for (const auto& given : side.items())
              if (fact.committed()) items.insert(given.item().low());
        for (const auto& letter : page.letters())
          for (const auto& item : letter.items()) items.insert(item.id().low());
      });
    return items;
  }

  // ── letters ──
  static std::uint32_t home_of(std::uint64_t player) { return player <= 2 ? 1 : player <= 4 ? 2 : 3; }
  // As the relay does: everything that waits is delivered and marked, or the answers to it are lost.
  void relay(std::uint32_t shard, bool heard = true) {
    proto::OutboxQuery query;
    query.set_shard(shard);
    const auto waiting = on<proto::OutboxReply>(shard, query);
    for (auto letter : waiting.pending()) {
      letter.set_shard(home_of(letter.player_id()));
      const auto reply = on<proto::DeliverReply>(letter.shard(), letter);
      if (reply.code() != proto::STORED || !heard) continue;
      proto::OutboxSent sent;
      sent.set_shard(shard);
      sent.set_message_id(letter.message_id());
      EXPECT_EQ(on<proto::StoreReply>(shard, sent).code(), proto::STORED);
    }
  }

  std::int64_t number(std::uint32_t shard, const std::string& sql) {
    sqlite3* db = nullptr;
    stores.at(shard);
    open_by_hand(folder.file("shard" + std::to_string(shard)).c_str(), &db);
    sqlite3_stmt* row = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db, sql.c_str(), -1, &row, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    const std::int64_t value = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int64(row, 0) : 0;
    sqlite3_finalize(row);
    sqlite3_close(db);
    return value;
  }
  // Of stopped shards: the stores hold their files exclusively.
  void stop_all() {
    for (auto& [shard, store] : stores) store.reset();
  }
  void expect_whole() {
    std::vector<Audit> audits;
    std::int64_t transit = 0, waiting = 0;
    for (const auto& [shard, store] : stores) {
      auto audited = audit_file(folder.file("shard" + std::to_string(shard)));
      ASSERT_TRUE(audited);
      audits.push_back(std::move(*audited));
      transit += number(shard, "SELECT coalesce(sum(amount), 0) FROM account WHERE kind = 3");
      waiting += number(shard, "SELECT count(*) FROM outbox WHERE state = 0");
      waiting += number(shard, "SELECT count(*) FROM hold WHERE finished = 0");
    }
    const Audit merged = merge_audits(audits);
    EXPECT_TRUE(merged.clean()) << audit_line(merged) << "\n" << (merged.findings.empty() ? "" : merged.findings[0]);
    EXPECT_EQ(waiting, 0);
    EXPECT_EQ(transit, 0) << "what left one shard is what came to another";
  }

  std::uint64_t backups = 0, generation = 10;
  std::vector<std::string> open_lines, notes;
  std::vector<std::pair<std::uint32_t, proto::TradeFact>> held;  // legs, from which shard
};

}  // namespace dure::store
