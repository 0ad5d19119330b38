#include "lobby/sample/guild_hall.h"

#include <algorithm>

#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/game/sample/block_list.h"
#include "common/game/sample/outcome.h"
#include "common/proto/dbagent.pb.h"

namespace dure::sample {
namespace {
constexpr Duration kRounds = seconds(5), kShownFor = milliseconds(500), kFoundAgain = seconds(60);
constexpr Duration kBelievedFor = kShownFor * 4;
constexpr std::size_t kOthersKept = 1000;

template <class Reply>
Reply with_code(proto::Code code) {
  Reply reply;
  reply.set_code(code);
  return reply;
}

GuildMemo memo_of(const GuildChangeRequest& request) {
  GuildMemo memo;
  memo.set_player(request.player());
  memo.set_name(request.name());
  memo.set_rank(request.rank());
  switch (request.what()) {
    case GuildChangeRequest::INVITE:
      memo.set_kind(GuildMemo::INVITE);
      break;
    case GuildChangeRequest::DECLINE:
      memo.set_kind(GuildMemo::DECLINE);
      break;
    case GuildChangeRequest::LEAVE:
      memo.set_kind(GuildMemo::LEAVE);
      break;
    case GuildChangeRequest::KICK:
      memo.set_kind(GuildMemo::KICK);
      break;
    case GuildChangeRequest::RANK:
      memo.set_kind(GuildMemo::RANK);
      break;
    case GuildChangeRequest::DISBAND:
      memo.set_kind(GuildMemo::DISBAND);
      break;
    default:
      break;
  }
  if (request.what() != GuildChangeRequest::INVITE) memo.clear_name();
  return memo;
}
}  // namespace

GuildHall::GuildHall(Lobby& lobby, const Items& items) : lobby_(lobby), items_(items) {
  lobby.on_player(this, &GuildHall::found);
  lobby.on_player(this, &GuildHall::change);
  lobby.on_player(this, &GuildHall::deposit);
  lobby.on_player(this, &GuildHall::withdraw);
  lobby.on_player(this, &GuildHall::show);
  add_guild(lobby);
  lobby.on_inbox([this](PlayerId id) {
    if (others_.count(id.value) != 0 || lobby_.find(id) != nullptr) return;
    if (lobby_.rendezvous(Role::kGeneral, mix64(id.value)) == lobby_.id()) look(id.value);
  });
  lobby.every(kRounds, [this] { make_rounds(); });
}

proto::Code GuildHall::door(const Player& player) const {
  if (!lobby_.switched_on("guild")) return proto::CLOSED;
  return guild_of(player.mirror) == 0 ? proto::WRONG_STATE : proto::OK;
}

// ── what players ask ────────────────────────────────────────────────────────────────────────────────────────────────

Task<GuildFoundReply> GuildHall::found(PlayerRef ref, GuildFoundRequest request) {
  const OwnerNode::ValueRequest asked = lobby_.running_request();
  const Player* asker = lobby_.find(ref);
  if (!lobby_.switched_on("guild")) co_return with_code<GuildFoundReply>(proto::CLOSED);
  if (!valid_name(request.name())) co_return with_code<GuildFoundReply>(proto::INVALID);
  if (guild_of(asker->mirror) != 0) co_return with_code<GuildFoundReply>(proto::WRONG_STATE);
  if (asker->mirror.balance("gold") < kGuildFeeGold) co_return with_code<GuildFoundReply>(proto::NOT_ENOUGH);
  const auto before = foundings_.find(ref.id.value);
  const bool waits = before != foundings_.end() && lobby_.now() < before->second.until;
  if (waits && (before->second.running || before->second.name != request.name()))
    co_return with_code<GuildFoundReply>(proto::BUSY);
  foundings_[ref.id.value] = {request.name(), true, lobby_.now() + kFoundAgain};
  bool made = waits;
  GuildFoundReply reply = co_await found_it(ref, request, asked, &made);
  if (made && reply.code() != proto::OK)
    foundings_[ref.id.value] = {request.name(), false, lobby_.now() + kFoundAgain};
  else
    foundings_.erase(ref.id.value);
  co_return reply;
}

Task<GuildFoundReply> GuildHall::found_it(PlayerRef ref, GuildFoundRequest request, OwnerNode::ValueRequest asked,
                                          bool* made) {
  const std::string name = guild_aggregate_name(request.name());
  const auto clerk = std::make_shared<LedgerClerk>(lobby_, name);
  Result<std::uint64_t> guild = co_await clerk->open(false);
  if (!guild && guild.error().trouble == Trouble::kRefused) {
    *made = true;
    const Result<std::uint64_t> opened = co_await clerk->open(true);
    guild = opened;
  }
  if (!guild) {
    const bool taken = guild.error().trouble == Trouble::kRefused;
    co_return with_code<GuildFoundReply>(taken ? proto::TAKEN : proto::BUSY);
  }
  const Result<LedgerClerk::Book> book = co_await clerk->read();
  if (!book) co_return with_code<GuildFoundReply>(proto::BUSY);
  const std::optional<Guild> there = read_guild(*book);
  if (there && !may_be_deserted(*there, book->shard_time_ms)) co_return with_code<GuildFoundReply>(proto::TAKEN);
  Player* player = lobby_.find(ref);
  if (player == nullptr || player->state != Player::State::kActive) co_return with_code<GuildFoundReply>(proto::BUSY);
  if (lobby_.overtaken(*player, asked)) co_return with_code<GuildFoundReply>(proto::SUPERSEDED);
  const std::uint64_t message = lobby_.entropy().id63();
  const proto::Operation operation = found_guild(request, player->name, *guild, message);
  auto reply = with_code<GuildFoundReply>(code_of(lobby_.commit(*player, operation, asked)));
  if (reply.code() == proto::OK) {
    reply.set_guild(*guild);
    reply.set_request(message);
    tell_touched(player->mirror, operation, reply.mutable_touched());
  }
  co_return reply;
}

Task<proto::Code> GuildHall::complete(PlayerRef ref, GuildChangeRequest* request) {
  if (request->what() == GuildChangeRequest::INVITE) {
    if (!valid_name(request->name())) co_return proto::NOT_FOUND;
    proto::PlayerLocate query;
    query.set_name(request->name());
    const NodeId directory = lobby_.directory_agent();
    const Result<proto::PlayerLocateReply> found = co_await lobby_.call<proto::PlayerLocateReply>(directory, query);
    if (!found || found->code() == proto::RETRY) co_return proto::BUSY;
    if (found->code() != proto::STORED) co_return proto::NOT_FOUND;
    if (found->player_id() == ref.id.value) co_return proto::INVALID;
    request->set_player(found->player_id());
    request->set_name(found->name());
    const bool blocked = co_await has_blocked(lobby_, PlayerId(found->player_id()), found->shard(), ref.id);
    co_return blocked ? proto::REFUSED : proto::OK;
  }
  const bool invited = request->what() == GuildChangeRequest::ACCEPT || request->what() == GuildChangeRequest::DECLINE;
  if (!invited) co_return proto::OK;
  if (static_cast<std::int64_t>(request->guild()) <= 0) co_return proto::NOT_FOUND;
  const HallRef asked = hall(request->guild());
  const bool there = co_await enter(asked);
  if (!there) co_return proto::NOT_FOUND;
  const Result<LedgerClerk::Book> book = co_await asked->clerk.read();
  if (!book) co_return proto::BUSY;
  const std::optional<Guild> guild = read_guild(*book);
  co_return guild && guild->invited.count(ref.id.value) != 0 ? proto::OK : proto::NOT_FOUND;
}

Task<GuildChangeReply> GuildHall::change(PlayerRef ref, GuildChangeRequest request) {
  const OwnerNode::ValueRequest asked = lobby_.running_request();
  const bool accepts = request.what() == GuildChangeRequest::ACCEPT;
  const bool outside = accepts || request.what() == GuildChangeRequest::DECLINE;
  const bool sound = GuildChangeRequest::What_IsValid(request.what()) &&
                     request.what() != GuildChangeRequest::NOTHING && GuildRank_IsValid(request.rank());
  if (!sound) co_return with_code<GuildChangeReply>(proto::INVALID);
  if (!lobby_.switched_on("guild")) co_return with_code<GuildChangeReply>(proto::CLOSED);
  const std::uint64_t mine = guild_of(lobby_.find(ref)->mirror);
  if (accepts ? mine != 0 : !outside && mine == 0) co_return with_code<GuildChangeReply>(proto::WRONG_STATE);
  const proto::Code code = co_await complete(ref, &request);
  if (code != proto::OK) co_return with_code<GuildChangeReply>(code);
  Player* player = lobby_.find(ref);
  if (player == nullptr || player->state != Player::State::kActive) co_return with_code<GuildChangeReply>(proto::BUSY);
  if (lobby_.overtaken(*player, asked)) co_return with_code<GuildChangeReply>(proto::SUPERSEDED);
  const std::uint64_t guild = outside ? request.guild() : guild_of(player->mirror);
  if (guild == 0) co_return with_code<GuildChangeReply>(proto::WRONG_STATE);
  const std::uint64_t message = lobby_.entropy().id63();
  const proto::Operation operation =
      accepts ? join_guild(guild, player->name, message) : ask_guild(memo_of(request), guild, message);
  auto reply = with_code<GuildChangeReply>(code_of(lobby_.commit(*player, operation, asked)));
  if (reply.code() == proto::OK) reply.set_request(message);
  co_return reply;
}

GuildDepositReply GuildHall::deposit(Player& player, const GuildDepositRequest& request) {
  proto::Code code = door(player);
  if (code == proto::OK) code = check_guild_deposit(items_, player.mirror, request);
  if (code != proto::OK) return with_code<GuildDepositReply>(code);
  const std::uint64_t message = lobby_.entropy().id63();
  const proto::Operation operation = deposit_in_guild(request, guild_of(player.mirror), message);
  auto reply = with_code<GuildDepositReply>(code_of(lobby_.commit(player, operation)));
  if (reply.code() != proto::OK) return reply;
  reply.set_request(message);
  tell_touched(player.mirror, operation, reply.mutable_touched());
  return reply;
}

proto::Code GuildHall::was_there(std::uint64_t guild, const GuildWithdrawRequest& request) const {
  const auto asked = halls_.find(guild);
  if (asked == halls_.end()) return proto::OK;
  const Hall& hall = *asked->second;
  if (!hall.shown_once || lobby_.now() - hall.shown_at > kBelievedFor) return proto::OK;
  for (const auto& amount : request.amounts()) {
    const auto at = hall.shown.balances.find(amount.name());
    if (at == hall.shown.balances.end() || at->second < amount.value()) return proto::NOT_ENOUGH;
  }
  for (const auto& uid : request.items()) {
    const auto same = [&](const auto& item) { return item_id_of(item.id()) == item_id_of(uid); };
    if (std::none_of(hall.shown.items.begin(), hall.shown.items.end(), same)) return proto::NOT_FOUND;
  }
  return proto::OK;
}

GuildWithdrawReply GuildHall::withdraw(Player& player, const GuildWithdrawRequest& request) {
  proto::Code code = door(player);
  if (code == proto::OK) code = check_guild_withdrawal(items_, request);
  if (code == proto::OK) code = was_there(guild_of(player.mirror), request);
  if (code != proto::OK) return with_code<GuildWithdrawReply>(code);
  const std::uint64_t message = lobby_.entropy().id63();
  const proto::Operation operation = ask_guild(withdrawal_memo(request), guild_of(player.mirror), message);
  auto reply = with_code<GuildWithdrawReply>(code_of(lobby_.commit(player, operation)));
  if (reply.code() == proto::OK) reply.set_request(message);
  return reply;
}

Task<GuildReply> GuildHall::show(PlayerRef ref, GuildRequest) {
  const std::uint64_t mine = member_of(lobby_.find(ref)->mirror);
  if (mine == 0) co_return with_code<GuildReply>(proto::WRONG_STATE);
  const HallRef asked = hall(mine);
  const bool old = !asked->shown_once || lobby_.now() - asked->shown_at >= kShownFor;
  // While one of its people waits for it the others see what was shown last.
  const bool another_reads = old && !asked->reading.expired();
  if (another_reads && !asked->shown_once) co_return with_code<GuildReply>(proto::BUSY);
  if (old && !another_reads) {
    const auto reading = std::make_shared<bool>(true);
    asked->reading = reading;
    const bool there = co_await enter(asked);
    if (!there) co_return with_code<GuildReply>(proto::BUSY);
    Result<LedgerClerk::Book> book = co_await asked->clerk.read();
    if (!book) co_return with_code<GuildReply>(proto::BUSY);
    asked->shown = std::move(*book);
    asked->shown_at = lobby_.now();
    asked->shown_once = true;
  }
  const std::optional<Guild> guild = read_guild(asked->shown);
  // It may have been left, or disbanded, while this was read; or joined since what was shown last.
  if (!guild || guild->member(ref.id.value) == nullptr)
    co_return with_code<GuildReply>(another_reads ? proto::BUSY : proto::WRONG_STATE);
  GuildReply reply;
  reply.set_guild(mine);
  reply.set_name(guild->record.name());
  for (const auto& [player, member] : guild->members) *reply.add_members() = member;
  for (const auto& [player, invitation] : guild->invited) *reply.add_invited() = invitation;
  for (const auto& [number, line] : guild->log) *reply.add_log() = line;
  for (const auto& item : asked->shown.items) *reply.add_items() = item;
  for (const auto& [name, value] : asked->shown.balances) {
    if (value == 0) continue;
    auto* amount = reply.add_amounts();
    amount->set_name(name);
    amount->set_value(value);
  }
  co_return reply;
}

// ── what reached a guild ────────────────────────────────────────────────────────────────────────────────────────────

GuildHall::HallRef GuildHall::hall(std::uint64_t guild) {
  HallRef& found = halls_[guild];
  if (!found) found = std::make_shared<Hall>(lobby_, guild);
  return found;
}

Task<bool> GuildHall::enter(HallRef hall) {
  if (hall->opened) co_return true;
  const Result<std::uint64_t> there = co_await hall->clerk.open(false);
  if (!there && there.error().trouble != Trouble::kRefused) co_return false;
  hall->opened = there && hall->clerk.name().rfind(guild_aggregate_name(""), 0) == 0;
  if (!hall->opened) {
    if (others_.size() >= kOthersKept) others_.clear();
    others_.insert(hall->clerk.aggregate());
  }
  co_return hall->opened;
}

void GuildHall::look(std::uint64_t guild) {
  if (lobby_.stopping() || !lobby_.directory_agent()) return;
  const HallRef looked = hall(guild);
  looked->again = true;
  if (looked->working) return;
  looked->working = true;
  lobby_.spawn(work(looked));
}

Task<void> GuildHall::work(HallRef hall) {
  while (hall->again) {
    hall->again = false;
    const bool there = co_await enter(hall);
    if (!there) break;
    const LedgerClerk::Rule rule = settle_guild;
    const Result<int> settled = co_await hall->clerk.work_through(rule);
    if (settled && *settled >= LedgerClerk::kSettledAtOnce) hall->again = true;
  }
  hall->working = false;
}

void GuildHall::make_rounds() {
  std::set<std::uint64_t> here;
  for (const auto& [id, player] : lobby_.players())
    if (const std::uint64_t guild = guild_of(player.mirror); guild != 0) here.insert(guild);
  std::erase_if(foundings_, [this](const auto& entry) { return entry.second.until <= lobby_.now(); });
  std::erase_if(halls_, [&](const auto& entry) { return !entry.second->working && here.count(entry.first) == 0; });
  for (const std::uint64_t guild : here) look(guild);
}

}  // namespace dure::sample
