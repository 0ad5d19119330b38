#include "common/logic/publisher.h"

#include "common/proto/client_frame.h"
#include "common/proto/cluster.pb.h"

namespace dure {

void TopicPublisher::tell(NodeId gateway, SessionId session, const Session& who, const std::vector<TopicKey>& topics,
                          bool join) {
  MeshHeader header;
  header.session = session;
  header.player = who.player;
  header.player_epoch = who.player_epoch;
  if (join) {
    proto::Subscribe message;
    message.set_session_id(session.value);
    for (const auto& topic : topics) message.add_topics(encode_topic(topic));
    node_.send(gateway, message, header);
  } else {
    proto::Unsubscribe message;
    message.set_session_id(session.value);
    for (const auto& topic : topics) message.add_topics(encode_topic(topic));
    node_.send(gateway, message, header);
  }
}

void TopicPublisher::subscribe(NodeId gateway, SessionId session, PlayerId player, std::uint64_t player_epoch,
                               const std::vector<TopicKey>& topics) {
  Session& who = sessions_[gateway][session];
  who.player = player;
  who.player_epoch = player_epoch;
  std::vector<TopicKey> fresh;
  for (const auto& topic : topics)
    if (who.topics.insert(topic).second) {
      ++listeners_[topic][gateway];
      fresh.push_back(topic);
    }
  if (fresh.empty()) return;
  if (node_.unlucky("topics.told_again")) fresh.assign(who.topics.begin(), who.topics.end());
  tell(gateway, session, who, fresh, true);
}

void TopicPublisher::unsubscribe(NodeId gateway, SessionId session, const std::vector<TopicKey>& topics) {
  const auto at_gateway = sessions_.find(gateway);
  if (at_gateway == sessions_.end()) return;
  const auto at = at_gateway->second.find(session);
  if (at == at_gateway->second.end()) return;
  std::vector<TopicKey> gone;
  for (const auto& topic : topics) {
    if (at->second.topics.erase(topic) == 0) continue;
    gone.push_back(topic);
    const auto listeners = listeners_.find(topic);
    if (--listeners->second[gateway] == 0) listeners->second.erase(gateway);
    if (listeners->second.empty()) listeners_.erase(listeners);
  }
  if (!gone.empty()) tell(gateway, session, at->second, gone, false);
  if (at->second.topics.empty()) at_gateway->second.erase(at);
}

void TopicPublisher::drop(NodeId gateway, SessionId session, bool tell_gateway) {
  const auto at_gateway = sessions_.find(gateway);
  if (at_gateway == sessions_.end()) return;
  const auto at = at_gateway->second.find(session);
  if (at == at_gateway->second.end()) return;
  const Session who = std::move(at->second);
  at_gateway->second.erase(at);
  for (const auto& topic : who.topics) {
    const auto listeners = listeners_.find(topic);
    if (--listeners->second[gateway] == 0) listeners->second.erase(gateway);
    if (listeners->second.empty()) listeners_.erase(listeners);
  }
  if (tell_gateway) tell(gateway, session, who, {who.topics.begin(), who.topics.end()}, false);
}

void TopicPublisher::gateway_up(NodeId gateway) {
  for (const auto& [session, who] : sessions_[gateway])
    tell(gateway, session, who, {who.topics.begin(), who.topics.end()}, true);
}

void TopicPublisher::gateway_down(NodeId gateway) {
  while (!sessions_[gateway].empty()) drop(gateway, sessions_[gateway].begin()->first, false);
  sessions_.erase(gateway);
}

void TopicPublisher::publish_frame(const TopicKey& topic, std::uint32_t message_id, std::string_view body) {
  const RouteInfo* info = node_.routes().find(message_id);
  CHECK(info != nullptr && info->to_client);
  proto::Publish message;
  message.set_topic(encode_topic(topic));
  message.set_frame(encode_frame(static_cast<std::uint16_t>(message_id), 0, body));
  message.set_latest(info->latest);
  std::string encoded;
  message.SerializeToString(&encoded);
  for (const auto& [gateway, count] : listeners_[topic]) {
    MeshHeader header;
    header.message_id = route_id(proto::Publish::descriptor());
    node_.send_raw(gateway, header, encoded);
  }
}

}  // namespace dure
