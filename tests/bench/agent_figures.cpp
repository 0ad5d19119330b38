#include "tests/bench/agent_figures.h"

#include <filesystem>

#include "common/host/event_log.h"
#include "common/host/os_entropy.h"
#include "common/host/process.h"
#include "common/proto/routes.h"
#include "dbagent/agent.h"
#include "dbagent/store/audit.h"
#include "dbagent/store_worker.h"

namespace dure::bench {
namespace {

NodeIdentity agent_identity(const World& world) {
  NodeIdentity identity;
  identity.id = NodeId(Role::kDbagent, 1);
  identity.name = to_text(identity.id);
  identity.incarnation = {1, 1};
  for (std::uint32_t shard = 1; shard <= world.shards; ++shard) identity.shards.push_back(shard);
  return identity;
}

Answers run(const World& seeded, store::FaultyDisk& disk, std::uint32_t delay_ms, const Load& load) {
  const World world = copy_of(seeded, "agent");
  LogOptions quiet;
  quiet.level = LogLevel::kError;
  auto log = HostEventLog::open(quiet);
  const auto routes = Routes::build(engine_files());
  if (!log || !routes) give_up("cannot start");
  OsEntropy entropy;
  const Seams seams{log->get(), &entropy, nullptr, nullptr};
  AgentOptions options;
  options.moves.scan_interval = {};
  Agent agent(agent_identity(world), *routes, seams, options);
  NodeParts parts;
  parts.node = &agent;
  std::vector<std::unique_ptr<StoreWorker<store::ShardStore>>> workers;
  for (std::uint32_t shard = 1; shard <= world.shards; ++shard) {
    workers.push_back(std::make_unique<StoreWorker<store::ShardStore>>(open_store(world, shard)));
    parts.workers[Agent::shard_queue(shard)] = workers.back().get();
  }
  disk.sync_delay_us = delay_ms * 1000;
  Process process({}, **log);
  Asker asker(world, load, *routes, seams, [&process] { process.request_stop(); });
  process.add_node(parts);
  NodeParts asking;
  asking.node = &asker;
  process.add_node(asking);
  if (process.run() != 0) give_up("the agent did not start");
  disk.sync_delay_us = 0;
  workers.clear();
  for (std::uint32_t shard = 1; shard <= world.shards; ++shard)
    if (const auto audited = store::audit_file(world.file(shard)); !audited || !audited->clean())
      give_up("the books are off after the run");
  std::filesystem::remove_all(world.folder);
  return asker.answered();
}

std::string milliseconds_of(const Histogram& times) {
  return "p50 " + number(times.percentile_ms(0.5)) + ", p99 " + number(times.percentile_ms(0.99)) + " ms";
}

std::string per_core(const Answers& answered) {
  return number(static_cast<double>(answered.done) / answered.agent_cpu_s) + "/s of one core (agent and stores)";
}

double per_second(const Answers& answered) { return static_cast<double>(answered.done) / answered.wall_s; }

void measure_throughput(const World& world, store::FaultyDisk& disk, Table* table) {
  for (const std::uint32_t delay : {0u, 1u, 3u}) {
    Load load;
    load.at_once = 2048;
    const Answers answered = run(world, disk, delay, load);
    table->row("agent: hard operations +" + std::to_string(delay) + " ms", number(per_second(answered)) + "/s",
               ">= 10,000/s", per_second(answered) >= 10'000,
               per_core(answered) + "; " + milliseconds_of(answered.saved));
  }
}

void measure_trades(const World& world, store::FaultyDisk& disk, Table* table) {
  Load trades;
  trades.what = Load::What::kTrades;
  trades.at_once = 1024;
  const Answers same = run(world, disk, 0, trades);
  table->row("agent: same-shard trades +0 ms", number(per_second(same)) + "/s", ">= 20,000/s",
             per_second(same) >= 20'000, per_core(same) + "; " + milliseconds_of(same.saved));
  trades.what = Load::What::kTradesAcross;
  trades.at_once = 512;
  const Answers across = run(world, disk, 1, trades);
  table->row("agent: cross-shard trades +1 ms, as many as go", number(per_second(across)) + "/s", ">= 3,000/s",
             per_second(across) >= 3000, per_core(across) + "; " + milliseconds_of(across.saved));
  trades.rate = 3000;
  const Answers paced = run(world, disk, 1, trades);
  const double p99 = paced.saved.percentile_ms(0.99);
  table->row("agent: cross-shard trades +1 ms, 3,000/s offered", milliseconds_of(paced.saved), "p99 <= 50 ms",
             p99 <= 50 && per_second(paced) >= 2900, number(per_second(paced)) + "/s done; " + per_core(paced));
}

void measure_latency(const World& world, store::FaultyDisk& disk, Table* table) {
  for (const std::uint32_t delay : {0u, 1u, 3u}) {
    Load load;
    load.rate = 10'000;
    load.logins = 5000;
    load.measured = seconds(8);
    const Answers answered = run(world, disk, delay, load);
    const double p50 = answered.saved.percentile_ms(0.5), p99 = answered.saved.percentile_ms(0.99);
    const bool holds = delay == 0 ? p50 <= 10 && p99 <= 50 : p99 <= 100;
    table->row("applied to saved +" + std::to_string(delay) + " ms", milliseconds_of(answered.saved),
               delay == 0   ? "p50 <= 10, p99 <= 50 ms"
               : delay == 3 ? "p99 <= 100 ms"
                            : "",
               delay == 1 ? -1 : holds,
               number(per_second(answered)) + " op/s done of 10,000; " + number(static_cast<double>(answered.late)) +
                   " late; " + number(static_cast<double>(answered.logged_in)) + " of 5,000 logins, " +
                   milliseconds_of(answered.logins) + "; " + per_core(answered));
  }
}

}  // namespace

void measure_agent(const World& world, store::FaultyDisk& disk, const std::string& only, Table* table) {
  const auto wanted = [&](const char* name) { return only.empty() || only == name; };
  if (wanted("agent")) measure_throughput(world, disk, table);
  if (wanted("trades")) measure_trades(world, disk, table);
  if (wanted("latency")) measure_latency(world, disk, table);
}

}  // namespace dure::bench
