// The conversation of `dure backup` with all agents: copy, hold, finish, let go. Main thread.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/logic/node.h"
#include "tools/backup/run_backup.h"
#include "tools/shards/progress_bar.h"

namespace dure {

namespace proto {
class BackupState;
}

class BackupNode : public Node {
 public:
  BackupNode(NodeIdentity identity, const Routes& routes, Seams seams, std::string folder)
      : Node(std::move(identity), routes, seams), folder_(std::move(folder)) {}
  ~BackupNode() override;
  bool done() const { return done_; }
  // It is not wanted any more: gives up soon.
  void interrupt() { interrupted_ = true; }
  // Once it is done. Answered, but not whole: why, and nothing is left in the folder.
  bool answered() const { return answered_; }
  bool whole() const { return whole_; }
  const std::string& why() const { return why_; }
  const Copies& copies() const { return copies_; }

 protected:
  void on_start() override;

 private:
  struct File {
    std::uint32_t shard = 0;  // 0: the directory
    NodeId agent;
    std::uint64_t pages = 0, pages_left = 0;
    bool nearly = false, finished = false;
    std::string broken;
  };
  Task<void> converse();
  Task<bool> find_files();
  enum class Order { kStep, kFinish, kCancel };
  // One request for one file, and what it says into files_[at].
  Task<void> order(std::size_t at, Order which);
  Task<void> copy(std::size_t at);
  // The same for every file at once, until all have answered; kFinish: until each is finished or cannot be.
  Task<void> order_all(Order which);
  Task<void> order_one(std::size_t at, Order which);
  Task<bool> still_nearly();
  // False: all have to be copied on, or one is broken or finished without the others.
  Task<bool> cut();
  Task<bool> hold();
  // False: one of them had gone on before.
  Task<bool> let_go();
  Task<void> give_up(std::string why);
  std::set<NodeId> agents() const;
  bool any_broken(std::string* why) const;
  bool all_nearly() const;
  bool any_finished() const;
  void show();

  std::string folder_;
  std::uint64_t id_ = 0;
  std::vector<File> files_;
  std::size_t copying_ = 0, ordered_ = 0;  // files that have not ended yet
  ProgressBar bar_;
  bool done_ = false, answered_ = false, whole_ = false, interrupted_ = false;
  std::string why_;
  Copies copies_;
};

}  // namespace dure
