// Between the agent and its stores: sees what the agent asked and was answered, batch by batch, and puts requests of
// its own before it, among it and behind it, which the agent never hears of. One thread.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/logic/worker.h"

namespace dure::proto {
class StoreBatch;
class StoreBatchReply;
class StoreItem;
}  // namespace dure::proto

namespace dure::sim {

// A request that was answered; a notice's answer is empty.
struct Exchange {
  std::uint32_t message_id = 0;
  std::string asked, answered;
};

// What a step may leave different.
enum class Leaves {
  kNothing,   // not a row
  kValue,     // whatever, but what its players have (value_of)
  kAnything,  // what a lawful request does
};

// A request of the tap's own: mostly one that must change nothing, whoever sends it: forbidden, or done before.
struct Step {
  std::string rule;      // "apply.ended-epoch"
  const char* law = "";  // that it judges
  std::uint32_t message_id = 0;
  std::string body;
  std::set<int> allowed;  // StoreCodes that are no lie; RETRY always is. A notice is answered nothing, which is STORED
  std::string stays;      // what an answer STORED says for ever (what_stays); empty: whatever
  // What an answer that is allowed says wrongly, if it is known what it has to say; empty: nothing.
  std::function<std::string(const std::string& answer)> untrue;
  Leaves leaves = Leaves::kNothing;
  std::vector<std::uint64_t> players;  // kValue: whose
  std::size_t of = 0;                  // the tap's own note of who wanted it
};

class Tap {
 public:
  virtual ~Tap() = default;
  // The agent asks this next: what comes before it.
  virtual std::vector<Step> ahead(const std::string& queue, const proto::StoreBatch& batch) = 0;
  struct Among {
    int place = 0;  // before this item
    Step step;
  };
  virtual std::optional<Among> among(const std::string& queue, const proto::StoreBatch& batch) = 0;
  // It was committed: what comes behind it.
  virtual std::vector<Step> behind(const std::string& queue, const std::vector<Exchange>& batch) = 0;
  // After each step that was asked alone, whether it was heard or nobody knows whether it was done: what comes next,
  // with nothing between.
  virtual std::optional<Step> then(const std::string& /*queue*/, const Step&, bool /*heard*/) { return std::nullopt; }
  // Of a step that was done. `changed`: whether anything is that must not be; unknown of one among others.
  virtual void answered(const std::string& queue, const Step& step, const std::string& answer,
                        std::optional<bool> changed) = 0;
};

// Batches of nothing pass untouched.
class TappedWorker : public Worker {
 public:
  // A digest of what these players have in the store behind the worker.
  using ValueOf = std::function<std::uint64_t(const std::vector<std::uint64_t>& players)>;
  // `gullible`: a deliberate bug: whatever the tap asks is answered STORED.
  TappedWorker(Tap& tap, std::string queue, std::unique_ptr<Worker> worker, ValueOf value_of, bool gullible)
      : tap_(tap),
        queue_(std::move(queue)),
        worker_(std::move(worker)),
        value_of_(std::move(value_of)),
        gullible_(gullible) {}
  std::string run(std::string_view batch) override;

 private:
  // A step and what comes next, until the tap has enough. Why the store has failed for good; empty: it has not.
  std::string run_all(Step step, std::int64_t wall_unix_ms);
  std::string run_alone(const Step& step, std::int64_t wall_unix_ms, bool* heard);
  void tell(const Step& step, const proto::StoreItem& answer, std::optional<bool> changed);

  Tap& tap_;
  const std::string queue_;
  std::unique_ptr<Worker> worker_;
  const ValueOf value_of_;
  const bool gullible_;
};

}  // namespace dure::sim
