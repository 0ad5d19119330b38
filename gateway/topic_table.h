// Topic → the sessions of one IO thread that subscribe it. One IO thread only.
#pragma once
#include <set>
#include <unordered_map>
#include <vector>

#include "common/base/ids.h"
#include "common/proto/topic_key.h"

namespace dure {

class TopicTable {
 public:
  void join(const TopicKey& topic, SessionId session);
  void leave(const TopicKey& topic, SessionId session);
  void leave_all(SessionId session);
  // In order of joining; empty if nobody is there.
  const std::vector<SessionId>& sessions(const TopicKey& topic) const;
  std::size_t topics() const { return sessions_.size(); }

 private:
  void remove(const TopicKey& topic, SessionId session);
  std::unordered_map<TopicKey, std::vector<SessionId>> sessions_;
  std::unordered_map<SessionId, std::set<TopicKey>> topics_;
};

}  // namespace dure
