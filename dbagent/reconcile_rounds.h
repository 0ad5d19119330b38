// In which order the facts of other shards are redone on a restored one. Facts depend on each other (an item comes back
// before it has left) and nobody knows the order in which they happened: so all are tried, what has to wait is tried
// again while anything gets on. Only when nothing does is anything forced: first what gives away an item which no
// waiting fact will bring, for it was made after the backup and never is here; then, one at a time, what brings an item
// that is here, from a time before, and waits for what in turn waits for it. Pure; keeps what waits in memory.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dure {

namespace proto {
class Facts;
class Reconcile;
class ReconcileReply;
}  // namespace proto

class ReconcileRounds {
 public:
  explicit ReconcileRounds(std::uint32_t restored);
  ~ReconcileRounds();
  // A request that was made of a page, and its answer: what waits is kept.
  void heard(const proto::Reconcile& request, const proto::ReconcileReply& reply);
  // The next request, a part of what waits; heard() comes between two calls. Nothing: it is over, see stuck().
  std::optional<proto::Reconcile> next();
  // Something got on beside these requests: a trade that was settled.
  void got_on() { progress_ = true; }
  std::size_t waiting() const;
  // A line each, for people.
  std::vector<std::string> stuck() const;

 private:
  struct Fact;
  void begin_round();
  std::vector<std::unique_ptr<Fact>> now_, later_;  // of this round still to be sent; for the next one
  std::uint32_t restored_;
  bool progress_ = false;
};

}  // namespace dure
