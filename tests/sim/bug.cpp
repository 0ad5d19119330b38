#include "tests/sim/bug.h"

#include <filesystem>

#include "dbagent/agent.h"
#include "tests/sim/roles.h"

namespace dure::sim {
namespace {

namespace fs = std::filesystem;
constexpr int kBatchesPerSync = 40;

// What a disk would have of a shard's files.
class Durable {
 public:
  explicit Durable(std::string file) : file_(std::move(file)) {}
  void keep() const { copy(file_, file_ + ".durable"); }
  void lose_the_rest() const {
    if (fs::exists(file_ + ".durable")) copy(file_ + ".durable", file_);
  }

 private:
  static void copy(const std::string& from, const std::string& to) {
    for (const char* part : {"", "-wal"}) {
      fs::remove(to + part);
      if (fs::exists(from + part)) fs::copy_file(from + part, to + part);
    }
  }
  std::string file_;
};

class UnsyncedWorker : public Worker {
 public:
  UnsyncedWorker(std::unique_ptr<Worker> worker, Durable durable)
      : worker_(std::move(worker)), durable_(std::move(durable)) {}
  std::string run(std::string_view batch) override {
    std::string answer = worker_->run(batch);
    if (++batches_ % kBatchesPerSync == 0) durable_.keep();
    return answer;
  }

 private:
  std::unique_ptr<Worker> worker_;
  Durable durable_;
  int batches_ = 0;
};

void plant_unsynced_store(Blueprint& agent, const std::string& folder) {
  agent.build = [build = agent.build, folder](const NodeIdentity& identity, const Seams& seams) {
    const auto durable = [&folder](std::uint32_t shard) {
      return Durable(folder + "/" + Agent::shard_queue(shard) + ".db");
    };
    for (const std::uint32_t shard : identity.shards) durable(shard).lose_the_rest();
    Parts parts = build(identity, seams);
    for (const std::uint32_t shard : identity.shards) {
      auto& worker = parts.workers.at(Agent::shard_queue(shard));
      worker = std::make_unique<UnsyncedWorker>(std::move(worker), durable(shard));
    }
    return parts;
  };
}

}  // namespace

const char* to_text(Bug bug) { return bug == Bug::kUnsyncedStore ? "unsynced-store" : "none"; }

bool bug_from_text(const std::string& text, Bug* bug) {
  for (const Bug one : {Bug::kNone, Bug::kUnsyncedStore})
    if (text == to_text(one)) {
      *bug = one;
      return true;
    }
  return false;
}

void plant(Cluster& cluster, Bug bug, const std::string& folder) {
  if (bug == Bug::kUnsyncedStore) plant_unsynced_store(cluster.blueprint(agent_node()), folder);
}

}  // namespace dure::sim
