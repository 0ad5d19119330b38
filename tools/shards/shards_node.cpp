#include "tools/shards/shards_node.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

#include "common/proto/dbagent.pb.h"
#include "common/proto/shard_map.pb.h"

namespace dure {
namespace {

constexpr Duration kPoll = milliseconds(100);
constexpr Duration kLinksWait = seconds(2);
constexpr Duration kMoveDeadline = seconds(60);
constexpr std::uint64_t kMoversAtOnce = 16;
// A shard is hot when what comes in waits so long, or when it takes so many times its fair part of the load.
constexpr std::uint64_t kHotWaitUs = 20'000;
constexpr std::uint64_t kHotTimes = 2, kHotCommitsMin = 200;

std::string size_text(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
  return text;
}

const char* step_text(proto::MoveStep step) {
  switch (step) {
    case proto::MOVE_WAITS:
      return "waiting for its turn";
    case proto::MOVE_INTENT:
      return "to be frozen";
    case proto::MOVE_FROZEN:
      return "copying";
    case proto::MOVE_COPIED:
      return "copied";
    case proto::MOVE_DECIDED:
      return "decided";
    default:
      return "settled";
  }
}

std::uint64_t quantile(std::vector<std::uint64_t> values, std::size_t percent) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

}  // namespace

ShardsNode::~ShardsNode() {
  scope().end();
  scope().sweep();
}

void ShardsNode::on_start() { spawn(converse()); }

void ShardsNode::end(int result) {
  result_ = result;
  done_ = true;
}

Task<void> ShardsNode::converse() {
  while (!directory_agent()) co_await wait(kPoll);
  if (options_.command == ShardsOptions::Command::kAdd) co_await until_known();
  if (options_.command == ShardsOptions::Command::kServed)
    co_await is_served();
  else if (options_.command != ShardsOptions::Command::kMove)
    co_await list();
  else if (!options_.account.empty())
    co_await move_one();
  else
    co_await move_many();
}

Task<void> ShardsNode::until_known() {
  const proto::ShardsQuery query;
  for (bool known = false; !known;) {
    co_await wait(kPoll);
    const auto shards = co_await call<proto::ShardsReply>(directory_agent(), query, seconds(5));
    if (!shards || !shard_agent(options_.to)) continue;
    for (const auto& shard : shards->shards()) known = known || shard.shard() == options_.to;
  }
}

Task<void> ShardsNode::is_served() {
  for (Duration waited{}; waited < kLinksWait && !shard_agent(options_.to); waited += kPoll) co_await wait(kPoll);
  end(shard_agent(options_.to) ? 0 : 1);
}

Task<void> ShardsNode::list() {
  const proto::ShardsQuery query;
  const auto known = co_await call<proto::ShardsReply>(directory_agent(), query, seconds(5));
  if (!known || known->code() != proto::STORED) {
    std::fprintf(stderr, "dure shards: the directory does not answer\n");
    co_return end(2);
  }
  struct Row {
    proto::ShardAccounts accounts;
    std::optional<proto::ShardFigures> figures;
    proto::ShardLoad load;
    std::string agent;
  };
  std::vector<Row> rows;
  std::uint64_t commits = 0;
  for (const auto& shard : known->shards()) {
    Row row;
    row.accounts = shard;
    for (Duration waited{}; waited < kLinksWait && !shard_agent(shard.shard()); waited += kPoll) co_await wait(kPoll);
    const NodeId agent = shard_agent(shard.shard());
    if (agent) {
      row.agent = link(agent)->name();
      proto::ShardFiguresQuery figures_query;
      figures_query.set_shard(shard.shard());
      proto::ShardLoadQuery load_query;
      load_query.set_shard(shard.shard());
      const auto figures = co_await call<proto::ShardFigures>(agent, figures_query, seconds(5));
      const auto load = co_await call<proto::ShardLoad>(agent, load_query, seconds(5));
      if (figures && figures->code() == proto::STORED) row.figures = *figures;
      if (load) row.load = *load;
      commits += row.load.commits_per_s();
    }
    rows.push_back(std::move(row));
  }
  std::printf("%6s  %-16s %10s %10s %12s %10s %12s %8s\n", "shard", "agent", "accounts", "players", "file", "commits/s",
              "wait p99 ms", "");
  for (const Row& row : rows) {
    const bool crowded = row.load.commits_per_s() >= kHotCommitsMin &&
                         row.load.commits_per_s() * rows.size() >= kHotTimes * commits && rows.size() > 1;
    const bool hot = crowded || row.load.wait_p99_us() >= kHotWaitUs;
    std::printf("%6u  %-16s %10llu %10s %12s %10llu %12.1f %8s\n", row.accounts.shard(),
                row.agent.empty() ? "-" : row.agent.c_str(), static_cast<unsigned long long>(row.accounts.accounts()),
                row.figures ? std::to_string(row.figures->players()).c_str() : "?",
                row.figures ? size_text(row.figures->file_bytes()).c_str() : "?",
                static_cast<unsigned long long>(row.load.commits_per_s()),
                static_cast<double>(row.load.wait_p99_us()) / 1000.0,
                row.agent.empty() ? "away"
                : hot             ? "HOT"
                                  : "");
  }
  end(0);
}

Task<std::uint64_t> ShardsNode::account_of(std::string text) {
  std::uint64_t number = 0;
  const auto [last, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  proto::AccountQuery query;
  if (error == std::errc() && last == text.data() + text.size())
    query.set_account_id(number);
  else
    query.set_account(text);
  const auto account = co_await call<proto::AccountReply>(directory_agent(), query, seconds(5));
  if (account && account->code() == proto::STORED) co_return account->account_id();
  proto::PlayerLocate locate;
  locate.set_name(text);
  const auto player = co_await call<proto::PlayerLocateReply>(directory_agent(), locate, seconds(5));
  co_return player && player->code() == proto::STORED ? player->account_id() : 0;
}

Task<void> ShardsNode::watch(std::uint64_t account) {
  proto::MoveWatch query;
  query.set_account_id(account);
  while (!done_) {
    const auto seen = co_await call<proto::MoveAccountReply>(directory_agent(), query);
    if (seen && seen->code() == proto::STORED && !done_)
      bar_.show(static_cast<double>(static_cast<int>(seen->step())) / static_cast<int>(proto::MOVE_SETTLED),
                step_text(seen->step()));
    co_await wait(kPoll);
  }
}

Task<void> ShardsNode::move_one() {
  const std::uint64_t account = co_await account_of(options_.account);
  if (account == 0) {
    std::fprintf(stderr, "dure shards: nobody is called %s\n", options_.account.c_str());
    co_return end(1);
  }
  if (options_.cancel) {
    proto::MoveWatch cancel;
    cancel.set_account_id(account);
    cancel.set_cancel(true);
    const auto cancelled = co_await call<proto::MoveAccountReply>(directory_agent(), cancel, seconds(5));
    const bool open = cancelled && cancelled->code() == proto::STORED;
    std::printf("account %llu: %s\n", static_cast<unsigned long long>(account),
                open ? "its move is turned back, unless it was decided before" : "no move of it is open");
    co_return end(open ? 0 : 1);
  }
  spawn(watch(account));
  proto::MoveAccount request;
  request.set_account_id(account);
  request.set_target(options_.to);
  const auto moved = co_await call<proto::MoveAccountReply>(directory_agent(), request, kMoveDeadline);
  if (!moved) {
    std::fprintf(stderr, "dure shards: %s; the move goes on by itself\n", moved.error().detail.c_str());
    co_return end(2);
  }
  const bool there = moved->code() == proto::STORED;
  if (moved->move().move_id() == 0) {
    std::printf("account %llu stays: %s\n", static_cast<unsigned long long>(account), moved->detail().c_str());
    co_return end(1);
  }
  if (there) bar_.show(1, step_text(proto::MOVE_SETTLED));
  std::printf("%saccount %llu: %s (move %llu, %llu bytes, frozen for %.1f ms)\n", there ? "\n" : "",
              static_cast<unsigned long long>(account),
              there ? ("is on shard " + std::to_string(options_.to)).c_str() : ("stays: " + moved->detail()).c_str(),
              static_cast<unsigned long long>(moved->move().move_id()), static_cast<unsigned long long>(moved->bytes()),
              static_cast<double>(moved->pause_us()) / 1000.0);
  end(there ? 0 : 1);
}

Task<void> ShardsNode::move_many() {
  proto::AccountsOfShard page;
  page.set_shard(options_.from);
  while (accounts_.size() < options_.count) {
    page.set_limit(static_cast<std::uint32_t>(std::min<std::uint64_t>(1000, options_.count - accounts_.size())));
    const auto found = co_await call<proto::AccountsOfShardReply>(directory_agent(), page, seconds(5));
    if (!found || found->code() != proto::STORED) {
      std::fprintf(stderr, "dure shards: the directory does not answer\n");
      co_return end(2);
    }
    for (const auto account : found->account_ids()) accounts_.push_back(account);
    if (found->account_ids_size() == 0) break;
    page.set_after(accounts_.back());
  }
  wanted_ = accounts_.size();
  movers_ = std::min<std::uint64_t>(kMoversAtOnce, wanted_);
  if (movers_ == 0) {
    std::printf("no account is on shard %u\n", options_.from);
    co_return end(0);
  }
  for (std::uint64_t i = 0, movers = movers_; i < movers; ++i) spawn(move_next());
}

Task<void> ShardsNode::move_next() {
  while (!accounts_.empty()) {
    proto::MoveAccount request;
    request.set_account_id(accounts_.front());
    request.set_target(options_.to);
    accounts_.pop_front();
    const auto moved = co_await call<proto::MoveAccountReply>(directory_agent(), request, kMoveDeadline);
    const bool there = moved && moved->code() == proto::STORED;
    // What was sent and is not answered is the directory's to bring to its end.
    const Trouble trouble = moved ? Trouble::kRefused : moved.error().trouble;
    const bool goes_on = trouble == Trouble::kTimeout || trouble == Trouble::kPeerLost;
    ++(there ? moved_ : goes_on ? going_on_ : stayed_);
    if (moved && moved->pause_us() > 0) pauses_us_.push_back(moved->pause_us());
    if (!there && !goes_on) why_stayed_ = moved ? moved->detail() : moved.error().detail;
    show_many();
  }
  if (--movers_ > 0) co_return;
  std::printf(
      "%llu of %llu accounts are on shard %u now; frozen p50 %.1f ms, p99 %.1f ms, max %.1f ms%s%s\n",
      static_cast<unsigned long long>(moved_), static_cast<unsigned long long>(wanted_), options_.to,
      static_cast<double>(quantile(pauses_us_, 50)) / 1000.0, static_cast<double>(quantile(pauses_us_, 99)) / 1000.0,
      static_cast<double>(quantile(pauses_us_, 100)) / 1000.0,
      stayed_ == 0 ? "" : ("; " + std::to_string(stayed_) + " stayed: " + why_stayed_).c_str(),
      going_on_ == 0 ? ""
                     : ("; " + std::to_string(going_on_) + " were not answered: they go on by themselves").c_str());
  end(stayed_ + going_on_ == 0 ? 0 : 1);
}

void ShardsNode::show_many() {
  const std::uint64_t ended = moved_ + stayed_ + going_on_;
  bar_.show(static_cast<double>(ended) / static_cast<double>(wanted_),
            std::to_string(moved_) + " moved, " + std::to_string(stayed_) + " stayed, frozen p50 " +
                std::to_string(quantile(pauses_us_, 50) / 1000) + " ms");
}

}  // namespace dure
