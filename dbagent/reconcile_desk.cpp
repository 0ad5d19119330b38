#include "dbagent/reconcile_desk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/proto/dbagent.pb.h"
#include "common/proto/operator.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/trade.pb.h"
#include "dbagent/agent.h"
#include "dbagent/reconcile_run.h"
#include "dbagent/trade_desk.h"

namespace dure {

ReconcileDesk::ReconcileDesk(Agent& agent) : agent_(agent) {
  for (const std::uint32_t shard : agent.identity().shards) shards_[shard];
}
ReconcileDesk::~ReconcileDesk() = default;

std::size_t ReconcileDesk::closed() const {
  return static_cast<std::size_t>(
      std::count_if(shards_.begin(), shards_.end(), [](const auto& one) { return one.second.closed; }));
}

void ReconcileDesk::tick() {
  for (auto& [number, shard] : shards_) {
    if (shard.known_open || shard.running || agent_.now() < shard.due || agent_.stopping()) continue;
    shard.running = true;
    agent_.spawn(look(number));
  }
}

Task<void> ReconcileDesk::look(std::uint32_t number) {
  proto::ClosedQuery query;
  query.set_shard(number);
  const Result<proto::ClosedReply> state = co_await ask<proto::ClosedReply>(agent_.id(), query);
  Shard& shard = shards_.at(number);
  if (state && state->code() == proto::STORED) {
    if (state->closed() && !shard.closed)
      agent_.log().event(LogLevel::kWarning, "shard.closed",
                         {{"shard", number}, {"why", "restored alone"}, {"rounds", state->rounds()}});
    shard.known_open = !state->closed();
    shard.closed = state->closed();
  }
  if (shard.closed && !shard.known_open) {
    const bool through = co_await reconcile(number);
    if (!through)
      agent_.log().event(LogLevel::kWarning, "shard.waits",
                         {{"shard", number}, {"why", "not every other shard answers"}});
  }
  shard.running = false;
  shard.due = agent_.now() + (shard.closed ? kAgain : seconds(1));
}

Task<bool> ReconcileDesk::reconcile(std::uint32_t number) {
  Run run(number);
  const proto::ShardsQuery query;
  const Result<proto::ShardsReply> known = co_await ask<proto::ShardsReply>(agent_.directory_agent(), query);
  if (!known || known->code() != proto::STORED) co_return false;
  for (const auto& shard : known->shards())
    if (shard.shard() != number) run.others.push_back(shard.shard());
  for (const std::uint32_t other : run.others)
    if (!agent_.shard_agent(other)) co_return false;
  if (!co_await turn_moves_back(run)) co_return false;
  if (!co_await settle_accounts(run)) co_return false;
  if (!co_await settle_halfway(run)) co_return false;
  if (!co_await bring_back(run)) co_return false;
  if (!co_await settle_names(run)) co_return false;
  bool quiet = false;
  if (!co_await nobody_moves(run, &quiet)) co_return false;
  if (!quiet) {
    run.leave_open("accounts are on the move between other shards: it is tried again");
    co_return co_await open(run);
  }
  for (const std::uint32_t other : run.others)
    if (!co_await hear(run, other)) co_return false;
  // Who moves meanwhile is perhaps heard on none of them: what is decided next is decided for good.
  if (!co_await nobody_began(run, &quiet)) co_return false;
  if (!quiet) co_return co_await open(run);
  if (!co_await hear_what_was_passed_on(run, &quiet)) co_return false;
  if (!quiet) co_return co_await open(run);
  if (!co_await end_holds(run)) co_return false;
  while (std::optional<proto::Reconcile> next = run.rounds.next()) {
    if (!co_await tell(run, std::move(*next))) co_return false;
    if (!co_await end_holds(run)) co_return false;
  }
  for (const std::string& line : run.rounds.stuck()) run.leave_open(line);
  for (const std::uint32_t other : run.others)
    if (!co_await hear_items(run, other)) co_return false;
  if (!co_await hear_held_items(run)) co_return false;
  if (!co_await give_back(run)) co_return false;
  if (!co_await balance_moves(run)) co_return false;
  if (!co_await audit(run)) co_return false;
  if (!co_await nobody_began(run, &quiet)) co_return false;
  co_return co_await open(run);
}

Task<bool> ReconcileDesk::turn_moves_back(Run& run) {
  const proto::OpenMovesQuery query;
  const NodeId directory = agent_.directory_agent();
  const Result<proto::OpenMovesReply> open = co_await ask<proto::OpenMovesReply>(directory, query);
  if (!open || open->code() != proto::STORED) co_return false;
  for (const auto& move : open->moves()) {
    if (move.source() != run.shard && move.target() != run.shard) continue;
    proto::MoveAbort abort;
    abort.set_account_id(move.account_id());
    abort.set_move_id(move.move_id());
    const Result<proto::MoveReply> done = co_await ask<proto::MoveReply>(directory, abort);
    if (!done) co_return false;  // EXPECTED_OTHER: it was decided meanwhile
  }
  co_return true;
}

Task<bool> ReconcileDesk::settle_accounts(Run& run) {
  std::set<std::uint64_t> mapped;
  const NodeId directory = agent_.directory_agent();
  proto::AccountsOfShard map;
  map.set_shard(run.shard);
  map.set_limit(10'000);
  for (bool more = true; more;) {
    const Result<proto::AccountsOfShardReply> page = co_await ask<proto::AccountsOfShardReply>(directory, map);
    if (!page || page->code() != proto::STORED) co_return false;
    for (const std::uint64_t account : page->account_ids()) mapped.insert(account);
    more = page->account_ids_size() > 0;
    if (more) map.set_after(page->account_ids(page->account_ids_size() - 1));
  }
  proto::AccountsHere here;
  here.set_shard(run.shard);
  for (bool more = true; more;) {
    const Result<proto::AccountsHereReply> page = co_await ask<proto::AccountsHereReply>(agent_.id(), here);
    if (!page || page->code() != proto::STORED) co_return false;
    more = page->account_ids_size() > 0;
    if (more) here.set_after(page->account_ids(page->account_ids_size() - 1));
    for (const std::uint64_t account : page->account_ids()) {
      if (account == 0 || mapped.contains(account)) continue;
      proto::MoveQuery query;
      query.set_account_id(account);
      const Result<proto::MoveReply> move = co_await ask<proto::MoveReply>(directory, query);
      if (!move) co_return false;
      if (move->code() == proto::STORED && move->shard() == run.shard) continue;
      if (move->code() != proto::STORED || move->move().move_id() == 0) {
        run.leave_open("account " + std::to_string(account) + " is not known to the directory");
        continue;
      }
      proto::GiveUpAccount request;
      request.set_shard(run.shard);
      *request.mutable_move() = move->move();
      request.mutable_move()->set_target(move->shard());
      const Result<proto::ReconcileReply> done = co_await ask<proto::ReconcileReply>(agent_.id(), request);
      if (!done) co_return false;
      for (const auto& line : done->notes()) run.note(line);
      if (done->code() != proto::STORED)
        run.leave_open("account " + std::to_string(account) + " has moved, and " + done->detail());
    }
  }
  co_return true;
}

Task<bool> ReconcileDesk::settle_names(Run& run) {
  proto::NamesOfShard query;
  query.set_shard(run.shard);
  query.set_limit(1000);
  for (bool more = true; more;) {
    const NodeId directory = agent_.directory_agent();
    const Result<proto::NamesOfShardReply> page = co_await ask<proto::NamesOfShardReply>(directory, query);
    if (!page || page->code() != proto::STORED) co_return false;
    more = page->names_size() > 0;
    if (!more) break;
    query.set_after_player(page->names(page->names_size() - 1).player_id());
    proto::ExpectPlayers expected;
    expected.set_shard(run.shard);
    *expected.mutable_names() = page->names();
    const Result<proto::ExpectPlayersReply> missing = co_await ask<proto::ExpectPlayersReply>(agent_.id(), expected);
    if (!missing || missing->code() != proto::STORED) co_return false;
    for (int i = 0; i < missing->missing_size(); ++i)
      if (!co_await settle_name(run, missing->missing(i), missing->known_moves(i))) co_return false;
  }
  co_return true;
}

Task<bool> ReconcileDesk::settle_name(Run& run, const proto::ReservedName& name, std::uint64_t known_move) {
  const auto came = run.came.find(name.account_id());
  if (came != run.came.end() && came->second.second > known_move) {
    run.leave_open("character " + name.name() + " came from shard " + std::to_string(came->second.first) +
                   " after the backup: it is in that shard's backup of then");
    co_return true;
  }
  // As one whose creation was given up: what is sent to it goes back, the name is never given again.
  proto::SettleCreation settle;
  settle.set_shard(run.shard);
  settle.set_player_id(name.player_id());
  settle.set_reservation(name.reservation());
  settle.set_name(name.name());
  const Result<proto::StoreReply> settled = co_await ask<proto::StoreReply>(agent_.id(), settle);
  if (!settled || settled->code() == proto::STORED) co_return settled.has_value();
  proto::ClaimName release;
  release.set_name(name.name());
  release.set_player_id(name.player_id());
  release.set_reservation(name.reservation());
  release.set_release(true);
  const Result<proto::StoreReply> released = co_await ask<proto::StoreReply>(agent_.directory_agent(), release);
  if (!released) co_return false;
  run.note("character " + name.name() + " was made after the backup, and is gone");
  co_return true;
}

Task<bool> ReconcileDesk::read_facts(proto::FactsQuery* query, proto::Facts* page, bool* more) {
  const NodeId there = agent_.shard_agent(query->shard());
  Result<proto::Facts> read = co_await ask<proto::Facts>(there, *query);
  if (!read || read->code() != proto::STORED) co_return false;
  *page = std::move(*read);
  query->set_after(page->next());
  *more = !page->next().empty();
  co_return true;
}

Task<bool> ReconcileDesk::hear(Run& run, std::uint32_t other) {
  for (const auto kind :
       {proto::FACT_REGISTER, proto::FACT_LEGS, proto::FACT_SWAPS, proto::FACT_RECEIVED, proto::FACT_SENT}) {
    proto::FactsQuery query;
    query.set_shard(other);
    query.set_kind(kind);
    proto::Facts page;
    for (bool more = true; more;) {
      if (!co_await read_facts(&query, &page, &more)) co_return false;
      proto::Reconcile request;
      request.set_from_shard(other);
      for (const auto& fact : page.trades()) {
        if (!fact.undecided()) {
          *request.add_trades() = fact;
          const bool held = !fact.committed() && fact.legs_size() == 1;
          if (held && fact.legs(0).items_size() > 0) run.held.emplace_back(other, fact);
          continue;
        }
        // A leg of the restored shard may have voted there and be forgotten here.
        proto::TradeVerdictQuery abort;
        abort.set_shard(other);
        *abort.mutable_txn() = fact.terms().txn();
        abort.set_abort_if_undecided(true);
        bool ours = false;
        for (const auto& leg : fact.legs()) ours = ours || leg.shard() == run.shard;
        if (!ours) continue;
        const NodeId there = agent_.shard_agent(other);
        const Result<proto::TradeVerdict> decided = co_await ask<proto::TradeVerdict>(there, abort);
        if (!decided) co_return false;
      }
      *(kind == proto::FACT_SENT ? request.mutable_sent() : request.mutable_received()) = page.letters();
      if (!co_await tell(run, std::move(request))) co_return false;
    }
  }
  co_return true;
}

Task<bool> ReconcileDesk::tell(Run& run, proto::Reconcile request) {
  request.set_shard(run.shard);
  // To settle looks at every vote there has ever been: asked again it would only be done again.
  const Duration deadline = request.settle() ? kAuditDeadline : kDeadline;
  const Result<proto::ReconcileReply> reply = co_await ask<proto::ReconcileReply>(agent_.id(), request, deadline);
  if (!reply || reply->code() != proto::STORED) co_return false;
  run.rounds.heard(request, *reply);
  run.redone += reply->redone();
  for (const auto& line : reply->notes()) run.note(line);
  co_return true;
}

// By the final words of their registers; what this shard's own register has not decided, and nobody acted on, last.
Task<bool> ReconcileDesk::end_holds(Run& run) {
  proto::OpenHoldsQuery query;
  query.set_shard(run.shard);
  const Result<proto::OpenHoldsReply> open = co_await ask<proto::OpenHoldsReply>(agent_.id(), query);
  if (!open || open->code() != proto::STORED) co_return false;
  // Who voted may hold nothing here any more: what was counted of it is settled all the same, once.
  if (open->holds_size() == 0 && run.settled) co_return true;
  for (const auto& hold : open->holds()) {
    if (hold.shard() == run.shard) continue;
    proto::TradeVote vote = hold;
    vote.set_abort_if_undecided(true);
    const NodeId there = agent_.shard_agent(hold.shard());
    const Result<proto::TradeVerdict> verdict = co_await ask<proto::TradeVerdict>(there, vote);
    if (!verdict || verdict->code() != proto::STORED) co_return false;
    const proto::TradeFinish finish = finish_of(hold, *verdict);
    // RETRY, too: what it gets has not left here yet; it comes again.
    const Result<proto::TradeFinishReply> done =
        co_await agent_.call<proto::TradeFinishReply>(agent_.id(), finish, kDeadline);
    if (!done) co_return false;
    if (done->code() != proto::STORED) continue;
    run.rounds.got_on();
    ++run.redone;
  }
  proto::Reconcile settle;
  settle.set_settle(true);
  run.settled = co_await tell(run, std::move(settle));
  co_return run.settled;
}

// Only the restored shard is audited in full: nobody plays there. The others work on: their books are kept by slices
// (store/books.h), and their items are read by pages.
Task<bool> ReconcileDesk::audit(Run& run) {
  Items here;
  if (!co_await audit_here(run, &here)) co_return false;
  for (const std::uint32_t other : run.others) {
    if (!co_await audit_books(run, other)) co_return false;
    if (!co_await audit_items(run, other, here)) co_return false;
  }
  co_return true;
}

Task<bool> ReconcileDesk::audit_here(Run& run, Items* here) {
  const std::string name = "shard " + std::to_string(run.shard) + ": ";
  proto::AuditRequest request;
  request.set_shard(run.shard);
  do {
    const Result<proto::AuditReply> page = co_await ask<proto::AuditReply>(agent_.id(), request, kAuditDeadline);
    if (!page || page->code() != proto::STORED) co_return false;
    if (request.offset() == 0) {
      if (page->ledger_sum() != 0) run.leave_open(name + "ledger sum " + std::to_string(page->ledger_sum()));
      // Legs that wait for this shard's word are old by now, and no fault.
      for (const auto& line : page->findings())
        if (line.rfind("stuck:", 0) != 0) run.leave_open(name + line);
    }
    for (const auto& item : page->item_ids()) here->insert({item.high(), item.low()});
    request.set_offset(page->next_offset());
  } while (request.offset() != 0);
  co_return true;
}

// Once through since that shard's agent started is enough; if nobody has its books gone through, it is done from here.
Task<bool> ReconcileDesk::audit_books(Run& run, std::uint32_t other) {
  constexpr Duration kBetweenSlices = milliseconds(100);
  proto::BooksQuery query;
  query.set_shard(other);
  query.set_step(true);
  for (;;) {
    const NodeId there = agent_.shard_agent(other);
    const Result<proto::BooksReply> books = co_await ask<proto::BooksReply>(there, query);
    if (!books || books->code() != proto::STORED || agent_.stopping()) co_return false;
    if (books->passes() > 0) {
      for (const auto& line : books->findings()) run.leave_open("shard " + std::to_string(other) + ": " + line);
      co_return true;
    }
    co_await agent_.wait(kBetweenSlices);
  }
}

Task<bool> ReconcileDesk::open(Run& run) {
  proto::OpenShard request;
  request.set_shard(run.shard);
  request.set_keep_closed(!run.open.empty());
  if (run.redone > 0) request.add_notes(std::to_string(run.redone) + " halves of trades and letters done again");
  for (const auto& line : run.notes) request.add_notes(line);
  for (const auto& line : run.open) request.add_open(line);
  const Result<proto::OpenShardReply> done = co_await ask<proto::OpenShardReply>(agent_.id(), request);
  if (!done || done->code() != proto::STORED) co_return false;
  if (run.open.empty()) {
    shards_.at(run.shard).closed = false;
    shards_.at(run.shard).known_open = true;
  }
  agent_.log().event(run.open.empty() ? LogLevel::kInfo : LogLevel::kWarning,
                     run.open.empty() ? "shard.opened" : "shard.stays_closed",
                     {{"shard", run.shard},
                      {"notes", run.notes.size()},
                      {"open", run.open.size()},
                      {"first", run.open.empty() ? std::string() : run.open.front()}});
  co_return true;
}

}  // namespace dure
