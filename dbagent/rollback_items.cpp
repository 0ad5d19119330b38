// The items: what the system gave and took since a time, and where it is now.
#include <algorithm>
#include <utility>

#include "common/base/debt.h"
#include "common/base/ids.h"
#include "common/proto/operator.pb.h"
#include "common/proto/rollback.pb.h"
#include "dbagent/rollback_reading.h"

namespace dure {
namespace {

constexpr std::size_t kItemsMax = 2000;
using ItemKey = std::pair<std::uint64_t, std::uint64_t>;

}  // namespace

Task<bool> RollbackPlanner::item_life(RollbackPlan* plan, std::uint64_t high, std::uint64_t low,
                                      std::shared_ptr<Life> life) {
  bool any = false;
  for (const std::uint32_t shard : shards_) {
    proto::ItemLifeQuery query;
    query.mutable_item()->set_high(high);
    query.mutable_item()->set_low(low);
    for (bool more = true; more;) {
      const Result<proto::ItemLifeReply> page = co_await ask<proto::ItemLifeReply>(shard, query);
      if (!page) {
        plan->away = true;
        plan->refusal = page.error().detail;
        co_return false;
      }
      for (const auto& event : page->events()) {
        const auto kind = static_cast<Life::Holder>(event.to().kind());
        if (!any || event.at_unix_ms() < life->first_at) {
          any = true;
          life->first_at = event.at_unix_ms();
          life->made_for_player = kind == Life::Holder::kPlayer;
          life->first_player = event.to().player_id();
        }
        if (kind == Life::Holder::kSink) {
          life->burnt_by = event.player_id();
          life->burnt_for = event.reason();
        }
        *query.mutable_after() = event.place();
      }
      if (page->here()) {
        life->here = true;
        life->item = page->item();
        life->holder_kind = static_cast<int>(page->holder().kind());
        life->holder_player = page->holder().player_id();
      }
      more = page->more();
    }
  }
  co_return true;
}

// For people.
Task<std::string> RollbackPlanner::whereabouts(std::shared_ptr<Life> life, std::uint64_t of_player) {
  if (life->in_letter_to(of_player)) co_return "in an unopened letter of their own";
  const std::uint64_t who = life->used_up() ? life->burnt_by : life->holder_player;
  std::string name = "the system";
  if (who != 0) name = co_await name_of(who);
  if (!life->here) co_return "under way";
  switch (static_cast<Life::Holder>(life->holder_kind)) {
    case Life::Holder::kPlayer:
      co_return "held by " + name;
    case Life::Holder::kSink:
      co_return "used up by " + name + " (" + life->burnt_for + ")";
    case Life::Holder::kInbox:
      co_return "in an unopened letter to " + name;
    case Life::Holder::kHold:
      co_return "in an open trade of " + name;
    case Life::Holder::kOutbox:
      break;
  }
  co_return "on its way to " + name;
}

Task<bool> RollbackPlanner::undo_items(RollbackPlan* plan, RollbackShare* share, std::int64_t to,
                                       std::shared_ptr<Money> money, std::int64_t* first_kept) {
  struct Seen {
    bool had = false, has = false;
  };
  std::map<ItemKey, Seen> items;
  std::int64_t created = 0;
  *first_kept = 0;
  for (const std::uint32_t shard : shards_) {
    proto::PlayerAtQuery query;
    query.set_player_id(share->player_id);
    query.set_at_unix_ms(to);
    for (bool more = true; more;) {
      const Result<proto::PlayerAt> page = co_await ask<proto::PlayerAt>(shard, query);
      if (!page || page->code() != proto::STORED) {
        plan->away = true;
        plan->refusal = page ? "shard " + std::to_string(shard) + " cannot say" : page.error().detail;
        co_return false;
      }
      if (page->first_unix_ms() != 0 && (*first_kept == 0 || page->first_unix_ms() < *first_kept))
        *first_kept = page->first_unix_ms();
      created = std::max(created, page->created_unix_ms());
      for (const auto& change : page->items()) {
        Seen& seen = items[{change.item().high(), change.item().low()}];
        seen.had = seen.had || change.had();
        seen.has = seen.has || change.has();
      }
      more = page->next().txn() != 0;
      *query.mutable_after() = page->next();
    }
  }
  if (created > to) {
    plan->refusal = share->name + " did not exist then";
    co_return false;
  }
  if (items.size() > kItemsMax) {
    plan->refusal = "more than " + std::to_string(kItemsMax) + " items came or went since: a nearer time";
    co_return false;
  }
  for (const auto& [key, seen] : items) {
    const auto life = std::make_shared<Life>();
    const bool read = co_await item_life(plan, key.first, key.second, life);
    if (!read) co_return false;
    const std::string what = "item " + hex128(key.first, key.second) + " " + life->item.template_();
    const bool made_since = life->first_at > to && life->made_for_player && life->first_player == share->player_id;
    const bool used_up = life->used_up() && life->burnt_by == share->player_id;
    const bool waits = life->in_letter_to(share->player_id);
    if (made_since && seen.has) {
      auto* burn = share->operation->add_effects()->mutable_burn();
      *burn->mutable_item() = life->item.id();
      burn->set_version(life->item.version());
      share->lines.push_back(what + ": got since, is taken");
    } else if (made_since && !used_up) {
      const std::string where = co_await whereabouts(life, share->player_id);
      ++money->debts[debt_of_item(life->item.template_())].due;
      share->lines.push_back(what + ": got since" + (waits ? "" : " and given away") + ", is owed; " + where);
    } else if (!made_since && used_up) {
      auto* item = share->operation->add_effects()->mutable_mint()->mutable_item();
      *item = life->item;
      item->mutable_id()->set_high(mix64(key.first ^ mix64(static_cast<std::uint64_t>(to))));
      item->mutable_id()->set_low(mix64(key.second + static_cast<std::uint64_t>(to)));
      share->lines.push_back(what + ": used up since (" + life->burnt_for + "), is made again as a new one");
    } else if (seen.had && !seen.has) {
      const std::string where = co_await whereabouts(life, share->player_id);
      share->lines.push_back(what + (waits ? ": stands; " : ": given away since, stands; ") + where);
    } else if (!seen.had && seen.has) {
      share->lines.push_back(what + ": come from another player or by letter since, stands");
    }
  }
  co_return true;
}

}  // namespace dure
