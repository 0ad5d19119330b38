#include "tools/ledger/ledger_node.h"

#include <cstdio>

#include "common/proto/dbagent.pb.h"
#include "common/proto/shard_map.pb.h"

namespace dure {
namespace {

constexpr Duration kPoll = milliseconds(50);
constexpr Duration kLinksWait = seconds(5);

}  // namespace

LedgerNode::~LedgerNode() {
  scope().end();
  scope().sweep();
}

void LedgerNode::on_start() { spawn(converse()); }

void LedgerNode::end(int result) {
  result_ = result;
  done_ = true;
}

void LedgerNode::away(std::uint32_t shard) {
  std::fprintf(stderr, "dure: shard %u does not answer\n", shard);
  end(2);
}

std::int64_t LedgerNode::since_unix_ms() const {
  return options_.since == Duration{} ? 0 : unix_ms(wall_now() - options_.since);
}

Task<void> LedgerNode::converse() {
  while (!directory_agent()) co_await wait(kPoll);
  const bool all = co_await find_shards();
  if (!all) co_return;
  switch (options_.command) {
    case LedgerOptions::Command::kItem:
      co_await item_life();
      break;
    case LedgerOptions::Command::kPlayer:
      co_await player_ledger();
      break;
    case LedgerOptions::Command::kEconomy:
      co_await economy_table();
      break;
    case LedgerOptions::Command::kWatch:
      co_await books_watch();
      break;
  }
}

Task<bool> LedgerNode::find_shards() {
  const proto::ShardsQuery query;
  const auto known = co_await call<proto::ShardsReply>(directory_agent(), query, seconds(5));
  if (!known || known->code() != proto::STORED) {
    std::fprintf(stderr, "dure: the directory does not answer\n");
    end(2);
    co_return false;
  }
  for (const auto& shard : known->shards()) {
    for (Duration waited{}; waited < kLinksWait && !shard_agent(shard.shard()); waited += kPoll) co_await wait(kPoll);
    if (!shard_agent(shard.shard())) {
      away(shard.shard());
      co_return false;
    }
    shards_.push_back(shard.shard());
  }
  co_return true;
}

Task<std::string> LedgerNode::name_of(std::uint64_t player) {
  if (player == 0) co_return "";
  if (const auto at = names_.find(player); at != names_.end()) co_return at->second;
  proto::PlayerLocate locate;
  locate.set_player_id(player);
  locate.set_any_state(true);
  const auto found = co_await call<proto::PlayerLocateReply>(directory_agent(), locate, seconds(5));
  std::string text = std::to_string(player);
  if (found && found->code() == proto::STORED && !found->name().empty()) text = found->name() + " (" + text + ")";
  names_[player] = text;
  co_return text;
}

}  // namespace dure
