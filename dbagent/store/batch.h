// A batch of requests as one transaction: all of it is committed and synced before run() returns, or nothing is. Knows
// no message: the stores register theirs. One thread at a time.
//
//   a guard is false           that item answers REJECTED (the handler says so); the others go on
//   SQL constraint, our bug    that item is taken back; REJECTED, or RETRY and counted in faults()
//   busy, disk full            everything is rolled back; every reply says RETRY; the next batch may succeed
//   I/O, sync, corruption      as above, and the store is failed(): it never touches the file again
//
// A handler may be called twice with one request, after everything of its first call was rolled back (savepoint.h).
#pragma once
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/proto/routes.h"
#include "dbagent/store/store_file.h"

namespace dure::proto {
class StoreBatch;
class StoreBatchReply;
class StoreEvent;
}  // namespace dure::proto

namespace dure::store {

// Thrown inside this folder when a guard of a transition is false; the nearest savepoint takes the item back.
class GuardFalse : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
inline void require(bool guard, const char* name) {
  if (!guard) throw GuardFalse(name);
}

// What transitions change in memory along with rows: kept with the transaction, undone with what is taken back.
class Undoable {
 public:
  virtual ~Undoable() = default;
  virtual void begin_item() = 0;
  virtual void undo_item() = 0;
  virtual void keep() = 0;
  virtual void undo() = 0;
};

class Batch {
 public:
  explicit Batch(StoreFile& file, Undoable* memory = nullptr) : file_(file), memory_(memory) {}

  // `handle` answers a Request with a Reply inside the transaction.
  template <class Request, class Reply>
  void on(std::function<Reply(const Request&)> handle) {
    handlers_[route_id(Request::descriptor())] = {
        [handle = std::move(handle)](std::string_view body, std::string* out) {
          Request request;
          if (!parse_strict(body, &request)) return false;
          handle(request).SerializeToString(out);
          return true;
        },
        [](int code, const std::string& detail) {
          Reply reply;
          reply.set_code(static_cast<decltype(reply.code())>(code));
          if constexpr (requires { reply.set_detail(detail); }) reply.set_detail(detail);
          return reply.SerializeAsString();
        }};
  }
  template <class Request>
  void on_notice(std::function<void(const Request&)> handle) {
    handlers_[route_id(Request::descriptor())] = {[handle = std::move(handle)](std::string_view body, std::string*) {
                                                    Request request;
                                                    if (!parse_strict(body, &request)) return false;
                                                    handle(request);
                                                    return true;
                                                  },
                                                  [](int, const std::string&) { return std::string(); }};
  }

  // Takes an encoded StoreBatch, answers an encoded StoreBatchReply.
  std::string run(std::string_view encoded);
  // From inside a handler: what others have to hear besides its reply, once the batch is committed. Dropped with the
  // item if that is taken back.
  void tell(const proto::StoreEvent& event);
  bool handles(std::uint32_t message_id) const { return handlers_.contains(message_id); }
  bool failed() const { return failed_; }
  const std::string& failure() const { return failure_; }
  std::uint64_t faults() const { return faults_; }

 private:
  struct Handler {
    std::function<bool(std::string_view body, std::string* reply)> handle;
    std::function<std::string(int code, const std::string& detail)> refuse;
  };
  [[nodiscard]] bool run_all(const proto::StoreBatch& batch, proto::StoreBatchReply* reply);
  [[nodiscard]] bool run_items(const proto::StoreBatch& batch, proto::StoreBatchReply* reply);
  std::string run_one(std::uint32_t message_id, const std::string& body);
  void commit();
  void roll_back();
  std::string retry_all(const proto::StoreBatch& batch, const std::string& why) const;

  StoreFile& file_;
  Undoable* memory_;
  std::map<std::uint32_t, Handler> handlers_;
  proto::StoreBatchReply* answering_ = nullptr;  // while run_all() is under way
  int told_before_ = 0;                          // events of the items before this one
  bool failed_ = false;
  std::string failure_;
  std::uint64_t faults_ = 0;
};

}  // namespace dure::store
