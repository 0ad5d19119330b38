#include "tests/sim/rogue/known.h"

#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/routes.h"
#include "tests/sim/rogue/judge.h"

namespace dure::sim {
namespace {

template <class Request, class Reply>
bool read(const Exchange& exchange, Request* request, Reply* reply) {
  return exchange.message_id == route_id(Request::descriptor()) && request->ParseFromString(exchange.asked) &&
         reply->ParseFromString(exchange.answered);
}

}  // namespace

void Known::hear(const std::string& queue, const std::vector<Exchange>& batch) {
  for (const Exchange& exchange : batch) {
    learn(exchange);
    if (code_of(exchange.answered) != proto::STORED) continue;
    auto& kept = stored_[queue][exchange.message_id];
    kept.push_back(exchange);
    if (kept.size() > kKept) kept.pop_front();
  }
}

void Known::learn(const Exchange& exchange) {
  proto::AcquireRequest acquire;
  proto::AcquireReply granted;
  if (read(exchange, &acquire, &granted) && granted.code() == proto::STORED)
    players_[acquire.player_id()] = {granted.aggregate().account_id(), granted.epoch(), granted.last_pseq(),
                                     granted.owner_incarnation()};
  proto::ApplyRequest apply;
  proto::ApplyReply applied;
  if (read(exchange, &apply, &applied) && applied.code() == proto::STORED)
    if (const auto at = players_.find(apply.player_id()); at != players_.end() && at->second.epoch == apply.epoch())
      at->second.saved = applied.saved_pseq();
  proto::AccountQuery query;
  proto::AccountReply account;
  if (read(exchange, &query, &account) && account.code() == proto::STORED) accounts_.insert(account.account_id());
  proto::ContentInstall install;
  proto::ContentDone done;
  if (read(exchange, &install, &done) && done.code() == proto::STORED) installed_.insert(install.shard());
}

const Exchange* Known::one(const std::string& queue, std::uint32_t message_id, Rng& rng) const {
  const auto of_queue = stored_.find(queue);
  if (of_queue == stored_.end()) return nullptr;
  const auto kept = of_queue->second.find(message_id);
  if (kept == of_queue->second.end()) return nullptr;
  return rng.chance(0.5) ? &kept->second.back() : &kept->second[rng.below(kept->second.size())];
}

bool Known::any(const std::string& queue, std::uint32_t message_id) const {
  const auto of_queue = stored_.find(queue);
  return of_queue != stored_.end() && of_queue->second.contains(message_id);
}

const KnownPlayer* Known::player(std::uint64_t player_id) const {
  const auto at = players_.find(player_id);
  return at == players_.end() ? nullptr : &at->second;
}

std::uint64_t Known::player_of(std::uint64_t account_id) const {
  for (const auto& [player_id, player] : players_)
    if (player.account_id == account_id) return player_id;
  return 0;
}

}  // namespace dure::sim
