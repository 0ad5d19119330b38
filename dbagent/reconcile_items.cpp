// The desk's part about items: what was given on proves the trade that brought it, what others have leaves the restored
// shard, and what was let go there and nobody has is given back.
#include <algorithm>
#include <utility>

#include "common/base/ids.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/rollback.pb.h"
#include "dbagent/reconcile_run.h"

namespace dure {
namespace {

proto::OpenTrade trade_of(const proto::TradeFact& fact) {
  proto::OpenTrade trade;
  *trade.mutable_txn() = fact.terms().txn();
  trade.set_register_shard(fact.terms().register_shard());
  return trade;
}

}  // namespace

Task<bool> ReconcileDesk::hear_items(Run& run, std::uint32_t other) {
  proto::FactsQuery query;
  query.set_shard(other);
  query.set_kind(proto::FACT_ITEMS);
  proto::Facts page;
  for (bool more = true; more;) {
    if (!co_await read_facts(&query, &page, &more)) co_return false;
    proto::Reconcile request;
    request.set_from_shard(other);
    *request.mutable_items() = page.items();
    if (!co_await tell(run, std::move(request))) co_return false;
  }
  co_return true;
}

// Nobody: two looks at all the others, and no change between them. While anything is left open, it may still bring one:
// then people are told of it, who may open the shard without it.
Task<bool> ReconcileDesk::give_back(Run& run) {
  const bool clean = run.open.empty();
  proto::ItemsLetGo query;
  query.set_shard(run.shard);
  for (;;) {
    const Result<proto::ItemsLetGoReply> page = co_await ask<proto::ItemsLetGoReply>(agent_.id(), query);
    if (!page || page->code() != proto::STORED) co_return false;
    if (page->items_size() == 0) co_return true;
    *query.mutable_after() = page->items(page->items_size() - 1);
    Traces first, second;
    if (!co_await trace(run, *page, &first)) co_return false;
    if (!co_await trace(run, *page, &second)) co_return false;
    proto::Reconcile request;
    request.set_shard(run.shard);
    request.set_from_shard(run.shard);
    for (int i = 0; i < page->items_size(); ++i) {
      const Trace& look = first[static_cast<std::size_t>(i)];
      const Trace& again = second[static_cast<std::size_t>(i)];
      if (look.here || again.here) continue;
      proto::NobodysItem nobodys;
      *nobodys.mutable_item() = page->items(i);
      for (const auto& letter : look.letters) *nobodys.add_letters() = letter;
      for (const auto& letter : again.letters) *nobodys.add_letters() = letter;
      if (look.changes != again.changes)
        run.leave_open("an item that was here is on its way between other shards: it is tried again");
      else
        *request.add_give_back() = nobodys;
    }
    if (request.give_back_size() == 0) continue;
    if (clean && !co_await others_are_open(run)) co_return false;
    if (!run.open.empty()) {
      run.leave_open(std::to_string(request.give_back_size()) +
                     " items that were let go here are on no shard: they come back once nothing else is open");
      continue;
    }
    const Result<proto::ReconcileReply> done = co_await ask<proto::ReconcileReply>(agent_.id(), request);
    if (!done || done->code() != proto::STORED) co_return false;
    run.redone += done->redone();
    for (const auto& line : done->notes()) run.note(line);
    for (const auto& waits : done->waiting()) run.leave_open("an item that nobody has: " + waits.why());
  }
}

// One that was put back, too, knows what it had only once it has heard the others itself.
Task<bool> ReconcileDesk::others_are_open(Run& run) {
  for (const std::uint32_t other : run.others) {
    proto::ClosedQuery query;
    query.set_shard(other);
    const NodeId there = agent_.shard_agent(other);
    const Result<proto::ClosedReply> state = co_await ask<proto::ClosedReply>(there, query);
    if (!state || state->code() != proto::STORED) co_return false;
    if (state->closed() && state->rounds() == 0)
      run.leave_open("shard " + std::to_string(other) + " is closed, too: it is tried again");
  }
  co_return true;
}

Task<bool> ReconcileDesk::trace(Run& run, const proto::ItemsLetGoReply& items, Traces* traces) {
  traces->assign(static_cast<std::size_t>(items.items_size()), {});
  for (const std::uint32_t other : run.others) {
    proto::ItemTraces query;
    query.set_shard(other);
    *query.mutable_items() = items.items();
    const NodeId there = agent_.shard_agent(other);
    const Result<proto::ItemTracesReply> found = co_await ask<proto::ItemTracesReply>(there, query);
    if (!found || found->code() != proto::STORED || found->traces_size() != items.items_size()) co_return false;
    for (int i = 0; i < found->traces_size(); ++i) {
      const proto::ItemTrace& trace = found->traces(i);
      auto& [here, changes, letters] = (*traces)[static_cast<std::size_t>(i)];
      here = here || trace.here();
      changes += trace.changes();
      letters.insert(letters.end(), trace.letters().begin(), trace.letters().end());
      for (const auto& trade : trace.leaving()) {
        bool gone = false;
        if (!here && !co_await is_committed(trade, &gone)) co_return false;
        here = here || !gone;
      }
      for (const auto& trade : trace.coming())
        if (!here && !co_await is_committed(trade, &here)) co_return false;
    }
  }
  co_return true;
}

// Who gives and who gets hear of it one after the other: what is held for a trade that is committed is no longer there,
// and what it brings is, whether it is there yet or not. All that the restored shard's own register left open is
// decided by now.
Task<bool> ReconcileDesk::is_committed(const proto::OpenTrade& trade, bool* committed) {
  proto::TradeQuery query;
  query.set_shard(trade.register_shard());
  *query.mutable_txn() = trade.txn();
  const NodeId there = agent_.shard_agent(trade.register_shard());
  const Result<proto::TradeRecord> record = co_await ask<proto::TradeRecord>(there, query);
  if (!record) co_return false;
  *committed = record->code() == proto::STORED && record->committed();
  co_return true;
}

// What this register forgot and no row tells: whoever got an item may have given it on, here and then elsewhere, while
// the giver's leg had not heard of it. Then it is held there, and is somewhere else as well. What the register
// remembers is finished now, too, before what was given on of it.
Task<bool> ReconcileDesk::hear_what_was_passed_on(Run& run, bool* clear) {
  *clear = true;
  for (const auto& [from, fact] : run.held) {
    if (fact.terms().register_shard() != run.shard) continue;
    bool passed_on = false, in_a_letter = false;
    if (!co_await is_committed(trade_of(fact), &passed_on)) co_return false;
    if (!passed_on && !co_await was_passed_on(run, fact, &passed_on, &in_a_letter)) co_return false;
    if (!passed_on && in_a_letter) {
      *clear = false;
      run.leave_open("an item that is held for trade " + hex128(fact.terms().txn().high(), fact.terms().txn().low()) +
                     " is in a letter, too: it is tried again");
    }
    if (!passed_on) continue;
    proto::Reconcile request;
    request.set_from_shard(from);
    proto::TradeFact* proven = request.add_trades();
    *proven = fact;
    proven->set_committed(true);
    if (!co_await tell(run, std::move(request))) co_return false;
  }
  co_return true;
}

Task<bool> ReconcileDesk::was_passed_on(Run& run, const proto::TradeFact& fact, bool* passed_on, bool* in_a_letter) {
  const auto is_another = [&](const proto::OpenTrade& trade) {
    return trade.txn().high() != fact.terms().txn().high() || trade.txn().low() != fact.terms().txn().low();
  };
  for (const std::uint32_t other : run.others) {
    proto::ItemTraces query;
    query.set_shard(other);
    for (const auto& item : fact.legs(0).items()) *query.add_items() = item.id();
    const NodeId there = agent_.shard_agent(other);
    const Result<proto::ItemTracesReply> found = co_await ask<proto::ItemTracesReply>(there, query);
    if (!found || found->code() != proto::STORED) co_return false;
    for (const auto& trace : found->traces()) {
      *passed_on = *passed_on || trace.here();
      // Of one that is committed, and of a letter, it may have left: perhaps to whom it is held by.
      for (const auto& trade : trace.leaving()) {
        bool left = true;
        if (is_another(trade) && !co_await is_committed(trade, &left)) co_return false;
        *passed_on = *passed_on || !left;
      }
      for (const auto& trade : trace.coming())
        if (is_another(trade) && !*passed_on && !co_await is_committed(trade, passed_on)) co_return false;
      if (trace.letters_size() > 0) *in_a_letter = true;
    }
  }
  co_return true;
}

// By now every trade of this register is decided. What is held for one that is not COMMIT is there.
Task<bool> ReconcileDesk::hear_held_items(Run& run) {
  for (const auto& [from, fact] : run.held) {
    bool committed = false;
    if (!co_await is_committed(trade_of(fact), &committed)) co_return false;
    if (committed) continue;
    proto::Reconcile request;
    request.set_from_shard(from);
    for (const auto& item : fact.legs(0).items()) *request.add_items() = item.id();
    if (!co_await tell(run, std::move(request))) co_return false;
  }
  co_return true;
}

Task<bool> ReconcileDesk::audit_items(Run& run, std::uint32_t other, const Items& here) {
  proto::FactsQuery query;
  query.set_shard(other);
  query.set_kind(proto::FACT_ITEMS);
  proto::Facts page;
  for (bool more = true; more;) {
    if (!co_await read_facts(&query, &page, &more)) co_return false;
    for (const auto& item : page.items())
      if (here.contains({item.high(), item.low()}))
        run.leave_open("an item of shard " + std::to_string(run.shard) + " is on shard " + std::to_string(other));
  }
  co_return true;
}

}  // namespace dure
