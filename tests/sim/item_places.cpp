#include "tests/sim/item_places.h"

#include <utility>

#include "common/proto/value.pb.h"

namespace dure::sim {
namespace {

using store::Key16;
using store::Query;

// As CONTRACT.md and the schema name them.
enum Holder { kBag = 0, kSink = 2, kOutbox = 3, kInbox = 4, kHold = 5 };
enum Status { kActive = 0, kMoving = 1, kArriving = 2 };
constexpr int kCommit = 1;

std::string text(std::int64_t kind, std::int64_t owner) {
  static const std::map<std::int64_t, std::string> kNames = {
      {kBag, "bag"}, {kSink, "sink"}, {kOutbox, "outbox"}, {kInbox, "inbox"}, {kHold, "hold"}};
  const auto name = kNames.find(kind);
  return (name == kNames.end() ? std::to_string(kind) : name->second) + " " + std::to_string(owner);
}

bool gives(const proto::TradeSide& side, const Key16& item) {
  for (const auto& given : side.items())
    if (store::key_of(given.item()) == item) return true;
  return false;
}

}  // namespace

void ItemPlaces::opened(std::uint32_t number, store::Database& database) {
  Shard& shard = shards_[number];
  shard.database = &database;
  const std::int64_t restores = database.number("SELECT count(*) FROM restored").value_or(0);
  if (restores == std::exchange(shard.restores, restores)) return;
  for (const auto& [at, one] : shards_)
    for (const auto& [row, item] : one.items) forgotten_.insert(item);
  // Between two shards.
  forgotten_.insert(doubtful_.begin(), doubtful_.end());
}

void ItemPlaces::closed(std::uint32_t shard) { shards_[shard].database = nullptr; }

void ItemPlaces::rows_of(std::uint32_t shard, std::set<std::int64_t>* rows) const {
  if (const auto at = shards_.find(shard); at != shards_.end())
    for (const auto& [row, item] : at->second.items) rows->insert(row);
}

void ItemPlaces::touched(std::uint32_t number, std::int64_t row_id, Items* items) {
  Shard& shard = shards_[number];
  if (const auto was = shard.items.find(row_id); was != shard.items.end()) {
    items->insert(was->second);
    shard.items.erase(was);
  }
  Query row(*shard.database, "SELECT item_id FROM item_holder WHERE rowid = ?1", row_id);
  if (!row.row()) return;
  items->insert(row.key(0));
  shard.items[row_id] = row.key(0);
}

void ItemPlaces::activated(std::uint32_t shard, std::int64_t player, Items* items) {
  Query row(*shards_[shard].database,
            "SELECT item_id FROM (SELECT 0 AS kind, ?1 AS owner UNION ALL SELECT 5, ?1 UNION ALL "
            "SELECT 3, message_id FROM outbox WHERE pid = ?1 AND state = 0 UNION ALL "
            "SELECT 4, message_id FROM inbox WHERE pid = ?1 AND state = 0) CROSS JOIN item_holder USING(kind, owner)",
            player);
  while (row.row()) items->insert(row.key(0));
}

bool ItemPlaces::all_can_be_asked() {
  for (const auto& [number, shard] : shards_)
    if (shard.database == nullptr || shard.database->number("SELECT 1 FROM restored WHERE closed = 1")) return false;
  return true;
}

void ItemPlaces::judge(std::uint32_t shard, const Items& items) {
  doubtful_.insert(items.begin(), items.end());
  if (doubtful_.empty() || !all_can_be_asked()) return;
  for (const Key16& item : std::exchange(doubtful_, {})) judge_one(shard, item);
}

void ItemPlaces::judge_one(std::uint32_t shard, const Key16& item) {
  const auto places = places_of(item);
  std::string where;
  int in_use = 0;
  for (const Place& place : places) {
    const Use use = use_of(place, item);
    in_use += use == Use::kInUse;
    const std::string here = text(place.kind, place.owner) + " on shard " + std::to_string(place.shard);
    if (use == Use::kDead) report_(shard, "item " + hex(item) + " is in " + here + ", which is none or is over");
    if (use == Use::kInUse) where += (where.empty() ? "" : " and in ") + here;
  }
  if (in_use > 1) report_(shard, "item " + hex(item) + " is in " + where);
  if (!places.empty() || forgotten_.contains(item)) return;
  if (has_to_come(item))
    doubtful_.insert(item);
  else
    report_(shard, "item " + hex(item) + " is on no shard any more");
}

std::vector<ItemPlaces::Place> ItemPlaces::places_of(const Key16& item) {
  std::vector<Place> places;
  for (const auto& [number, shard] : shards_) {
    Query row(*shard.database, "SELECT kind, owner FROM item_holder WHERE item_id = ?1", item);
    while (row.row()) places.push_back({number, row.i64(0), row.i64(1)});
  }
  return places;
}

ItemPlaces::Use ItemPlaces::use_of(const Place& place, const Key16& item) {
  switch (place.kind) {
    case kSink:
      return Use::kInUse;
    case kBag:
      return use_by(place.shard, place.owner);
    case kInbox:
      return use_by(place.shard, shards_[place.shard].database->number(
                                     "SELECT pid FROM inbox WHERE message_id = ?1 AND state = 0", place.owner));
    case kOutbox:
      return use_of_envelope(place);
    case kHold:
      return use_of_hold(place, item);
    default:
      return Use::kDead;
  }
}

ItemPlaces::Use ItemPlaces::use_by(std::uint32_t shard, std::optional<std::int64_t> player) {
  if (!player) return Use::kDead;
  const auto status = shards_[shard].database->number("SELECT status FROM player WHERE pid = ?1", *player);
  if (status == kActive) return Use::kInUse;
  return status == kMoving || status == kArriving ? Use::kUnderWay : Use::kDead;
}

// Delivered, and the sender's shard has not heard of it yet: what was in it may be anywhere by now.
ItemPlaces::Use ItemPlaces::use_of_envelope(const Place& place) {
  for (const auto& [number, shard] : shards_)
    if (shard.database->number("SELECT 1 FROM inbox WHERE message_id = ?1", place.owner)) return Use::kUnderWay;
  return use_by(place.shard, shards_[place.shard].database->number(
                                 "SELECT pid FROM outbox WHERE message_id = ?1 AND state = 0", place.owner));
}

ItemPlaces::Use ItemPlaces::use_of_hold(const Place& place, const Key16& item) {
  Query hold(*shards_[place.shard].database, "SELECT txn_id, leg, terms FROM hold WHERE pid = ?1 AND finished = 0",
             place.owner);
  while (hold.row()) {
    proto::TradeTerms terms;
    if (!terms.ParseFromString(hold.text(2)) || terms.sides_size() != 2) continue;
    if (!gives(terms.sides(static_cast<int>(hold.i64(1))), item)) continue;
    return committed(terms.register_shard(), hold.key(0)) ? Use::kUnderWay : use_by(place.shard, place.owner);
  }
  return Use::kDead;
}

bool ItemPlaces::committed(std::uint32_t register_shard, const Key16& txn) {
  const auto at = shards_.find(register_shard);
  return at != shards_.end() &&
         at->second.database->number("SELECT verdict FROM decision WHERE txn_id = ?1", txn) == kCommit;
}

bool ItemPlaces::has_to_come(const Key16& item) {
  for (const auto& [number, shard] : shards_) {
    Query hold(*shard.database, "SELECT txn_id, leg, terms FROM hold WHERE finished = 0");
    while (hold.row()) {
      proto::TradeTerms terms;
      if (!terms.ParseFromString(hold.text(2)) || terms.sides_size() != 2) continue;
      const auto& giver = terms.sides(static_cast<int>(1 - hold.i64(1)));
      if (gives(giver, item) && committed(terms.register_shard(), hold.key(0))) return true;
    }
  }
  return false;
}

}  // namespace dure::sim
