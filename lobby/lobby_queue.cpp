// The queue of Lobby: joining it from any general, and, on the general that holds it, making matches and opening runs.
#include <algorithm>
#include <set>

#include "common/proto/cluster.pb.h"
#include "common/proto/dungeon.pb.h"
#include "common/proto/lobby.pb.h"
#include "lobby/lobby.h"

namespace dure {
namespace {
constexpr std::size_t kOpenAttempts = 3;
constexpr std::uint32_t kCrowd = 1000;  // more than anywhere else
constexpr Duration kOpenDeadline = seconds(2);
constexpr Duration kHeartbeatLag = milliseconds(600);  // until a dungeon's own figures show who was sent there

// In the set for as long as it lives; none: in no set.
class Asking {
 public:
  Asking(std::set<PlayerId>* all, PlayerId who) : all_(all), who_(who) {
    if (all_ != nullptr) all_->insert(who_);
  }
  ~Asking() {
    if (all_ != nullptr) all_->erase(who_);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

 private:
  std::set<PlayerId>* all_;
  PlayerId who_;
};
}  // namespace

// ── the owner's side ────────────────────────────────────────────────────────────────────────────────────────

Task<proto::QueueReply> Lobby::queue(PlayerRef ref, proto::QueueRequest request) {
  proto::QueueReply reply;
  const std::string dungeon = request.dungeon();
  std::uint32_t code = proto::NOT_FOUND;
  if (request.leave())
    code = co_await queue_alone(ref, dungeon, true);
  else if (content().dungeon(dungeon) != nullptr && parties().of(ref.id) != nullptr)
    code = co_await queue_party(ref, dungeon);
  else if (content().dungeon(dungeon) != nullptr)
    code = co_await queue_alone(ref, dungeon, false);
  reply.set_code(static_cast<proto::Code>(code));
  co_return reply;
}

Task<std::uint32_t> Lobby::queue_alone(PlayerRef ref, std::string dungeon, bool leave) {
  if (!leave) {
    // Of two at once the one that fails would undo what the other was answered.
    if (asking_.count(ref.id) != 0) co_return proto::BUSY;
    if (const std::uint32_t why = may_queue(*find(ref), dungeon); why != proto::OK) co_return why;
  }
  const NodeId holder = keeper_.holder(kMatchPlace);
  if (!holder) co_return proto::BUSY;
  proto::QueueJoin join;
  join.set_player_id(ref.id.value);
  join.set_dungeon(dungeon);
  join.set_owner(id().value);
  join.set_leave(leave);
  join.set_player_epoch(ref.epoch);
  // Before the answer: a match may be made within the same turn of the holder.
  if (leave)
    queued_.erase(ref.id);
  else
    queued_[ref.id] = Waiting{dungeon, ref.epoch, 0, {}};
  const Asking asking(leave ? nullptr : &asking_, ref.id);
  auto answer = co_await call<proto::QueueJoinReply>(holder, join);
  if (answer && answer->code() == proto::OK) co_return proto::OK;
  if (leave) co_return answer ? answer->code() : proto::BUSY;
  // Without an answer the holder may have it all the same, and would match who does not come.
  if (answer)
    queued_.erase(ref.id);
  else
    leave_queue(ref.id);
  co_return answer ? answer->code() : proto::BUSY;
}

void Lobby::leave_queue(PlayerId player) {
  const auto waiting = queued_.find(player);
  if (waiting == queued_.end()) return;
  proto::QueueJoin leave;
  leave.set_player_id(player.value);
  leave.set_owner(id().value);
  leave.set_leave(true);
  leave.set_player_epoch(waiting->second.epoch);
  queued_.erase(waiting);
  if (const NodeId holder = keeper_.holder(kMatchPlace)) send(holder, leave);
}

// The queue knows players by their owner: who moves on asks again from there.
void Lobby::end_wait(const Player& player) {
  const auto waiting = queued_.find(player.id);
  if (waiting == queued_.end()) return;
  proto::MatchNotice notice;
  notice.set_code(proto::ABORTED);
  notice.set_dungeon(waiting->second.dungeon);
  tell(player, notice);
  leave_queue(player.id);
}

void Lobby::join_again() {
  const NodeId holder = keeper_.holder(kMatchPlace);
  if (!holder) return;
  for (const auto& [player, waiting] : queued_)
    if (waiting.party == 0) join_again(holder, player, waiting);
  join_again_together(holder);
}

void Lobby::join_again(NodeId holder, PlayerId player, const Waiting& waiting) {
  proto::QueueJoin join;
  join.set_player_id(player.value);
  join.set_dungeon(waiting.dungeon);
  join.set_owner(id().value);
  join.set_player_epoch(waiting.epoch);
  send(holder, join);
}

void Lobby::match_found(const From&, const proto::MatchFound& match) {
  proto::MatchNotice notice;
  notice.set_code(match.code());
  notice.set_dungeon(match.dungeon());
  notice.set_run_id(match.run_id());
  *notice.mutable_players() = match.players();
  for (const auto number : match.players()) {
    const PlayerId id(number);
    Player* player = find(id);
    const auto waiting = queued_.find(id);
    // Who changed its mind meanwhile stays; the others begin without it.
    if (player == nullptr || waiting == queued_.end() || waiting->second.dungeon != match.dungeon()) continue;
    if (player->state != Player::State::kActive) {
      missed_match(*player, waiting->second);
      continue;
    }
    queued_.erase(waiting);
    if (guarded("match", id, 0, [&] { join_match(*player, match, notice); })) continue;
    notice.set_code(proto::INTERNAL);
    tell(*player, notice);
    notice.set_code(match.code());
  }
}

void Lobby::join_match(Player& player, const proto::MatchFound& match, proto::MatchNotice notice) {
  notice.set_code(static_cast<proto::Code>(may_enter(player, match)));
  tell(player, notice);
  if (notice.code() == proto::OK)
    spawn(enter_dungeon(PlayerRef{player.id, player.epoch}, NodeId(match.node()), match.run_id(), match.dungeon()));
}

// It is read again, say, and may stay: the holder does not know it any more. A party goes without it.
void Lobby::missed_match(const Player& player, Waiting& waiting) {
  if (waiting.party == 0)
    waiting.missed = true;
  else
    end_wait(player);
}

std::uint32_t Lobby::may_enter(Player& player, const proto::MatchFound& match) {
  std::uint32_t code = match.code();
  for (auto& feature : features_)
    if (code == proto::OK) code = feature->may_enter(player, match.dungeon(), RunId(match.run_id()));
  return code;
}

Task<void> Lobby::enter_dungeon(PlayerRef ref, NodeId node, std::uint64_t run_id, std::string dungeon) {
  proto::Admit admit;
  admit.set_reason("dungeon");
  admit.set_ticket(true);
  admit.set_run_id(run_id);
  if (co_await hand_over(ref, node, admit)) co_return;
  Player* player = find(ref.id);
  if (player == nullptr) co_return;
  proto::MatchNotice notice;
  notice.set_code(proto::BUSY);
  notice.set_dungeon(dungeon);
  notice.set_run_id(run_id);
  tell(*player, notice);
}

// ── the holder's side ───────────────────────────────────────────────────────────────────────────────────────

proto::QueueJoinReply Lobby::queue_join(const From& from, const proto::QueueJoin& join) {
  proto::QueueJoinReply reply;
  const PlayerId player(join.player_id());
  const Matchmaker::Entry entry{player, from.node(), join.player_epoch()};
  const DungeonContent* dungeon = content().dungeon(join.dungeon());
  if (matchmaker_.overtaken({entry})) {
    reply.set_code(proto::WRONG_STATE);
  } else if (join.leave()) {
    if (auto left = matchmaker_.leave(player)) dismiss({std::move(*left)}, player);
  } else if (!keeper_.mine(kMatchPlace)) {
    reply.set_code(proto::BUSY);
  } else if (dungeon == nullptr || !player) {
    reply.set_code(proto::NOT_FOUND);
  } else {
    dismiss(matchmaker_.join(dungeon->name, dungeon->players, entry, now()), player);
  }
  return reply;
}

void Lobby::review_queue() {
  std::vector<PlayerId> gone;
  for (const auto& [player, waiting] : queued_)
    if (find(player) == nullptr || party_changed(player, waiting)) gone.push_back(player);
  for (const PlayerId player : gone) leave_queue(player);

  // A new holder knows nobody: who waits is told again.
  const NodeId holder = keeper_.holder(kMatchPlace);
  const std::uint64_t epoch = keeper_.epoch(kMatchPlace);
  if (holder && (holder != queue_holder_ || epoch != queue_epoch_ || unlucky("queue.joined_again"))) {
    queue_holder_ = holder;
    queue_epoch_ = epoch;
    join_again();
  }
  for (auto& [id, waiting] : queued_)
    if (holder && waiting.missed && find(id)->state == Player::State::kActive) {
      waiting.missed = false;
      join_again(holder, id, waiting);
    }
  if (!keeper_.mine(kMatchPlace)) return;
  for (auto& match : matchmaker_.take(now())) spawn(open_match(std::move(match)));
}

NodeId Lobby::emptiest_dungeon(const std::vector<NodeId>& tried) const {
  NodeId best;
  std::uint32_t fewest = 0;
  for (const NodeId peer : peers(Role::kDungeon, true)) {
    if (std::find(tried.begin(), tried.end(), peer) != tried.end()) continue;
    const Link* to = link(peer);
    if (to == nullptr || to->breaker_open()) continue;
    const auto sent = sent_to_.find(peer);
    const bool recent = sent != sent_to_.end() && now() < sent->second.first;
    std::uint32_t players = to->load().players + (recent ? sent->second.second : 0);
    if (unlucky("dungeon.crowded")) players += kCrowd;
    if (best && players >= fewest) continue;
    best = peer;
    fewest = players;
  }
  return best;
}

Task<void> Lobby::open_match(Matchmaker::Match match) {
  proto::MatchFound found;
  found.set_dungeon(match.dungeon);
  found.set_code(proto::BUSY);
  for (const auto& entry : match.entries) found.add_players(entry.player.value);
  std::vector<NodeId> tried;
  while (found.code() != proto::OK && tried.size() < kOpenAttempts) {
    const NodeId node = emptiest_dungeon(tried);
    if (!node) break;
    tried.push_back(node);
    auto& [until, sent] = sent_to_[node];
    if (now() >= until) sent = 0;
    sent += static_cast<std::uint32_t>(match.entries.size());
    until = now() + kHeartbeatLag;
    // Each attempt is a run of its own: the one before may have been opened without our hearing of it.
    proto::OpenInstance open;
    open.set_run_id(entropy().id63());
    open.set_dungeon(match.dungeon);
    open.set_seed(rng().next());
    for (const auto& entry : match.entries) open.add_players(entry.player.value);
    auto answer = co_await call<proto::OpenInstanceReply>(node, open, kOpenDeadline);
    if (!answer) continue;
    found.set_code(answer->code());
    found.set_run_id(open.run_id());
    found.set_node(node.value);
  }
  log().event(LogLevel::kInfo, "match.made",
              {{"dungeon", match.dungeon},
               {"players", match.entries.size()},
               {"run", found.run_id()},
               {"code", static_cast<int>(found.code())}});
  std::set<NodeId> owners;
  for (const auto& entry : match.entries) owners.insert(entry.owner);
  for (const NodeId owner : owners) send(owner, found);
}

}  // namespace dure
