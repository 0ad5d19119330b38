#include "dbagent/gm_desk.h"

#include <algorithm>
#include <charconv>

#include "common/logic/gm.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/content.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/reasons.h"
#include "common/proto/reconcile.pb.h"
#include "dbagent/agent.h"
#include "dbagent/rollback_desk.h"

namespace dure {
namespace {

constexpr int kTries = 5;
constexpr Duration kBetweenTries = milliseconds(200);

bool number_in(const std::string& text, std::int64_t least, std::int64_t most, std::int64_t* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size() && *number >= least && *number <= most;
}

template <class Range, class Value>
bool contains(const Range& names, const Value& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// 32 hexadecimal digits.
bool trade_in(const std::string& text, std::uint64_t* high, std::uint64_t* low) {
  const auto half = [&](std::size_t from, std::uint64_t* out) {
    const auto [end, error] = std::from_chars(text.data() + from, text.data() + from + 16, *out, 16);
    return error == std::errc() && end == text.data() + from + 16;
  };
  return text.size() == 32 && half(0, high) && half(16, low);
}

std::int64_t most_balance(const AgentOptions& options, const std::string& balance) {
  const std::int64_t cap = options.cap ? options.cap(balance) : 0;
  return cap > 0 ? std::min(cap, options.give_balance_max) : options.give_balance_max;
}

std::int64_t most_items(const AgentOptions& options) {
  const auto bag = static_cast<std::int64_t>(options.items_max);
  return bag > 0 ? std::min(bag, options.give_items_max) : options.give_items_max;
}

std::string what_is_wrong(const proto::GmCommand& command, const AgentOptions& options) {
  const auto& words = command.arguments();
  const std::string& verb = command.verb();
  std::int64_t number = 0;
  const auto switches = [&](int at) { return words[at] == "on" || words[at] == "off"; };
  if (verb == "ban") {
    if (words.size() != 3 || !number_in(words[1], 0, INT64_MAX, &number)) return "ban: NAME, until (unix ms), reason";
  } else if (verb == "feature") {
    if (words.size() != 2 || !switches(1)) return "feature: NAME, on or off";
    if (words[0].empty() || words[0] == "maintenance") return "feature: not a feature: '" + words[0] + "'";
  } else if (verb == "maintenance") {
    if (words.empty() || words.size() > 2 || !switches(0)) return "maintenance: on or off, until (unix ms)";
    if (words.size() == 2 && !number_in(words[1], 0, INT64_MAX, &number)) return "maintenance: until is unix ms";
  } else if (verb == "content") {
    if (words.size() != 2 || words[0] != "activate" || !number_in(words[1], 1, UINT32_MAX, &number))
      return "content: activate, a version's number";
  } else if (verb == "rollback") {
    std::uint64_t high = 0, low = 0;
    const bool player = words.size() == 3 && words[0] == "player" && number_in(words[2], 1, INT64_MAX, &number);
    const bool trade = words.size() == 2 && words[0] == "trade" && trade_in(words[1], &high, &low);
    if (!player && !trade) return "rollback: player, NAME, to (unix ms); or trade, its 32 hexadecimal digits";
  } else if (verb == "open-shard") {
    if (words.size() != 1 || !number_in(words[0], 1, UINT32_MAX, &number)) return "open-shard: a shard's number";
  } else if (verb == "give") {
    if (words.size() != 3) return "give: NAME, item or currency, count";
    const bool balance = contains(options.balances, words[1]);
    if (!balance && !contains(options.items, words[1])) return "give: no item or currency '" + words[1] + "'";
    const std::int64_t most = balance ? most_balance(options, words[1]) : most_items(options);
    if (!number_in(words[2], 1, most, &number)) return "give: count is 1 to " + std::to_string(most);
  }
  return {};
}

int code_of(const auto& reply) { return static_cast<int>(reply.code()); }

}  // namespace

bool GmDesk::take(const GmCommandIn& in, const proto::GmCommand& command) {
  const std::string& verb = command.verb();
  if (verb != "ban" && verb != "feature" && verb != "maintenance" && verb != "give" && verb != "content" &&
      verb != "rollback" && verb != "open-shard")
    return false;
  if (answer_gm_repeat(agent_, in, command.id(), outcomes_)) return true;
  if (const std::string wrong = what_is_wrong(command, agent_.options()); !wrong.empty()) {
    answer_gm(agent_, in, command.id(), false, wrong);
    return true;
  }
  outcomes_.begin(command.id());
  agent_.spawn(run(in, std::make_shared<const proto::GmCommand>(command)));
  return true;
}

Task<Result<proto::StoreReply>> GmDesk::claim(Command command, std::string text) {
  proto::GmClaim claim;
  claim.set_command_id(command->id());
  claim.set_node(agent_.identity().name);
  claim.set_issuer(command->issuer());
  claim.set_text(text);
  claim.set_now_unix_ms(unix_ms(agent_.wall_now()));
  const Result<proto::StoreReply> claimed = co_await ask<proto::StoreReply>(agent_.id(), claim, kGmClaimDeadline);
  co_return claimed;
}

Task<void> GmDesk::run(GmCommandIn in, Command command) {
  std::string text = command->verb();
  for (const auto& word : command->arguments()) text += " " + word;
  Result<proto::StoreReply> claimed = proto::StoreReply();
  if (!contains(unfinished_, command->id())) claimed = co_await claim(command, text);
  if (!claimed || (claimed->code() != proto::STORED && claimed->code() != proto::EXPECTED_OTHER)) {
    outcomes_.forget(command->id());
    co_return;
  }
  Outcome outcome;
  // Claimed by an earlier life of this node, which may have died before or after the effect. A grant is made once by
  // its message id, a rollback by its key, so they may be done again; anything else may not.
  const bool once = command->verb() == "give" || command->verb() == "rollback";
  if (claimed->code() == proto::EXPECTED_OTHER && !once) {
    outcome = {true, false, "taken before this node was restarted; look whether it took effect"};
  } else {
    outcome = co_await execute(command);
  }
  agent_.log().event(LogLevel::kInfo, "gm.executed",
                     {{"id", command->id()},
                      {"issuer", command->issuer()},
                      {"text", text},
                      {"ok", outcome.ok ? 1 : 0},
                      {"result", outcome.text}});
  if (outcome.known) {
    std::erase(unfinished_, command->id());
    outcomes_.end(command->id(), outcome);
  } else {
    outcomes_.forget(command->id());
    if (unfinished_.size() >= kUnfinishedMax) unfinished_.pop_front();
    if (!contains(unfinished_, command->id())) unfinished_.push_back(command->id());
  }
  answer_gm(agent_, in, command->id(), outcome.ok, outcome.text);
}

Task<GmDesk::Outcome> GmDesk::execute(Command command) {
  if (command->verb() == "ban") co_return co_await ban(command);
  if (command->verb() == "give") co_return co_await give(command);
  if (command->verb() == "rollback") co_return co_await roll_back(command);
  if (command->verb() == "open-shard") co_return co_await open_shard(command);
  if (command->verb() == "content") co_return co_await activate_content(command);
  co_return co_await set_switch(command);
}

template <class Reply, class Request>
Task<Result<Reply>> GmDesk::ask(NodeId to, Request request, Duration deadline) {
  for (int tries = 1;; ++tries) {
    const Result<Reply> reply = co_await agent_.call<Reply>(to, request, deadline);
    if (reply && code_of(*reply) != proto::RETRY) co_return reply;
    if (!reply && deadline > kDeadline) co_return reply;
    if (tries == kTries) co_return fail(Trouble::kBusy, reply ? "the database is busy" : reply.error().detail);
    co_await agent_.wait(kBetweenTries);
  }
}

Task<GmDesk::Target> GmDesk::locate(std::string name) {
  Target target;
  proto::PlayerLocate query;
  query.set_name(name);
  const Result<proto::PlayerLocateReply> found = co_await ask<proto::PlayerLocateReply>(agent_.id(), query);
  target.known = found.has_value();
  if (found && found->code() == proto::STORED) target = {true, found->account_id(), found->player_id(), found->shard()};
  co_return target;
}

// Nothing was done yet: the next repeat may find out.
GmDesk::Outcome GmDesk::nobody_says(const std::string& name) {
  return {false, false, "not done: the directory does not say who " + name + " is"};
}

Task<GmDesk::Outcome> GmDesk::ban(Command command) {
  const std::string name = command->arguments(0);
  const Target target = co_await locate(name);
  if (!target.known) co_return nobody_says(name);
  std::uint64_t account = target.account;
  if (account == 0) {  // no character is called so: perhaps an account is
    proto::AccountQuery query;
    query.set_account(name);
    const Result<proto::AccountReply> found = co_await ask<proto::AccountReply>(agent_.id(), query);
    if (!found) co_return nobody_says(name);
    if (found->code() == proto::STORED) account = found->account_id();
  }
  if (account == 0) co_return Outcome{true, false, "nobody is called " + name};
  proto::BanSet set;
  set.set_account_id(account);
  std::int64_t until = 0;
  number_in(command->arguments(1), 0, INT64_MAX, &until);
  set.set_until_unix_ms(until);
  set.set_reason(command->arguments(2));
  const Result<proto::SessionReply> done = co_await ask<proto::SessionReply>(agent_.id(), set);
  if (!done || done->code() != proto::STORED)
    co_return Outcome{true, false, "not banned: " + (done ? done->detail() : done.error().detail)};
  const bool now = until > unix_ms(agent_.wall_now());
  co_return Outcome{true, true, "account " + std::to_string(account) + (now ? " is banned" : " is no longer banned")};
}

Task<GmDesk::Outcome> GmDesk::set_switch(Command command) {
  const bool maintenance = command->verb() == "maintenance";
  const int at = maintenance ? 0 : 1;
  const std::string state = command->arguments(at);
  proto::SwitchSet set;
  set.set_name(maintenance ? "maintenance" : command->arguments(0));
  set.set_on(state == "on");
  std::int64_t until = 0;
  if (maintenance && command->arguments_size() == 2) number_in(command->arguments(1), 0, INT64_MAX, &until);
  set.set_until_unix_ms(set.on() ? until : 0);
  const Result<proto::StoreReply> done = co_await ask<proto::StoreReply>(agent_.id(), set);
  if (!done || done->code() != proto::STORED)
    co_return Outcome{true, false, "not set: " + (done ? done->detail() : done.error().detail)};
  co_return Outcome{true, true, set.name() + " is " + state};
}

Task<GmDesk::Outcome> GmDesk::activate_content(Command command) {
  std::int64_t version = 0;
  number_in(command->arguments(1), 1, UINT32_MAX, &version);
  proto::ContentActivate activate;
  activate.set_version(static_cast<std::uint32_t>(version));
  const Result<proto::ContentDone> done = co_await ask<proto::ContentDone>(agent_.id(), activate);
  if (!done || done->code() != proto::STORED)
    co_return Outcome{true, false, "not activated: " + (done ? done->detail() : done.error().detail)};
  co_return Outcome{true, true, "content " + command->arguments(1) + " is active"};
}

Task<GmDesk::Outcome> GmDesk::roll_back(Command command) {
  RollbackDesk desk(agent_);
  RollbackDesk::Outcome done;
  if (command->arguments(0) == "player") {
    std::int64_t to = 0;
    number_in(command->arguments(2), 1, INT64_MAX, &to);
    const std::string name = command->arguments(1);
    done = co_await desk.player(name, to);
  } else {
    std::uint64_t high = 0, low = 0;
    trade_in(command->arguments(1), &high, &low);
    done = co_await desk.trade(high, low);
  }
  co_return Outcome{done.known, done.ok, done.text};
}

// A restored shard, as it is: who says so is in the audit log, and in the shard's own row.
Task<GmDesk::Outcome> GmDesk::open_shard(Command command) {
  std::int64_t shard = 0;
  number_in(command->arguments(0), 1, UINT32_MAX, &shard);
  proto::OpenShard request;
  request.set_shard(static_cast<std::uint32_t>(shard));
  request.set_by(command->issuer());
  const NodeId agent = agent_.shard_agent(request.shard());
  const Result<proto::OpenShardReply> done = co_await ask<proto::OpenShardReply>(agent, request);
  if (!done || done->code() != proto::STORED)
    co_return Outcome{true, false, "not opened: " + (done ? done->detail() : done.error().detail)};
  co_return Outcome{true, true, "shard " + command->arguments(0) + " is open"};
}

Task<GmDesk::Outcome> GmDesk::give(Command command) {
  const std::string name = command->arguments(0);
  const Target target = co_await locate(name);
  if (!target.known) co_return nobody_says(name);
  if (target.player == 0) co_return Outcome{true, false, "no character is called " + name};
  const NodeId agent = agent_.shard_agent(target.shard);
  proto::DeliverRequest request;
  request.set_shard(target.shard);
  request.set_player_id(target.player);
  request.set_message_id(command->id());
  request.set_reason(std::string(kGrantReason));
  std::int64_t count = 0;
  number_in(command->arguments(2), 1, INT64_MAX, &count);
  if (contains(agent_.options().balances, command->arguments(1))) {
    auto* amount = request.add_balances();
    amount->set_name(command->arguments(1));
    amount->set_value(count);
  } else {
    for (std::int64_t i = 0; i < count; ++i) {
      // From the command's id: a grant that is repeated names the same items.
      auto* item = request.add_items();
      item->mutable_id()->set_high(mix64(command->id()));
      item->mutable_id()->set_low(mix64(command->id() + static_cast<std::uint64_t>(i) + 1));
      item->set_template_(command->arguments(1));
      item->set_version(1);
    }
  }
  Result<proto::DeliverReply> done = co_await ask<proto::DeliverReply>(agent, request);
  for (int tries = 1; tries < kTries && done && done->code() == proto::WRONG_SHARD; ++tries) {
    // It moved to another shard since it was looked up.
    const Target there = co_await locate(name);
    if (!there.known) co_return nobody_says(name);
    request.set_shard(there.shard);
    done = co_await ask<proto::DeliverReply>(agent_.shard_agent(there.shard), request);
  }
  // Not known: the next repeat may try again, it is delivered once.
  if (!done) co_return Outcome{false, false, "not delivered: " + done.error().detail};
  if (done->code() != proto::STORED)
    co_return Outcome{true, false, "not delivered: " + proto::StoreCode_Name(done->code()) + " " + done->detail()};
  proto::InboxNotice notice;
  notice.set_player_id(target.player);
  for (const Role role : {Role::kGeneral, Role::kDungeon})
    for (const NodeId owner : agent_.peers(role)) agent_.send(owner, notice);
  co_return Outcome{true, true, command->arguments(2) + " " + command->arguments(1) + " for " + name};
}

}  // namespace dure
