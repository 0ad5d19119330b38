#include <algorithm>
#include <cstdio>
#include <tuple>

#include "common/proto/operator.pb.h"
#include "tools/ledger/ledger_node.h"
#include "tools/ledger/ledger_words.h"

namespace dure {

Task<void> LedgerNode::economy_table() {
  struct Sum {
    std::int64_t in = 0, out = 0;
    std::uint64_t movements = 0;
  };
  std::map<std::tuple<std::uint64_t, std::string, std::string>, Sum> hours;  // hour, reason, currency
  std::map<std::pair<std::string, std::string>, std::uint64_t> jumps;        // reason, currency → shards
  proto::EconomyQuery query;
  const auto hours_back = std::chrono::duration_cast<std::chrono::hours>(options_.since).count();
  query.set_hours(
      static_cast<std::uint32_t>(options_.since == Duration{} ? 24 : std::max<std::int64_t>(1, hours_back)));
  proto::EconomyWatch watch;
  watch.set_times(10);
  watch.set_floor_a_minute(1000);
  watch.set_history_min(10);
  for (const std::uint32_t shard : shards_) {
    proto::EconomyQuery page_query = query;
    for (bool more = true; more;) {
      const Result<proto::EconomyReply> page = co_await ask<proto::EconomyReply>(shard, page_query);
      if (!page) co_return away(shard);
      for (const auto& row : page->rows()) {
        Sum& sum = hours[{row.hour(), row.reason(), row.currency()}];
        sum.in += row.faucet();
        sum.out += row.sink();
        sum.movements += row.movements();
        page_query.set_after_hour(row.hour());
        page_query.set_after_reason(row.reason());
        page_query.set_after_currency(row.currency());
      }
      more = page->more();
    }
    const Result<proto::EconomyJumps> fast = co_await ask<proto::EconomyJumps>(shard, watch);
    if (!fast) co_return away(shard);
    for (const auto& jump : fast->jumps()) ++jumps[{jump.reason(), jump.currency()}];
  }
  std::printf("%-16s  %-24s %-16s %14s %14s %10s\n", "hour (UTC)", "reason", "currency", "faucet", "sink", "movements");
  for (const auto& [key, sum] : hours) {
    const auto& [hour, reason, currency] = key;
    const std::string when = time_text(static_cast<std::int64_t>(hour) * 3'600'000).substr(0, 16);
    std::printf("%-16s  %-24s %-16s %14lld %14lld %10llu\n", when.c_str(), reason.c_str(),
                currency.empty() ? "(items)" : currency.c_str(), static_cast<long long>(sum.in),
                static_cast<long long>(sum.out), static_cast<unsigned long long>(sum.movements));
  }
  for (const auto& [whose, shards] : jumps)
    std::printf("ALARM %s %s: 10 times its hour on %llu shard(s); dure gm feature reason:%s off\n", whose.first.c_str(),
                whose.second.c_str(), static_cast<unsigned long long>(shards), whose.first.c_str());
  end(0);
}

}  // namespace dure
