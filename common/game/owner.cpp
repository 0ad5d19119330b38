#include "common/game/owner.h"

#include <algorithm>

#include "common/game/blocks.h"
#include "common/proto/chat.pb.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/party.pb.h"
#include "common/proto/trade.pb.h"

namespace dure {
namespace {
constexpr std::uint64_t kSoftSlots = 10;
constexpr int kLettersTold = 50;  // of those that wait in an inbox
}  // namespace

OwnerNode::OwnerNode(NodeIdentity identity, const Routes& node_routes, Seams seams, Options options)
    : Node(std::move(identity), node_routes, seams),
      options_(std::move(options)),
      content_(*this, this->identity().content_version, [this] {
        proto::ContentChanged notice;
        notice.set_version(content_version());
        for (const auto& [id, player] : players_) tell(player, notice);
        on_content();
        give_up_what_is_ahead();
      }) {
  on(&OwnerNode::admit);
  on(&OwnerNode::attach);
  on(&OwnerNode::session_lost);
  on(&OwnerNode::leave_player);
  on(&OwnerNode::inbox_notice);
  on(&OwnerNode::trade_notice);
  on(&OwnerNode::content_notice);
  on(&OwnerNode::party_held);
  every(seconds(1), [this] { housekeeping(); });
  every(Duration(seconds(1)) / kSoftSlots, [this] { flush_next_slot(); });
}

// Tasks that are still on their way have locals that touch this object's members: they go before the members do.
OwnerNode::~OwnerNode() { end_conversations(); }

void OwnerNode::end_conversations() {
  scope().end();
  scope().sweep();
  for (auto& [pid, player] : players_) {
    player.scope->end();
    player.scope->sweep();
  }
}

Player* OwnerNode::find(PlayerId player) {
  const auto at = players_.find(player);
  return at == players_.end() ? nullptr : &at->second;
}

Player* OwnerNode::find(PlayerRef ref) {
  Player* player = find(ref.id);
  return player != nullptr && player->epoch == ref.epoch ? player : nullptr;
}

Player* OwnerNode::sender(const From& from) {
  Player* player = find(PlayerRef{from.header.player, from.header.player_epoch});
  if (player == nullptr || player->session.session != from.header.session) return nullptr;
  // On its way since before its client came back, perhaps through another gateway, and may have asked again by now:
  // what was refused to the repeat must not happen all the same.
  if (from.header.session_epoch < player->session.epoch) return nullptr;
  const bool harmless = from.header.message_id == route_id(proto::Echo::descriptor()) ||
                        from.header.message_id == route_id(proto::MoveTo::descriptor());
  if (player->state != Player::State::kActive || (player->stranded && !harmless)) {
    proto::ErrorReply busy;
    busy.set_code(proto::BUSY);
    busy.set_message_id(from.header.message_id);
    busy.set_retry_after_ms(200);
    reply(from, busy);
    return nullptr;
  }
  return player;
}

// ── value requests ──────────────────────────────────────────────────────────────────────────────────────────

bool OwnerNode::begin_request(Player& player, const ValueRequest& request, std::string* stored, std::uint32_t* code) {
  if (request.creq == 0) return *code = proto::INVALID, false;
  switch (player.creqs.ask(request.creq, request.hash)) {
    case CreqLedger::Verdict::kStored:
      tell_settled_again(player, request.creq);
      *stored = player.creqs.stored_reply(request.creq);
      return *code = proto::OK, false;
    case CreqLedger::Verdict::kRunning:
      return *code = proto::BUSY, false;
    case CreqLedger::Verdict::kAborted:
      return *code = proto::ABORTED, false;
    case CreqLedger::Verdict::kConflict:
      return *code = proto::CONFLICT, false;
    case CreqLedger::Verdict::kSuperseded:
      return *code = proto::SUPERSEDED, false;
    case CreqLedger::Verdict::kExecute:
      break;
  }
  // A zombie has to stop talking: without the agent's word nothing more is answered APPLIED.
  if (player.window.full(now()) || unsaved_ >= kWindowsOperationsMax || silence(player.shard) >= kWindowAgeMax ||
      unlucky("window.full"))
    return *code = proto::BUSY, false;
  current_ = request;
  return true;
}

void OwnerNode::end_request(PlayerRef asked, const ValueRequest& request, std::uint32_t code, std::string answer) {
  Player* player = find(asked);
  if (player == nullptr) return;
  if (code == proto::BUSY && !overtaken(*player, request))
    player->creqs.put_off(request.creq, request.hash);
  else
    player->creqs.record(request.creq, request.hash, std::move(answer));
}

Mirror::Guard OwnerNode::commit(Player& player, proto::Operation operation) {
  return commit(player, std::move(operation), current_);
}

Mirror::Guard OwnerNode::commit(Player& player, proto::Operation operation, const ValueRequest& request) {
  CHECK_MSG(options_.reasons.empty() || options_.reasons.count(operation.reason()), "reason " + operation.reason());
  CHECK(player.state == Player::State::kActive || request.creq == 0);
  if (!reason_open(operation.reason())) return Mirror::Guard::kClosed;
  const Mirror::Guard guard = player.mirror.apply(operation);
  if (guard != Mirror::Guard::kOk) return guard;
  operation.set_creq(request.creq);
  operation.set_creq_hash(request.hash);
  player.creq_committed = std::max(player.creq_committed, request.creq);
  if (operation.content_version() == 0) operation.set_content_version(content_version());
  staged_.emplace_back(player.id, std::move(operation));
  return guard;
}

void OwnerNode::commit_soft(Player& player, const std::string& reason, const std::string& name, std::int64_t delta,
                            bool counter, std::uint32_t made_by) {
  CHECK_MSG(options_.reasons.empty() || options_.reasons.count(reason), "reason " + reason);
  CHECK(delta >= 0);
  auto& sums = counter ? player.soft_counters : player.soft_balances;
  sums[{reason, made_by == 0 ? content_version() : made_by}][name] += delta;
}

// One operation per reason. If it does not fit as a whole, each credit goes by itself; one that would pass its cap is
// dropped: there is nowhere to put it.
void OwnerNode::flush_soft(Player& player) {
  std::map<SoftReason, proto::Operation> operations;
  const auto operation_of = [&](const SoftReason& soft) -> proto::Operation& {
    proto::Operation& operation = operations[soft];
    operation.set_reason(soft.first);
    operation.set_content_version(soft.second);
    return operation;
  };
  for (const auto& [soft, sums] : std::exchange(player.soft_balances, {}))
    for (const auto& [name, delta] : sums) {
      if (delta == 0) continue;
      auto* effect = operation_of(soft).add_effects()->mutable_balance();
      effect->set_currency(name);
      effect->set_delta(delta);
      effect->set_cap(cap_of(name));
    }
  for (const auto& [soft, sums] : std::exchange(player.soft_counters, {}))
    for (const auto& [name, delta] : sums) {
      if (delta == 0) continue;
      auto* effect = operation_of(soft).add_effects()->mutable_count();
      effect->set_counter(name);
      effect->set_delta(delta);
    }
  const ValueRequest request = std::exchange(current_, {});
  for (const auto& [soft, operation] : operations) {
    if (commit(player, operation) == Mirror::Guard::kOk) continue;
    for (const auto& effect : operation.effects()) {
      proto::Operation alone;
      alone.set_reason(soft.first);
      alone.set_content_version(soft.second);
      *alone.add_effects() = effect;
      if (commit(player, std::move(alone)) == Mirror::Guard::kOk) continue;
      const std::string& name = effect.has_balance() ? effect.balance().currency() : effect.count().counter();
      log().event(LogLevel::kWarning, "soft.dropped", {{"player", player.id}, {"reason", soft.first}, {"name", name}});
    }
  }
  current_ = request;
}

void OwnerNode::keep_staged() {
  for (auto& [id, operation] : staged_)
    if (Player* player = find(id)) {
      player->window.add(std::move(operation), now());
      queue_save(*player);
    }
  staged_.clear();
}

std::size_t OwnerNode::staged() const { return staged_.size(); }

void OwnerNode::drop_staged(std::size_t from) {
  for (std::size_t i = from; i < staged_.size(); ++i)
    if (Player* player = find(staged_[i].first)) {
      player->poisoned = true;
      faulted_.insert(player->id);
    }
  staged_.resize(std::min(from, staged_.size()));
}

// ── faults ──────────────────────────────────────────────────────────────────────────────────────────────────

void OwnerNode::on_fault(const Fault& fault) {
  // Who was only arriving is taken out whole (bring_in).
  if (fault.where == kArrival) return faulted_.clear();
  if (fault.player && find(fault.player) != nullptr) faulted_.insert(fault.player);
  const std::set<PlayerId> touched = std::exchange(faulted_, {});
  if (touched.empty() && fault.subject == 0) return;
  on_players_faulted({touched.begin(), touched.end()}, fault);
}

void OwnerNode::on_players_faulted(const std::vector<PlayerId>& faulted, const Fault&) {
  for (const PlayerId id : faulted)
    if (Player* player = find(id); player != nullptr && player->state == Player::State::kActive) {
      const PlayerRef ref{id, player->epoch};
      spawn([](OwnerNode* self, PlayerRef who) -> Task<void> { (void)co_await self->reacquire(who, "fault"); }(this,
                                                                                                               ref));
    }
}

// ── seeing, time ────────────────────────────────────────────────────────────────────────────────────────────

// A tenth of the players at a time: what has gathered in a second does not reach the store all at once.
void OwnerNode::flush_next_slot() {
  const std::uint64_t slot = soft_slot_++ % kSoftSlots;
  std::vector<PlayerRef> due;
  for (const auto& [id, player] : players_)
    if (id.value % kSoftSlots == slot && !(player.soft_balances.empty() && player.soft_counters.empty()))
      due.push_back({id, player.epoch});
  for (const PlayerRef ref : due)
    if (Player* player = find(ref)) guarded("soft flush", ref.id, 0, [&] { flush_soft(*player); });
}

void OwnerNode::housekeeping() {
  saved_lag_ = {};
  listen_to_agents();
  guarded("content", {}, 0, [this] { content_.tick(); });
  // One by one: what throws for one of them hides nobody else.
  for (const PlayerRef ref : everybody())
    if (Player* player = find(ref)) guarded("housekeeping", ref.id, 0, [&] { look_after(*player); });
}

void OwnerNode::look_after(Player& player) {
  saved_lag_ = std::max(saved_lag_, player.window.age(now()));
  if (now() >= player.hint_due || unlucky("hint.early")) write_hint(player);
  if (now() >= player.inbox_due) look_into_inbox(player);
  claim_waiting(player);
  ask_about_trades(player);
  if (player.session.linked || player.state != Player::State::kActive ||
      now() - player.link_dead_since < link_dead(player))
    return;
  const PlayerRef ref{player.id, player.epoch};
  spawn([](OwnerNode* self, PlayerRef who) -> Task<void> { (void)co_await self->let_go(who); }(this, ref));
}

std::vector<PlayerRef> OwnerNode::everybody() const {
  std::vector<PlayerRef> all;
  for (const auto& [pid, player] : players_) all.push_back({pid, player.epoch});
  return all;
}

void OwnerNode::content_notice(const From&, const proto::ContentNotice& notice) { content_.hear(notice); }

std::int64_t OwnerNode::cap_of(const std::string& balance) const {
  if (content_.reader() != nullptr) return content_.reader()->cap(balance);
  return options_.cap ? options_.cap(balance) : 0;
}

std::string OwnerNode::waits_for() const { return directory_agent() ? "" : "the directory's agent"; }

PeerLoad OwnerNode::load() const {
  PeerLoad mine;
  mine.players = static_cast<std::uint32_t>(players_.size());
  mine.draining = stopping();
  return mine;
}

void OwnerNode::monitor(std::vector<std::pair<std::string, std::string>>* fields) const {
  fields->emplace_back("operations_saved", std::to_string(operations_saved_));
  fields->emplace_back("rejected", std::to_string(rejected_));
  fields->emplace_back("trades_committed", std::to_string(trades_committed_));
  fields->emplace_back("trades_aborted", std::to_string(trades_aborted_));
  fields->emplace_back("shard_map_hit_pct", std::to_string(shards_.hit_percent()));
  fields->emplace_back("saved_lag_ms", std::to_string(to_ms(saved_lag_)));
}

void OwnerNode::tell_state(Player& player) {
  proto::PlayerState state;
  state.set_epoch(player.epoch);
  auto* aggregate = state.mutable_aggregate();
  player.mirror.store(aggregate);
  // What finds no room waits in the inbox, and whoever likes may send more: a state that is too long closes the socket.
  if (const int more = aggregate->inbox_size() - kLettersTold; more > 0)
    aggregate->mutable_inbox()->DeleteSubrange(kLettersTold, more);
  aggregate->set_player_id(player.id.value);
  aggregate->set_account_id(player.account.value);
  aggregate->set_name(player.name);
  state.set_last_creq(player.creqs.highest());
  state.set_x_cm(player.position.x_cm);
  state.set_y_cm(player.position.y_cm);
  state.set_entity_id(player.id.value);
  std::uint64_t tick = 0;
  std::uint32_t tick_rate_hz = 0, speed_max_cm_s = 0;
  fill_state(player, &tick, &tick_rate_hz, &speed_max_cm_s);
  state.set_tick(tick);
  state.set_tick_rate_hz(tick_rate_hz);
  state.set_speed_max_cm_s(speed_max_cm_s);
  tell(player, state);
}

void OwnerNode::tell_presence(const Player& player, bool gone) {
  proto::Presence presence;
  presence.set_player_id(player.id.value);
  presence.set_name(player.name);
  presence.set_session_id(player.session.session.value);
  presence.set_session_epoch(player.session.epoch);
  presence.set_gateway(player.session.gateway.value);
  presence.set_player_epoch(player.epoch);
  if (!gone) presence.set_place(player.place);
  if (guild_of_) presence.set_guild(guild_of_(player.mirror));
  for (const PlayerId blocked : blocked_by(player.mirror)) presence.add_blocked(blocked.value);
  for (const NodeId chat : peers(Role::kChat)) send(chat, presence);
}

// From the chat, or from the owner that it comes from, who may not know what the chat has decided since: the chat is
// told of what that one says.
void OwnerNode::party_held(const From& from, const proto::PartyHeld& held) {
  const PlayerId player(held.player_id());
  if (find(player) == nullptr) return;
  const bool ordered = from.node().role() == Role::kChat;
  parties_.take(player, held.party(), ordered);
  if (!ordered) parties_.tell_chat(player);
}

}  // namespace dure
