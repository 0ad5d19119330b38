#include "tests/bench/asker.h"

#include <time.h>

#include "common/host/clock.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/trade.pb.h"
#include "common/proto/value.pb.h"
#include "tests/bench/figures.h"

namespace dure::bench {
namespace {

constexpr Duration kDeadline = seconds(30);
constexpr Duration kStep = milliseconds(2);
constexpr std::uint64_t kUnderWayMax = 20'000;

NodeIdentity owner_identity() {
  NodeIdentity identity;
  identity.id = NodeId(owner_node());
  identity.name = to_text(identity.id);
  identity.incarnation = {owner_incarnation().high(), owner_incarnation().low()};
  return identity;
}

double own_cpu_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

Asker::Asker(const World& world, const Load& load, const Routes& routes, Seams seams, std::function<void()> ended)
    : Node(owner_identity(), routes, seams), world_(world), load_(load), ended_(std::move(ended)) {
  on(&Asker::notice);
  for (std::uint32_t shard = 1; shard <= world.shards; ++shard)
    for (std::uint32_t index = 0; index < world.players; index += load.logins > 0 ? 2 : 1)
      players_[shard].push_back({player_id(shard, index), shard});
}

void Asker::on_start() {
  every(kStep, [this] { ask_as_many_as_due(); });
}

// The agent's hello says which shards it serves.
void Asker::on_turn_end() {
  if (connected_ || !shard_agent(1)) return;
  connected_ = true;
  began_ = now();
  after(load_.warm_up, [this] { begin(); });
  after(load_.warm_up + load_.measured / 2, [this] { middle(); });
  after(load_.warm_up + load_.measured, [this] { end(); });
}

bool Asker::measuring() const { return cpu_at_ > 0 && !ended_already_; }

void Asker::begin() {
  answered_ = {};
  cpu_at_ = process_cpu_s();
  own_cpu_at_ = own_cpu_s();
}

void Asker::middle() {
  for (std::uint32_t n = 0; n < load_.logins; ++n) {
    const std::uint32_t shard = n % world_.shards + 1;
    spawn(log_in(player_id(shard, n / world_.shards * 2 + 1), shard));
  }
}

void Asker::end() {
  answered_.wall_s = static_cast<double>(to_us(load_.measured)) / 1e6;
  answered_.agent_cpu_s = process_cpu_s() - cpu_at_ - (own_cpu_s() - own_cpu_at_);
  ended_already_ = true;
  ended_();
}

void Asker::ask_as_many_as_due() {
  if (!connected_ || ended_already_) return;
  if (load_.rate == 0) {
    for (std::uint64_t before = under_way_; under_way_ < load_.at_once; before = under_way_) {
      ask_next();
      if (under_way_ == before) return;
    }
    return;
  }
  const auto due = static_cast<std::uint64_t>(to_us(now() - began_)) * load_.rate / 1'000'000;
  for (; asked_ < due; ++asked_) {
    if (under_way_ < kUnderWayMax)
      ask_next();
    else
      ++answered_.late;
  }
}

void Asker::ask_next() {
  if (load_.what != Load::What::kOperations) return start_trade();
  Player* player = next_free(static_cast<std::uint32_t>(trade_number_++ % world_.shards) + 1);
  if (player == nullptr) return void(++answered_.late);
  ++under_way_;
  spawn(save(player));
}

Asker::Player* Asker::next_free(std::uint32_t shard) {
  std::vector<Player>& all = players_[shard];
  std::size_t& at = turn_of_[shard];
  for (std::size_t tried = 0; tried < all.size(); ++tried) {
    Player& player = all[at++ * 7919 % all.size()];
    if (!player.busy) return player.busy = true, &player;
  }
  return nullptr;
}

void Asker::count(MonoTime began) {
  --under_way_;
  if (!measuring()) return;
  ++answered_.done;
  answered_.saved.add(mono_now() - began);
}

Task<void> Asker::save(Player* player) {
  const MonoTime began = mono_now();
  proto::ApplyRequest request = apply_request(player->shard, player->id);
  add_hard(&request, ++player->number);
  const NodeId agent = shard_agent(player->shard);
  const auto reply = co_await call<proto::ApplyReply>(agent, request, kDeadline);
  if (!reply || reply->saved_pseq() != player->number) give_up("not saved: " + (reply ? reply->detail() : "no answer"));
  player->busy = false;
  count(began);
  if (load_.rate == 0 && !ended_already_) ask_next();
}

Task<void> Asker::log_in(std::uint64_t player, std::uint32_t shard) {
  const MonoTime began = mono_now();
  const proto::AcquireRequest request = acquire_request(shard, player, 1);
  const NodeId agent = shard_agent(shard);
  const auto reply = co_await call<proto::AcquireReply>(agent, request, kDeadline);
  if (ended_already_) co_return;
  if (!reply || reply->code() != proto::STORED) give_up("no login: " + (reply ? proto::StoreCode_Name(reply->code()) : "no answer"));
  ++answered_.logged_in;
  answered_.logins.add(mono_now() - began);
}

// ── trades ──────────────────────────────────────────────────────────────────────────────────────────────────

void Asker::start_trade() {
  const std::uint64_t number = ++trade_number_;
  const auto first = static_cast<std::uint32_t>(number % world_.shards) + 1;
  const std::uint32_t second = load_.what == Load::What::kTradesAcross ? first % world_.shards + 1 : first;
  Trade trade{mono_now(), {next_free(first), next_free(second)}, {}};
  if (trade.sides[0] == nullptr || trade.sides[1] == nullptr) {
    for (Player* player : trade.sides)
      if (player != nullptr) player->busy = false;
    ++answered_.late;
    return;
  }
  if (trade.sides[1]->items >= world_.items) give_up("not enough items for so many trades");
  const std::uint32_t register_shard = trade.sides[0]->id < trade.sides[1]->id ? first : second;
  const proto::TradeTerms terms =
      trade_terms(number, register_shard, trade.sides[0]->id, trade.sides[1]->id, trade.sides[1]->items++);
  trades_[number + 1] = trade;
  ++under_way_;
  for (const std::uint32_t side : {0u, 1u}) {
    Player* player = trade.sides[side];
    auto request = std::make_shared<proto::ApplyRequest>(apply_request(player->shard, player->id));
    add_leg(request.get(), ++player->number, terms, side);
    spawn(send_leg(player, std::move(request)));
  }
}

Task<void> Asker::send_leg(Player* player, std::shared_ptr<proto::ApplyRequest> request) {
  const NodeId agent = shard_agent(player->shard);
  const auto reply = co_await call<proto::ApplyReply>(agent, *request, kDeadline);
  if (!reply || reply->code() != proto::STORED) give_up("no leg: " + (reply ? reply->detail() : "no answer"));
  for (const auto& outcome : reply->legs()) heard(outcome, player->id);
}

void Asker::notice(const From&, const proto::TradeNotice& notice) { heard(notice.outcome(), notice.player_id()); }

void Asker::heard(const proto::LegOutcome& outcome, std::uint64_t player) {
  if (outcome.state() == proto::LEG_ABORTED) give_up("a trade was aborted");
  const auto at = trades_.find(outcome.txn().low());
  if (outcome.state() != proto::LEG_COMMITTED || at == trades_.end()) return;
  Trade& trade = at->second;
  const int side = trade.sides[0]->id == player ? 0 : 1;
  if (std::exchange(trade.done[side], true) || !trade.done[1 - side]) return;
  for (Player* one : trade.sides) one->busy = false;
  const MonoTime began = trade.began;
  trades_.erase(at);
  count(began);
  if (load_.rate == 0 && !ended_already_) ask_next();
}

}  // namespace dure::bench
