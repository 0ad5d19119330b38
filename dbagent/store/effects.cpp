#include <algorithm>
#include <limits>
#include <set>

#include "common/base/debt.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/store.pb.h"
#include "common/proto/value.pb.h"
#include "dbagent/store/content_guard.h"
#include "dbagent/store/posting.h"
#include "dbagent/store/reconcile.h"

namespace dure::store {
namespace {

// What the effects of one operation share.
struct Applying {
  Shard& shard;
  std::uint64_t player_id;
  std::string_view reason;
  Posting posting;
  const GuardTable* content;  // none: nothing but the operation's own caps
  bool ownerless = false;
  std::set<Key16> left = {};  // items of letters claimed by this operation that RECONCILE has given away meanwhile
  Holder bag() const { return {HolderKind::kPlayer, player_id}; }
};

void require_name(std::string_view name) { require(!name.empty() && name.size() <= 64, "name"); }

void credit(Applying& on, std::string_view currency, std::int64_t amount, std::int64_t cap, const Account& from) {
  const std::int64_t most = on.content == nullptr ? cap : lesser_cap(cap, on.content->cap(currency));
  const std::int64_t after = on.posting.move(currency, amount, from, player_account(on.player_id));
  require_room(on.shard, on.player_id, currency, after, most);
}

void change_balance(Applying& on, const proto::Effect::Balance& effect) {
  require(effect.delta() != std::numeric_limits<std::int64_t>::min(), "amount");
  if (effect.delta() > 0) credit(on, effect.currency(), effect.delta(), effect.cap(), faucet(on.reason));
  if (effect.delta() < 0)
    on.posting.move(effect.currency(), -effect.delta(), player_account(on.player_id), sink(on.reason));
}

void require_version(Applying& on, const Key16& item, std::int64_t version) {
  require(on.shard.db.number("SELECT version FROM item WHERE item_id = ?1", item) == version, "item version");
}

void burn(Applying& on, const proto::Effect::Burn& effect) {
  const Key16 item = key_of(effect.item());
  require_version(on, item, effect.version());
  on.posting.hand_over(item, on.bag(), {HolderKind::kSink, 0});
}

void write_attribute(proto::Item& item, const std::string& key, std::int64_t value) {
  auto* attributes = item.mutable_attributes();
  auto at = std::find_if(attributes->begin(), attributes->end(), [&](const auto& a) { return a.key() >= key; });
  if (at != attributes->end() && at->key() == key) {
    at->set_value(value);
    return;
  }
  const auto index = at - attributes->begin();
  auto* added = attributes->Add();
  added->set_key(key);
  added->set_value(value);
  std::rotate(attributes->begin() + index, attributes->end() - 1, attributes->end());
}

void set_attribute(Applying& on, const proto::Effect::SetAttribute& effect) {
  const Key16 key = key_of(effect.item());
  require_name(effect.key());
  proto::Item item;
  {
    Query held(on.shard.db,
               "SELECT version, attributes FROM item JOIN item_holder USING(item_id) "
               "WHERE item_id = ?1 AND kind = 0 AND owner = ?2",
               key, on.player_id);
    require(held.row(), "holder");
    require(held.i64(0) == effect.version(), "item version");
    item.ParseFromString(held.text(1));
  }
  write_attribute(item, effect.key(), effect.value());
  on.shard.db.run("UPDATE item SET version = version + 1, attributes = ?2 WHERE item_id = ?1", key,
                  Blob{encoded_attributes(item)});
}

void set_once(Applying& on, const proto::Effect::SetOnce& effect) {
  require_name(effect.flag());
  require(on.shard.db.run("INSERT INTO flag VALUES(?1, ?2) ON CONFLICT DO NOTHING", on.player_id, effect.flag()) == 1,
          "flag is set");
}

void count(Applying& on, const proto::Effect::Count& effect) {
  require_name(effect.counter());
  const std::optional<std::int64_t> now =
      on.shard.db.number("SELECT value FROM counter WHERE pid = ?1 AND name = ?2", on.player_id, effect.counter());
  std::int64_t after = 0;
  require(!__builtin_add_overflow(now.value_or(0), effect.delta(), &after) && after >= 0, "counter");
  const std::int64_t cap =
      on.content == nullptr ? effect.cap() : lesser_cap(effect.cap(), on.content->counter_cap(effect.counter()));
  require(cap <= 0 || effect.delta() <= 0 || after <= cap, "counter cap");
  on.shard.db.run(
      now ? "UPDATE counter SET value = ?3 WHERE pid = ?1 AND name = ?2" : "INSERT INTO counter VALUES(?1, ?2, ?3)",
      on.player_id, effect.counter(), after);
}

void lay_out(Applying& on, const proto::Effect::Layout& effect) {
  on.shard.db.run("INSERT INTO layout VALUES(?1, ?2) ON CONFLICT DO UPDATE SET body = excluded.body", on.player_id,
                  Blob{effect.layout()});
}

bool same_amounts(const google::protobuf::RepeatedPtrField<proto::Amount>& one,
                  const google::protobuf::RepeatedPtrField<proto::Amount>& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const auto& a, const auto& b) { return a.name() == b.name() && a.value() == b.value(); });
}

// After a restore RECONCILE has redone the letters of an aggregate without an owner that others received, and what
// brought them about comes to it again. Only the very same letter is already sent: the receiver of a refusal must not
// get what it asked for as well.
bool sent_before(Shard& shard, std::uint64_t aggregate, std::string_view reason, const proto::Effect::Send& effect) {
  Query row(shard.db, "SELECT body FROM outbox WHERE message_id = ?1 AND pid = ?2 AND to_pid = ?3", effect.message_id(),
            aggregate, effect.to_player());
  proto::InboxEntry letter;
  if (!row.row() || !letter.ParseFromString(row.text(0))) return false;
  std::set<Key16> had, named;
  for (const auto& item : letter.items()) had.insert(key_of(item.id()));
  for (const auto& item : effect.items()) named.insert(key_of(item));
  // Of a letter that was given back, what had left with it is not in the one that came again.
  return letter.reason() == reason && letter.memo() == effect.memo() &&
         std::includes(had.begin(), had.end(), named.begin(), named.end()) &&
         same_amounts(letter.balances(), effect.balances());
}

// What a letter that is already sent carried has left; as far as it was not here then, it is owed.
void pay_debts_of(Applying& on, const proto::Effect::Send& effect) {
  for (const auto& amount : effect.balances()) {
    const std::string debt = debt_of(amount.name());
    const std::int64_t paid = std::min(
        {amount.value(), balance_of(on.shard, on.player_id, debt), balance_of(on.shard, on.player_id, amount.name())});
    if (paid <= 0) continue;
    for (const std::string& name : {amount.name(), debt})
      on.posting.move(name, paid, player_account(on.player_id), sink(kReconcileReason));
  }
}

// SEND: from here on the value belongs to the message. It is never refunded; a return is a new message.
void send(Applying& on, const proto::Effect::Send& effect) {
  require(effect.message_id() != 0 && effect.to_player() != 0, "message");
  require(effect.memo().size() <= 256, "memo");
  if (on.ownerless && sent_before(on.shard, on.player_id, on.reason, effect)) return pay_debts_of(on, effect);
  require(!on.shard.db.number("SELECT 1 FROM outbox WHERE message_id = ?1", effect.message_id()), "message exists");
  proto::InboxEntry letter;
  letter.set_message_id(effect.message_id());
  letter.set_reason(std::string(on.reason));
  letter.set_memo(effect.memo());
  letter.set_from_player(on.player_id);
  *letter.mutable_balances() = effect.balances();
  for (const auto& amount : effect.balances())
    on.posting.move(amount.name(), amount.value(), player_account(on.player_id), transit());
  const Holder envelope{HolderKind::kOutbox, effect.message_id()};
  for (const auto& item : effect.items())
    if (const Key16 key = key_of(item); !on.left.contains(key)) on.posting.hand_over(key, on.bag(), envelope);
  read_items_of(on.shard, envelope, [&] { return letter.add_items(); });
  on.shard.db.run("INSERT INTO outbox VALUES(?1, ?2, ?3, ?4, 0, ?5)", effect.message_id(), on.shard.file.next_number(),
                  on.player_id, effect.to_player(), Blob{letter.SerializeAsString()});
}

std::int64_t cap_of(const proto::Effect::Claim& effect, std::string_view currency) {
  for (const auto& cap : effect.caps())
    if (cap.name() == currency) return cap.value();
  return 0;
}

void note_what_has_left(Applying& on, std::uint64_t message_id, const std::vector<Key16>& here) {
  Query row(on.shard.db, "SELECT letter FROM inbox WHERE message_id = ?1", message_id);
  proto::InboxEntry written;
  if (!row.row() || !written.ParseFromString(row.text(0))) return;
  for (const auto& item : written.items())
    if (const Key16 key = key_of(item.id()); std::find(here.begin(), here.end(), key) == here.end())
      on.left.insert(key);
}

// CLAIM: the row stays, so that a late DELIVER finds it.
void claim(Applying& on, const proto::Effect::Claim& effect) {
  const auto claimed = on.shard.db.run("UPDATE inbox SET state = 1 WHERE message_id = ?1 AND pid = ?2 AND state = 0",
                                       effect.message_id(), on.player_id);
  require(claimed == 1, "inbox");
  const Account letter = inbox_account(effect.message_id());
  std::vector<std::pair<std::string, std::int64_t>> amounts;
  {
    Query in(on.shard.db, "SELECT currency, amount FROM account WHERE kind = 4 AND owner = ?1 AND amount > 0",
             effect.message_id());
    while (in.row()) amounts.emplace_back(in.text(0), in.i64(1));
  }
  for (const auto& [currency, amount] : amounts) credit(on, currency, amount, cap_of(effect, currency), letter);
  std::vector<Key16> items;
  {
    Query in(on.shard.db, "SELECT item_id FROM item_holder WHERE kind = 4 AND owner = ?1 ORDER BY item_id",
             effect.message_id());
    while (in.row()) items.push_back(in.key(0));
  }
  for (const auto& item : items) on.posting.hand_over(item, {HolderKind::kInbox, effect.message_id()}, on.bag());
  if (on.ownerless) note_what_has_left(on, effect.message_id(), items);
}

// LOOT: the key is what makes a drop or a reward happen once.
void use_drop_key(Applying& on, const proto::Effect::DropKey& effect) {
  require(effect.source().size() <= 64, "name");
  const auto fresh = on.shard.db.run("INSERT INTO drop_key VALUES(?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING", on.player_id,
                                     effect.source(), effect.run(), effect.number());
  require(fresh == 1, "drop key used");
}

void apply_effect(Applying& on, const proto::Effect& effect) {
  switch (effect.kind_case()) {
    case proto::Effect::kBalance:
      return change_balance(on, effect.balance());
    case proto::Effect::kMint:
      return on.posting.mint(effect.mint().item(), on.bag(), true);
    case proto::Effect::kBurn:
      return burn(on, effect.burn());
    case proto::Effect::kSetAttribute:
      return set_attribute(on, effect.set_attribute());
    case proto::Effect::kSetOnce:
      return set_once(on, effect.set_once());
    case proto::Effect::kCount:
      return count(on, effect.count());
    case proto::Effect::kLayout:
      return lay_out(on, effect.layout());
    case proto::Effect::kSend:
      return send(on, effect.send());
    case proto::Effect::kClaim:
      return claim(on, effect.claim());
    case proto::Effect::kDropKey:
      return use_drop_key(on, effect.drop_key());
    case proto::Effect::KIND_NOT_SET:
      break;
  }
  throw GuardFalse("unknown effect");
}

}  // namespace

void apply_effects(Shard& shard, const Root& root, const proto::Operation& operation) {
  Applying on{shard, root.player_id, operation.reason(),
              Posting(shard, {root.player_id, root.epoch, operation.pseq(), operation.reason(),
                              operation.content_version(), operation.trace_id()}),
              // Whoever holds what is nobody's, an auction house, has no cap.
              root.kind == RootKind::kOwnerless ? nullptr : shard.content->table(operation.content_version()),
              root.kind == RootKind::kOwnerless};
  for (const auto& effect : operation.effects()) apply_effect(on, effect);
}

bool sent_otherwise(Shard& shard, const proto::OwnerlessApply& request) {
  return std::any_of(request.sends().begin(), request.sends().end(), [&](const auto& send) {
    return shard.db.number("SELECT 1 FROM outbox WHERE message_id = ?1 AND pid = ?2", send.message_id(),
                           request.aggregate_id()) &&
           !sent_before(shard, request.aggregate_id(), request.reason(), send);
  });
}

void tell_sent(Shard& shard, const proto::Operation& operation) {
  for (const auto& effect : operation.effects()) {
    if (!effect.has_send()) continue;
    proto::StoreEvent event;
    event.set_sent(effect.send().message_id());
    shard.tell(event);
  }
}

}  // namespace dure::store
