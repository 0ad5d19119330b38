#include "dbagent/move_desk.h"

#include <algorithm>

#include "common/proto/shard_map.pb.h"
#include "dbagent/agent.h"

namespace dure {
namespace {

constexpr Duration kStepDeadline = milliseconds(500);
constexpr Duration kStepDeadlinePerMib = milliseconds(500);  // of content: 30 ms to be read, 160 to be written
constexpr Duration kFreezeDeadlineMax = seconds(4);
constexpr Duration kBetweenTries = milliseconds(20);
constexpr Duration kShardAway = milliseconds(200);
constexpr std::size_t kPausesKept = 1024;

Duration per_mib(Duration each, std::uint64_t bytes) { return each * static_cast<std::int64_t>(bytes >> 20); }

}  // namespace

struct MoveDesk::Run {
  proto::MoveRecord move;  // move_id 0: not begun
  proto::MoveStep step = proto::MOVE_WAITS;
  bool cancelled = false;
  bool done = false;   // the account is there; meaningful at the end
  std::string detail;  // why it is not
  MonoTime frozen_at{};
  Duration pause{};
  std::uint64_t bytes = 0;
  std::vector<From> askers;

  proto::MoveAccountReply reply() const {
    proto::MoveAccountReply reply;
    reply.set_code(done || step != proto::MOVE_SETTLED ? proto::STORED : proto::EXPECTED_OTHER);
    reply.set_detail(detail);
    *reply.mutable_move() = move;
    reply.set_step(step);
    reply.set_pause_us(static_cast<std::uint64_t>(to_us(pause)));
    reply.set_bytes(bytes);
    return reply;
  }
};

MoveDesk::MoveDesk(Agent& agent, MoveLimits limits) : agent_(agent), limits_(limits) {
  agent_.on_raw(route_id(proto::MoveAccount::descriptor()), [this](const From& from, std::string_view body) {
    proto::MoveAccount request;
    if (!parse_strict(body, &request)) throw UnreadableMessage();
    take(from, request);
  });
  agent_.on_raw(route_id(proto::MoveWatch::descriptor()), [this](const From& from, std::string_view body) {
    proto::MoveWatch request;
    if (!parse_strict(body, &request)) throw UnreadableMessage();
    agent_.reply(from, watch(request));
  });
}

MoveDesk::~MoveDesk() = default;

// ── asked ───────────────────────────────────────────────────────────────────────────────────────────────────

void MoveDesk::take(const From& from, const proto::MoveAccount& request) {
  proto::MoveAccountReply refusal;
  const Key account = request.account_id();
  const auto at = runs_.find(account);
  if (!agent_.identity().directory) {
    refusal.set_code(proto::WRONG_SHARD);
  } else if (at != runs_.end() && at->second->move.target() == request.target()) {
    at->second->askers.push_back(from);
    return;
  } else if (at != runs_.end()) {
    refusal = at->second->reply();
    refusal.set_code(proto::EXPECTED_OTHER);
    refusal.set_detail("another move is open");
  } else if (waiting_.size() >= limits_.waiting_max || agent_.stopping()) {
    refusal.set_code(proto::RETRY);
  } else {
    auto run = std::make_shared<Run>();
    run->move.set_account_id(account);
    run->move.set_target(request.target());
    run->askers.push_back(from);
    runs_[account] = std::move(run);
    waiting_.push_back(account);
    return start_waiting();
  }
  agent_.reply(from, refusal);
}

proto::MoveAccountReply MoveDesk::watch(const proto::MoveWatch& request) {
  proto::MoveAccountReply reply;
  const auto at = runs_.find(request.account_id());
  if (at == runs_.end()) {
    reply.set_code(agent_.identity().directory ? proto::NO_SUCH : proto::WRONG_SHARD);
    return reply;
  }
  if (request.cancel()) at->second->cancelled = true;
  return at->second->reply();
}

void MoveDesk::start_waiting() {
  while (running_ < limits_.at_once && !waiting_.empty()) {
    const Key account = waiting_.front();
    waiting_.pop_front();
    ++running_;
    agent_.spawn(run(account));
  }
}

void MoveDesk::adopt(Key account, std::uint64_t move_id) {
  if (runs_.count(account) || waiting_.size() >= limits_.waiting_max) return;
  auto run = std::make_shared<Run>();
  run->move.set_account_id(account);
  run->move.set_move_id(move_id);
  runs_[account] = std::move(run);
  waiting_.push_back(account);
  start_waiting();
}

// ── one move ────────────────────────────────────────────────────────────────────────────────────────────────

template <class Reply, class Request>
Task<Result<Reply>> MoveDesk::ask_shard(std::uint32_t shard, Request request, Duration deadline) {
  request.set_shard(shard);
  const NodeId agent = agent_.shard_agent(shard);
  if (!agent) co_return fail(Trouble::kUnreachable, "nobody serves shard " + std::to_string(shard));
  auto reply = co_await agent_.call<Reply>(agent, request, deadline);
  co_return reply;
}

Task<void> MoveDesk::run(Key account) {
  const std::shared_ptr<Run> run = runs_.at(account);
  const bool begun = run->move.move_id() != 0 || co_await intend(account);
  if (begun) {
    // Whatever life began it: the register says how far it is.
    proto::MoveQuery query;
    query.set_account_id(account);
    query.set_move_id(run->move.move_id());
    Result<proto::MoveReply> known = fail(Trouble::kBusy, "");
    while (!known || known->code() == proto::RETRY) {
      known = co_await agent_.call<proto::MoveReply>(agent_.id(), query, kStepDeadline);
      if (!known || known->code() == proto::RETRY) co_await agent_.wait(kBetweenTries);
    }
    if (known->move().move_id() == run->move.move_id()) {
      run->move = known->move();
      if (run->move.fate() == proto::MOVE_OPEN) {
        run->step = proto::MOVE_INTENT;
        const bool arrived = co_await arrive(account);
        co_await decide(account, arrived);
      }
      co_await settle(account);
    } else {
      run->detail = "the directory does not know this move";
      agent_.log().event(LogLevel::kError, "move.unknown", {{"account", account}, {"move", run->move.move_id()}});
    }
  }
  finish(account);
}

Task<bool> MoveDesk::intend(Key account) {
  const std::shared_ptr<Run> run = runs_.at(account);
  for (int tries = 0; tries < 50; ++tries) {
    if (run->cancelled) {
      run->detail = "cancelled";
      co_return false;
    }
    proto::MoveQuery query;
    query.set_account_id(account);
    const auto last = co_await agent_.call<proto::MoveReply>(agent_.id(), query, kStepDeadline);
    if (last && last->code() == proto::NO_SUCH) {
      run->detail = "no such account";
      co_return false;
    }
    if (last && last->code() == proto::STORED) {
      proto::MoveIntent intent;
      intent.set_account_id(account);
      intent.set_move_id(last->move().move_id() + 1);
      intent.set_target(run->move.target());
      const auto kept = co_await agent_.call<proto::MoveReply>(agent_.id(), intent, kStepDeadline);
      if (kept && kept->code() == proto::STORED) {
        run->move = kept->move();
        co_return true;
      }
      // An intent whose answer was lost is found open at the next try.
      const bool ours = kept && kept->code() == proto::EXPECTED_OTHER && kept->intent() != 0 &&
                        kept->move().target() == run->move.target();
      if (ours) {
        run->move = kept->move();
        co_return true;
      }
      if (kept && kept->code() != proto::RETRY) {
        run->detail = kept->detail();
        co_return false;
      }
    }
    co_await agent_.wait(kBetweenTries);
  }
  run->detail = "the directory does not answer";
  co_return false;
}

Task<bool> MoveDesk::arrive(Key account) {
  const std::shared_ptr<Run> run = runs_.at(account);
  // Nobody is frozen for a shard that is away.
  if (!agent_.shard_agent(run->move.target()) || !agent_.shard_agent(run->move.source())) {
    run->detail = "a shard is away";
    co_return false;
  }
  auto content = std::make_shared<proto::MoveContentReply>();
  if (!co_await freeze(account, content)) co_return false;
  run->step = proto::MOVE_FROZEN;
  run->bytes = content->bytes_total();
  if (!co_await copy(account, content)) co_return false;
  run->step = proto::MOVE_COPIED;
  co_return true;
}

Task<bool> MoveDesk::freeze(Key account, std::shared_ptr<proto::MoveContentReply> content) {
  const std::shared_ptr<Run> run = runs_.at(account);
  proto::MoveFreeze request;
  request.set_account_id(account);
  request.set_move_id(run->move.move_id());
  run->detail = "the source does not answer";
  // How large the account is nobody knows yet, and each FREEZE reads all of it.
  Duration deadline = kStepDeadline;
  for (const MonoTime give_up = agent_.now() + limits_.hold_patience; agent_.now() < give_up && !run->cancelled;) {
    const MonoTime asked = agent_.now();
    const auto frozen = co_await ask_shard<proto::MoveContentReply>(run->move.source(), request, deadline);
    if (frozen && frozen->code() == proto::STORED) {
      run->frozen_at = asked;
      *content = *frozen;
      co_return true;
    }
    if (frozen) run->detail = frozen->detail();
    if (frozen && frozen->code() != proto::RETRY) co_return false;
    deadline = frozen ? kStepDeadline : std::min(2 * deadline, kFreezeDeadlineMax);
    co_await agent_.wait(kBetweenTries);
  }
  co_return false;
}

Task<bool> MoveDesk::copy(Key account, std::shared_ptr<proto::MoveContentReply> content) {
  const std::shared_ptr<Run> run = runs_.at(account);
  const MonoTime give_up =
      run->frozen_at + limits_.frozen_max + per_mib(limits_.frozen_max_per_mib, content->bytes_total());
  const Duration deadline = kStepDeadline + per_mib(kStepDeadlinePerMib, content->bytes_total());
  proto::MoveCopy request;
  request.set_account_id(account);
  request.set_move_id(run->move.move_id());
  run->detail = "the copy does not come to its end";
  while (agent_.now() < give_up && !run->cancelled) {
    request.set_offset(content->offset());
    request.set_bytes(content->bytes());
    request.set_bytes_total(content->bytes_total());
    request.set_hash(content->hash());
    const auto stored = co_await ask_shard<proto::MoveStepReply>(run->move.target(), request, deadline);
    if (!stored || stored->code() == proto::RETRY || stored->code() == proto::REJECTED) {
      // A guard on the content may be false for a while: an item that a message brought there before us.
      if (stored) run->detail = stored->detail();
      co_await agent_.wait(kBetweenTries);
      continue;
    }
    if (stored->code() != proto::STORED) {
      run->detail = stored->detail();
      co_return false;
    }
    const bool arrived = stored->state() == proto::ACCOUNT_ARRIVING && stored->mv() == run->move.move_id();
    if (arrived) co_return true;
    proto::MoveContentQuery more;
    more.set_account_id(account);
    more.set_move_id(run->move.move_id());
    more.set_offset(stored->bytes_next());
    const auto part = co_await ask_shard<proto::MoveContentReply>(run->move.source(), more, deadline);
    if (part && part->code() == proto::STORED)
      *content = *part;
    else
      co_await agent_.wait(kBetweenTries);
  }
  co_return false;
}

// FLIP or ABORT, whichever is durable first: the answer says which it was.
Task<void> MoveDesk::decide(Key account, bool arrived) {
  const std::shared_ptr<Run> run = runs_.at(account);
  while (run->move.fate() == proto::MOVE_OPEN) {
    Result<proto::MoveReply> decided = fail(Trouble::kBusy, "");
    if (arrived && !run->cancelled) {
      proto::MoveFlip flip;
      flip.set_account_id(account);
      flip.set_move_id(run->move.move_id());
      flip.set_arrived_shard(run->move.target());
      flip.set_arrived_move(run->move.move_id());
      decided = co_await agent_.call<proto::MoveReply>(agent_.id(), flip, kStepDeadline);
    } else {
      proto::MoveAbort abort;
      abort.set_account_id(account);
      abort.set_move_id(run->move.move_id());
      decided = co_await agent_.call<proto::MoveReply>(agent_.id(), abort, kStepDeadline);
    }
    if (decided && decided->move().move_id() == run->move.move_id()) run->move.set_fate(decided->move().fate());
    if (run->move.fate() == proto::MOVE_OPEN) co_await agent_.wait(kBetweenTries);
  }
  run->step = proto::MOVE_DECIDED;
}

// Until the shard has answered. One that is away keeps no place among the moves that go on: what is left to be settled
// there is found by the scan once it is back.
template <class Request>
Task<void> MoveDesk::settle_at(Key account, std::uint32_t shard, Request request) {
  const std::shared_ptr<Run> run = runs_.at(account);
  request.set_account_id(account);
  request.set_move_id(run->move.move_id());
  request.set_fate(run->move.fate());
  const Duration deadline = kStepDeadline + per_mib(kStepDeadlinePerMib, run->bytes);
  for (const MonoTime give_up = agent_.now() + limits_.settle_patience; agent_.now() < give_up;) {
    const auto settled = co_await ask_shard<proto::MoveStepReply>(shard, request, deadline);
    // EXPECTED_OTHER: that shard never came so far in this move, or is further already.
    if (settled && (settled->code() == proto::STORED || settled->code() == proto::EXPECTED_OTHER)) co_return;
    const Duration pause = settled ? kBetweenTries : kShardAway;
    co_await agent_.wait(pause);
  }
}

Task<void> MoveDesk::settle(Key account) {
  const std::shared_ptr<Run> run = runs_.at(account);
  const std::uint32_t source = run->move.source(), target = run->move.target();
  run->done = run->move.fate() == proto::MOVE_FLIPPED;
  if (run->done) {
    run->detail.clear();
    const proto::MoveActivate activate;
    co_await settle_at(account, target, activate);
  } else {
    const proto::MoveUnfreeze unfreeze;
    co_await settle_at(account, source, unfreeze);
  }
  if (run->frozen_at != MonoTime{}) {
    run->pause = agent_.now() - run->frozen_at;
    if (pauses_.size() >= kPausesKept) pauses_.pop_front();
    pauses_.push_back(run->pause);
  }
  if (run->done) {
    proto::MoveRetire retire;
    retire.set_other_shard(target);
    co_await settle_at(account, source, retire);
  } else {
    proto::MoveDiscard discard;
    discard.set_other_shard(source);
    co_await settle_at(account, target, discard);
  }
}

void MoveDesk::finish(Key account) {
  const std::shared_ptr<Run> run = runs_.at(account);
  run->step = proto::MOVE_SETTLED;
  if (!run->done && run->cancelled) run->detail = "cancelled";
  ++(run->done ? moved_ : turned_back_);
  agent_.log().event(LogLevel::kInfo, "move.settled",
                     {{"account", account},
                      {"move", run->move.move_id()},
                      {"from", run->move.source()},
                      {"to", run->move.target()},
                      {"moved", run->done ? 1 : 0},
                      {"pause_us", to_us(run->pause)},
                      {"why", run->detail}});
  for (const From& asker : run->askers) agent_.reply(asker, run->reply());
  runs_.erase(account);
  --running_;
  start_waiting();
}

// ── what nobody drives ──────────────────────────────────────────────────────────────────────────────────────

void MoveDesk::on_tick() {
  if (!agent_.identity().directory || agent_.stopping()) return;
  std::vector<std::uint32_t> own;
  for (const std::uint32_t shard : agent_.identity().shards)
    if (!announced_.count(shard)) own.push_back(shard);
  if (!own.empty()) agent_.spawn(announce(std::move(own)));
  if (limits_.scan_interval == Duration{} || scanning_ || agent_.now() < scan_due_) return;
  scanning_ = true;
  agent_.spawn(scan());
}

void MoveDesk::on_peer_up(NodeId peer) {
  if (!agent_.identity().directory || peer.role() != Role::kDbagent) return;
  std::vector<std::uint32_t> fresh;
  for (const std::uint32_t shard : agent_.link(peer)->facts().shards)
    if (!announced_.count(shard)) fresh.push_back(shard);
  if (!fresh.empty()) agent_.spawn(announce(std::move(fresh)));
}

Task<void> MoveDesk::announce(std::vector<std::uint32_t> shards) {
  proto::ShardsServed served;
  for (const std::uint32_t shard : shards) served.add_shards(shard);
  for (;;) {
    const auto kept = co_await agent_.call<proto::ShardsServedReply>(agent_.id(), served);
    if (kept && kept->code() == proto::STORED) break;
    co_await agent_.wait(kShardAway);
  }
  announced_.insert(shards.begin(), shards.end());
}

// A move that its desk left open, and an account that a late FREEZE or COPY reached after its move was over.
Task<void> MoveDesk::scan() {
  const proto::OpenMovesQuery open_query;
  const auto open = co_await agent_.call<proto::OpenMovesReply>(agent_.id(), open_query, kStepDeadline);
  if (open)
    for (const auto& move : open->moves()) adopt(move.account_id(), move.move_id());
  std::set<std::uint32_t> shards(agent_.identity().shards.begin(), agent_.identity().shards.end());
  for (const NodeId peer : agent_.peers(Role::kDbagent))
    if (const Link* link = agent_.link(peer); link != nullptr)
      shards.insert(link->facts().shards.begin(), link->facts().shards.end());
  for (const std::uint32_t shard : shards) {
    const proto::UnsettledMoves unsettled_query;
    const auto unsettled = co_await ask_shard<proto::UnsettledMovesReply>(shard, unsettled_query, kStepDeadline);
    if (!unsettled) continue;
    for (const auto& move : unsettled->moves()) adopt(move.account_id(), move.move_id());
  }
  scanning_ = false;
  scan_due_ = agent_.now() + limits_.scan_interval;
}

void MoveDesk::monitor(std::vector<std::pair<std::string, std::string>>* fields) const {
  if (!agent_.identity().directory) return;
  fields->emplace_back("moves_running", std::to_string(running_));
  fields->emplace_back("moves_waiting", std::to_string(waiting_.size()));
  fields->emplace_back("moves_done", std::to_string(moved_));
  fields->emplace_back("moves_turned_back", std::to_string(turned_back_));
  if (pauses_.empty()) return;
  std::vector<Duration> sorted(pauses_.begin(), pauses_.end());
  std::sort(sorted.begin(), sorted.end());
  fields->emplace_back("move_pause_p50_us", std::to_string(to_us(sorted[sorted.size() / 2])));
  fields->emplace_back("move_pause_max_us", std::to_string(to_us(sorted.back())));
}

}  // namespace dure
