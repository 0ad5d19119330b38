// Redis as the cluster has it: leases by which processes find one another, and a bus that carries game masters'
// commands and their answers at most once. Dead, it carries nothing and has forgotten every lease when it comes back;
// alive, it loses a message in twenty for each of those who should hear it. One thread; outlives the run.
#pragma once
#include <functional>
#include <map>
#include <string>

#include "tests/sim/cluster.h"

namespace dure::sim {

class Redis : public Outside {
 public:
  explicit Redis(Cluster& cluster);
  void die();
  void come_back() { alive_ = true; }
  // To every process that lives and hears.
  void publish(const std::string& command);
  std::function<void(const Bytes& answer)> on_answer;
  // Messages that somebody should have heard and did not.
  std::uint64_t lost() const { return lost_; }

 private:
  struct Lease {
    std::uint32_t life = 0;
    MonoTime until{};
  };
  void born(NodeId node) override;
  void answered(NodeId node, const GmAnswerOut& answer) override;
  void refresh(NodeId node, std::uint32_t life);
  bool carries();
  Cluster& cluster_;
  Rng rng_;
  bool alive_ = true;
  std::uint64_t lost_ = 0;
  std::map<NodeId, Lease> leases_;
  std::map<NodeId, std::map<NodeId, std::uint32_t>> known_;  // lives of others, by who found them
};

}  // namespace dure::sim
