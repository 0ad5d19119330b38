#include "tests/sim/rogue/tap.h"

#include "common/base/check.h"
#include "common/proto/store.pb.h"

namespace dure::sim {
namespace {

void put(const Step& step, proto::StoreItem* item) {
  item->set_message_id(step.message_id);
  item->set_body(step.body);
}

void insert(const Tap::Among& among, proto::StoreBatch* batch) {
  put(among.step, batch->add_items());
  for (int at = batch->items_size() - 1; at > among.place; --at) batch->mutable_items()->SwapElements(at, at - 1);
}

}  // namespace

std::string TappedWorker::run(std::string_view encoded) {
  proto::StoreBatch batch;
  CHECK(batch.ParseFromArray(encoded.data(), static_cast<int>(encoded.size())));
  if (batch.items_size() == 0) return worker_->run(encoded);
  // One that fails here fails the agent's batch, too.
  for (Step& step : tap_.ahead(queue_, batch)) run_all(std::move(step), batch.wall_unix_ms());

  proto::StoreBatch asked = batch;
  const auto among = tap_.among(queue_, batch);
  if (among) insert(*among, &asked);
  proto::StoreBatchReply reply;
  CHECK(reply.ParseFromString(worker_->run(asked.SerializeAsString())));
  const bool heard = !reply.retry() && !reply.failed();
  if (among) {
    if (heard) tell(among->step, reply.items(among->place), std::nullopt);
    reply.mutable_items()->DeleteSubrange(among->place, 1);
  }
  if (!heard) return reply.SerializeAsString();

  std::vector<Exchange> exchanges;
  for (int at = 0; at < batch.items_size(); ++at)
    exchanges.push_back({batch.items(at).message_id(), batch.items(at).body(), reply.items(at).body()});
  for (Step& step : tap_.behind(queue_, exchanges))
    if (const std::string failure = run_all(std::move(step), batch.wall_unix_ms()); !failure.empty()) {
      reply.set_failed(true);
      reply.set_detail(failure);
      break;
    }
  return reply.SerializeAsString();
}

std::string TappedWorker::run_all(Step step, std::int64_t wall_unix_ms) {
  for (;;) {
    bool heard = false;
    std::string failure = run_alone(step, wall_unix_ms, &heard);
    if (!failure.empty()) return failure;
    auto next = tap_.then(queue_, step, heard);
    if (!next) return "";
    step = std::move(*next);
  }
}

std::string TappedWorker::run_alone(const Step& step, std::int64_t wall_unix_ms, bool* heard) {
  proto::StoreBatch batch;
  batch.set_wall_unix_ms(wall_unix_ms);
  put(step, batch.add_items());
  const bool valued = step.leaves == Leaves::kValue;
  const std::uint64_t before = valued ? value_of_(step.players) : 0;
  proto::StoreBatchReply reply;
  CHECK(reply.ParseFromString(worker_->run(batch.SerializeAsString())));
  // Also of a commit that a failed store may have done: what was in memory is gone before its next step.
  if (reply.retry() || reply.failed()) return reply.failed() ? reply.detail() : "";
  const bool changed =
      valued ? value_of_(step.players) != before : step.leaves == Leaves::kNothing && reply.changed() != 0;
  *heard = true;
  tell(step, reply.items(0), changed);
  return "";
}

void TappedWorker::tell(const Step& step, const proto::StoreItem& answer, std::optional<bool> changed) {
  tap_.answered(queue_, step, gullible_ ? "" : answer.body(), changed);
}

}  // namespace dure::sim
