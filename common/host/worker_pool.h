// The workers of one node: a thread and a queue for each name. Requests of one queue run one at a time, in order;
// answers go to the node's mailbox. submit() from any thread; start() and stop() from the main thread. Workers are
// borrowed and must outlive the pool.
#pragma once
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "common/host/mailbox.h"
#include "common/logic/worker.h"

namespace dure {

class WorkerPool {
 public:
  WorkerPool(std::map<std::string, Worker*> workers, Mailbox& mailbox, EventLog& log);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // A queue nobody serves is answered at once with nothing, and logged as an error.
  void submit(Work work);
  // Finishes what is queued, then ends the threads. Again: nothing.
  void stop();

 private:
  struct Queue {
    Worker* worker = nullptr;
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Work> waiting;
    bool stopping = false;
    std::thread thread;
  };
  void run(const std::string& name, Queue& queue);
  std::map<std::string, std::unique_ptr<Queue>> queues_;  // fixed after construction
  Mailbox& mailbox_;
  EventLog& log_;
};

}  // namespace dure
