// The inbox of an owned player: what is delivered while it is held here is read, claimed by ordinary operations as far
// as there is room, and told when SAVED. A notice only says "look": a late, lost or repeated one does no harm.
#include "common/game/owner.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/lobby.pb.h"

namespace dure {
namespace {
constexpr Duration kInboxRetry = milliseconds(200), kInboxRetryMost = seconds(5);
constexpr int kClaimsAtOnce = 32;
}  // namespace

void OwnerNode::inbox_notice(const From&, const proto::InboxNotice& notice) {
  const PlayerId id(notice.player_id());
  if (const auto arriving = arriving_.find(id); arriving != arriving_.end()) arriving->second = true;
  if (Player* player = find(id)) look_into_inbox(*player);
  for (const auto& listener : inbox_listeners_) listener(id);
}

void OwnerNode::look_into_inbox(Player& player) {
  player.inbox_asked = true;
  player.inbox_due = now() + options_.inbox_interval;
  if (player.reading_inbox) return;
  player.reading_inbox = true;
  spawn(read_inbox(PlayerRef{player.id, player.epoch}));
}

Task<void> OwnerNode::read_inbox(PlayerRef ref) {
  Duration pause = kInboxRetry;
  for (;;) {
    Player* player = find(ref);
    if (player == nullptr) co_return;
    if (!player->inbox_asked) {
      player->reading_inbox = false;
      co_return;
    }
    player->inbox_asked = false;
    proto::InboxQuery query;
    query.set_shard(player->shard);
    query.set_player_id(ref.id.value);
    query.set_epoch(ref.epoch);
    *query.mutable_owner_incarnation() = uid_of({identity().incarnation.high, identity().incarnation.low});
    const NodeId agent = shard_agent(player->shard);
    auto answer = co_await call<proto::InboxReply>(agent, query, seconds(5));
    player = find(ref);
    if (player == nullptr) co_return;
    if (answer && answer->code() == proto::STALE_EPOCH) {
      stale(*player);
      co_return;
    }
    if (answer && answer->code() == proto::STORED) {
      pause = kInboxRetry;
      heard_of_[query.shard()] = now();
      for (const auto& entry : answer->entries()) player->mirror.receive(entry);
      claim_waiting(*player);
      if (Player* still = find(ref); still != nullptr && unlucky("inbox.asked_again")) still->inbox_asked = true;
      continue;
    }
    player->inbox_asked = true;
    if (answer && (answer->code() == proto::WRONG_SHARD || answer->code() == proto::NO_SUCH)) {
      auto moved = co_await shard_of(ref.id, true);
      if (Player* again = find(ref); again != nullptr && moved) again->shard = *moved;
    }
    co_await wait(pause);
    pause = std::min(pause * 2, kInboxRetryMost);
  }
}

std::vector<std::string> OwnerNode::claim_what_fits(Player& player) {
  std::vector<std::string> claimed;
  const std::map<std::uint64_t, std::string> waiting = player.mirror.inbox();
  const int page = unlucky("claims.one") ? 1 : kClaimsAtOnce;
  for (const auto& [message, encoded] : waiting) {
    if (static_cast<int>(claimed.size()) >= page || player.window.full(now())) break;
    if (player.unclaimable.count(message)) continue;
    proto::InboxEntry entry;
    entry.ParseFromString(encoded);
    const std::size_t carried = player.mirror.items().size() + player.mirror.items_on_their_way();
    if (options_.items_max > 0 && entry.items_size() > 0 &&
        carried + static_cast<std::size_t>(entry.items_size()) > options_.items_max)
      continue;
    proto::Operation operation;
    operation.set_reason(entry.reason());
    operation.set_content_version(content_version());
    auto* claim = operation.add_effects()->mutable_claim();
    claim->set_message_id(message);
    for (const auto& amount : entry.balances())
      if (const std::int64_t most = cap_of(amount.name()); most > 0) {
        auto* cap = claim->add_caps();
        cap->set_name(amount.name());
        cap->set_value(most);
      }
    // A letter that breaks who reads it is its own trouble, not its player's, who would be read again without end.
    const bool whole = guarded("claim", {}, 0, [&] {
      for (const auto& addition : claim_additions_) addition(player.mirror, entry, &operation);
    });
    if (!whole) {
      player.unclaimable.insert(message);
      continue;
    }
    if (player.mirror.apply(operation) != Mirror::Guard::kOk) continue;
    player.window.add(std::move(operation), now());
    queue_save(player);
    claimed.push_back(encoded);
  }
  return claimed;
}

void OwnerNode::claim_waiting(Player& player) {
  if (player.state != Player::State::kActive || player.mirror.inbox().empty()) return;
  std::vector<std::string> claimed = claim_what_fits(player);
  if (!claimed.empty()) player.scope->spawn(tell_when_saved({player.id, player.epoch}, std::move(claimed), true));
}

Task<void> OwnerNode::tell_when_saved(PlayerRef ref, std::vector<std::string> claimed, bool whole) {
  const bool done = co_await saved_or_gone(ref);
  Player* player = find(ref);
  if (!done || player == nullptr) co_return;
  if (whole) {
    player->claimed = changed_by(*player, claimed);
    tell_claimed(*player);
  }
  for (const std::string& encoded : claimed) {
    proto::InboxEntry entry;
    entry.ParseFromString(encoded);
    for (const auto& listener : claim_listeners_)
      if (Player* still = find(ref)) listener(*still, entry);
  }
  // What did not fit before may fit now.
  if (Player* still = find(ref)) claim_waiting(*still);
}

// An encoded AggregateChanged: what is so now of all that came. What was used up meanwhile was told by who did that.
std::string OwnerNode::changed_by(const Player& player, const std::vector<std::string>& claimed) const {
  proto::AggregateChanged changed;
  std::set<std::string> balances;
  for (const std::string& encoded : claimed) {
    proto::InboxEntry entry;
    entry.ParseFromString(encoded);
    changed.set_reason(entry.reason());
    for (const auto& amount : entry.balances()) balances.insert(amount.name());
    for (const auto& item : entry.items())
      if (player.mirror.item(item_id_of(item.id())) != nullptr) *changed.mutable_aggregate()->add_items() = item;
  }
  for (const auto& name : balances) {
    auto* touched = changed.mutable_aggregate()->add_balances();
    touched->set_name(name);
    touched->set_value(player.mirror.balance(name));
  }
  return changed.has_aggregate() ? changed.SerializeAsString() : std::string();
}

void OwnerNode::tell_claimed(Player& player) {
  proto::AggregateChanged changed;
  if (player.claimed.empty() || !changed.ParseFromString(std::exchange(player.claimed, {}))) return;
  changed.set_epoch(player.epoch);
  tell(player, changed);
}

}  // namespace dure
