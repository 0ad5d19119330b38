#include "common/game/place_keeper.h"

#include "common/base/hash.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"

namespace dure {
namespace {
constexpr Duration kBetweenTries = milliseconds(200);
}  // namespace

PlaceKeeper::PlaceKeeper(Node& node, std::vector<std::string> places, Callbacks callbacks, Duration settle)
    : node_(node), places_(std::move(places)), callbacks_(std::move(callbacks)), settle_(settle) {}

void PlaceKeeper::start() {
  node_.after(settle_, [this] {
    settled_ = true;
    review();
  });
  node_.every(milliseconds(500), [this] { review(); });
  node_.every(seconds(2), [this] {
    for (const NodeId peer : node_.peers(Role::kGeneral)) tell(peer);
  });
}

// A holder that drains has given its places up, whoever says that it holds them.
bool PlaceKeeper::lives(const Held& held) const {
  if (held.holder == node_.id()) return held.incarnation == node_.identity().incarnation && !node_.stopping();
  const Link* link = node_.link(held.holder);
  return link != nullptr && link->up() && link->heard_incarnation() == held.incarnation && !link->load().draining;
}

bool PlaceKeeper::mine(const std::string& place) const {
  const auto at = held_.find(place);
  return at != held_.end() && at->second.holder == node_.id() && lives(at->second);
}

NodeId PlaceKeeper::holder(const std::string& place) const {
  const auto at = held_.find(place);
  return at != held_.end() && lives(at->second) ? at->second.holder : NodeId();
}

std::uint64_t PlaceKeeper::epoch(const std::string& place) const {
  const auto at = held_.find(place);
  return at == held_.end() ? 0 : at->second.epoch;
}

std::uint32_t PlaceKeeper::players(const std::string& place) const {
  const auto at = held_.find(place);
  if (at == held_.end()) return 0;
  return mine(place) ? callbacks_.players(place) : at->second.players;
}

std::map<std::string, NodeId> PlaceKeeper::propose() const {
  const std::vector<NodeId> nodes = node_.peers(node_.id().role(), true);
  std::map<NodeId, std::size_t> load;
  for (const NodeId node : nodes) load[node] = 0;
  for (const auto& [place, held] : held_)
    if (lives(held) && load.count(held.holder)) ++load[held.holder];
  const std::size_t most = nodes.empty() ? 0 : (places_.size() + nodes.size() - 1) / nodes.size();
  std::map<std::string, NodeId> proposed;
  for (const auto& place : places_) {
    if (const auto at = held_.find(place); at != held_.end() && lives(at->second)) continue;
    NodeId best;
    std::uint64_t best_draw = 0;
    for (const NodeId node : nodes) {
      const std::uint64_t draw = node_.unlucky("place.second_choice") ? 0 : mix64(fnv1a(place) ^ mix64(node.value));
      if (load[node] < most && (!best || draw > best_draw)) best = node, best_draw = draw;
    }
    if (!best) continue;
    proposed[place] = best;
    ++load[best];
  }
  return proposed;
}

void PlaceKeeper::renew(const std::string& place) {
  to_renew_.insert(place);
  review();
}

void PlaceKeeper::review() {
  if (!settled_ || node_.stopping() || !node_.directory_agent()) return;
  std::erase_if(to_renew_, [this](const std::string& place) { return !mine(place); });
  for (const auto& place : to_renew_)
    if (taking_.insert(place).second) node_.spawn(take(place));
  for (const auto& [place, node] : propose())
    if (node == node_.id() && taking_.insert(place).second) node_.spawn(take(place));
}

Task<void> PlaceKeeper::take(std::string place) {
  proto::PlaceQuery query;
  query.set_place(place);
  auto found = co_await node_.call<proto::PlaceReply>(node_.directory_agent(), query);
  if (found && (found->code() == proto::STORED || found->code() == proto::NO_SUCH)) {
    Held row{found->epoch(),
             NodeId(found->holder()),
             {found->holder_incarnation().high(), found->holder_incarnation().low()},
             0};
    if (row.epoch != 0 && row.holder != node_.id() && lives(row)) {
      held_[place] = row;
    } else {
      proto::PlaceAcquire request;
      request.set_place(place);
      request.set_expected_epoch(found->epoch());
      request.set_node(node_.id().value);
      request.mutable_incarnation()->set_high(node_.identity().incarnation.high);
      request.mutable_incarnation()->set_low(node_.identity().incarnation.low);
      request.set_acquire_id(node_.entropy().u64());
      auto taken = co_await node_.call<proto::PlaceReply>(node_.directory_agent(), request);
      // It may have been granted: everybody would then be sent here, who knows nothing of it.
      while ((!taken || taken->code() == proto::RETRY) && !node_.stopping()) {
        co_await node_.wait(kBetweenTries);
        taken = co_await node_.call<proto::PlaceReply>(node_.directory_agent(), request);
      }
      if (taken && taken->code() == proto::STORED && taken->epoch() == request.expected_epoch() + 1) {
        held_[place] = Held{taken->epoch(), node_.id(), node_.identity().incarnation, 0};
        to_renew_.erase(place);
        node_.log().event(LogLevel::kInfo, "place.acquired",
                          {{"node", node_.identity().name}, {"place", place}, {"epoch", taken->epoch()}});
        callbacks_.acquired(place, taken->epoch());
        for (const NodeId peer : node_.peers(Role::kGeneral)) tell(peer);
      }
    }
  }
  taking_.erase(place);
}

void PlaceKeeper::tell(NodeId peer) {
  if (peer == node_.id()) return;
  proto::PlacesNotice notice;
  for (const auto& [place, held] : held_) {
    if (held.holder != node_.id()) continue;
    auto* entry = notice.add_places();
    entry->set_place(place);
    entry->set_epoch(held.epoch);
    entry->set_holder(held.holder.value);
    entry->mutable_holder_incarnation()->set_high(held.incarnation.high);
    entry->mutable_holder_incarnation()->set_low(held.incarnation.low);
    entry->set_players(callbacks_.players(place));
  }
  if (notice.places_size() > 0) node_.send(peer, notice);
}

void PlaceKeeper::peer_up(NodeId peer) {
  if (peer.role() == Role::kGeneral) tell(peer);
}

void PlaceKeeper::peer_down(NodeId) { review(); }

void PlaceKeeper::notice(const From&, const proto::PlacesNotice& notice) {
  for (const auto& entry : notice.places()) {
    Held& held = held_[entry.place()];
    if (entry.epoch() < held.epoch) continue;
    const bool was_mine = held.holder == node_.id() && held.epoch != 0;
    held = {entry.epoch(),
            NodeId(entry.holder()),
            {entry.holder_incarnation().high(), entry.holder_incarnation().low()},
            entry.players()};
    if (was_mine && held.holder != node_.id()) callbacks_.lost(entry.place());
  }
}

}  // namespace dure
