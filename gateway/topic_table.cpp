#include "gateway/topic_table.h"

#include <algorithm>

namespace dure {

void TopicTable::join(const TopicKey& topic, SessionId session) {
  if (topics_[session].insert(topic).second) sessions_[topic].push_back(session);
}

void TopicTable::leave(const TopicKey& topic, SessionId session) {
  const auto at = topics_.find(session);
  if (at == topics_.end() || at->second.erase(topic) == 0) return;
  if (at->second.empty()) topics_.erase(at);
  remove(topic, session);
}

void TopicTable::leave_all(SessionId session) {
  const auto at = topics_.find(session);
  if (at == topics_.end()) return;
  for (const TopicKey& topic : at->second) remove(topic, session);
  topics_.erase(at);
}

void TopicTable::remove(const TopicKey& topic, SessionId session) {
  const auto at = sessions_.find(topic);
  std::erase(at->second, session);
  if (at->second.empty()) sessions_.erase(at);
}

const std::vector<SessionId>& TopicTable::sessions(const TopicKey& topic) const {
  static const std::vector<SessionId> nobody;
  const auto at = sessions_.find(topic);
  return at == sessions_.end() ? nobody : at->second;
}

}  // namespace dure
