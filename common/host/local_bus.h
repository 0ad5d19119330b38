// Nodes of the same process: the same encoded messages, from mailbox to mailbox. Any thread.
//
// A node that has left is as a closed connection: whoever was connected to it hears BusDown.
#pragma once
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "common/host/mailbox.h"

namespace dure {

class LocalBus {
 public:
  // The mailbox is borrowed until leave().
  void join(NodeId node, Mailbox& mailbox);
  void leave(NodeId node);
  // Was it ever one of ours? Its messages then never take the ZeroMQ bus.
  bool knows(NodeId node) const;
  // BusUp to `from`, if the peer is here.
  void connect(NodeId from, NodeId peer);
  void disconnect(NodeId from, NodeId peer);
  // To a node that left: the sender has BusDown already, the message is gone with the connection.
  void send(NodeId from, NodeId peer, Bytes message);

 private:
  mutable std::mutex mutex_;
  std::map<NodeId, Mailbox*> nodes_;  // nullptr: left
  std::set<std::pair<NodeId, NodeId>> connected_;
};

}  // namespace dure
