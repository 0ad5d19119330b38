#include <algorithm>
#include <map>

#include "common/proto/operator.pb.h"
#include "dbagent/store/history.h"

namespace dure::store {
namespace {

constexpr std::uint32_t kPageMax = 500;
constexpr std::int64_t kHourMin = 60;
// Minutes stay single for as long as a mean may want them.
constexpr std::int64_t kSingleMin = 3 * kHourMin;
// Minutes of an agent that was away for longer stay as they are: only more rows, nothing wrong.
constexpr std::int64_t kFoldedMin = 48 * kHourMin;
constexpr int kFoldedAtOnce = 64;

}  // namespace

proto::EconomyReply economy(Shard& shard, const proto::EconomyQuery& request) {
  proto::EconomyReply reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const std::uint32_t limit = request.limit() == 0 ? kPageMax : std::min(request.limit(), kPageMax);
  const std::int64_t now_hour = shard.file.shard_time() / kMinuteMs / kHourMin;
  const std::int64_t first = request.hours() == 0 ? 0 : now_hour - request.hours() + 1;
  Query row(shard.db,
            "SELECT reason, currency, minute / 60 AS hour, sum(faucet), sum(sink), sum(movements) FROM economy "
            "WHERE minute >= max(?1, ?4) * 60 AND (minute / 60, reason, currency) > (?4, ?2, ?3) "
            "GROUP BY hour, reason, currency ORDER BY hour, reason, currency LIMIT ?5",
            first, request.after_reason(), request.after_currency(), request.after_hour(), limit + 1);
  while (row.row()) {
    if (static_cast<std::uint32_t>(reply.rows_size()) == limit) {
      reply.set_more(true);
      break;
    }
    auto* out = reply.add_rows();
    out->set_reason(row.text(0));
    out->set_currency(row.text(1));
    out->set_hour(row.u64(2));
    out->set_faucet(row.i64(3));
    out->set_sink(row.i64(4));
    out->set_movements(row.u64(5));
  }
  return reply;
}

proto::EconomyJumps economy_jumps(Shard& shard, const proto::EconomyWatch& request) {
  proto::EconomyJumps reply;
  if (request.shard() != shard.number) {
    reply.set_code(proto::WRONG_SHARD);
    return reply;
  }
  const std::int64_t minute = shard.file.shard_time() / kMinuteMs;
  std::int64_t played = 0, first = 0;
  {
    Query row(shard.db,
              "SELECT count(*), min(minute) FROM (SELECT DISTINCT minute FROM economy "
              "WHERE minute >= ?1 AND minute < ?2 ORDER BY minute DESC LIMIT ?3)",
              minute - kSingleMin, minute - 1, kHourMin);
    if (row.row()) played = row.i64(0), first = row.i64(1);
  }
  if (played == 0 || played < static_cast<std::int64_t>(request.history_min())) return reply;
  struct Rate {
    std::int64_t last = 0;  // the faster of the minute before and this one so far
    std::int64_t before = 0;
  };
  std::map<std::pair<std::string, std::string>, Rate> rates;
  {
    Query row(shard.db, "SELECT reason, currency, minute, faucet FROM economy WHERE minute >= ?1 AND faucet > 0",
              first);
    while (row.row()) {
      Rate& rate = rates[{row.text(0), row.text(1)}];
      if (row.i64(2) >= minute - 1)
        rate.last = std::max(rate.last, row.i64(3));
      else if (__builtin_add_overflow(rate.before, row.i64(3), &rate.before))
        rate.before = INT64_MAX;
    }
  }
  for (const auto& [whose, rate] : rates) {
    const std::int64_t mean = rate.before / played;
    if (rate.last < request.floor_a_minute() || rate.last / std::max<std::int64_t>(1, request.times()) < mean) continue;
    auto* jump = reply.add_jumps();
    jump->set_reason(whose.first);
    jump->set_currency(whose.second);
    jump->set_last_minute(rate.last);
    jump->set_mean_minute(mean);
  }
  return reply;
}

bool fold_economy(Database& db, std::int64_t now_unix_ms) {
  const std::int64_t up_to = (now_unix_ms / kMinuteMs - kSingleMin) / kHourMin * kHourMin;
  struct Row {
    std::string reason, currency;
    std::int64_t minute, faucet, sink, movements;
  };
  std::vector<Row> rows;
  {
    Query row(db,
              "SELECT reason, currency, minute, faucet, sink, movements FROM economy "
              "WHERE minute < ?1 AND minute >= ?1 - ?3 AND minute % 60 <> 0 LIMIT ?2",
              up_to, kFoldedAtOnce, kFoldedMin);
    while (row.row()) rows.push_back({row.text(0), row.text(1), row.i64(2), row.i64(3), row.i64(4), row.i64(5)});
  }
  for (const Row& row : rows) {
    db.run("DELETE FROM economy WHERE reason = ?1 AND currency = ?2 AND minute = ?3", row.reason, row.currency,
           row.minute);
    db.run(
        "INSERT INTO economy VALUES(?3, ?1, ?2, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET faucet = faucet + "
        "excluded.faucet, sink = sink + excluded.sink, movements = movements + excluded.movements",
        row.reason, row.currency, row.minute / kHourMin * kHourMin, row.faucet, row.sink, row.movements);
  }
  return rows.size() == kFoldedAtOnce;
}

}  // namespace dure::store
