#include "lobby/matchmaker.h"

#include <algorithm>

#include "common/base/check.h"

namespace dure {

void Matchmaker::join(const std::string& dungeon, std::size_t party, PlayerId player, NodeId owner, MonoTime now) {
  CHECK(party > 0 && player);
  Queue& queue = queues_[dungeon];
  queue.party = party;
  for (Entry& entry : queue.entries)
    if (entry.player == player) {
      entry.owner = owner;
      return;
    }
  leave(player);
  queue.entries.push_back({player, owner, now});
}

bool Matchmaker::leave(PlayerId player) {
  for (auto& [dungeon, queue] : queues_)
    if (std::erase_if(queue.entries, [&](const Entry& entry) { return entry.player == player; }) > 0) return true;
  return false;
}

void Matchmaker::leave_all_of(NodeId owner) {
  for (auto& [dungeon, queue] : queues_)
    std::erase_if(queue.entries, [&](const Entry& entry) { return entry.owner == owner; });
}

std::vector<Matchmaker::Match> Matchmaker::take(MonoTime now) {
  std::vector<Match> matches;
  for (auto& [dungeon, queue] : queues_)
    while (!queue.entries.empty() &&
           (queue.entries.size() >= queue.party || now - queue.entries.front().since >= kMatchWait)) {
      Match match{dungeon, {}};
      while (!queue.entries.empty() && match.entries.size() < queue.party) {
        match.entries.push_back(queue.entries.front());
        queue.entries.pop_front();
      }
      matches.push_back(std::move(match));
    }
  return matches;
}

std::size_t Matchmaker::waiting() const {
  std::size_t all = 0;
  for (const auto& [dungeon, queue] : queues_) all += queue.entries.size();
  return all;
}

}  // namespace dure
