#include "tests/sim/rogue/rogue_character.h"

#include <algorithm>

#include "dbagent/agent.h"
#include "tests/sim/rogue/forgery.h"

namespace dure::sim {
namespace {

constexpr std::uint64_t kFirst = kRogue + (std::uint64_t{1} << 42);  // above all numbers of other personas
constexpr std::uint64_t kAnother = 1000;                             // for who was given up

std::pair<std::uint64_t, std::uint64_t> key(const proto::Uid& uid) { return {uid.high(), uid.low()}; }

std::string in_words(const std::string& name, std::uint64_t value) { return name + " " + std::to_string(value) + ", "; }

std::string in_words(const proto::TradeTerms& terms, std::uint32_t side, std::uint64_t creq, std::uint64_t creq_hash) {
  return "hold of side " + std::to_string(side) + " by request " + std::to_string(creq) + "/" +
         std::to_string(creq_hash) + " of {" + terms.ShortDebugString() + "}, ";
}

}  // namespace

std::string to_text(const proto::Uid& uid) { return std::to_string(uid.high()) + "-" + std::to_string(uid.low()); }

std::uint64_t Character::id() const { return kFirst + number; }

// Letters only; the skeleton of none is that of another.
std::string Character::name() const {
  std::string name = "Roguedeals";
  for (std::uint64_t left = number; left > 0; left /= 8) name += "abcdefgh"[left % 8];
  return name;
}

std::string Character::queue() const { return Agent::shard_queue(shard); }

std::int64_t Character::balance(const std::string& currency) const {
  const auto at = balances.find(currency);
  return at == balances.end() ? 0 : at->second;
}

std::int64_t Character::reserved(const std::string& currency) const {
  std::int64_t sum = 0;
  for (const auto& [txn, hold] : holds) {
    std::int64_t most = 0;
    for (const auto& side : hold.terms.sides())
      for (const auto& amount : side.give())
        if (amount.name() == currency) most = std::max(most, amount.value());
    sum += most;
  }
  return sum;
}

proto::ApplyRequest Character::request() const {
  proto::ApplyRequest request;
  request.set_shard(shard);
  request.set_player_id(id());
  request.set_epoch(epoch);
  *request.mutable_owner_incarnation() = incarnation;
  return request;
}

void Character::used(const proto::Operation& operation, bool aborted) {
  pseq = operation.pseq();
  if (operation.creq() <= creq) return;
  creq = operation.creq();
  creq_hash = operation.creq_hash();
  creq_aborted = aborted;
}

void Character::fenced() {
  ++epoch;
  pseq = 0;
}

void Character::give(const proto::TradeSide& side) {
  for (const auto& amount : side.give()) balances[amount.name()] -= amount.value();
  for (const auto& item : side.items()) items.erase(key(item.item()));
}

void Character::take(const google::protobuf::RepeatedPtrField<proto::Amount>& amounts, const Goods& goods) {
  for (const auto& amount : amounts) balances[amount.name()] += amount.value();
  for (const auto& item : goods) items[key(item.id())] = item;
}

void Character::hold(const proto::Operation& leg, Goods goods) {
  const proto::TradeTerms& terms = leg.trade().terms();
  give(terms.sides(static_cast<int>(leg.trade().side())));
  used(leg);
  Hold& hold = holds[to_text(terms.txn())];
  hold.terms = terms;
  hold.side = leg.trade().side();
  hold.creq = leg.creq();
  hold.creq_hash = leg.creq_hash();
  hold.goods = std::move(goods);
}

void Character::finish(const proto::TradeTerms& terms, bool committed, const Goods& gets) {
  const auto at = holds.find(to_text(terms.txn()));
  const Hold hold = at->second;
  holds.erase(at);
  ++settle_seq;
  const int giver = static_cast<int>(committed ? 1 - hold.side : hold.side);
  take(terms.sides(giver).give(), committed ? gets : hold.goods);
  if (!committed && hold.creq != 0 && hold.creq == creq) creq_aborted = true;
}

std::string Character::believed() const {
  std::string words = in_words("epoch", epoch) + in_words("number", pseq) + in_words("settled", settle_seq) +
                      in_words("request", creq) + in_words("of", creq_hash) + (creq_aborted ? "aborted, " : "done, ") +
                      in_words("ended", ended_epoch) + in_words("at", ended_pseq);
  for (const auto& [currency, amount] : balances)
    if (amount != 0) words += currency + " " + std::to_string(amount) + ", ";
  std::map<std::string, std::int64_t> kept;
  for (const auto& [txn, hold] : holds)
    for (const auto& side : hold.terms.sides())
      for (const auto& amount : side.give()) kept[amount.name()] = reserved(amount.name());
  for (const auto& [id, item] : items) words += "{" + item.ShortDebugString() + "}, ";
  for (const auto& [currency, amount] : kept) words += "reserved " + currency + " " + std::to_string(amount) + ", ";
  for (const auto& [txn, hold] : holds) words += in_words(hold.terms, hold.side, hold.creq, hold.creq_hash);
  return words;
}

std::string Character::told(const proto::AcquireReply& grant) {
  std::string words = in_words("epoch", grant.epoch()) + in_words("number", grant.last_pseq()) +
                      in_words("settled", grant.settle_seq()) + in_words("request", grant.last_creq()) +
                      in_words("of", grant.last_creq_hash()) +
                      (grant.last_creq_result() != 0 ? "aborted, " : "done, ") +
                      in_words("ended", grant.ended_epoch()) + in_words("at", grant.ended_last_pseq());
  const proto::Aggregate& row = grant.aggregate();
  for (const auto& amount : row.balances()) words += amount.name() + " " + std::to_string(amount.value()) + ", ";
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> items;
  for (const auto& item : row.items()) items[key(item.id())] = "{" + item.ShortDebugString() + "}, ";
  for (const auto& [id, item] : items) words += item;
  for (const auto& amount : row.reserved())
    words += "reserved " + amount.name() + " " + std::to_string(amount.value()) + ", ";
  std::map<std::string, std::string> holds;
  for (const auto& hold : row.holds())
    holds[to_text(hold.terms().txn())] = in_words(hold.terms(), hold.side(), hold.creq(), hold.creq_hash());
  for (const auto& [txn, hold] : holds) words += hold;
  return words;
}

void Character::adopt(const proto::AcquireReply& grant) {
  epoch = grant.epoch();
  pseq = grant.last_pseq();
  settle_seq = grant.settle_seq();
  creq = grant.last_creq();
  creq_hash = grant.last_creq_hash();
  creq_aborted = grant.last_creq_result() != 0;
  ended_epoch = grant.ended_epoch();
  ended_pseq = grant.ended_last_pseq();
  balances.clear();
  for (const auto& amount : grant.aggregate().balances()) balances[amount.name()] = amount.value();
  items.clear();
  for (const auto& item : grant.aggregate().items()) items[key(item.id())] = item;
  letters.assign(grant.aggregate().inbox().begin(), grant.aggregate().inbox().end());
}

Task<void> make(Talk& talk, Character& character) {
  const std::string directory(Agent::kDirectoryQueue);
  while (!character.made) {
    if (character.account_id == 0) {
      proto::AccountQuery query;
      query.set_account(character.account_name);
      query.set_create(true);
      const auto account = co_await ask<proto::AccountReply>(talk, directory, Asking("deal account"), query);
      character.account_id = account.account_id();
      character.shard = account.shard();
    }
    proto::ReserveName reserve;
    reserve.set_name(character.name());
    reserve.set_player_id(character.id());
    reserve.set_account_id(character.account_id);
    reserve.set_reservation(character.id());
    const auto reserved = co_await ask<proto::ReserveNameReply>(
        talk, directory, Asking("deal reserve").answered(proto::STORED, proto::NAME_TAKEN), reserve);
    proto::CreatePlayerRequest create;
    create.set_shard(character.shard);
    create.set_player_id(character.id());
    create.set_account_id(character.account_id);
    create.set_name(character.name());
    create.set_reservation(character.id());
    proto::StoreReply done;
    done.set_code(reserved.code());
    if (done.code() == proto::STORED)
      done = co_await ask<proto::StoreReply>(talk, character.queue(),
                                             Asking("deal create").or_answered(proto::EXPECTED_OTHER), create);
    proto::ClaimName claim;
    claim.set_name(character.name());
    claim.set_player_id(character.id());
    claim.set_reservation(character.id());
    if (done.code() == proto::STORED)
      done = co_await ask<proto::StoreReply>(talk, directory,
                                             Asking("deal claim-name").or_answered(proto::EXPECTED_OTHER), claim);
    character.made = done.code() == proto::STORED;
    if (!character.made) character.number += kAnother;
  }
}

Task<proto::AcquireReply> acquire(Talk& talk, Character& character, bool sure) {
  for (;;) {
    proto::AcquireRequest request;
    request.set_shard(character.shard);
    request.set_player_id(character.id());
    request.mutable_owner_incarnation()->set_high(kRogue);
    request.mutable_owner_incarnation()->set_low((character.epoch << 32) + character.number);
    request.set_expected_epoch(character.epoch);
    request.set_acquire_id(kRogue + (character.epoch << 16) + character.number);
    const int other_epoch = sure ? proto::STORED : proto::EXPECTED_OTHER;
    const auto grant = co_await ask<proto::AcquireReply>(talk, character.queue(),
                                                         Asking("deal acquire").or_answered(other_epoch), request);
    character.incarnation = request.owner_incarnation();
    if (grant.code() == proto::STORED) co_return grant;
    character.epoch = grant.epoch();
  }
}

}  // namespace dure::sim
