// A role with one room, where everybody who comes is let in: the owner side alone, for tests and benchmarks.
#pragma once
#include <string>

#include "common/game/owner.h"
#include "common/proto/lobby.pb.h"

namespace dure::test {

class Inn : public OwnerNode {
 public:
  using OwnerNode::OwnerNode;
  Placing placing(const proto::Admit&) override {
    Placing here;
    here.here = true;
    here.place = "inn/1";
    return here;
  }
  bool still_open(const std::string&, const proto::Admit&) const override { return true; }
  void on_arrived(Player&, const proto::Admit&, bool) override {}
  void on_left(Player&) override {}
  void fill_state(const Player&, std::uint64_t*, std::uint32_t*, std::uint32_t*) const override {}
};

}  // namespace dure::test
