// The publishing end of topics: who of which gateway listens to what, and one message per gateway for each frame. A
// subscription belongs to (this incarnation, session); it is standing intent, told whole again when a gateway comes
// back. Logic thread only.
#pragma once
#include <map>
#include <set>
#include <vector>

#include "common/logic/node.h"

namespace dure {

class TopicPublisher {
 public:
  explicit TopicPublisher(Node& node) : node_(node) {}

  void subscribe(NodeId gateway, SessionId session, PlayerId player, std::uint64_t player_epoch,
                 const std::vector<TopicKey>& topics);
  void unsubscribe(NodeId gateway, SessionId session, const std::vector<TopicKey>& topics);
  // Forgets the session here and, if `tell`, at its gateway.
  void drop(NodeId gateway, SessionId session, bool tell);
  void gateway_up(NodeId gateway);
  void gateway_down(NodeId gateway);
  bool heard(const TopicKey& topic) const { return listeners_.count(topic) != 0; }

  // Encodes once; crosses the mesh once per gateway that has listeners.
  template <class Message>
  void publish(const TopicKey& topic, const Message& message) {
    if (!heard(topic)) return;
    std::string body;
    message.SerializeToString(&body);
    publish_frame(topic, route_id(Message::descriptor()), body);
  }

 private:
  struct Session {
    PlayerId player;
    std::uint64_t player_epoch = 0;
    std::set<TopicKey> topics;
  };
  void publish_frame(const TopicKey& topic, std::uint32_t message_id, std::string_view body);
  void tell(NodeId gateway, SessionId session, const Session& who, const std::vector<TopicKey>& topics, bool join);
  Node& node_;
  std::map<NodeId, std::map<SessionId, Session>> sessions_;
  std::map<TopicKey, std::map<NodeId, std::size_t>> listeners_;  // how many sessions of which gateway
};

}  // namespace dure
