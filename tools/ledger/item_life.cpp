#include <algorithm>
#include <cstdio>

#include "common/proto/operator.pb.h"
#include "tools/ledger/ledger_node.h"
#include "tools/ledger/ledger_words.h"

namespace dure {

Task<void> LedgerNode::item_life() {
  proto::ItemLifeQuery query;
  if (const auto parsed = parse_item_id(options_.item, query.mutable_item()); !parsed) {
    std::fprintf(stderr, "dure item: %s\n", parsed.error().detail.c_str());
    co_return end(1);
  }
  struct Event {
    std::uint32_t shard;
    proto::ItemEvent event;
  };
  std::vector<Event> life;
  std::map<std::uint32_t, proto::ItemLifeReply> here;  // shards that have its row
  for (const std::uint32_t shard : shards_) {
    query.clear_after();
    for (bool more = true; more;) {
      const Result<proto::ItemLifeReply> page = co_await ask<proto::ItemLifeReply>(shard, query);
      if (!page) co_return away(shard);
      for (const auto& event : page->events()) life.push_back({shard, event});
      if (page->here()) here[shard] = *page;
      more = page->more() && !life.empty();
      if (more) *query.mutable_after() = life.back().event.place();
    }
  }
  if (life.empty() && here.empty()) {
    std::fprintf(stderr, "dure item: no shard has ever seen %s\n", options_.item.c_str());
    co_return end(1);
  }
  // Clocks of shards differ by little; within one the numbers decide.
  std::stable_sort(life.begin(), life.end(),
                   [](const Event& a, const Event& b) { return a.event.at_unix_ms() < b.event.at_unix_ms(); });
  std::printf("%-19s  %5s  %-20s %-28s %s\n", "time (UTC)", "shard", "reason", "by", "holder");
  for (const auto& [shard, event] : life) {
    const std::string by = co_await name_of(event.player_id());
    const std::string holder = co_await name_of(event.to().player_id());
    std::printf("%s  %5u  %-20s %-28s %s\n", time_text(event.at_unix_ms()).c_str(), shard, event.reason().c_str(),
                by.empty() ? "the system" : by.c_str(), holder_words(event.to(), holder).c_str());
  }
  for (const auto& [shard, now] : here) {
    const std::string holder = co_await name_of(now.holder().player_id());
    std::printf("now: %s, version %lld, shard %u, %s\n", now.item().template_().c_str(),
                static_cast<long long>(now.item().version()), shard, holder_words(now.holder(), holder).c_str());
    for (const auto& attribute : now.item().attributes())
      std::printf("     %s = %lld\n", attribute.key().c_str(), static_cast<long long>(attribute.value()));
  }
  if (here.empty()) std::printf("now: on no shard: it is on its way between two\n");
  if (here.size() > 1)
    std::printf("on %zu shards: its account is on the move, or `dure audit` says more\n", here.size());
  end(0);
}

}  // namespace dure
