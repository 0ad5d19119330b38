#include "tools/shards/run_shards.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "common/proto/config.pb.h"
#include "tools/launcher/up_lock.h"
#include "tools/mesh/tool_mesh.h"
#include "tools/shards/add_shard.h"
#include "tools/shards/shards_node.h"

namespace dure {
namespace {

constexpr Duration kPatience = seconds(10);
constexpr Duration kManyPatience = seconds(24 * 3600);

int converse(const Config& config, const ShardsOptions& options, Duration patience) {
  auto mesh = ToolMesh::open(config);
  if (!mesh) {
    std::fprintf(stderr, "dure shards: %s\n", mesh.error().detail.c_str());
    return 2;
  }
  ShardsNode node((*mesh)->identity(), (*mesh)->routes(), (*mesh)->seams(), options);
  const bool done = (*mesh)->run(
      node, [&] { return node.done(); }, patience);
  if (!done) std::fprintf(stderr, "dure shards: no answer from the cluster of %s\n", config.path().c_str());
  return done ? node.result() : 2;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A process of its own, in a session of its own: it outlives this command.
int start_agent(const Config& config, const std::string& node) {
  const std::string log = config.base().cluster().data_dir() + "/" + node + ".log";
  const int child = ::fork();
  if (child != 0) return child;
  ::setsid();
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (out >= 0) ::dup2(out, STDOUT_FILENO), ::dup2(out, STDERR_FILENO);
  const std::string config_option = "--config=" + config.path(), node_option = "--node=" + node;
  ::execl("/proc/self/exe", "dure", "--role=dbagent", config_option.c_str(), node_option.c_str(), nullptr);
  ::_exit(127);
}

// `config` has the shard already.
int start(const Config& config, const AddedShard& shard, const ShardsOptions& options) {
  const int up = holder_of_up_lock(config.base().cluster().data_dir());
  if (up != 0 && ::kill(up, SIGUSR1) == 0)
    std::printf("%s is started by `dure up`, process %d\n", shard.node.c_str(), up);
  else
    std::printf("%s is started, process %d\n", shard.node.c_str(), start_agent(config, shard.node));
  ShardsOptions known = options;
  known.to = shard.shard;
  return converse(config, known, kPatience);
}

int add(const Config& config, const ShardsOptions& options) {
  if (const auto last = last_added_shard(config); last && options.start) {
    ShardsOptions served = options;
    served.command = ShardsOptions::Command::kServed;
    served.to = last->shard;
    const int answer = converse(config, served, kPatience);
    if (answer == 2) return answer;
    if (answer != 0) {
      std::printf("%s: shard %u is there already, and has no agent yet\n", config.path().c_str(), last->shard);
      return start(config, *last, options);
    }
  }
  const auto added = with_added_shard(config, read_file(config.path()));
  if (!added) {
    std::fprintf(stderr, "dure shards add: %s\n", added.error().detail.c_str());
    return kExitConfig;
  }
  if (const auto written = write_config(config.path(), added->text); !written) {
    std::fprintf(stderr, "dure shards add: %s\n", written.error().detail.c_str());
    return 1;
  }
  std::printf("%s: shard %u, served by %s\n", config.path().c_str(), added->shard, added->node.c_str());
  if (!options.start) {
    std::printf("start it, the running cluster finds it: dure --role=dbagent --config=%s --node=%s\n",
                config.path().c_str(), added->node.c_str());
    return 0;
  }
  const auto extended = load_config(config.path());
  if (!extended) return kExitConfig;
  return start(*extended, *added, options);
}

}  // namespace

int run_shards(const Config& config, const ShardsOptions& options) {
  if (options.command == ShardsOptions::Command::kAdd) return add(config, options);
  const bool many = options.command == ShardsOptions::Command::kMove && options.account.empty();
  const bool move = options.command == ShardsOptions::Command::kMove;
  return converse(config, options, many ? kManyPatience : move ? seconds(90) : kPatience);
}

}  // namespace dure
