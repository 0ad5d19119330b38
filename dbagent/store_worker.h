// A store as the worker of its queue: the only thing that touches its file. Run by one worker thread; the store may
// take as long as the disk. Header only, so that the agent's logic needs no store and the store no agent.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "common/logic/worker.h"
#include "common/proto/store.pb.h"

namespace dure {

// Store: store::ShardStore or store::DirectoryStore.
template <class Store>
class StoreWorker : public Worker {
 public:
  explicit StoreWorker(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  std::string run(std::string_view request) override {
    std::string reply = store_->run(request);
    if (store_->failed()) return failed(reply, store_->failure());
    if (const auto still = store_->between_commits(); !still) return failed(reply, still.error().detail);
    if (!checking_) return reply;
    // A large file is checked some pages at a time, between groups; damage that is found late ends the agent, too.
    const auto more = store_->check_in_background();
    if (!more) return failed(reply, more.error().detail);
    checking_ = *more;
    return reply;
  }
  Store& store() { return *store_; }

 private:
  // What was committed stays so: only the flag is added.
  static std::string failed(const std::string& bytes, const std::string& why) {
    proto::StoreBatchReply reply;
    if (!reply.ParseFromString(bytes)) reply.Clear();
    reply.set_failed(true);
    reply.set_detail(why);
    return reply.SerializeAsString();
  }
  std::unique_ptr<Store> store_;
  bool checking_ = true;
};

}  // namespace dure
