// The auction house: what may be listed, and what the house makes of what comes into its inbox. It is an aggregate
// without an owner: goods and money reach it as messages and leave it as messages; a lot is one of its records. Pure
// functions but for add_auction, which teaches an owner what claims of such messages do and mean; the time is the
// book's.
//
// Bids and cancellations may cost nothing, and are answered one by one, for everybody: the counter "auction.asked" is
// how many of a character's are on their way. It rises in the operation that sends one, and falls in the operation of
// the claim of its answer, so nobody has more of them by changing places or coming again.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "common/game/ledger_clerk.h"
#include "common/game/owner.h"
#include "common/game/sample/items.h"
#include "common/proto/route.pb.h"

namespace dure::sample {

class AuctionBuyRequest;
class AuctionListRequest;
class AuctionLot;

inline constexpr const char* kAuctionName = "auction:1";
inline constexpr const char* kAuctionReason = "auction";
inline constexpr const char* kAuctionAskedCounter = "auction.asked";
inline constexpr std::int64_t kAuctionAskedMost = 8;
inline constexpr std::int64_t kAuctionFeeGold = 5;
inline constexpr std::int64_t kAuctionPriceMost = 1'000'000'000;
inline constexpr std::int64_t kAuctionSecondsLeast = 60, kAuctionSecondsMost = 172'800;
inline constexpr std::size_t kAuctionLotsMost = 2000, kAuctionLotsOfOne = 20;

proto::Code check_listing(const Items& items, const Mirror& mirror, const AuctionListRequest& request);
// The operations of the player: fee and goods, the price, or only a word, to the house.
proto::Operation list_lot(const AuctionListRequest& request, const std::string& seller, std::uint64_t house,
                          std::uint64_t message_id);
proto::Operation buy_lot(const AuctionBuyRequest& request, std::uint64_t house, std::uint64_t message_id);
proto::Operation cancel_lot(std::uint64_t lot, std::uint64_t house, std::uint64_t message_id);

// The house's rule (LedgerClerk::Rule): a listing becomes a lot, a price a sale, a word a return; what is not as it
// should be goes back whole.
void settle_auction(const LedgerClerk::Book& book, const proto::InboxEntry& entry, proto::OwnerlessApply* operation);
// Lots whose time is over go home, a few at once. Not 0: there are none.
int expire_lots(const LedgerClerk::Book& book, proto::OwnerlessApply* operation);
// How many lots of whom the book has, and whether one more of this seller may be listed beside them.
using AuctionSellers = std::map<std::uint64_t, std::size_t>;
AuctionSellers auction_sellers(const LedgerClerk::Book& book);
bool has_room(const LedgerClerk::Book& book, const AuctionSellers& sellers, std::uint64_t seller);
bool read_lot(const proto::OwnerlessRecord& record, AuctionLot* lot);
// Claims of what came from the house are told (AuctionNotice), and an answer makes room for another question.
void add_auction(OwnerNode& owner);

}  // namespace dure::sample
