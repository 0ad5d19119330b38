#include "tests/sim/shrink.h"

#include <algorithm>

namespace dure::sim {
namespace {

class Shrinking {
 public:
  Shrinking(const Plan& plan, const StillFails& still_fails, int runs_max)
      : still_fails_(still_fails), runs_max_(runs_max), best_{plan, 0} {}
  Shrunk go() {
    for (bool smaller = true; smaller && best_.runs < runs_max_;) {
      smaller = drop_classes();
      smaller |= drop_chunks(&Plan::mischief, best_.plan.mischief.size());
      smaller |= drop_unluck();
      smaller |= drop_faults();
      smaller |= drop_clients();
      smaller |= drop_processes();
      smaller |= shorten();
    }
    return best_;
  }

 private:
  bool keep_if_it_fails(const Plan& candidate) {
    if (best_.runs >= runs_max_ || !what_is_wrong(candidate).empty()) return false;
    ++best_.runs;
    if (!still_fails_(candidate)) return false;
    best_.plan = candidate;
    return true;
  }
  bool drop_classes() {
    bool smaller = false;
    for (const FaultKind kind : kFaultKinds) {
      Plan candidate = best_.plan;
      std::erase_if(candidate.faults, [kind](const Fault& fault) { return fault.kind == kind; });
      if (candidate.faults.size() < best_.plan.faults.size()) smaller |= keep_if_it_fails(candidate);
    }
    return smaller;
  }
  bool drop_faults() { return drop_chunks(&Plan::faults, std::max<std::size_t>(1, best_.plan.faults.size() / 2)); }
  bool drop_unluck() { return drop_chunks(&Plan::unlucky, best_.plan.unlucky.size()); }
  template <class Entry>
  bool drop_chunks(std::vector<Entry> Plan::*entries, std::size_t chunk) {
    bool smaller = false;
    for (; chunk > 0; chunk /= 2)
      for (std::size_t from = 0; from < (best_.plan.*entries).size();) {
        Plan candidate = best_.plan;
        auto& left = candidate.*entries;
        const auto first = left.begin() + static_cast<std::ptrdiff_t>(from);
        left.erase(first, first + static_cast<std::ptrdiff_t>(std::min(chunk, left.size() - from)));
        if (keep_if_it_fails(candidate))
          smaller = true;
        else
          from += chunk;
        if (best_.runs >= runs_max_) return smaller;
      }
    return smaller;
  }
  // With its partner, and with the faults that are about it.
  bool drop_clients() {
    bool smaller = false;
    for (std::size_t at = best_.plan.clients.size(); at-- > 0;) {
      if (at >= best_.plan.clients.size()) continue;
      const char name = best_.plan.clients[at].name, partner = best_.plan.clients[at].partner;
      const auto gone = [=](char client) { return client != 0 && (client == name || client == partner); };
      Plan candidate = best_.plan;
      std::erase_if(candidate.clients, [&](const ClientPlan& client) { return gone(client.name); });
      std::erase_if(candidate.faults, [&](const Fault& fault) { return gone(fault.client); });
      smaller |= keep_if_it_fails(candidate);
    }
    return smaller;
  }
  bool drop_processes() {
    bool smaller = false;
    for (std::uint16_t Shape::*count : {&Shape::gateways, &Shape::generals, &Shape::dungeons, &Shape::chats})
      while (best_.plan.shape.*count > 1) {
        Plan candidate = best_.plan;
        --(candidate.shape.*count);
        for (auto& client : candidate.clients)
          if (client.gateway.number() > candidate.shape.gateways) client.gateway = gateway_node();
        if (!keep_if_it_fails(candidate)) break;
        smaller = true;
      }
    while (best_.plan.shape.shards > 1) {
      Plan candidate = best_.plan;
      --candidate.shape.shards;
      if (!keep_if_it_fails(candidate)) break;
      smaller = true;
    }
    return smaller;
  }
  bool halve(Duration& (*of)(Plan&, std::size_t), std::size_t at, Duration least) {
    bool smaller = false;
    for (;;) {
      Plan candidate = best_.plan;
      Duration& duration = of(candidate, at);
      if (duration / 2 < least) return smaller;
      duration = duration / 2 / milliseconds(1) * milliseconds(1);
      if (!keep_if_it_fails(candidate)) return smaller;
      smaller = true;
    }
  }
  bool shorten() {
    bool smaller = halve([](Plan& plan, std::size_t) -> Duration& { return plan.play; }, 0, seconds(1));
    for (std::size_t at = 0; at < best_.plan.faults.size(); ++at)
      smaller |=
          halve([](Plan& plan, std::size_t i) -> Duration& { return plan.faults[i].lasts; }, at, milliseconds(1));
    return smaller;
  }

  const StillFails& still_fails_;
  int runs_max_;
  Shrunk best_;
};

}  // namespace

Shrunk shrink(const Plan& plan, const StillFails& still_fails, int runs_max) {
  return Shrinking(plan, still_fails, runs_max).go();
}

}  // namespace dure::sim
