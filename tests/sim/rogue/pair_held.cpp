// What must not be done to a character, or to its leg, while that is held.
#include "common/proto/rollback.pb.h"
#include "common/proto/shard_map.pb.h"
#include "dbagent/agent.h"
#include "tests/sim/rogue/forgery.h"
#include "tests/sim/rogue/pair_tricks.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: states and verdicts

constexpr proto::Verdict kVerdicts[] = {UNDECIDED, ABORT, COMMIT};

TradeFinish finish_of(const Deal& deal, const Character& who, proto::Verdict verdict) {
  TradeFinish finish;
  finish.set_shard(who.shard);
  *finish.mutable_txn() = deal.terms.txn();
  finish.set_side(side_of(deal, who));
  finish.set_verdict(verdict);
  return finish;
}

Task<void> hold(Pair& pair, Character& who) {
  Deal& deal = pair.deal(who, nullptr, who.shard, true);
  return pair.leg(deal, side_of(deal, who), LEG_HELD, "the leg");
}

// The register is here, and has not decided.
Task<void> finish_undecided(Pair& pair) {
  Character& who = one_of(pair);
  Deal& deal = pair.deal(who, nullptr, who.shard, true);
  co_await pair.leg(deal, side_of(deal, who), LEG_HELD, "the leg");
  for (const proto::Verdict verdict : kVerdicts)
    co_await ask<TradeFinishReply>(pair.talk, who.queue(), pair.lawful(Verdict_Name(verdict)).refused(REJECTED),
                                   finish_of(deal, who, verdict));
}

// The register is elsewhere, and is believed: but for what the other side gave.
Task<void> finish_other_goods(Pair& pair) {
  Character& who = one_of(pair);
  Deal& deal = pair.deal(who, nullptr, pair.another_shard(who.shard), true);
  auto* given = Pair::side_of(deal, 1 - side_of(deal, who))->add_items();
  given->mutable_item()->set_high(own_number(pair.rng));
  given->set_version(1 + static_cast<std::int64_t>(pair.rng.below(3)));
  co_await pair.leg(deal, side_of(deal, who), LEG_HELD, "the leg");
  TradeFinish finish = finish_of(deal, who, COMMIT);
  co_await ask<TradeFinishReply>(pair.talk, who.queue(), pair.lawful("nothing").refused(REJECTED), finish);
  auto* item = finish.add_items();
  *item->mutable_id() = given->item();
  item->set_template_("rusty_sword");
  item->set_version(given->version() + 1);
  co_await ask<TradeFinishReply>(pair.talk, who.queue(), pair.lawful("a version").refused(REJECTED), finish);
  item->set_version(given->version());
  item->mutable_id()->set_low(7);
  co_await ask<TradeFinishReply>(pair.talk, who.queue(), pair.lawful("an item").refused(REJECTED), finish);
  *item->mutable_id() = given->item();
  finish.set_verdict(UNDECIDED);
  co_await ask<TradeFinishReply>(pair.talk, who.queue(), pair.lawful("undecided").refused(REJECTED), finish);
}

Task<void> roll_back(Pair& pair) {
  Character& who = one_of(pair);
  co_await hold(pair, who);
  RollbackApply request;
  request.set_shard(who.shard);
  request.set_player_id(who.id());
  request.set_epoch(who.epoch);
  *request.mutable_owner_incarnation() = who.incarnation;
  auto* operation = request.mutable_operation();
  operation->set_pseq(who.pseq + 1);
  operation->set_reason("rogue");
  auto* key = operation->add_effects()->mutable_drop_key();
  key->set_run(own_number(pair.rng));
  key->set_number(1);
  key->set_source("rogue");
  co_await ask<RollbackApplied>(pair.talk, who.queue(), pair.lawful("rolled back").refused(REJECTED), request);
}

// RETRY is what it must be told.
Task<void> freeze(Pair& pair) {
  Character& who = one_of(pair);
  co_await hold(pair, who);
  MoveFreeze request;
  request.set_shard(who.shard);
  request.set_account_id(who.account_id);
  request.set_move_id(1);
  co_await ask<MoveContentReply>(pair.talk, who.queue(), pair.lawful("frozen").refused(RETRY), request);
}

// What is kept free for the hold's end is no room for a letter.
Task<void> claim(Pair& pair) {
  Character& who = one_of(pair);
  co_await pair.supply(who, 5, 0, 0);
  co_await pair.acquire(who);
  pair.must(who.letters.size() == 1, "there are " + std::to_string(who.letters.size()) + " letters");
  co_await hold(pair, who);
  Operation operation = pair.operation(who);
  auto* claim = operation.add_effects()->mutable_claim();
  claim->set_message_id(who.letters[0].message_id());
  auto* cap = claim->add_caps();
  cap->set_name("gold");
  cap->set_value(who.balance("gold") + 5 + who.reserved("gold") - 1);
  co_await pair.fails(who, operation, "a letter that has no room");
}

}  // namespace

std::vector<Trick> held_tricks() {
  return {
      {"held-finish-undecided", always, finish_undecided},
      {"held-finish-other-goods", many_shards, finish_other_goods},
      {"held-rollback", always, roll_back},
      {"held-freeze", always, freeze},
      {"held-claim", always, claim},
  };
}

}  // namespace dure::sim
