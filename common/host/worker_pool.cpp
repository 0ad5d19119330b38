#include "common/host/worker_pool.h"

#include <exception>

#include "common/base/check.h"

namespace dure {

WorkerPool::WorkerPool(std::map<std::string, Worker*> workers, Mailbox& mailbox, EventLog& log)
    : mailbox_(mailbox), log_(log) {
  for (const auto& [name, worker] : workers) {
    CHECK(worker != nullptr);
    auto queue = std::make_unique<Queue>();
    queue->worker = worker;
    queues_.emplace(name, std::move(queue));
  }
  for (auto& [name, queue] : queues_)
    queue->thread = std::thread([this, name_of = name, made = queue.get()] { run(name_of, *made); });
}

WorkerPool::~WorkerPool() { stop(); }

void WorkerPool::submit(Work work) {
  const auto at = queues_.find(work.queue);
  if (at == queues_.end()) {
    log_.event(LogLevel::kError, "worker.unknown", {{"queue", work.queue}});
    mailbox_.put(WorkDone{work.work_id, {}});
    return;
  }
  Queue& queue = *at->second;
  {
    const std::lock_guard lock(queue.mutex);
    queue.waiting.push_back(std::move(work));
  }
  queue.changed.notify_one();
}

void WorkerPool::run(const std::string& name, Queue& queue) {
  std::unique_lock lock(queue.mutex);
  for (;;) {
    queue.changed.wait(lock, [&queue] { return queue.stopping || !queue.waiting.empty(); });
    if (queue.waiting.empty()) return;
    const Work work = std::move(queue.waiting.front());
    queue.waiting.pop_front();
    lock.unlock();
    std::string reply;
    try {
      reply = queue.worker->run(work.request.view());
    } catch (const std::exception& error) {
      log_.event(LogLevel::kError, "worker.fault", {{"queue", name}, {"what", error.what()}});
    }
    mailbox_.put(WorkDone{work.work_id, Bytes(std::move(reply))});
    lock.lock();
  }
}

void WorkerPool::stop() {
  for (auto& [name, queue] : queues_) {
    const std::lock_guard lock(queue->mutex);
    queue->stopping = true;
    queue->changed.notify_one();
  }
  for (auto& [name, queue] : queues_)
    if (queue->thread.joinable()) queue->thread.join();
}

}  // namespace dure
