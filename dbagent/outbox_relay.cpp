#include "dbagent/outbox_relay.h"

#include <algorithm>

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "dbagent/agent.h"

namespace dure {
namespace {
constexpr std::uint32_t kPage = 256;
constexpr int kPagesInOneLook = 8;
constexpr std::size_t kUnderWayMax = 64;  // of one shard
constexpr std::size_t kPlacesKept = 65536;
constexpr std::size_t kDoubtsKept = 65536;
constexpr Duration kPauseLeast = milliseconds(200), kPauseAway = seconds(5), kPauseRefused = seconds(30);
constexpr Duration kDeadline = seconds(5);
constexpr int kMovedTries = 3;
}  // namespace

OutboxRelay::OutboxRelay(Agent& agent) : agent_(agent) {
  for (const std::uint32_t shard : agent.identity().shards) shards_[shard];
}
OutboxRelay::~OutboxRelay() = default;

std::size_t OutboxRelay::in_flight() const {
  std::size_t sum = 0;
  for (const auto& [shard, state] : shards_) sum += state.under_way.size();
  return sum;
}

void OutboxRelay::wake_all() {
  for (const auto& [shard, state] : shards_) wake(shard);
}

void OutboxRelay::wake(std::uint32_t shard) {
  const auto at = shards_.find(shard);
  if (at == shards_.end() || agent_.stopping()) return;
  at->second.again = true;
  if (at->second.reading) return;
  at->second.reading = true;
  agent_.spawn(read(shard));
}

// One look from where the last one ended; what is under way or in doubt is passed over.
Task<void> OutboxRelay::read(std::uint32_t shard) {
  Shard& state = shards_.at(shard);
  while (state.again) {
    state.again = false;
    for (int page = 0; page < kPagesInOneLook && state.under_way.size() < kUnderWayMax; ++page) {
      proto::OutboxQuery query;
      query.set_shard(shard);
      const std::uint32_t limit = agent_.unlucky("outbox.page") ? 1 : kPage;
      query.set_limit(limit);
      query.set_after(state.after);
      const Result<proto::OutboxReply> reply = co_await agent_.call<proto::OutboxReply>(agent_.id(), query, kDeadline);
      if (!reply || reply->code() != proto::STORED) break;
      bool full = false;
      for (const auto& pending : reply->pending()) {
        full = state.under_way.size() >= kUnderWayMax;
        if (full) break;
        state.after = pending.number();
        if (state.under_way.count(pending.message_id()) != 0) continue;
        const auto doubt = state.doubts.find(pending.message_id());
        if (doubt != state.doubts.end() && agent_.now() < doubt->second.until) continue;
        state.under_way[pending.message_id()] = true;
        agent_.spawn(carry(shard, std::make_shared<const proto::DeliverRequest>(pending)));
      }
      if (full) break;
      if (static_cast<std::uint32_t>(reply->pending_size()) < limit) {
        state.after = 0;
        break;
      }
    }
    // The oldest go first: what was sent while this look was under way comes after them.
    if (state.under_way.size() >= kUnderWayMax) break;
  }
  state.reading = false;
}

Task<void> OutboxRelay::carry(std::uint32_t shard, Letter letter) {
  const Outcome outcome = co_await deliver(shard, letter);
  Shard& state = shards_.at(shard);
  const bool was_full = state.under_way.size() >= kUnderWayMax;
  state.under_way.erase(letter->message_id());
  if (outcome == Outcome::kDone) {
    ++delivered_;
    state.doubts.erase(letter->message_id());
  } else {
    postpone(shard, letter->message_id(), outcome == Outcome::kRefused ? kPauseRefused : kPauseAway);
  }
  if (was_full) wake(shard);
}

void OutboxRelay::postpone(std::uint32_t shard, std::uint64_t message_id, Duration most) {
  auto& doubts = shards_.at(shard).doubts;
  if (doubts.size() >= kDoubtsKept) doubts.clear();
  Doubt& doubt = doubts[message_id];
  doubt.pause = std::clamp(doubt.pause * 2, kPauseLeast, most);
  doubt.until = agent_.now() + doubt.pause;
}

Task<OutboxRelay::Place> OutboxRelay::locate(std::uint64_t player) {
  Place place;
  if (const auto at = places_.find(player); at != places_.end() && !agent_.unlucky("outbox.place_forgotten")) {
    place.known = true;
    place.shard = at->second;
    co_return place;
  }
  proto::PlayerLocate query;
  query.set_player_id(player);
  query.set_any_state(true);
  const NodeId directory = agent_.directory_agent();
  const Result<proto::PlayerLocateReply> found =
      co_await agent_.call<proto::PlayerLocateReply>(directory, query, kDeadline);
  if (!found) co_return place;
  place.nobody = found->code() == proto::NO_SUCH;
  place.known = found->code() == proto::STORED;
  if (!place.known) co_return place;
  place.shard = found->shard();
  if (places_.size() >= kPlacesKept) places_.clear();
  places_[player] = place.shard;
  co_return place;
}

Task<OutboxRelay::Outcome> OutboxRelay::deliver(std::uint32_t shard, Letter letter) {
  for (int tries = 0; tries < kMovedTries; ++tries) {
    const Place place = co_await locate(letter->player_id());
    if (!place.known && !place.nobody) co_return Outcome::kAway;
    proto::DeliverRequest request = *letter;
    request.set_nobody(place.nobody);
    request.set_shard(place.nobody ? shard : place.shard);
    const NodeId there = agent_.shard_agent(request.shard());
    const Result<proto::DeliverReply> reply = co_await agent_.call<proto::DeliverReply>(there, request, kDeadline);
    if (reply && reply->code() == proto::STORED) {
      // Its answer may be lost where it was done: nobody would carry it again, nor tell.
      const bool marked = co_await mark_sent(shard, letter->message_id());
      tell_receiver(*letter, *reply);
      co_return marked ? Outcome::kDone : Outcome::kAway;
    }
    // Whatever the shard said, or that it is away: the receiver may have left it.
    places_.erase(letter->player_id());
    if (!reply || reply->code() == proto::RETRY) co_return Outcome::kAway;
    if (reply->code() != proto::WRONG_SHARD) {
      // NO_SUCH: created at this moment, or moving; REJECTED: an item that its shard believes to be still on its way
      // out. Either passes, or somebody has to look.
      agent_.log().event(LogLevel::kWarning, "outbox.refused",
                         {{"message", letter->message_id()},
                          {"to", letter->player_id()},
                          {"shard", request.shard()},
                          {"code", static_cast<int>(reply->code())},
                          {"why", reply->detail()}});
      co_return Outcome::kRefused;
    }
  }
  co_return Outcome::kAway;
}

Task<bool> OutboxRelay::mark_sent(std::uint32_t shard, std::uint64_t message_id) {
  if (agent_.unlucky("outbox.delivered_again")) co_return false;
  proto::OutboxSent sent;
  sent.set_shard(shard);
  sent.set_message_id(message_id);
  const Result<proto::StoreReply> reply = co_await agent_.call<proto::StoreReply>(agent_.id(), sent, kDeadline);
  // Not here any more: it moved away with its sender, whose new agent delivers it again and marks it there.
  co_return reply &&
      (reply->code() == proto::STORED || reply->code() == proto::NO_SUCH || reply->code() == proto::WRONG_SHARD);
}

void OutboxRelay::tell_receiver(const proto::DeliverRequest& letter, const proto::DeliverReply& reply) {
  if (reply.turned_round()) {
    agent_.log().event(LogLevel::kWarning, "outbox.returned",
                       {{"message", letter.message_id()},
                        {"to", letter.player_id()},
                        {"from", letter.from_player()},
                        {"why", "the receiver does not exist"}});
    return;
  }
  proto::InboxNotice notice;
  notice.set_player_id(letter.player_id());
  if (reply.owner_node() != 0) {
    agent_.send(NodeId(reply.owner_node()), notice);
  } else if (reply.ownerless()) {
    // Whichever general holds the place that works on it.
    for (const NodeId general : agent_.peers(Role::kGeneral)) agent_.send(general, notice);
  }
}

}  // namespace dure
