#include "lobby/sample/auction_house.h"

#include <algorithm>

#include "common/base/hash.h"
#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"

namespace dure::sample {
namespace {
constexpr Duration kLook = seconds(1), kShownFor = seconds(1);
constexpr Duration kBelievedFor = kShownFor * 4;
constexpr std::uint32_t kPage = 50;

template <class Reply>
Reply with_code(proto::Code code) {
  Reply reply;
  reply.set_code(code);
  return reply;
}

// Before its operation is refused for this: its code would say that something is full.
bool asks_too_much(const Player& player) { return player.mirror.counter(kAuctionAskedCounter) >= kAuctionAskedMost; }
}  // namespace

AuctionHouse::AuctionHouse(Lobby& lobby, const Items& items)
    : lobby_(lobby), items_(items), clerk_(lobby, kAuctionName) {
  lobby.on_player(this, &AuctionHouse::list);
  lobby.on_player(this, &AuctionHouse::buy);
  lobby.on_player(this, &AuctionHouse::cancel);
  lobby.on_player(this, &AuctionHouse::browse);
  add_auction(lobby);
  lobby.on_inbox([this](PlayerId id) {
    if (id.value == clerk_.aggregate()) look();
  });
  lobby.every(kLook, [this] { look(); });
}

proto::Code AuctionHouse::door() const {
  if (!lobby_.switched_on("auction")) return proto::CLOSED;
  return clerk_.aggregate() == 0 ? proto::BUSY : proto::OK;
}

bool AuctionHouse::was_full(PlayerId seller) const {
  const bool believed = shown_once_ && lobby_.now() - shown_at_ <= kBelievedFor;
  return believed && !has_room(shown_, sellers_, seller.value);
}

void AuctionHouse::look() {
  again_ = true;
  if (working_ || lobby_.stopping() || !lobby_.directory_agent()) return;
  working_ = true;
  lobby_.spawn(work());
}

Task<void> AuctionHouse::work() {
  while (again_) {
    again_ = false;
    const bool mine = lobby_.rendezvous(Role::kGeneral, fnv1a(std::string_view(kAuctionName))) == lobby_.id();
    if (clerk_.aggregate() == 0) (void)co_await clerk_.open(mine);
    if (!mine || clerk_.aggregate() == 0) continue;
    const LedgerClerk::Rule rule = settle_auction;
    const Result<int> settled = co_await clerk_.work_through(rule);
    if (settled && *settled >= LedgerClerk::kSettledAtOnce) again_ = true;
    const LedgerClerk::Change expiry = expire_lots;
    const std::string reason = kAuctionReason;
    (void)co_await clerk_.change(reason, expiry);
  }
  working_ = false;
}

AuctionListReply AuctionHouse::list(Player& player, const AuctionListRequest& request) {
  proto::Code code = door();
  if (code == proto::OK) code = check_listing(items_, player.mirror, request);
  if (code == proto::OK && was_full(player.id)) code = proto::FULL;
  if (code != proto::OK) return with_code<AuctionListReply>(code);
  const std::uint64_t lot = lobby_.entropy().id63();
  const proto::Operation operation = list_lot(request, player.name, clerk_.aggregate(), lot);
  auto reply = with_code<AuctionListReply>(code_of(lobby_.commit(player, operation)));
  if (reply.code() == proto::OK) {
    reply.set_lot(lot);
    tell_touched(player.mirror, operation, reply.mutable_touched());
  }
  return reply;
}

AuctionBuyReply AuctionHouse::buy(Player& player, const AuctionBuyRequest& request) {
  proto::Code code = door();
  if (code == proto::OK && (request.lot() == 0 || request.price() < 1 || request.price() > kAuctionPriceMost))
    code = proto::INVALID;
  if (code == proto::OK && asks_too_much(player)) code = proto::BUSY;
  if (code != proto::OK) return with_code<AuctionBuyReply>(code);
  const proto::Operation operation = buy_lot(request, clerk_.aggregate(), lobby_.entropy().id63());
  auto reply = with_code<AuctionBuyReply>(code_of(lobby_.commit(player, operation)));
  if (reply.code() != proto::OK) return reply;
  tell_touched(player.mirror, operation, reply.mutable_touched());
  return reply;
}

AuctionCancelReply AuctionHouse::cancel(Player& player, const AuctionCancelRequest& request) {
  proto::Code code = door();
  if (code == proto::OK && request.lot() == 0) code = proto::INVALID;
  if (code == proto::OK && asks_too_much(player)) code = proto::BUSY;
  if (code != proto::OK) return with_code<AuctionCancelReply>(code);
  const proto::Operation operation = cancel_lot(request.lot(), clerk_.aggregate(), lobby_.entropy().id63());
  return with_code<AuctionCancelReply>(code_of(lobby_.commit(player, operation)));
}

Task<AuctionBrowseReply> AuctionHouse::browse(PlayerRef, AuctionBrowseRequest request) {
  if (const proto::Code code = door(); code != proto::OK) co_return with_code<AuctionBrowseReply>(code);
  const bool old = !shown_once_ || lobby_.now() - shown_at_ >= kShownFor;
  // A book is read page by page: while one browser waits for it the others see what was shown last.
  if (old && !reading_.expired() && !shown_once_) co_return with_code<AuctionBrowseReply>(proto::BUSY);
  if (old && reading_.expired()) {
    const auto reading = std::make_shared<bool>(true);
    reading_ = reading;
    Result<LedgerClerk::Book> book = co_await clerk_.read();
    if (!book) co_return with_code<AuctionBrowseReply>(proto::BUSY);
    shown_ = std::move(*book);
    sellers_ = auction_sellers(shown_);
    shown_at_ = lobby_.now();
    shown_once_ = true;
  }
  const std::int64_t now = shown_.shard_time_ms + to_ms(lobby_.now() - shown_at_);
  AuctionBrowseReply reply;
  const std::uint32_t most = request.limit() == 0 ? kPage : std::min(request.limit(), kPage);
  for (auto at = shown_.records.upper_bound(request.after()); at != shown_.records.end(); ++at) {
    if (static_cast<std::uint32_t>(reply.lots_size()) == most) break;
    AuctionLot lot;
    if (!read_lot(at->second, &lot) || lot.until_unix_ms() <= now) continue;
    *reply.add_lots() = lot;
    reply.set_next(at->first);
  }
  co_return reply;
}

}  // namespace dure::sample
