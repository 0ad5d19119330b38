#include "lobby/matchmaker.h"

#include <algorithm>

#include "common/base/check.h"

namespace dure {
namespace {

std::vector<PlayerId> sorted(const Matchmaker::Group& group) {
  std::vector<PlayerId> players;
  for (const auto& entry : group.entries) players.push_back(entry.player);
  std::sort(players.begin(), players.end());
  return players;
}

bool has(const Matchmaker::Group& group, PlayerId player) {
  return std::any_of(group.entries.begin(), group.entries.end(),
                     [player](const Matchmaker::Entry& entry) { return entry.player == player; });
}

}  // namespace

template <class Wanted>
std::vector<Matchmaker::Group> Matchmaker::remove(Wanted wanted) {
  std::vector<Group> removed;
  for (auto& [dungeon, queue] : queues_)
    std::erase_if(queue.groups, [&](Group& group) {
      if (!wanted(group)) return false;
      removed.push_back(group);
      return true;
    });
  return removed;
}

std::vector<Matchmaker::Group> Matchmaker::join(Group group, std::size_t most, MonoTime now) {
  CHECK(most > 0 && !group.entries.empty() && group.entries.size() <= most);
  Queue& queue = queues_[group.dungeon];
  queue.most = most;
  for (Group& waiting : queue.groups)
    if (waiting.party == group.party && sorted(waiting) == sorted(group)) {
      waiting.entries = std::move(group.entries);
      return {};
    }
  std::vector<Group> replaced = remove([&](const Group& waiting) {
    return std::any_of(group.entries.begin(), group.entries.end(),
                       [&](const Entry& entry) { return has(waiting, entry.player); });
  });
  group.since = now;
  queue.groups.push_back(std::move(group));
  return replaced;
}

bool Matchmaker::overtaken(const std::vector<Entry>& entries) const {
  const auto later_than = [](const Entry& entry) {
    return [&entry](const Entry& waiting) { return waiting.player == entry.player && waiting.epoch > entry.epoch; };
  };
  for (const auto& [dungeon, queue] : queues_)
    for (const Group& group : queue.groups)
      for (const Entry& entry : entries)
        if (std::any_of(group.entries.begin(), group.entries.end(), later_than(entry))) return true;
  return false;
}

std::optional<Matchmaker::Group> Matchmaker::leave(PlayerId player) {
  std::vector<Group> left = remove([player](const Group& group) { return has(group, player); });
  CHECK(left.size() <= 1);
  return left.empty() ? std::nullopt : std::optional(std::move(left.front()));
}

std::vector<Matchmaker::Group> Matchmaker::leave_all_of(NodeId owner) {
  return remove([owner](const Group& group) {
    return std::any_of(group.entries.begin(), group.entries.end(),
                       [owner](const Entry& entry) { return entry.owner == owner; });
  });
}

// Whom `first` goes with: of those behind it whoever still fits, in their order.
std::vector<std::size_t> Matchmaker::fill(const Queue& queue, std::size_t first) {
  std::vector<std::size_t> chosen;
  std::size_t players = 0;
  for (std::size_t at = first; at < queue.groups.size() && players < queue.most; ++at) {
    const std::size_t more = queue.groups[at].entries.size();
    if (players + more > queue.most) continue;
    chosen.push_back(at);
    players += more;
  }
  return chosen;
}

std::vector<Matchmaker::Match> Matchmaker::take(MonoTime now) {
  std::vector<Match> matches;
  for (auto& [dungeon, queue] : queues_) {
    for (std::size_t first = 0; first < queue.groups.size();) {
      const std::vector<std::size_t> chosen = fill(queue, first);
      Match match{dungeon, {}};
      for (const std::size_t at : chosen)
        match.entries.insert(match.entries.end(), queue.groups[at].entries.begin(), queue.groups[at].entries.end());
      if (match.entries.size() < queue.most && now - queue.groups[first].since < kMatchWait) {
        ++first;
        continue;
      }
      for (auto at = chosen.rbegin(); at != chosen.rend(); ++at)
        queue.groups.erase(queue.groups.begin() + static_cast<std::ptrdiff_t>(*at));
      matches.push_back(std::move(match));
    }
  }
  return matches;
}

std::size_t Matchmaker::waiting() const {
  std::size_t all = 0;
  for (const auto& [dungeon, queue] : queues_)
    for (const Group& group : queue.groups) all += group.entries.size();
  return all;
}

}  // namespace dure
