#include <algorithm>
#include <charconv>
#include <cstdio>

#include "common/proto/dbagent.pb.h"
#include "common/proto/operator.pb.h"
#include "tools/ledger/ledger_node.h"
#include "tools/ledger/ledger_words.h"

namespace dure {
namespace {

struct Sum {
  std::int64_t in = 0, out = 0;
  std::uint64_t movements = 0;
};

long long wide(std::int64_t value) { return static_cast<long long>(value); }

}  // namespace

Task<void> LedgerNode::player_ledger() {
  proto::PlayerLocate locate;
  std::uint64_t number = 0;
  const std::string& text = options_.player;
  const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && last == text.data() + text.size())
    locate.set_player_id(number);
  else
    locate.set_name(text);
  locate.set_any_state(true);
  const auto found = co_await call<proto::PlayerLocateReply>(directory_agent(), locate, seconds(5));
  if (!found || found->code() != proto::STORED) {
    std::fprintf(stderr, "dure player: %s\n", found ? ("nobody is called " + text).c_str() : "no answer");
    co_return end(found ? 1 : 2);
  }
  const std::uint64_t player = found->player_id();
  std::printf("%s: player %llu, account %llu, shard %u\n", found->name().c_str(),
              static_cast<unsigned long long>(player), static_cast<unsigned long long>(found->account_id()),
              found->shard());
  // Also of shards where the account was before: what happened there is told there.
  std::map<std::pair<std::string, std::string>, Sum> sums;  // currency, reason
  for (const std::uint32_t shard : shards_) {
    proto::PlayerLedgerQuery query;
    query.set_player_id(player);
    query.set_since_unix_ms(since_unix_ms());
    const Result<proto::PlayerLedgerReply> accounts = co_await ask<proto::PlayerLedgerReply>(shard, query);
    if (!accounts) co_return away(shard);
    if (accounts->items_held() > 0)
      std::printf("shard %u: %llu items\n", shard, static_cast<unsigned long long>(accounts->items_held()));
    for (const auto& item : accounts->items())
      std::printf("  %s  %s\n", to_text(ItemId{item.id().high(), item.id().low()}).c_str(), item.template_().c_str());
    if (accounts->items_held() > static_cast<std::uint64_t>(accounts->items_size()))
      std::printf("  and %llu more\n",
                  static_cast<unsigned long long>(accounts->items_held()) - accounts->items_size());
    for (const auto& account : accounts->accounts()) {
      std::printf("shard %u: %lld %s\n", shard, wide(account.value()), account.name().c_str());
      if (!options_.movements) continue;
      query.set_currency(account.name());
      query.clear_from();
      bool first = true;
      for (bool more = true; more;) {
        const Result<proto::PlayerLedgerReply> page = co_await ask<proto::PlayerLedgerReply>(shard, query);
        if (!page) co_return away(shard);
        for (const auto& movement : page->movements()) {
          if (std::exchange(first, false))
            std::printf("  %-19s  %14s %14s  %-20s %s\n", "time (UTC)", "amount", "balance", "reason", "other side");
          const std::string other = co_await name_of(movement.other().player_id());
          std::printf("  %s  %+14lld %14lld  %-20s %s\n", time_text(movement.at_unix_ms()).c_str(),
                      wide(movement.amount()), wide(movement.balance_after()), movement.reason().c_str(),
                      account_words(movement.other(), other).c_str());
          Sum& sum = sums[{account.name(), movement.reason()}];
          (movement.amount() > 0 ? sum.in : sum.out) += std::abs(movement.amount());
          ++sum.movements;
        }
        more = page->next().txn() != 0;
        *query.mutable_from() = page->next();
        query.set_balance_after(page->next_balance());
        if (page->cut()) std::printf("  older movements are not kept here any more\n");
      }
    }
  }
  if (!sums.empty())
    std::printf("%-16s %-24s %14s %14s %14s %10s\n", "currency", "reason", "in", "out", "difference", "movements");
  for (const auto& [whose, sum] : sums)
    std::printf("%-16s %-24s %14lld %14lld %+14lld %10llu\n", whose.first.c_str(), whose.second.c_str(), wide(sum.in),
                wide(sum.out), wide(sum.in - sum.out), static_cast<unsigned long long>(sum.movements));
  end(0);
}

}  // namespace dure
