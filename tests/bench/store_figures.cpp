#include "tests/bench/store_figures.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <latch>
#include <map>
#include <thread>

#include "common/base/histogram.h"
#include "common/proto/operator.pb.h"
#include "common/proto/routes.h"
#include "dbagent/store/audit.h"
#include "dbagent/store/backup.h"
#include "tests/bench/row_changes.h"

namespace dure::bench {
namespace {

// All shards at once, each on its thread; they begin together.
Taken on_all_shards(const World& world, const std::function<std::function<void()>(std::uint32_t shard)>& prepare) {
  std::vector<std::thread> threads;
  std::vector<Taken> taken(world.shards);
  std::latch ready(world.shards);
  for (std::uint32_t shard = 1; shard <= world.shards; ++shard)
    threads.emplace_back([&, shard] {
      const std::function<void()> work = prepare(shard);
      ready.arrive_and_wait();
      const Stopwatch watch;
      work();
      taken[shard - 1] = watch.taken();
    });
  for (std::thread& thread : threads) thread.join();
  Taken all;
  for (const Taken& one : taken) all += one;
  return all;
}

struct Measured {
  Taken taken;
  std::uint64_t bytes = 0;  // handed to the disk: log and checkpoints
  std::uint64_t grown = 0;  // of the files, once all is in them
};

std::uint64_t size_of(const World& world) {
  std::uint64_t bytes = 0;
  for (std::uint32_t shard = 1; shard <= world.shards; ++shard) bytes += std::filesystem::file_size(world.file(shard));
  return bytes;
}

Measured run_guarded(const World& world, store::FaultyDisk& disk, const std::vector<Script>& scripts, Kind kind) {
  std::vector<std::unique_ptr<store::ShardStore>> stores(world.shards);
  std::vector<std::vector<std::string>> replies(world.shards);
  Measured measured;
  const std::uint64_t before = disk.bytes, size = size_of(world);
  measured.taken = on_all_shards(world, [&](std::uint32_t shard) -> std::function<void()> {
    stores[shard - 1] = open_store(world, shard);
    replies[shard - 1].reserve(scripts[shard - 1].groups.size());
    return [&, shard] {
      for (const std::string& group : scripts[shard - 1].groups)
        replies[shard - 1].push_back(stores[shard - 1]->run(group));
    };
  });
  measured.bytes = disk.bytes - before;
  stores.clear();
  measured.grown = size_of(world) - size;
  for (const auto& of_shard : replies) check_replies(of_shard, kind);
  return measured;
}

Measured run_raw(const World& world, store::FaultyDisk& disk, const std::vector<RowChanges>& changes) {
  std::vector<std::unique_ptr<RawWriter>> writers(world.shards);
  Measured measured;
  const std::uint64_t before = disk.bytes;
  measured.taken = on_all_shards(world, [&](std::uint32_t shard) -> std::function<void()> {
    writers[shard - 1] = std::make_unique<RawWriter>(world.file(shard), world.vfs, changes[shard - 1]);
    return [&, shard] {
      for (std::size_t group = 0; group < changes[shard - 1].groups.size(); ++group)
        writers[shard - 1]->write_group(group);
    };
  });
  measured.bytes = disk.bytes - before;
  return measured;
}

std::vector<RowChanges> record(const World& world, const std::vector<Script>& scripts, Kind kind) {
  const World copy = copy_of(world, "recorded");
  std::vector<RowChanges> all;
  for (std::uint32_t shard = 1; shard <= world.shards; ++shard) {
    RowRecorder recorder;
    const auto store = open_store(copy, shard, false);
    recorder.start();
    std::vector<std::string> replies;
    for (const std::string& group : scripts[shard - 1].groups) replies.push_back(store->run(group));
    all.push_back(recorder.stop());
    check_replies(replies, kind);
    if (all.back().groups.size() != scripts[shard - 1].groups.size()) give_up("a group left no transaction");
  }
  std::filesystem::remove_all(copy.folder);
  return all;
}

void expect_same(const World& guarded, const World& raw) {
  for (std::uint32_t shard = 1; shard <= guarded.shards; ++shard)
    if (const auto one = content_sum(guarded.file(shard)), other = content_sum(raw.file(shard)); one != other)
      give_up("the raw program wrote other rows: " + one + " against " + other);
}

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kHard:
      return "hard operations";
    case Kind::kSoft:
      return "soft operations";
    case Kind::kTrade:
      return "same-shard trades";
  }
  return "";
}

struct Pairs {
  std::vector<double> wall, cpu, wall_ratio, cpu_ratio, bytes, grown;
};

Pairs run_pairs(const World& world, store::FaultyDisk& disk, std::uint32_t pairs, Kind kind,
                const std::vector<Script>& scripts, const std::vector<RowChanges>& changes, bool compare) {
  double operations = 0;
  for (const Script& script : scripts) operations += static_cast<double>(script.operations);
  Pairs found;
  for (std::uint32_t pair = 0; pair < pairs; ++pair) {
    const World ours = copy_of(world, "guarded"), theirs = copy_of(world, "raw");
    const Measured guarded = run_guarded(ours, disk, scripts, kind);
    const Measured raw = run_raw(theirs, disk, changes);
    if (compare && pair == 0) expect_same(ours, theirs);
    found.wall.push_back(operations / guarded.taken.wall_s);
    found.cpu.push_back(operations / guarded.taken.cpu_s);
    found.wall_ratio.push_back(raw.taken.wall_s / guarded.taken.wall_s);
    found.cpu_ratio.push_back(raw.taken.cpu_s / guarded.taken.cpu_s);
    found.bytes.push_back(static_cast<double>(guarded.bytes) / operations);
    found.grown.push_back(static_cast<double>(guarded.grown) / operations);
    std::filesystem::remove_all(ours.folder);
    std::filesystem::remove_all(theirs.folder);
  }
  return found;
}

}  // namespace

void measure_operations(const World& world, store::FaultyDisk& disk, const StoreRun& run, Kind kind, Table* table) {
  std::vector<Script> scripts;
  for (std::uint32_t shard = 1; shard <= world.shards; ++shard)
    scripts.push_back(write_script(world, shard, kind, run.groups));
  const std::vector<RowChanges> changes = record(world, scripts, kind);
  std::size_t rows = 0;
  double operations = 0;
  for (const RowChanges& one : changes) rows += one.changes.size();
  for (const Script& script : scripts) operations += static_cast<double>(script.operations);
  bool compare = true;
  for (const std::uint32_t delay : run.delays_ms) {
    disk.sync_delay_us = delay * 1000;
    const Pairs pairs = run_pairs(world, disk, run.pairs, kind, scripts, changes, std::exchange(compare, false));
    disk.sync_delay_us = 0;
    const std::string what = std::string(name_of(kind)) + " +" + std::to_string(delay) + " ms";
    const double wall = median(pairs.wall), ratio = median(pairs.wall_ratio), cpu_ratio = median(pairs.cpu_ratio);
    const std::string note = number(median(pairs.cpu)) + "/s of one core; " +
                             number(static_cast<double>(rows) / operations) + " rows, " + number(median(pairs.bytes)) +
                             " bytes written each";
    const double wanted = kind == Kind::kTrade && delay == 0 ? 20'000 : kind == Kind::kTrade ? 0 : 10'000;
    table->row(what, number(wall) + "/s", wanted > 0 ? ">= " + number(wanted) + "/s" : "",
               wanted > 0 ? wall >= wanted : -1, note);
    table->row(what + " against raw", number(ratio) + "x", ">= 0.5x", ratio >= 0.5,
               number(cpu_ratio) + "x by processor time; median of " + std::to_string(run.pairs) + " pairs");
    if (delay > 0) continue;
    const double a_day = 86400.0 * 10'000 / 1e9;
    table->row(std::string(name_of(kind)) + ", 10,000/s for a day", number(median(pairs.grown) * a_day) + " GB", "", -1,
               "the files grow by " + number(median(pairs.grown)) + " bytes each; " +
                   number(median(pairs.bytes) * a_day) + " GB are handed to the disk");
  }
}

// ── audit ───────────────────────────────────────────────────────────────────────────────────────────────────

namespace {

void measure_slices(const World& world, Table* table) {
  const World copy = copy_of(world, "sliced");
  std::vector<double> slices;
  bool caught = false;
  for (std::uint32_t shard = 1; shard <= copy.shards; ++shard) {
    const auto store = open_store(copy, shard);
    const Script script = write_script(copy, shard, Kind::kHard, 100);
    proto::BooksQuery query;
    query.set_shard(shard);
    query.set_step(true);
    proto::StoreBatch ask;
    ask.add_items()->set_message_id(route_id(proto::BooksQuery::descriptor()));
    ask.mutable_items(0)->set_body(query.SerializeAsString());
    ask.set_wall_unix_ms(1'800'000'000'000);
    proto::BooksReply said;
    said.set_more(true);
    for (std::size_t n = 0; said.more() || n < script.groups.size(); ++n) {
      if (n < script.groups.size()) store->run(script.groups[n]);
      proto::StoreBatchReply reply;
      if (!reply.ParseFromString(store->run(ask.SerializeAsString())) || reply.retry()) give_up(reply.detail());
      const Stopwatch watch;
      if (!store->between_commits()) give_up("a slice failed");
      slices.push_back(watch.taken().cpu_s * 1000);
      if (!said.ParseFromString(reply.items(0).body())) give_up("unreadable");
      if (said.finding_count() > 0) give_up("the audit found: " + said.findings(0));
    }
    caught = said.passes() > 0;
  }
  std::sort(slices.begin(), slices.end());
  const double most = slices.back(), usual = slices[slices.size() * 99 / 100];
  table->row("audit slice between commits, p99", number(usual) + " ms", "<= 2 ms", usual <= 2,
             "of one core; longest " + number(most) + " ms of " + std::to_string(slices.size()) + " slices" +
                 (caught ? "" : "; no pass was finished"));
  std::filesystem::remove_all(copy.folder);
}

}  // namespace

void measure_audit(const World& world, Table* table) {
  const World copy = copy_of(world, "audited");
  const Stopwatch watch;
  std::vector<store::Audit> audits;
  for (std::uint32_t shard = 1; shard <= copy.shards; ++shard) {
    auto audited = store::audit_file(copy.file(shard));
    if (!audited) give_up(audited.error().detail);
    audits.push_back(std::move(*audited));
  }
  const store::Audit merged = store::merge_audits(audits);
  const Taken taken = watch.taken();
  if (!merged.clean()) give_up("the audit found: " + (merged.findings.empty() ? "?" : merged.findings.front()));
  const double a_million = 1e6 / static_cast<double>(merged.items);
  table->row("full audit of a copy, 1 M items", number(taken.wall_s * a_million) + " s", "<= 10 s",
             taken.wall_s * a_million <= 10,
             number(taken.cpu_s * a_million) + " s of one core; " + number(static_cast<double>(merged.items)) +
                 " items were there");
  std::filesystem::remove_all(copy.folder);
  measure_slices(world, table);
}

}  // namespace dure::bench
