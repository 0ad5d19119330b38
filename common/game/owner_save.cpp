// The saving half of OwnerNode: windows go out, SAVED comes back, refusals fence.
#include <algorithm>

#include "common/game/owner.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"

namespace dure {
namespace {
constexpr std::size_t kOperationsPerRequest = 64;
constexpr int kSavesATurn = 256;  // of one shard: when an agent is back, a turn stays short
constexpr Duration kSaveRetry = milliseconds(100), kSaveRetryMost = seconds(1);
constexpr Duration kAskAfter = seconds(1);  // of silence

// Where an agent beats but does not answer, the windows of all players wait longer and longer, and not all to the same
// turn.
Duration spread(Duration pause, PlayerId player) {
  return pause + pause * static_cast<std::int64_t>(mix64(player.value) % 64) / 64;
}
}  // namespace

void OwnerNode::queue_save(Player& player) {
  if (player.saving != Player::Saving::kNothing) return;
  player.saving = Player::Saving::kWaits;
  unsent_[player.shard].push_back({player.id, player.epoch});
}

void OwnerNode::on_turn_end() {
  for (auto& [shard, waiting] : unsent_) {
    // While its agent is silent nothing is made ready that could not be sent.
    if (waiting.empty() || !reachable(shard_agent(shard))) continue;
    int sent = 0;
    for (std::size_t n = waiting.size(); n > 0 && sent < kSavesATurn; --n) {
      const PlayerRef ref = waiting.front();
      waiting.pop_front();
      Player* player = find(ref);
      if (player == nullptr || player->saving != Player::Saving::kWaits) continue;
      if (unlucky("save.put_off")) {
        waiting.push_back(ref);
        continue;
      }
      player->saving = Player::Saving::kSent;
      spawn(save(ref));
      ++sent;
    }
    if (sent == kSavesATurn) after(Duration{}, [] {});  // the others have the next turn
  }
}

Task<void> OwnerNode::save(PlayerRef ref) {
  Duration retry = kSaveRetry;
  for (;;) {
    Player* player = find(ref);
    if (player == nullptr) co_return;
    if (player->window.empty()) {
      player->saving = Player::Saving::kNothing;
      co_return;
    }
    proto::ApplyRequest request;
    request.set_shard(player->shard);
    request.set_player_id(ref.id.value);
    request.set_epoch(ref.epoch);
    *request.mutable_owner_incarnation() = uid_of({identity().incarnation.high, identity().incarnation.low});
    const std::size_t most = unlucky("save.alone") ? 1 : kOperationsPerRequest;
    for (const auto& operation : player->window.unsaved()) {
      if (request.operations_size() >= static_cast<int>(most)) break;
      *request.add_operations() = operation;
    }
    const NodeId agent = shard_agent(player->shard);
    const std::uint32_t shard = player->shard;
    auto answer = co_await call<proto::ApplyReply>(agent, request, seconds(5));
    player = find(ref);
    if (player == nullptr) co_return;
    if (!answer) {
      if (!reachable(agent)) {
        player->saving = Player::Saving::kNothing;
        queue_save(*player);
        co_return;
      }
      if (unlucky("save.retry.longest")) retry = kSaveRetryMost;
      Expect again(*this, spread(retry, ref.id));
      player->save_pause = again.id();
      (void)co_await again;
      retry = std::min(retry * 2, kSaveRetryMost);
      continue;
    }
    retry = kSaveRetry;
    if (answer->code() == proto::RETRY) {
      co_await wait(kSaveRetry);
      continue;
    }
    heard_of_[shard] = now();
    if (answer->code() == proto::WRONG_SHARD || answer->code() == proto::NO_SUCH) {
      auto moved = co_await shard_of(ref.id, true);
      if (Player* again = find(ref); again != nullptr && moved) again->shard = *moved;
      if (!moved || *moved == shard) co_await wait(kSaveRetry);
      continue;
    }
    const std::uint64_t first = player->window.empty() ? 0 : player->window.unsaved().front().pseq();
    saved_reply(*player, *answer);
    player = find(ref);
    if (player == nullptr || player->window.empty() || player->window.unsaved().front().pseq() != first) continue;
    // The first of the window is a leg that waits for the other side: all behind it wait with it.
    Expect pause(*this, kSaveRetry);
    player->save_pause = pause.id();
    (void)co_await pause;
  }
}

void OwnerNode::saved_reply(Player& player, const proto::ApplyReply& answer) {
  switch (answer.code()) {
    case proto::STORED:
    case proto::GAP: {
      if (answer.saved_pseq() > player.window.last() ||
          (!player.window.empty() && player.window.unsaved().front().pseq() > answer.saved_pseq() + 1)) {
        // The database knows more, or less, than this owner ever sent: its memory is not to be trusted.
        player.poisoned = true;
        spawn([](OwnerNode* self, PlayerRef who) -> Task<void> { (void)co_await self->reacquire(who, "out of step"); }(
                                                     this, PlayerRef{player.id, player.epoch}));
        return;
      }
      std::uint64_t creq = 0;
      for (const auto& operation : player.window.unsaved()) {
        if (operation.pseq() > answer.saved_pseq()) break;
        if (!operation.has_trade()) creq = std::max(creq, operation.creq());
        ++operations_saved_;
      }
      player.window.saved(answer.saved_pseq());
      for (const auto& outcome : answer.legs()) leg_outcome(player, outcome);
      std::erase_if(player.saved_waiters, [&](const auto& waiter) {
        if (waiter.first > answer.saved_pseq()) return false;
        complete(waiter.second, std::string("saved"));
        return true;
      });
      if (creq > player.creq_saved_told) {
        player.creq_saved_told = creq;
        proto::SavedNotice notice;
        notice.set_epoch(player.epoch);
        notice.set_creq(creq);
        tell(player, notice);
      }
      return;
    }
    case proto::STALE_EPOCH:
      stale(player);
      return;
    case proto::OTHER_CONTENT:
      give_up_window(player, answer.detail());
      return;
    default:
      ++rejected_;
      log().event(LogLevel::kError, "owner.rejected",
                  {{"player", player.id}, {"epoch", player.epoch}, {"guard", answer.detail()}});
      kick(player, proto::INTERNAL, "an operation was refused by the database: " + answer.detail());
      return;
  }
}

// Nothing of it happened, and nobody is to blame: it was made by rules that were replaced twice meanwhile.
void OwnerNode::give_up_window(Player& player, const std::string& why) {
  log().event(LogLevel::kWarning, "owner.other_content", {{"player", player.id}, {"why", why}});
  player.poisoned = true;
  for (const auto& [pseq, waiter] : std::exchange(player.saved_waiters, {}))
    complete(waiter, fail(Trouble::kCancelled));
  spawn([](OwnerNode* self, PlayerRef who) -> Task<void> {
    (void)co_await self->reacquire(who, "the content has changed", false);
  }(this, PlayerRef{player.id, player.epoch}));
}

// Agents wait with what is two steps ahead of them until they are as far: after two steps back that is never.
void OwnerNode::give_up_what_is_ahead() {
  std::vector<PlayerId> ahead;
  for (const auto& [id, player] : players_)
    for (const auto& operation : player.window.unsaved())
      if (operation.content_version() > content_version() + 1) {
        ahead.push_back(id);
        break;
      }
  for (const PlayerId id : ahead)
    if (Player* player = find(id)) give_up_window(*player, "its content was taken back twice");
}

Duration OwnerNode::silence(std::uint32_t shard) const {
  const auto at = heard_of_.find(shard);
  return at == heard_of_.end() ? Duration{} : now() - at->second;
}

void OwnerNode::listen_to_agents() {
  std::set<std::uint32_t> waiting;
  for (const auto& [pid, player] : players_)
    if (!player.window.empty()) waiting.insert(player.shard);
  for (auto& [shard, heard] : heard_of_) {
    const Link* agent = link(shard_agent(shard));
    if (!waiting.count(shard) && agent != nullptr && !agent->breaker_open()) heard = now();
  }
  // A window may be refused for long where nothing else is, as while its account is on the move: one with nothing to
  // save asks whether the shard answers.
  std::set<std::uint32_t> asked;
  for (auto& [pid, player] : players_)
    if (silence(player.shard) >= kAskAfter && player.window.empty() && !player.reading_inbox &&
        reachable(shard_agent(player.shard)) && asked.insert(player.shard).second)
      look_into_inbox(player);
  for (auto& [pid, player] : players_) {
    const bool lost = silence(player.shard) >= kStoreLost || player.window.age(now()) >= kStoreLost;
    if (std::exchange(player.stranded, lost) == lost) continue;
    log().event(LogLevel::kWarning, lost ? "owner.stranded" : "owner.relieved", {{"player", pid}});
  }
}

Task<bool> OwnerNode::saved(PlayerRef ref, Duration deadline) {
  Player* player = find(ref);
  if (player == nullptr) co_return false;
  flush_soft(*player);
  // What the running handler staged gets the next numbers, if it does not throw.
  const auto staged = std::count_if(staged_.begin(), staged_.end(), [ref](const auto& s) { return s.first == ref.id; });
  if (player->window.empty() && staged == 0) co_return true;
  Expect expected(*this, deadline);
  player->saved_waiters.emplace_back(player->window.last() + static_cast<std::uint64_t>(staged), expected.id());
  const Result<std::string> answer = co_await expected;
  player = find(ref);
  if (player == nullptr) co_return false;
  if (!answer) std::erase_if(player->saved_waiters, [&](const auto& waiter) { return waiter.second == expected.id(); });
  co_return answer.has_value();
}

Task<bool> OwnerNode::saved_or_gone(PlayerRef ref) {
  for (;;) {
    // What a fault dropped is in no window: that one is empty says nothing any more.
    const Player* player = find(ref);
    if (player == nullptr || player->poisoned) co_return false;
    const bool done = co_await saved(ref);
    if (done) co_return true;
  }
}

void OwnerNode::write_hint(Player& player) {
  player.hint_due = now() + options_.hint_interval;
  proto::HintWrite write;
  write.set_shard(player.shard);
  write.set_player_id(player.id.value);
  write.set_epoch(player.epoch);
  *write.mutable_owner_incarnation() = uid_of({identity().incarnation.high, identity().incarnation.low});
  auto* hint = write.mutable_hint();
  hint->set_zone(player.zone_hint);
  hint->set_channel(player.channel_hint);
  hint->set_x_cm(player.position.x_cm);
  hint->set_y_cm(player.position.y_cm);
  hint->set_hit_points(player.hit_points);
  send(shard_agent(player.shard), write);
}

}  // namespace dure
