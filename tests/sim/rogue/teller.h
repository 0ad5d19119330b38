// Tells one story of a rogue: a coroutine that awaits what the stores answer to each of its steps. A step is asked
// until it is answered: a store may be busy, or fail and nobody knows whether it was done; so each may be asked again,
// and says what it is answered then. An answer that is not allowed ends the story: its judge reports it. One thread.
#pragma once
#include <coroutine>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "common/base/random.h"
#include "common/logic/task.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "tests/sim/broken.h"
#include "tests/sim/rogue/tap.h"

namespace dure::sim {

class Teller {
 public:
  // What all stories of a rogue share.
  struct World {
    std::set<std::uint32_t> shards;                  // that were heard of
    std::map<std::uint32_t, std::uint32_t> content;  // active, by shard
    std::uint64_t numbers = 0;                       // drawn so far
    Verdict broken;
  };
  using Story = Task<> (*)(Teller&);
  Teller(Story story, World& world, Rng rng);
  Teller(const Teller&) = delete;
  Teller& operator=(const Teller&) = delete;

  // ── for who asks the stores ──
  bool over() const { return over_; }
  bool wants(const std::string& queue) const { return !over_ && !asked_ && queue_ == queue; }
  Step ask();
  // Whether this is what it waits for.
  bool asked(const std::string& queue, const Step& step) const;
  void answered(const std::string& answer);
  // The agent asks this queue next.
  void ahead(const std::string& queue);

  // ── for stories ──
  template <class Reply>
  class Answer {
   public:
    explicit Answer(Teller& teller) : teller_(teller) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> told) { teller_.told_ = told; }
    Reply await_resume() {
      Reply reply;
      reply.ParseFromString(teller_.answer_);
      return reply;
    }

   private:
    Teller& teller_;
  };
  static constexpr int kNoOther = -1;
  // Lawful, and done. `again`: what it may be answered, too, if it was perhaps done before.
  template <class Reply = proto::StoreReply, class Request>
  Answer<Reply> done(const char* rule, const Request& request, int code = proto::STORED, int again = kNoOther) {
    return put<Reply>(rule, law::kLawfulIsDone, request, Leaves::kAnything, code, kNoOther, again);
  }
  // Lawful, and done, unless others were faster: then its story is over.
  template <class Reply = proto::StoreReply, class Request>
  Answer<Reply> done_or_over(const char* rule, const Request& request, int over) {
    auto answer = put<Reply>(rule, law::kLawfulIsDone, request, Leaves::kAnything, proto::STORED, over, kNoOther);
    ends_ = over;
    return answer;
  }
  // Either is right: it depends on what others do meanwhile.
  template <class Reply = proto::StoreReply, class Request>
  Answer<Reply> either(const char* rule, const Request& request, int code, int other) {
    return put<Reply>(rule, law::kLawfulIsDone, request, Leaves::kAnything, code, other, kNoOther);
  }
  // Lawful, and nothing changes: it is only read, or was done before.
  template <class Reply = proto::StoreReply, class Request>
  Answer<Reply> same(const char* rule, const Request& request) {
    return put<Reply>(rule, law::kRepeatChangesNothing, request, Leaves::kNothing, proto::STORED, kNoOther, kNoOther);
  }
  template <class Reply = proto::StoreReply, class Request>
  Answer<Reply> refused(const char* rule, const Request& request, int code) {
    return put<Reply>(rule, law::kForbiddenIsRefused, request, Leaves::kNothing, code, kNoOther, kNoOther);
  }
  // At the shard of this number, whatever the request names.
  template <class Reply = proto::StoreReply, class Request>
  Answer<Reply> refused_at(std::uint32_t shard, const char* rule, const Request& request, int code) {
    auto answer = refused<Reply>(rule, request, code);
    queue_ = queue_of(shard);
    return answer;
  }
  // Of the last answer; a story goes on.
  void expect(bool holds, const std::string& what);
  // Nobody else's, never the same twice.
  std::uint64_t number();
  Rng& rng() { return rng_; }
  const World& world() const { return world_; }
  std::uint32_t content(std::uint32_t shard) const;

 private:
  static std::string queue_of(std::uint32_t shard);
  template <class Reply, class Request>
  Answer<Reply> put(const char* rule, const char* law, const Request& request, Leaves leaves, int code, int other,
                    int again) {
    if constexpr (requires { request.shard(); })
      queue_ = queue_of(request.shard());
    else
      queue_ = "directory";
    step_ = Step();
    step_.rule = rule;
    step_.law = law;
    step_.message_id = route_id(Request::descriptor());
    step_.body = request.SerializeAsString();
    step_.allowed = {code};
    if (other != kNoOther) step_.allowed.insert(other);
    step_.leaves = leaves;
    again_ = again;
    ends_ = kNoOther;
    asked_ = false;
    return Answer<Reply>(*this);
  }
  void go_on(std::coroutine_handle<> told);

  World& world_;
  Rng rng_;
  std::string queue_;
  Step step_;
  int again_ = kNoOther, ends_ = kNoOther;
  bool asked_ = false;
  int batches_since_ = 0;  // of its queue, since it was asked
  bool over_ = false;
  std::string answer_;
  std::coroutine_handle<> told_;
  Task<> story_;
};

}  // namespace dure::sim
