#include "tests/bench/world.h"

#include <cstdio>
#include <cstdlib>
#include <map>

#include "common/base/hash.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "common/proto/value.pb.h"

namespace dure::bench {
namespace {

constexpr std::int64_t kWall = 1'800'000'000'000;
constexpr std::uint64_t kPlayersOfShard = 1'000'000;
constexpr std::uint32_t kSeedPlayersAtOnce = 25;

std::uint64_t mixed(std::uint64_t x) {  // splitmix64 (Steele, Lea, Flood 2014)
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

template <class Request>
void add(proto::StoreBatch* batch, const Request& request) {
  auto* item = batch->add_items();
  item->set_message_id(route_id(Request::descriptor()));
  item->set_body(request.SerializeAsString());
}

void add_money(proto::Operation* operation, const std::string& currency, std::int64_t delta) {
  auto* effect = operation->add_effects()->mutable_balance();
  effect->set_currency(currency);
  effect->set_delta(delta);
}

void add_item(proto::Operation* operation, const proto::Uid& id) {
  auto* item = operation->add_effects()->mutable_mint()->mutable_item();
  *item->mutable_id() = id;
  item->set_template_("sword");
  item->set_version(1);
}

proto::Operation* next(proto::ApplyRequest* request, std::uint64_t pseq, const char* reason) {
  auto* operation = request->add_operations();
  operation->set_pseq(pseq);
  operation->set_reason(reason);
  operation->set_content_version(1);
  operation->set_trace_id(mixed(request->player_id() + pseq));
  return operation;
}

void seed_player(proto::StoreBatch* batch, const World& world, std::uint32_t shard, std::uint32_t index) {
  const std::uint64_t player = player_id(shard, index);
  proto::CreatePlayerRequest create;
  create.set_shard(shard);
  create.set_player_id(player);
  create.set_account_id(player);
  create.set_realm_id(1);
  create.set_name("Seed" + std::to_string(player));
  create.set_reservation(player);
  add(batch, create);
  add(batch, acquire_request(shard, player, 0));
  proto::ApplyRequest apply = apply_request(shard, player);
  proto::Operation* operation = next(&apply, 1, "seed");
  add_money(operation, "gold", 1'000'000'000);
  add_money(operation, "potion", 100);
  for (std::uint32_t item = 0; item < world.items; ++item) add_item(operation, item_id(player, item));
  add(batch, apply);
}

}  // namespace

std::uint32_t owner_node() { return NodeId(Role::kGeneral, kOwnerNumber).value; }

proto::Uid owner_incarnation() {
  proto::Uid uid;
  uid.set_high(7);
  uid.set_low(1);
  return uid;
}

std::uint64_t player_id(std::uint32_t shard, std::uint32_t index) { return shard * kPlayersOfShard + index + 1; }

proto::Uid item_id(std::uint64_t player, std::uint32_t index) {
  proto::Uid uid;
  uid.set_high((std::uint64_t{1'700'000'000} + index) << 24 | (player % kPlayersOfShard));
  uid.set_low(player * kPlayersOfShard + index);
  return uid;
}

void give_up(const std::string& why) {
  std::fprintf(stderr, "dure_bench: %s\n", why.c_str());
  std::exit(1);
}

std::unique_ptr<store::ShardStore> open_store(const World& world, std::uint32_t shard, bool sync) {
  store::ShardOptions options;
  options.path = world.file(shard);
  options.cluster_id = "bench";
  options.shard = shard;
  options.agent_incarnation = {1, shard};
  options.vfs = world.vfs;
  options.sync = sync;
  auto opened = store::ShardStore::open(options);
  if (!opened) give_up(opened.error().detail);
  return std::move(*opened);
}

void seed(const World& world) {
  std::filesystem::create_directories(world.folder);
  for (std::uint32_t shard = 1; shard <= world.shards; ++shard) {
    const auto store = open_store(world, shard, false);
    for (std::uint32_t index = 0; index < world.players;) {
      proto::StoreBatch batch;
      batch.set_wall_unix_ms(kWall);
      for (std::uint32_t n = 0; n < kSeedPlayersAtOnce && index < world.players; ++n)
        seed_player(&batch, world, shard, index++);
      proto::StoreBatchReply reply;
      if (!reply.ParseFromString(store->run(batch.SerializeAsString())) || reply.retry()) give_up(reply.detail());
      proto::ApplyReply last;
      if (!last.ParseFromString(reply.items(reply.items_size() - 1).body()) || last.code() != proto::STORED)
        give_up("seed: " + last.detail());
    }
  }
}

World copy_of(const World& world, const std::string& name) {
  World copy = world;
  copy.folder = world.folder.parent_path() / name;
  std::filesystem::remove_all(copy.folder);
  std::filesystem::copy(world.folder, copy.folder);
  return copy;
}

// ── requests ────────────────────────────────────────────────────────────────────────────────────────────────

proto::ApplyRequest apply_request(std::uint32_t shard, std::uint64_t player) {
  proto::ApplyRequest request;
  request.set_shard(shard);
  request.set_player_id(player);
  request.set_epoch(1);
  *request.mutable_owner_incarnation() = owner_incarnation();
  return request;
}

void add_hard(proto::ApplyRequest* request, std::uint64_t pseq) {
  proto::Operation* operation = next(request, pseq, "shop.buy");
  operation->set_creq(pseq);
  operation->set_creq_hash(mixed(pseq));
  add_money(operation, "gold", -5);
  add_item(operation, item_id(request->player_id(), static_cast<std::uint32_t>(100'000 + pseq)));
}

void add_soft(proto::ApplyRequest* request, std::uint64_t pseq) {
  proto::Operation* operation = next(request, pseq, "kill");
  add_money(operation, "gold", 3);
  auto* count = operation->add_effects()->mutable_count();
  count->set_counter("experience");
  count->set_delta(10);
}

proto::TradeTerms trade_terms(std::uint64_t number, std::uint32_t register_shard, std::uint64_t buyer,
                              std::uint64_t seller, std::uint32_t item) {
  proto::TradeTerms terms;
  terms.mutable_txn()->set_high(number + 1);
  terms.mutable_txn()->set_low(number + 1);
  terms.set_register_shard(register_shard);
  auto* first = terms.add_sides();
  first->set_player_id(buyer);
  auto* money = first->add_give();
  money->set_name("gold");
  money->set_value(10);
  auto* second = terms.add_sides();
  second->set_player_id(seller);
  auto* given = second->add_items();
  *given->mutable_item() = item_id(seller, item);
  given->set_version(1);
  return terms;
}

void add_leg(proto::ApplyRequest* request, std::uint64_t pseq, const proto::TradeTerms& terms, std::uint32_t side) {
  proto::Operation* operation = next(request, pseq, "trade");
  operation->set_creq(pseq);
  operation->set_creq_hash(mixed(pseq));
  *operation->mutable_trade()->mutable_terms() = terms;
  operation->mutable_trade()->set_side(side);
}

proto::AcquireRequest acquire_request(std::uint32_t shard, std::uint64_t player, std::uint64_t expected_epoch) {
  proto::AcquireRequest request;
  request.set_shard(shard);
  request.set_player_id(player);
  *request.mutable_owner_incarnation() = owner_incarnation();
  request.set_owner_node(owner_node());
  request.set_expected_epoch(expected_epoch);
  request.set_acquire_id(mixed(player + expected_epoch) | 1);
  return request;
}

// ── scripts ─────────────────────────────────────────────────────────────────────────────────────────────────

Script write_script(const World& world, std::uint32_t shard, Kind kind, std::uint32_t groups) {
  Script script;
  std::uint32_t turn = 0;  // of whom the next request is
  std::map<std::uint64_t, std::uint64_t> numbers;
  const auto number = [&](std::uint64_t player) { return ++numbers.emplace(player, 1).first->second; };
  for (std::uint32_t group = 0; group < groups; ++group) {
    proto::StoreBatch batch;
    batch.set_wall_unix_ms(kWall + 1000 + group * 10);
    for (std::uint32_t n = 0; n < (kind == Kind::kTrade ? kGroup / 2 : kGroup); ++n, ++turn) {
      const auto spread = [&](std::uint32_t at) { return player_id(shard, at * 7919 % world.players); };
      if (kind != Kind::kTrade) {
        proto::ApplyRequest request = apply_request(shard, spread(turn));
        const std::uint64_t pseq = number(request.player_id());
        kind == Kind::kHard ? add_hard(&request, pseq) : add_soft(&request, pseq);
        add(&batch, request);
      } else {
        const std::uint64_t buyer = spread(2 * turn), seller = spread(2 * turn + 1);
        const std::uint32_t item = 2 * turn / world.players;
        if (item >= world.items) give_up("not enough items for so many trades");
        const proto::TradeTerms terms = trade_terms(turn, shard, buyer, seller, item);
        for (const std::uint32_t side : {0u, 1u}) {
          proto::ApplyRequest request = apply_request(shard, side == 0 ? buyer : seller);
          add_leg(&request, number(request.player_id()), terms, side);
          add(&batch, request);
        }
      }
      ++script.operations;
    }
    script.groups.push_back(batch.SerializeAsString());
  }
  return script;
}

void check_replies(const std::vector<std::string>& replies, Kind kind) {
  for (const std::string& encoded : replies) {
    proto::StoreBatchReply batch;
    if (!batch.ParseFromString(encoded) || batch.retry()) give_up("a group was not done: " + batch.detail());
    for (int i = 0; i < batch.items_size(); ++i) {
      proto::ApplyReply reply;
      if (!reply.ParseFromString(batch.items(i).body()) || reply.code() != proto::STORED)
        give_up("an operation was refused: " + reply.detail());
      const bool done = kind != Kind::kTrade || i % 2 == 0 ||
                        (reply.legs_size() == 1 && reply.legs(0).state() == proto::LEG_COMMITTED);
      if (!done) give_up("a trade was not committed");
    }
  }
}

}  // namespace dure::bench
