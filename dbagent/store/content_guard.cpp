#include "dbagent/store/content_guard.h"

#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/reasons.h"
#include "common/proto/value.pb.h"

namespace dure::store {
namespace {

// What one operation does to the world, added up by name. A handful of names: searched, not hashed.
class Sums {
 public:
  void add(std::string_view name, std::int64_t amount) {
    for (auto& [known, sum] : sums_)
      if (known == name) {
        require(!__builtin_add_overflow(sum, amount, &sum), "amount");
        return;
      }
    sums_.emplace_back(name, amount);
  }
  std::int64_t of(std::string_view name) const {
    for (const auto& [known, sum] : sums_)
      if (known == name) return sum;
    return 0;
  }
  bool empty() const { return sums_.empty(); }
  auto begin() const { return sums_.begin(); }
  auto end() const { return sums_.end(); }

 private:
  std::vector<std::pair<std::string_view, std::int64_t>> sums_;
};

struct Deed {
  Sums created, minted, counted;  // > 0
  Sums taken;                     // > 0: out of the character's hands, into the sink of the reason
  bool unique_key = false;
  int burnt = 0;
};

Deed deed_of(const proto::Operation& operation) {
  Deed deed;
  for (const auto& effect : operation.effects()) {
    if (effect.has_balance()) {
      const std::int64_t delta = effect.balance().delta();
      require(delta != INT64_MIN, "amount");
      if (delta > 0) deed.created.add(effect.balance().currency(), delta);
      if (delta < 0) deed.taken.add(effect.balance().currency(), -delta);
    }
    if (effect.has_mint()) deed.minted.add(effect.mint().item().template_(), 1);
    if (effect.has_count() && effect.count().delta() > 0)
      deed.counted.add(effect.count().counter(), effect.count().delta());
    if (effect.has_burn()) ++deed.burnt;
    if (effect.has_drop_key() || effect.has_set_once()) deed.unique_key = true;
  }
  return deed;
}

void within(const Named<Limit>& limits, const Sums& sums, const char* guard) {
  for (const auto& [name, amount] : sums) {
    const Limit* limit = limits.find(name);
    require(limit != nullptr && amount <= limit->operation_max, guard);
  }
}

std::int64_t worth(const Named<std::int64_t>& prices, std::string_view thing, std::int64_t count) {
  const std::int64_t* price = prices.find(thing);
  require(price != nullptr, "price: not traded");
  std::int64_t total = 0;
  require(!__builtin_mul_overflow(*price, count, &total), "price: overflow");
  return total;
}

void add_worth(const Named<std::int64_t>& prices, std::string_view thing, std::int64_t count, std::int64_t* total) {
  require(!__builtin_add_overflow(*total, worth(prices, thing, count), total), "price: overflow");
}

// The character gets things and pays at least their prices.
void guard_sale(const ReasonGuards& guards, const Deed& deed) {
  std::int64_t price = 0;
  for (const auto& [thing, count] : deed.created) add_worth(guards.sells, thing, count, &price);
  for (const auto& [thing, count] : deed.minted) add_worth(guards.sells, thing, count, &price);
  require(!deed.created.empty() || !deed.minted.empty(), "price: nothing is bought");
  require(deed.taken.of(guards.currency) >= price, "price: too little is paid");
}

// The character gives things and is paid at most their prices.
void guard_purchase(Shard& shard, const ReasonGuards& guards, const Deed& deed, const proto::Operation& operation) {
  std::int64_t price = 0;
  for (const auto& [thing, count] : deed.taken) add_worth(guards.buys, thing, count, &price);
  for (const auto& effect : operation.effects()) {
    if (!effect.has_burn()) continue;
    Query item(shard.db, "SELECT template FROM item WHERE item_id = ?1", key_of(effect.burn().item()));
    require(item.row(), "holder");
    add_worth(guards.buys, item.text(0), 1, &price);
  }
  require(!deed.taken.empty() || deed.burnt > 0, "price: nothing is sold");
  require(deed.minted.empty(), "faucet");
  for (const auto& [name, amount] : deed.created) require(name == guards.currency, "faucet");
  require(deed.created.of(guards.currency) <= price, "price: too much is paid");
}

// Never goes back: what comes from a shard whose day has begun already counts to that day.
void count_day(Shard& shard, std::uint64_t player_id, std::string_view reason, std::string_view thing,
               std::int64_t amount, std::int64_t most) {
  Query row(shard.db,
            "INSERT INTO faucet_day VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET "
            "amount = CASE WHEN excluded.day > day THEN excluded.amount ELSE amount + excluded.amount END, "
            "day = max(day, excluded.day) RETURNING amount",
            player_id, reason, thing, shard.file.day(), amount);
  CHECK(row.row());
  require(row.i64(0) <= most, "faucet: enough for a day");
}

void count_days(Shard& shard, std::uint64_t player_id, std::string_view reason, const Named<Limit>& limits,
                const Sums& sums) {
  for (const auto& [name, amount] : sums)
    if (const Limit* limit = limits.find(name); limit != nullptr && limit->day_max > 0)
      count_day(shard, player_id, reason, name, amount, limit->day_max);
}

// Only what has a cap is guarded: experience, progress that pays out.
Sums with_cap(const GuardTable& table, const Sums& counted) {
  Sums guarded;
  for (const auto& [counter, amount] : counted)
    if (table.counter_cap(counter) > 0) guarded.add(counter, amount);
  return guarded;
}

void require_known(const GuardTable& table, const Sums& things) {
  for (const auto& [name, amount] : things) require(table.knows(name), "thing");
}

}  // namespace

void guard_creation(Shard& shard, std::uint64_t player_id, const GuardTable& table, const proto::Operation& operation) {
  const Deed deed = deed_of(operation);
  const Sums counted = with_cap(table, deed.counted);
  const bool creates = !deed.created.empty() || !deed.minted.empty();
  require_known(table, deed.created);
  require_known(table, deed.minted);
  const ReasonGuards* guards = table.reason(operation.reason());
  if (guards == nullptr) {
    require(!table.closed() || (!creates && counted.empty()), "faucet");
    return;
  }
  require(!guards->unique_key || !creates || deed.unique_key, "unique key");
  within(guards->counts, counted, "faucet");
  count_days(shard, player_id, operation.reason(), guards->counts, counted);
  if (!guards->buys.empty()) {
    guard_purchase(shard, *guards, deed, operation);
    count_days(shard, player_id, operation.reason(), guards->creates, deed.created);
    return;
  }
  within(guards->creates, deed.created, "faucet");
  within(guards->mints, deed.minted, "faucet");
  if (!guards->sells.empty()) guard_sale(*guards, deed);
  count_days(shard, player_id, operation.reason(), guards->creates, deed.created);
  count_days(shard, player_id, operation.reason(), guards->mints, deed.minted);
}

void guard_letter(Shard& shard, const Root& receiver, const proto::DeliverRequest& letter) {
  const GuardTable* table = shard.content->table(shard.content->active());
  if (table == nullptr) return;
  Sums created, minted;
  for (const auto& amount : letter.balances()) {
    require(amount.value() > 0, "amount");
    created.add(amount.name(), amount.value());
  }
  for (const auto& item : letter.items()) minted.add(item.template_(), 1);
  require_known(*table, created);
  require_known(*table, minted);
  if (receiver.kind == RootKind::kCharacter)
    for (const auto& [name, amount] : created) {
      const std::int64_t cap = table->cap(name);
      require(cap == 0 || amount <= cap, "room: more than anybody may have");
    }
  const ReasonGuards* guards = table->reason(letter.reason());
  if (guards == nullptr) {
    require(!table->closed() || letter.reason() == kGrantReason, "faucet");
    return;
  }
  within(guards->creates, created, "faucet");
  within(guards->mints, minted, "faucet");
  count_days(shard, receiver.player_id, letter.reason(), guards->creates, created);
  count_days(shard, receiver.player_id, letter.reason(), guards->mints, minted);
}

// ── versions ────────────────────────────────────────────────────────────────────────────────────────────────

void ContentShelf::load(Database& db) {
  active_ = static_cast<std::uint32_t>(db.number("SELECT version FROM content_active").value_or(0));
  Query row(db, "SELECT version, guards FROM content_guard");
  while (row.row()) {
    proto::ContentGuards guards;
    CHECK(guards.ParseFromString(row.text(1)));
    put(row.u32(0), guards);
  }
}

ContentShelf::Fit ContentShelf::fit(std::uint32_t version) const {
  if (active_ == 0) return Fit::kFits;
  if (version + 1 < active_ || version == 0) return Fit::kTooOld;
  return version <= active_ + 1 && tables_.contains(version) ? Fit::kFits : Fit::kNotYet;
}

const GuardTable* ContentShelf::table(std::uint32_t version) const {
  const auto at = tables_.find(version);
  return active_ == 0 || at == tables_.end() ? nullptr : &at->second;
}

proto::ContentDone install_content(Shard& shard, const proto::ContentInstall& request) {
  require(request.shard() == shard.number, "shard");
  require(request.active() != 0, "version");
  // What is not among these above the active one may have been other content than what has that number by then.
  shard.db.run("DELETE FROM content_guard WHERE version > ?1", request.active());
  shard.content->forget_above(request.active());
  for (const auto& version : request.versions()) {
    shard.db.run("INSERT INTO content_guard VALUES(?1, ?2) ON CONFLICT DO UPDATE SET guards = excluded.guards",
                 version.version(), Blob{version.guards().SerializeAsString()});
    shard.content->put(version.version(), version.guards());
  }
  shard.db.run("INSERT INTO content_active VALUES(1, ?1) ON CONFLICT DO UPDATE SET version = excluded.version",
               request.active());
  shard.content->activate(request.active());
  return {};
}

}  // namespace dure::store
