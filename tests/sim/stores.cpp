#include "tests/sim/stores.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/agent.h"
#include "dbagent/store/audit_transit.h"
#include "dbagent/store/directory_store.h"
#include "dbagent/store/shard_store.h"
#include "dbagent/store_worker.h"
#include "tests/sim/final_rows.h"
#include "tests/sim/ledger_replay.h"
#include "tests/sim/process.h"
#include "tests/sim/rogue/value_of.h"

namespace dure::sim {
namespace {

constexpr std::uint64_t kCommitsBetweenLooks = 8;  // at what never changes

template <class Reply, class Request>
Reply ask(store::ShardStore& shard, const Request& request) {
  proto::StoreBatch batch;
  batch.set_wall_unix_ms(1);
  auto* item = batch.add_items();
  item->set_message_id(route_id(Request::descriptor()));
  item->set_body(request.SerializeAsString());
  proto::StoreBatchReply answer;
  Reply reply;
  if (!answer.ParseFromString(shard.run(batch.SerializeAsString())) || answer.items_size() != 1 ||
      !reply.ParseFromString(answer.items(0).body()))
    throw std::runtime_error("the store cannot be read: " + answer.detail());
  return reply;
}

void read_books(store::ShardStore& store, std::uint32_t shard, Stored* stored) {
  proto::AuditRequest audit;
  audit.set_shard(shard);
  for (;;) {
    const auto page = ask<proto::AuditReply>(store, audit);
    stored->ledger_sum += page.ledger_sum();
    stored->items = std::max<std::uint64_t>(stored->items, page.items());
    stored->orphans += page.orphans();
    stored->doubles += page.doubles();
    stored->open_holds += page.open_holds();
    for (const auto& line : page.findings()) stored->findings.push_back(line);
    if (page.next_offset() == 0) break;
    audit.set_offset(page.next_offset());
  }
  proto::UnsettledMoves moves;
  moves.set_shard(shard);
  moves.set_limit(100);
  const auto unsettled = ask<proto::UnsettledMovesReply>(store, moves);
  for (const auto& move : unsettled.moves())
    stored->unsettled_moves.push_back("on shard " + std::to_string(shard) + ": " + move.ShortDebugString());
}

void read_restored(store::ShardStore& store, Stored* stored) {
  store::Query row(store.database(), "SELECT closed, notes, open FROM restored ORDER BY generation");
  while (row.row()) {
    const auto lines = [&](int column, std::vector<std::string>* into) {
      std::istringstream text(row.text(column));
      for (std::string line; std::getline(text, line);) into->push_back(line);
    };
    lines(1, &stored->notes);
    if (row.i64(0) == 0) continue;
    lines(2, &stored->shut);
    if (stored->shut.empty()) stored->shut.push_back("it was not gone through");
  }
}

// All shards at one instant: what is between them has to add up, too, letter by letter and trade by trade.
struct AllBooks {
  std::vector<store::Audit> audits;
  std::vector<store::Transit> transit;
  void add(store::Database& shard) {
    audits.push_back(store::audit(shard));
    transit.push_back(store::read_transit(shard));
  }
  void judge(store::Database& directory, Stored* stored) const {
    const auto fate = [&](std::uint64_t account, std::uint64_t move) -> std::optional<store::Fate> {
      const auto known =
          directory.number("SELECT fate FROM move WHERE account_id = ?1 AND move_id = ?2", account, move);
      return known ? std::optional(static_cast<store::Fate>(*known)) : std::nullopt;
    };
    for (const auto& line : store::merge_audits(audits).findings) stored->findings.push_back(line);
    for (const auto& line : store::audit_transit(transit, audits, fate)) stored->findings.push_back(line);
  }
};

void read_player(store::ShardStore& store, std::uint32_t shard, std::uint64_t player, Stored* stored) {
  proto::OwnerQuery query;
  query.set_shard(shard);
  query.set_player_id(player);
  const auto row = ask<proto::AcquireReply>(store, query);
  if (row.code() != proto::STORED && row.code() != proto::EXPECTED_OTHER) return;
  proto::AcquireRequest acquire;
  acquire.set_shard(shard);
  acquire.set_player_id(player);
  acquire.set_expected_epoch(row.epoch());
  acquire.mutable_owner_incarnation()->set_low(9);
  acquire.set_acquire_id(99);
  const auto granted = ask<proto::AcquireReply>(store, acquire);
  if (granted.code() == proto::STORED) stored->players[player] = granted.aggregate();
}

}  // namespace

template <class Options>
Options Stores::options_of(const std::string& queue, const Incarnation& incarnation) {
  Options options;
  options.path = queue + ".db";
  options.vfs = disk_.vfs();
  options.cluster_id = "dure";
  options.agent_incarnation = incarnation;
  options.sync = synced_;
  options.verify_seals = !trusting_;
  return options;
}

template <class Store>
std::unique_ptr<Store> Stores::opened(Result<std::unique_ptr<Store>> store) {
  if (store) return std::move(*store);
  notice(store.error().detail);
  if (disk_.ails()) throw CannotStart(store.error().detail);
  throw std::runtime_error(store.error().detail);
}

std::unique_ptr<store::ShardStore> Stores::open_shard(std::uint32_t shard, const Incarnation& incarnation) {
  auto options = options_of<store::ShardOptions>(Agent::shard_queue(shard), incarnation);
  options.shard = shard;
  return opened(store::ShardStore::open(options));
}

std::unique_ptr<store::DirectoryStore> Stores::open_directory(std::uint32_t shards, const Incarnation& incarnation) {
  auto options = options_of<store::DirectoryOptions>(Agent::kDirectoryQueue, incarnation);
  options.shards = shards;
  return opened(store::DirectoryStore::open(options));
}

void Stores::notice(const std::string& failure) {
  if (failure.find("does not fit its seal") != std::string::npos) ++noticed_.pages;
  if (failure.find("log is damaged") != std::string::npos) ++noticed_.logs;
}

Stores::Written Stores::written(store::Database& database) {
  const Disk::Calm calm(disk_);
  store::Query meta(database, "SELECT shard_time, next_number, operations FROM shard_meta");
  if (!meta.row()) return {};
  return {meta.i64(0), meta.i64(1), meta.i64(2)};
}

void Stores::saved(const std::string& queue, const Written& now) {
  Written& most = saved_[queue];
  most = {std::max(most.time_ms, now.time_ms), std::max(most.next_number, now.next_number),
          std::max(most.operations, now.operations)};
}

void Stores::witness(const std::string& queue, store::Database& database) {
  const Written was = saved_[queue], now = written(database);
  const auto compare = [&](const char* what, std::int64_t then, std::int64_t opened) {
    if (opened < then)
      broken_.push_back({law::kSavedIsOnTheDisk, queue + " answered SAVED at " + what + " " + std::to_string(then) +
                                                     " and is of " + std::to_string(opened) +
                                                     " when it is opened again"});
  };
  compare("ms", was.time_ms, now.time_ms);
  compare("number", was.next_number, now.next_number);
  compare("operation", was.operations, now.operations);
}

// A CHECK that fails is answered RETRY by a store, as if somebody were busy.
void Stores::no_faults(const std::string& queue, std::uint64_t faults) {
  if (faults > 0 && faulty_.insert(queue).second)
    broken_.push_back({law::kNoFaultInLogic, "a CHECK failed in the store of " + queue});
}

// Remembers of each file how new it was when it last answered SAVED, and compares when another life opens it.
class WitnessedWorker : public Worker {
 public:
  WitnessedWorker(Stores& stores, std::string queue, std::unique_ptr<Worker> worker, store::Database& database)
      : stores_(stores), queue_(std::move(queue)), worker_(std::move(worker)), database_(database) {
    stores_.witness(queue_, database_);
  }
  std::string run(std::string_view batch) override {
    std::string answer = worker_->run(batch);
    proto::StoreBatchReply reply;
    if (!reply.ParseFromString(answer)) return answer;
    // A file that failed behind its commit is asked no more.
    if (!reply.retry() && reply.changed() > 0)
      stores_.saved(queue_, reply.failed() ? Stores::Written{static_cast<std::int64_t>(reply.shard_time())}
                                           : stores_.written(database_));
    if (reply.failed() && !std::exchange(failed_, true)) stores_.notice(reply.detail());
    return answer;
  }

 private:
  Stores& stores_;
  std::string queue_;
  std::unique_ptr<Worker> worker_;
  store::Database& database_;  // the worker's
  bool failed_ = false;
};

// A shard's, whose every commit is judged.
class JudgedWorker : public Worker {
 public:
  JudgedWorker(Stores& stores, std::uint32_t shard, std::unique_ptr<store::ShardStore> store)
      : stores_(stores),
        laws_(stores.laws_),
        register_laws_(stores.register_laws_),
        shard_(shard),
        worker_(std::move(store)) {
    laws_.opened(shard_, worker_.store().database());
    register_laws_.look_at_shard(shard_, worker_.store().database());
    stores_.open_[shard_] = &worker_.store();
  }
  ~JudgedWorker() override {
    stores_.open_.erase(shard_);
    laws_.closed(shard_, worker_.store().database());
  }
  std::string run(std::string_view batch) override {
    std::string answer = worker_.run(batch);
    stores_.no_faults(Agent::shard_queue(shard_), worker_.store().faults());
    proto::StoreBatchReply reply;
    if (worker_.store().failed())
      laws_.closed(shard_, worker_.store().database());
    else if (reply.ParseFromString(answer) && !reply.retry() && reply.changed() > 0)
      committed();
    return answer;
  }

 private:
  void committed() {
    laws_.committed(shard_);
    if (++commits_ % kCommitsBetweenLooks == 0) register_laws_.look_at_shard(shard_, worker_.store().database());
  }
  Stores& stores_;
  CommitLaws& laws_;
  RegisterLaws& register_laws_;
  std::uint64_t commits_ = 0;
  const std::uint32_t shard_;
  StoreWorker<store::ShardStore> worker_;
};

class JudgedDirectory : public Worker {
 public:
  JudgedDirectory(Stores& stores, std::unique_ptr<store::DirectoryStore> store)
      : stores_(stores), laws_(stores.register_laws_), worker_(std::move(store)) {
    laws_.look_at_directory(worker_.store().database());
  }
  std::string run(std::string_view batch) override {
    std::string answer = worker_.run(batch);
    stores_.no_faults(Agent::kDirectoryQueue, worker_.store().faults());
    proto::StoreBatchReply reply;
    if (!worker_.store().failed() && reply.ParseFromString(answer) && !reply.retry() && reply.changed() > 0 &&
        ++commits_ % kCommitsBetweenLooks == 0)
      laws_.look_at_directory(worker_.store().database());
    return answer;
  }

 private:
  Stores& stores_;
  RegisterLaws& laws_;
  std::uint64_t commits_ = 0;
  StoreWorker<store::DirectoryStore> worker_;
};

Verdict Stores::broken() const {
  Verdict all = broken_;
  all.insert(all.end(), register_laws_.broken().begin(), register_laws_.broken().end());
  all.insert(all.end(), laws_.broken().begin(), laws_.broken().end());
  return all;
}

std::map<std::string, std::unique_ptr<Worker>> Stores::open(const std::vector<std::uint32_t>& shards,
                                                            const Incarnation& incarnation) {
  std::map<std::string, std::unique_ptr<Worker>> workers;
  for (const std::uint32_t shard : shards) {
    const std::string queue = Agent::shard_queue(shard);
    auto store = open_shard(shard, incarnation);
    store::Database& database = store->database();
    workers[queue] = dressed(queue, std::make_unique<JudgedWorker>(*this, shard, std::move(store)), database);
  }
  const std::string queue = Agent::kDirectoryQueue;
  auto store = open_directory(static_cast<std::uint32_t>(shards.size()), incarnation);
  store::Database& database = store->database();
  workers[queue] = dressed(queue, std::make_unique<JudgedDirectory>(*this, std::move(store)), database);
  return workers;
}

bool Stores::back_up(std::uint32_t shard) {
  const auto at = open_.find(shard);
  if (at == open_.end() || at->second->failed()) return false;
  backups_.take(shard, at->second->database());
  return true;
}

std::set<std::uint64_t> Stores::put_back(std::uint32_t shard) {
  std::set<std::uint64_t> players = laws_.players_of(shard);
  const std::string queue = Agent::shard_queue(shard);
  backups_.put_back(shard, queue + ".db");
  register_laws_.went_back(shard);
  saved_.erase(queue);
  return players;
}

bool Stores::something_waits() const {
  return std::any_of(open_.begin(), open_.end(), [](const auto& one) {
    store::Database& database = one.second->database();
    return database.number("SELECT 1 FROM outbox WHERE state = 0 LIMIT 1").has_value() ||
           database.number("SELECT 1 FROM hold WHERE finished = 0 LIMIT 1").has_value();
  });
}

// What the tap has committed is judged and witnessed, too.
std::unique_ptr<Worker> Stores::dressed(const std::string& queue, std::unique_ptr<Worker> worker,
                                        store::Database& database) {
  const auto value = [this, &database](const std::vector<std::uint64_t>& players) {
    const Disk::Calm calm(disk_);
    return value_of(database, players);
  };
  if (tap_ != nullptr) worker = std::make_unique<TappedWorker>(*tap_, queue, std::move(worker), value, gullible_);
  return std::make_unique<WitnessedWorker>(*this, queue, std::move(worker), database);
}

Stored Stores::read(std::uint32_t shards, const std::vector<std::uint64_t>& players) {
  Stored stored;
  LedgerReplay replay;
  FinalRows rows;
  const auto directory = open_directory(shards, Incarnation{1, 0});
  witness(Agent::kDirectoryQueue, directory->database());
  register_laws_.look_at_directory(directory->database());
  AllBooks books;
  // All at once: an item is looked for on each of them.
  std::vector<std::unique_ptr<store::ShardStore>> stores;
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    auto& store = stores.emplace_back(open_shard(shard, Incarnation{1, shard + 1}));
    witness(Agent::shard_queue(shard), store->database());
    laws_.opened(shard, store->database());
    register_laws_.look_at_shard(shard, store->database());
  }
  for (std::uint32_t shard = 0; shard < shards; ++shard) {
    store::ShardStore& store = *stores[shard];
    laws_.closed(shard, store.database());
    replay.read(shard, store.database());
    rows.read(shard, store.database());
    read_books(store, shard, &stored);
    read_restored(store, &stored);
    for (const std::uint64_t player : players) read_player(store, shard, player, &stored);
    books.add(store.database());
  }
  replay.judge(stored, &broken_);
  if (stored.shut.empty()) rows.judge(&broken_);
  books.judge(directory->database(), &stored);
  return stored;
}

}  // namespace dure::sim
