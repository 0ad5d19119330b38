#include "common/host/local_bus.h"

namespace dure {

void LocalBus::join(NodeId node, Mailbox& mailbox) {
  const std::lock_guard lock(mutex_);
  nodes_[node] = &mailbox;
}

void LocalBus::leave(NodeId node) {
  const std::lock_guard lock(mutex_);
  const auto at = nodes_.find(node);
  if (at == nodes_.end()) return;
  at->second = nullptr;
  for (auto link = connected_.begin(); link != connected_.end();) {
    if (link->first != node && link->second != node) {
      ++link;
      continue;
    }
    if (Mailbox* left_behind = nodes_[link->first]; left_behind != nullptr && link->second == node)
      left_behind->put(BusDown{node});
    link = connected_.erase(link);
  }
}

bool LocalBus::knows(NodeId node) const {
  const std::lock_guard lock(mutex_);
  return nodes_.count(node) != 0;
}

void LocalBus::connect(NodeId from, NodeId peer) {
  const std::lock_guard lock(mutex_);
  const auto self = nodes_.find(from), other = nodes_.find(peer);
  if (self == nodes_.end() || other == nodes_.end() || !self->second || !other->second) return;
  if (connected_.insert({from, peer}).second) self->second->put(BusUp{peer});
}

void LocalBus::disconnect(NodeId from, NodeId peer) {
  const std::lock_guard lock(mutex_);
  connected_.erase({from, peer});
}

void LocalBus::send(NodeId from, NodeId peer, Bytes message) {
  const std::lock_guard lock(mutex_);
  const auto other = nodes_.find(peer);
  if (other == nodes_.end() || other->second == nullptr || !connected_.count({from, peer})) return;
  other->second->put(BusMessage{std::move(message)});
}

}  // namespace dure
