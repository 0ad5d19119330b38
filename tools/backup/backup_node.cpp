#include "tools/backup/backup_node.h"

#include <algorithm>
#include <cstdio>

#include "common/proto/dbagent.pb.h"
#include "common/proto/operator.pb.h"
#include "common/proto/shard_map.pb.h"
#include "tools/config/data_files.h"

namespace dure {
namespace {

constexpr Duration kPoll = milliseconds(50), kStillWanted = seconds(2);
constexpr Duration kLinksWait = seconds(5);
constexpr Duration kDeadline = seconds(10);
constexpr std::uint32_t kHoldMs = 5000;
constexpr int kCutsMax = 3;

}  // namespace

BackupNode::~BackupNode() {
  scope().end();
  scope().sweep();
}

void BackupNode::on_start() {
  id_ = entropy().u64() | 1;
  spawn(converse());
}

Task<bool> BackupNode::find_files() {
  while (!directory_agent() && !interrupted_) co_await wait(kPoll);
  if (interrupted_) co_return false;
  const proto::ShardsQuery query;
  const auto known = co_await call<proto::ShardsReply>(directory_agent(), query, kDeadline);
  if (!known || known->code() != proto::STORED) co_return false;
  File directory;
  directory.agent = directory_agent();
  files_.push_back(directory);
  for (const auto& shard : known->shards()) {
    for (Duration waited{}; waited < kLinksWait && !shard_agent(shard.shard()) && !interrupted_; waited += kPoll)
      co_await wait(kPoll);
    File file;
    file.shard = shard.shard();
    file.agent = shard_agent(shard.shard());
    if (!file.agent) {
      why_ = "shard " + std::to_string(file.shard) + " does not answer";
      co_return false;
    }
    files_.push_back(file);
  }
  co_return true;
}

Task<void> BackupNode::converse() {
  const bool found = co_await find_files();
  std::string why;
  if (!found && any_broken(&why)) co_return co_await give_up(why);
  if (!found) {
    done_ = true;
    co_return;
  }
  bool whole = false;
  for (int tries = 0; !whole && tries < kCutsMax; ++tries) {
    copying_ = files_.size();
    for (std::size_t at = 0; at < files_.size(); ++at) spawn(copy(at));
    while (copying_ > 0) co_await wait(milliseconds(2));
    if (any_broken(&why)) co_return co_await give_up(why);
    whole = co_await cut();
    if (any_broken(&why)) co_return co_await give_up(why);
    // A file that is finished cannot be finished anew: it would have to be copied again from the start.
    if (!whole && any_finished()) break;
  }
  if (!whole) co_return co_await give_up("the agents did not stand still together");
  answered_ = whole_ = true;
  done_ = true;
}

Task<void> BackupNode::order(std::size_t at, Order which) {
  const bool finish = which == Order::kFinish, cancel = which == Order::kCancel;
  Result<proto::BackupState> state;
  const NodeId agent = files_[at].agent;
  if (files_[at].shard == 0) {
    proto::DirectoryBackup request;
    request.set_backup_id(id_);
    request.set_path(directory_path(folder_));
    request.set_finish(finish);
    request.set_cancel(cancel);
    state = co_await call<proto::BackupState>(agent, request, kDeadline);
  } else {
    proto::ShardBackup request;
    request.set_shard(files_[at].shard);
    request.set_backup_id(id_);
    request.set_path(shard_path(folder_, files_[at].shard));
    request.set_finish(finish);
    request.set_cancel(cancel);
    state = co_await call<proto::BackupState>(agent, request, kDeadline);
  }
  if (cancel) co_return;
  File& file = files_[at];
  const std::string name = file.shard == 0 ? "the directory" : "shard " + std::to_string(file.shard);
  if (!state) {
    file.broken = name + ": " + state.error().detail;
    co_return;
  }
  if (state->code() == proto::RETRY) co_return;
  if (state->code() != proto::STORED || state->phase() == proto::BACKUP_BROKEN)
    file.broken = name + ": " + (state->detail().empty() ? "refused" : state->detail());
  file.pages = state->pages();
  file.pages_left = state->pages_left();
  file.nearly = state->phase() == proto::BACKUP_NEARLY;
  file.finished = state->phase() == proto::BACKUP_DONE;
}

// Until all are nearly whole. One that is waits for the others, and is asked for meanwhile: a copy that nobody asks for
// is taken for one that was left. If one is broken, all end.
Task<void> BackupNode::copy(std::size_t at) {
  std::string why;
  Duration waited{};
  while (!all_nearly() && !any_broken(&why)) {
    if (files_[at].nearly && waited < kStillWanted) {
      co_await wait(kPoll);
      waited += kPoll;
      continue;
    }
    waited = {};
    co_await order(at, Order::kStep);
    show();
  }
  --copying_;
}

// One may have fallen behind since it said so: then none is finished, and all are copied on without a pause. Asked
// twice, since an answer is how it stood before.
Task<bool> BackupNode::still_nearly() {
  for (int times = 0; times < 2; ++times) co_await order_all(Order::kStep);
  co_return all_nearly();
}

Task<void> BackupNode::order_all(Order which) {
  ordered_ = files_.size();
  for (std::size_t at = 0; at < files_.size(); ++at) spawn(order_one(at, which));
  while (ordered_ > 0) co_await wait(milliseconds(2));
}

Task<void> BackupNode::order_one(std::size_t at, Order which) {
  do {
    co_await order(at, which);
  } while (which == Order::kFinish && files_[at].nearly && files_[at].broken.empty());
  --ordered_;
}

Task<bool> BackupNode::cut() {
  const MonoTime from = now();
  const bool held = co_await hold();
  if (!held) {
    co_await let_go();
    co_await wait(milliseconds(200));
    co_return false;
  }
  copies_.cut_unix_ms = unix_ms(wall_now());
  const bool still = co_await still_nearly();
  if (still) co_await order_all(Order::kFinish);
  const bool together = co_await let_go();
  std::string why;
  const bool whole = std::all_of(files_.begin(), files_.end(), [](const File& file) { return file.finished; });
  if (!whole || !together || any_broken(&why)) co_return false;
  for (const File& file : files_) copies_.pages += file.pages;
  copies_.shards = files_.size() - 1;
  copies_.stood_still = now() - from;
  co_return true;
}

std::set<NodeId> BackupNode::agents() const {
  std::set<NodeId> all;
  for (const File& file : files_) all.insert(file.agent);
  return all;
}

Task<bool> BackupNode::hold() {
  proto::CommitPause pause;
  pause.set_backup_id(id_);
  pause.set_for_ms(kHoldMs);
  bool all = true;
  for (const NodeId agent : agents()) {
    const auto reply = co_await call<proto::CommitPauseReply>(agent, pause, seconds(2));
    all = all && reply && reply->code() == proto::STORED && reply->held();
  }
  co_return all;
}

Task<bool> BackupNode::let_go() {
  proto::CommitPause resume;
  resume.set_backup_id(id_);
  resume.set_resume(true);
  bool all = true;
  for (const NodeId agent : agents()) {
    const auto reply = co_await call<proto::CommitPauseReply>(agent, resume, seconds(2));
    all = all && reply && reply->code() == proto::STORED && reply->held();
  }
  co_return all;
}

Task<void> BackupNode::give_up(std::string why) {
  why_ = std::move(why);
  co_await order_all(Order::kCancel);
  for (const File& file : files_) {
    const std::string path = file.shard == 0 ? directory_path(folder_) : shard_path(folder_, file.shard);
    std::remove(path.c_str());
  }
  answered_ = true;
  done_ = true;
}

bool BackupNode::any_broken(std::string* why) const {
  if (interrupted_) return *why = "interrupted", true;
  for (const File& file : files_)
    if (!file.broken.empty()) return *why = file.broken, true;
  return false;
}

bool BackupNode::all_nearly() const {
  return std::all_of(files_.begin(), files_.end(), [](const File& file) { return file.nearly; });
}

bool BackupNode::any_finished() const {
  return std::any_of(files_.begin(), files_.end(), [](const File& file) { return file.finished; });
}

void BackupNode::show() {
  std::uint64_t pages = 0, left = 0;
  for (const File& file : files_) {
    pages += file.pages;
    left += file.pages_left;
  }
  if (pages > 0)
    bar_.show(1.0 - static_cast<double>(left) / static_cast<double>(pages), std::to_string(left) + " pages left");
}

}  // namespace dure
