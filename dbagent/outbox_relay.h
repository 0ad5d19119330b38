// Carries what waits in the outboxes of this agent's shards to the receivers' shards: DELIVER until it is answered
// STORED, then SENT, then a word to the receiver's owner. Lives with every agent, beside its desk; reaches shards and
// directory by calls like everybody else. Logic thread only.
//
// Keeps nothing that must outlive it: a message that is delivered twice is delivered once (its inbox row says so), one
// whose SENT was lost is delivered again, and a lost notice means that the owner finds it with its next reading. It
// tries for ever, oldest first, each message with its own back-off (5 s at most while its way is busy or away, 30 s if
// its shard refuses it), a bounded number at a time.
#pragma once
#include <cstdint>
#include <map>
#include <memory>

#include "common/logic/node.h"

namespace dure {

namespace proto {
class DeliverReply;
class DeliverRequest;
}  // namespace proto
class Agent;

class OutboxRelay {
 public:
  explicit OutboxRelay(Agent& agent);
  ~OutboxRelay();
  // Something was sent from this shard, or may have been: at start, after a group with SENDs, each second.
  void wake(std::uint32_t shard);
  void wake_all();
  std::uint64_t delivered() const { return delivered_; }
  std::size_t in_flight() const;

 private:
  using Letter = std::shared_ptr<const proto::DeliverRequest>;
  struct Doubt {
    Duration pause{};
    MonoTime until{};
  };
  struct Shard {
    bool reading = false, again = false;
    std::uint64_t after = 0;  // where reading goes on when an outbox is longer than one look
    std::map<std::uint64_t, bool> under_way;
    std::map<std::uint64_t, Doubt> doubts;  // messages that failed: not before then
  };
  Task<void> read(std::uint32_t shard);
  Task<void> carry(std::uint32_t shard, Letter letter);
  enum class Outcome { kDone, kAway, kRefused };  // kDone: delivered and marked so
  Task<Outcome> deliver(std::uint32_t shard, Letter letter);
  Task<bool> mark_sent(std::uint32_t shard, std::uint64_t message_id);
  // The receiver's shard; kNone: no answer; nobody: the directory has never known it.
  struct Place {
    bool known = false, nobody = false;
    std::uint32_t shard = 0;
  };
  Task<Place> locate(std::uint64_t player);
  void tell_receiver(const proto::DeliverRequest& letter, const proto::DeliverReply& reply);
  void postpone(std::uint32_t shard, std::uint64_t message_id, Duration most);

  Agent& agent_;
  std::map<std::uint32_t, Shard> shards_;
  std::map<std::uint64_t, std::uint32_t> places_;  // player → shard, as last told
  std::uint64_t delivered_ = 0;
};

}  // namespace dure
