#include "dbagent/agent.h"

#include <algorithm>

#include "common/logic/gm.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/operator.pb.h"
#include "common/proto/reconcile.pb.h"
#include "common/proto/rollback.pb.h"
#include "common/proto/shard_map.pb.h"
#include "common/proto/store.pb.h"
#include "dbagent/content_desk.h"
#include "dbagent/gm_desk.h"
#include "dbagent/housekeeper.h"
#include "dbagent/outbox_relay.h"
#include "dbagent/reconcile_desk.h"
#include "dbagent/switch_desk.h"
#include "dbagent/trade_desk.h"

namespace dure {
namespace {
constexpr Duration kFenceKept = seconds(180);
constexpr std::size_t kFencesKept = 4096;
constexpr Duration kPauseMax = seconds(10);
constexpr Duration kPausePoll = milliseconds(1);

template <class Reply>
std::string refusal(int code) {
  Reply reply;
  reply.set_code(static_cast<proto::StoreCode>(code));
  return reply.SerializeAsString();
}
}  // namespace

Agent::Agent(NodeIdentity identity, const Routes& routes, Seams seams, AgentOptions options)
    : Node(std::move(identity), routes, seams),
      options_(std::move(options)),
      bookkeeper_(*this, options_.books),
      switch_desk_(std::make_unique<SwitchDesk>(*this)),
      content_desk_(std::make_unique<ContentDesk>(*this)),
      gm_desk_(std::make_unique<GmDesk>(*this)),
      relay_(std::make_unique<OutboxRelay>(*this)),
      housekeeper_(std::make_unique<Housekeeper>(*this)),
      trade_desk_(std::make_unique<TradeDesk>(*this)),
      reconcile_desk_(std::make_unique<ReconcileDesk>(*this)) {
  serve_load<proto::CharactersRequest, proto::CharactersReply>();
  serve_shard<proto::CreatePlayerRequest, proto::StoreReply>();
  serve_shard<proto::DeletePlayerRequest, proto::StoreReply>();
  serve_load<proto::AcquireRequest, proto::AcquireReply>();
  serve_shard<proto::OwnerQuery, proto::AcquireReply>();
  serve_shard<proto::ApplyRequest, proto::ApplyReply>();
  serve_shard_notice<proto::HintWrite>();
  serve_shard<proto::DeliverRequest, proto::DeliverReply>();
  serve_shard<proto::OutboxQuery, proto::OutboxReply>();
  serve_shard<proto::OutboxSent, proto::StoreReply>();
  serve_shard<proto::InboxQuery, proto::InboxReply>();
  serve_shard<proto::OwnerlessApply, proto::OwnerlessReply>();
  serve_shard<proto::OwnerlessRead, proto::OwnerlessReadReply>();
  serve_shard<proto::PurgeQuery, proto::PurgeReply>();
  serve_shard<proto::PurgePlayer, proto::StoreReply>();
  serve_shard<proto::SettleCreation, proto::StoreReply>();
  serve_load<proto::AuditRequest, proto::AuditReply>();
  serve_shard<proto::TradeVote, proto::TradeVerdict>();
  serve_shard<proto::TradeVerdictQuery, proto::TradeVerdict>();
  serve_shard<proto::TradeFinish, proto::TradeFinishReply>();
  serve_shard<proto::OpenHoldsQuery, proto::OpenHoldsReply>();
  serve_shard<proto::LegQuery, proto::LegReply>();

  serve_shard<proto::MoveFreeze, proto::MoveContentReply>();
  serve_load<proto::MoveContentQuery, proto::MoveContentReply>();
  serve_shard<proto::MoveCopy, proto::MoveStepReply>();
  serve_shard<proto::MoveActivate, proto::MoveStepReply>();
  serve_shard<proto::MoveRetire, proto::MoveStepReply>();
  serve_shard<proto::MoveUnfreeze, proto::MoveStepReply>();
  serve_shard<proto::MoveDiscard, proto::MoveStepReply>();
  serve_shard<proto::UnsettledMoves, proto::UnsettledMovesReply>();
  serve_shard<proto::ShardFiguresQuery, proto::ShardFigures>();
  serve_load<proto::ItemLifeQuery, proto::ItemLifeReply>();
  serve_load<proto::PlayerLedgerQuery, proto::PlayerLedgerReply>();
  serve_load<proto::EconomyQuery, proto::EconomyReply>();
  serve_shard<proto::EconomyWatch, proto::EconomyJumps>();
  serve_shard<proto::BooksQuery, proto::BooksReply>();
  serve_shard<proto::FactsQuery, proto::Facts>();
  serve_shard<proto::Reconcile, proto::ReconcileReply>();
  serve_shard<proto::ItemsLetGo, proto::ItemsLetGoReply>();
  serve_shard<proto::ItemTraces, proto::ItemTracesReply>();
  serve_shard<proto::AccountsHere, proto::AccountsHereReply>();
  serve_shard<proto::GiveUpAccount, proto::ReconcileReply>();
  serve_load<proto::KeptContent, proto::KeptContentReply>();
  serve_shard<proto::BringBack, proto::BroughtBack>();
  serve_shard<proto::MovesBalance, proto::MovesBalanceReply>();
  serve_shard<proto::BalanceMoves, proto::ReconcileReply>();
  serve_shard<proto::ExpectPlayers, proto::ExpectPlayersReply>();
  serve_shard<proto::ClosedQuery, proto::ClosedReply>();
  serve_shard<proto::OpenShard, proto::OpenShardReply>();
  serve_load<proto::PlayerAtQuery, proto::PlayerAt>();
  serve_shard<proto::TradeQuery, proto::TradeRecord>();
  serve_shard<proto::RollbackDoneQuery, proto::RollbackDone>();
  serve_shard<proto::RollbackApply, proto::RollbackApplied>();
  serve_backup<proto::ShardBackup, proto::BackupState>(
      [](const proto::ShardBackup& request) { return shard_queue(request.shard()); });
  serve_backup<proto::DirectoryBackup, proto::BackupState>(
      [](const proto::DirectoryBackup&) { return std::string(kDirectoryQueue); });
  serve_shard<proto::ContentInstall, proto::ContentDone>();
  on(&Agent::content_notice);
  on(&Agent::pause);
  on(&Agent::shard_load);

  serve_directory<proto::MoveIntent, proto::MoveReply>();
  serve_directory<proto::MoveFlip, proto::MoveReply>();
  serve_directory<proto::MoveAbort, proto::MoveReply>();
  serve_directory<proto::MoveQuery, proto::MoveReply>();
  serve_directory<proto::OpenMovesQuery, proto::OpenMovesReply>();
  serve_directory<proto::AccountsOfShard, proto::AccountsOfShardReply>();
  serve_directory<proto::ShardsQuery, proto::ShardsReply>();
  serve_directory<proto::ShardsServed, proto::ShardsServedReply>();
  move_desk_ = std::make_unique<MoveDesk>(*this, options_.moves);

  serve_directory<proto::AccountQuery, proto::AccountReply>();
  serve_directory<proto::SessionBegin, proto::SessionReply>(&Agent::session_began);
  serve_directory<proto::SessionResume, proto::SessionReply>(&Agent::session_resumed);
  serve_directory<proto::SessionSelect, proto::StoreReply>();
  serve_directory_notice<proto::SessionEnd>();
  serve_directory<proto::SessionsHeld, proto::SessionsHeldReply>();
  serve_directory<proto::PlayerLocate, proto::PlayerLocateReply>();
  serve_directory<proto::ReserveName, proto::ReserveNameReply>();
  serve_directory<proto::ClaimName, proto::StoreReply>();
  serve_directory<proto::ReservedNames, proto::ReservedNamesReply>();
  serve_directory<proto::NamesOfShard, proto::NamesOfShardReply>();
  serve_directory<proto::MovesInto, proto::MovesIntoReply>();
  serve_directory<proto::PlaceAcquire, proto::PlaceReply>();
  serve_directory<proto::PlaceQuery, proto::PlaceReply>();
  serve_directory<proto::GmClaim, proto::StoreReply>();
  serve_directory<proto::SwitchSet, proto::StoreReply>();
  serve_directory<proto::BanSet, proto::SessionReply>(&Agent::banned);
  serve_directory<proto::PasswordSet, proto::SessionReply>(&Agent::password_changed);
  serve_directory<proto::SwitchesQuery, proto::SwitchesReply>();
  serve_directory<proto::ContentLoad, proto::ContentLoaded>();
  serve_directory<proto::ContentActivate, proto::ContentDone>();
  serve_directory<proto::ContentQuery, proto::ContentReply>();
  for (const std::uint32_t id :
       {route_id(proto::ContentLoad::descriptor()), route_id(proto::ContentActivate::descriptor())})
    kinds_.at(id).after = [this](const Asked&, std::string_view) { content_desk_->changed(); };
  kinds_.at(route_id(proto::SwitchSet::descriptor())).after = [this](const Asked&, std::string_view) {
    switch_desk_->changed();
  };

  for (const std::uint32_t shard : this->identity().shards) queues_.emplace(shard_queue(shard), options_.group);
  if (this->identity().directory) queues_.emplace(kDirectoryQueue, options_.group);
}

Agent::~Agent() = default;

// ── requests ────────────────────────────────────────────────────────────────────────────────────────────────

template <class Request, class Reply>
void Agent::serve_shard(bool load) {
  const std::uint32_t id = route_id(Request::descriptor());
  const StoreKind& kind = kinds_[id] = StoreKind{id, refusal<Reply>, {}, load};
  on_raw(id, [this, &kind](const From& from, std::string_view body) {
    Request request;
    if (!parse_strict(body, &request)) throw UnreadableMessage();
    enqueue(from, shard_queue(request.shard()), kind, body);
  });
}

template <class Request, class Reply>
void Agent::serve_directory(void (Agent::*then)(const From&, const Request&, const Reply&)) {
  const std::uint32_t id = route_id(Request::descriptor());
  StoreKind& kind = kinds_[id] = StoreKind{id, refusal<Reply>, {}, false};
  if (then != nullptr)
    kind.after = [this, then](const Asked& asked, std::string_view reply_body) {
      Request request;
      Reply reply;
      if (parse_strict(asked.body, &request) && parse_strict(reply_body, &reply))
        (this->*then)(asked.from, request, reply);
    };
  on_raw(id, [this, &kind](const From& from, std::string_view body) {
    Request request;
    if (!parse_strict(body, &request)) throw UnreadableMessage();
    enqueue(from, kDirectoryQueue, kind, body);
  });
}

template <class Request, class Reply>
void Agent::serve_backup(std::string (*queue)(const Request&)) {
  const std::uint32_t id = route_id(Request::descriptor());
  const StoreKind& kind = kinds_[id] = StoreKind{id, refusal<Reply>, {}, false};
  on_raw(id, [this, &kind, queue](const From& from, std::string_view body) {
    Request request;
    if (!parse_strict(body, &request)) throw UnreadableMessage();
    Asked asked{from, &kind, std::string(body), now()};
    const std::string name = queue(request);
    if (!queues_.contains(name)) return answer(asked, kind.refuse(proto::WRONG_SHARD));
    if (draining_) return answer(asked, kind.refuse(proto::RETRY));
    spawn(commit_alone(name, std::move(asked)));
  });
}

template <class Request>
void Agent::serve_shard_notice() {
  serve_shard<Request, proto::StoreReply>();
}

template <class Request>
void Agent::serve_directory_notice() {
  serve_directory<Request, proto::StoreReply>();
}

void Agent::enqueue(const From& from, const std::string& queue, const StoreKind& kind, std::string_view body) {
  Asked asked{from, &kind, std::string(body), now()};
  const auto at = queues_.find(queue);
  if (at == queues_.end()) return answer(asked, kind.refuse(proto::WRONG_SHARD));
  if (draining_ || unlucky("commit.full") || !at->second.push(asked)) {
    ++retries_;
    answer(asked, kind.refuse(proto::RETRY));
  }
}

void Agent::answer(const Asked& asked, std::string_view body) {
  // Call ids begin anew with each life of a peer: an answer to its former life must not be taken for another one.
  const NodeId asker = asked.from.node();
  const Link* asker_link = link(asker);
  if (asker != id() && (asker_link == nullptr || asker_link->heard_incarnation() != asked.from.header.sender)) return;
  reply_raw(asked.from, 0, body);
}

// ── group commit ────────────────────────────────────────────────────────────────────────────────────────────

void Agent::on_turn_end() {
  MonoTime next = MonoTime::max();
  const bool held = paused() && !draining_;
  if (held) next = paused_until_;
  for (auto& [name, queue] : queues_) {
    if (held) break;
    const auto due = queue.due(now(), draining_);
    if (due && *due <= now())
      spawn(commit(name));
    else if (due)
      next = std::min(next, *due);
  }
  // A timer only wakes the turn; what is due is looked up here, so that a lost timer or an early one does no harm.
  if (next != MonoTime::max() && (wake_at_ <= now() || next < wake_at_)) {
    wake_at_ = next;
    after(next - now(), [] {});
  }
  if (!draining_) {
    switch_desk_->on_turn_end();
    content_desk_->on_turn_end();
  }
  if (draining_ && idle()) stopped();
}

Task<void> Agent::commit(std::string name) {
  CommitQueue& queue = queues_.at(name);
  const std::vector<Asked> group = queue.take(now(), unlucky("commit.alone") ? 1 : ~std::size_t{0});
  proto::StoreBatch batch;
  batch.set_wall_unix_ms(unix_ms(wall_now()));
  for (const Asked& asked : group) {
    auto* item = batch.add_items();
    item->set_message_id(asked.kind->message_id);
    item->set_body(asked.body);
  }
  std::string request = batch.SerializeAsString();
  const std::string encoded = co_await work(name, std::move(request));
  queue.done(now());
  if (!finish(name, group, encoded)) {
    for (const Asked& asked : queue.abandon()) answer(asked, asked.kind->refuse(proto::RETRY));
  }
}

Task<void> Agent::commit_alone(std::string name, Asked asked) {
  proto::StoreBatch batch;
  batch.set_wall_unix_ms(unix_ms(wall_now()));
  auto* item = batch.add_items();
  item->set_message_id(asked.kind->message_id);
  item->set_body(asked.body);
  std::string request = batch.SerializeAsString();
  std::vector<Asked> group;
  group.push_back(std::move(asked));
  const std::string encoded = co_await work(name, std::move(request));
  finish(name, group, encoded);
}

// Held when nothing is under way any more; what comes in meanwhile waits. By itself it ends in time, whatever becomes
// of who asked.
Task<proto::CommitPauseReply> Agent::pause(From, proto::CommitPause request) {
  proto::CommitPauseReply reply;
  if (request.resume()) {
    reply.set_held(paused() && pause_ == request.backup_id());
    if (pause_ == request.backup_id()) pause_ = 0;
    co_return reply;
  }
  if (draining_ || (paused() && pause_ != request.backup_id())) {
    reply.set_code(proto::RETRY);
    co_return reply;
  }
  pause_ = request.backup_id();
  paused_until_ = now() + std::min<Duration>(milliseconds(request.for_ms()), kPauseMax);
  const auto committing = [this] {
    return std::any_of(queues_.begin(), queues_.end(), [](const auto& queue) { return queue.second.committing(); });
  };
  while (paused() && pause_ == request.backup_id() && committing()) co_await wait(kPausePoll);
  reply.set_held(paused() && pause_ == request.backup_id());
  if (!reply.held()) reply.set_code(proto::RETRY);
  co_return reply;
}

bool Agent::finish(const std::string& queue, const std::vector<Asked>& group, const std::string& encoded) {
  proto::StoreBatchReply reply;
  const bool readable = !encoded.empty() && reply.ParseFromString(encoded);
  const bool done = readable && !reply.retry() && static_cast<std::size_t>(reply.items_size()) == group.size();
  if (!done) {
    log().event(LogLevel::kWarning, "store.retry",
                {{"node", identity().name}, {"items", group.size()}, {"why", reply.detail()}});
    retries_ += group.size();
  }
  for (std::size_t i = 0; i < group.size(); ++i) {
    const Asked& asked = group[i];
    if (!done) {
      answer(asked, asked.kind->refuse(proto::RETRY));
      continue;
    }
    const std::string& body = reply.items(static_cast<int>(i)).body();
    answer(asked, body);
    if (asked.kind->after) asked.kind->after(asked, body);
  }
  if (done)
    for (const auto& event : reply.events()) hear(queue, event);
  if (readable && reply.failed()) give_up(reply.detail());
  return !(readable && reply.failed());
}

void Agent::hear(const std::string& queue, const proto::StoreEvent& event) {
  trade_desk_->hear(event);
  if (event.has_sent())
    for (const std::uint32_t shard : identity().shards)
      if (queue == shard_queue(shard)) relay_->wake(shard);
}

// ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────

void Agent::give_up(const std::string& why) {
  if (failed_) return;
  failed_ = draining_ = true;
  log().event(LogLevel::kError, "store.failed", {{"node", identity().name}, {"why", why}});
}

void Agent::on_stop(bool at_once) {
  if (at_once) return stopped();
  draining_ = true;
}

bool Agent::idle() const {
  return std::all_of(queues_.begin(), queues_.end(), [](const auto& queue) { return queue.second.idle(); });
}

void Agent::check_invariants() const {
  for (const auto& [name, queue] : queues_) CHECK_MSG(queue.waiting() <= options_.group.waiting_max, name);
}

// ── what others must hear ───────────────────────────────────────────────────────────────────────────────────

void Agent::on_start() {
  switch_desk_->start();
  content_desk_->start(options_.content);
}

void Agent::content_notice(const From&, const proto::ContentNotice& notice) { content_desk_->hear(notice); }

void Agent::on_peer_up(NodeId peer) {
  move_desk_->on_peer_up(peer);
  switch_desk_->on_peer_up(peer);
  content_desk_->on_peer_up(peer);
  if (peer.role() != Role::kGateway) return;
  for (const Fence& fence : fences_) tell_fence(peer, fence);
}

void Agent::session_began(const From&, const proto::SessionBegin& request, const proto::SessionReply& reply) {
  if (reply.code() != proto::STORED || reply.session_epoch() <= 1) return;
  fence({request.account_id(), reply.session_epoch() - 1, "logged in elsewhere", now()}, {});
}

void Agent::session_resumed(const From& from, const proto::SessionResume& request, const proto::SessionReply& reply) {
  // The resuming gateway holds this very session and learns its new epoch from the reply.
  if (reply.code() == proto::STORED && reply.session_epoch() > 1)
    fence({reply.account_id(), reply.session_epoch() - 1, "resumed elsewhere", now(), request.session_id()},
          from.node());
  // A token used twice has ended the session for everybody.
  if (reply.code() == proto::EXPECTED_OTHER && reply.session_epoch() != 0)
    fence({reply.account_id(), reply.session_epoch() - 1, "resume token used twice", now()}, {});
}

void Agent::banned(const From&, const proto::BanSet& request, const proto::SessionReply& reply) {
  if (reply.code() != proto::STORED || request.until_unix_ms() <= unix_ms(wall_now())) return;
  if (reply.session_epoch() == 0) return;  // never logged in
  fence({request.account_id(), reply.session_epoch() - 1, "banned: " + request.reason(), now()}, {});
}

void Agent::password_changed(const From&, const proto::PasswordSet& request, const proto::SessionReply& reply) {
  if (reply.code() == proto::STORED)
    fence({request.account_id(), reply.session_epoch() - 1, "password changed", now()}, {});
}

void Agent::fence(const Fence& fence, NodeId except) {
  for (const NodeId gateway : peers(Role::kGateway))
    if (gateway != except) tell_fence(gateway, fence);
  if (fences_.size() >= kFencesKept) fences_.pop_front();
  fences_.push_back(fence);
}

void Agent::tell_fence(NodeId gateway, const Fence& fence) {
  proto::SessionFenced notice;
  notice.set_account_id(fence.account);
  notice.set_session_epoch(fence.session_epoch);
  notice.set_reason(fence.reason);
  notice.set_goes_on(fence.goes_on);
  send(gateway, notice);
}

proto::ShardLoad Agent::shard_load(const From&, const proto::ShardLoadQuery& query) {
  proto::ShardLoad load;
  const auto at = queues_.find(shard_queue(query.shard()));
  if (at == queues_.end()) {
    load.set_code(proto::WRONG_SHARD);
    return load;
  }
  load.set_commits_per_s(at->second.committed_per_s());
  load.set_waiting(at->second.waiting());
  load.set_wait_p99_us(static_cast<std::uint64_t>(to_us(at->second.wait_p99())));
  return load;
}

void Agent::on_tick(std::uint64_t) {
  move_desk_->on_tick();
  std::uint64_t committed = 0;
  for (auto& [name, queue] : queues_) {
    queue.second_passed();
    committed += queue.committed();
  }
  committed_per_s_ = committed - committed_reported_;
  committed_reported_ = committed;
  while (!fences_.empty() && now() - fences_.front().at > kFenceKept) fences_.pop_front();
  relay_->wake_all();
  housekeeper_->tick();
  content_desk_->tick();
  trade_desk_->scan();
  reconcile_desk_->tick();
  bookkeeper_.tick();
  switch_desk_->tick();
}

// ── game masters, monitor ───────────────────────────────────────────────────────────────────────────────────

void Agent::on_gm(const GmCommandIn& in) {
  proto::GmCommand command;
  if (identity().directory && read_gm(*this, in, &command) && gm_desk_->take(in, command)) return;
  Node::on_gm(in);
}

void Agent::monitor(std::vector<std::pair<std::string, std::string>>* fields) const {
  fields->emplace_back("ops_per_s", std::to_string(committed_per_s_));
  fields->emplace_back("retries", std::to_string(retries_));
  for (const auto& [name, queue] : queues_) {
    fields->emplace_back(name + ".waiting", std::to_string(queue.waiting()));
    fields->emplace_back(name + ".batch_p50_us", std::to_string(to_us(queue.p50())));
    fields->emplace_back(name + ".wait_p99_us", std::to_string(to_us(queue.wait_p99())));
  }
  move_desk_->monitor(fields);
  fields->emplace_back("content", std::to_string(content_desk_->active()));
  fields->emplace_back("ledger_alarms", std::to_string(bookkeeper_.ledger_alarms()));
  fields->emplace_back("economy_alarms", std::to_string(bookkeeper_.economy_alarms()));
  fields->emplace_back("trades_under_way", std::to_string(trade_desk_->under_way()));
  fields->emplace_back("closed_shards", std::to_string(reconcile_desk_->closed()));
  fields->emplace_back("trades_stuck", std::to_string(trade_desk_->stuck()));
}

}  // namespace dure
