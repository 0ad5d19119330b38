#include "tests/sim/laws.h"

#include "common/base/debt.h"
#include "common/game/sample/auction.h"
#include "common/game/sample/entry_fee.h"
#include "common/game/sample/mail.h"

namespace dure::sim {
namespace {

std::int64_t balance(const proto::Aggregate& row, const std::string& name) {
  for (const auto& amount : row.balances())
    if (amount.name() == name) return amount.value();
  return 0;
}

// What a restore found given away already is owed (common/base/debt.h): the other side has it. What came and was not
// seen yet is its own.
std::int64_t worth(const proto::Aggregate& row, const std::string& name) {
  std::int64_t in_letters = 0;
  for (const auto& letter : row.inbox())
    for (const auto& amount : letter.balances())
      if (amount.name() == name) in_letters += amount.value();
  return balance(row, name) - balance(row, debt_of(name)) + in_letters;
}

std::string who(std::uint64_t player) { return "player " + std::to_string(player); }

const proto::Aggregate* row_of(std::uint64_t player, const Stored& stored, const char* law, Verdict* verdict) {
  const auto at = stored.players.find(player);
  if (at != stored.players.end()) return &at->second;
  verdict->push_back({law, who(player) + " has no row on any shard"});
  return nullptr;
}

void error_lines(const Cluster& cluster, const std::vector<std::string>& names, const char* law, Verdict* verdict) {
  for (const auto& line : cluster.errors())
    for (const auto& name : names)
      if (line.rfind(name + " ", 0) == 0) verdict->push_back({law, line});
}

}  // namespace

void ledger_sums_to_zero(const Stored& stored, Verdict* verdict) {
  if (stored.ledger_sum != 0)
    verdict->push_back({law::kLedgerSumsToZero, "the sum is " + std::to_string(stored.ledger_sum)});
}

void every_item_has_one_holder(const Stored& stored, Verdict* verdict) {
  if (stored.orphans != 0)
    verdict->push_back({law::kOneHolderPerItem, std::to_string(stored.orphans) + " items without a holder"});
  if (stored.doubles != 0)
    verdict->push_back({law::kOneHolderPerItem, std::to_string(stored.doubles) + " items with two holders"});
}

void books_are_clean(const Stored& stored, Verdict* verdict) {
  for (const auto& line : stored.findings) verdict->push_back({law::kBooksAreClean, line});
}

void nothing_stays_open(const Stored& stored, Verdict* verdict) {
  for (const auto& [id, row] : stored.players)
    if (row.holds_size() != 0) verdict->push_back({law::kNothingStaysOpen, "a trade of " + who(id) + " is still held"});
  if (stored.open_holds != 0)
    verdict->push_back({law::kNothingStaysOpen, std::to_string(stored.open_holds) + " legs of trades are still held"});
  for (const auto& line : stored.unsettled_moves) verdict->push_back({law::kNothingStaysOpen, line});
}

bool restored_shard_opens(const Stored& stored, Verdict* verdict) {
  const auto has = [](const std::string& line, const char* words) { return line.find(words) != std::string::npos; };
  bool asked = false;
  for (const auto& line : stored.shut)
    asked = asked || (has(line, "account ") && (has(line, "it has traded with characters of this shard") ||
                                                has(line, "it has letters of characters of this shard") ||
                                                has(line, "it has written to characters of this shard") ||
                                                has(line, "an item came with somebody else, too")));
  for (const auto& line : stored.shut) {
    // Who has not come back is missed by name.
    const bool follows =
        has(line, "after the backup") || has(line, "half: account") || has(line, "come back once nothing else is open");
    if (!asked || !follows) verdict->push_back({law::kRestoredShardOpens, line});
  }
  return stored.shut.empty();
}

void what_was_told_hangs_together(const ScriptedPlayer& player, Verdict* verdict) {
  for (const auto& broken : player.mismatches())
    verdict->push_back({broken.law, who(player.player_id()) + ": " + broken.detail});
}

void what_was_told_hangs_together(const Trader& trader, Verdict* verdict) {
  for (const auto& broken : trader.mismatches()) verdict->push_back({broken.law, broken.detail});
}

void everything_is_saved(const ScriptedPlayer& player, Verdict* verdict) {
  if (!player.all_saved())
    verdict->push_back({law::kEverythingIsSaved,
                        who(player.player_id()) + " still waits for SAVED; last error: " + player.last_error()});
}

void mirror_equals_row(const ScriptedPlayer& player, const Stored& stored, Verdict* verdict) {
  const auto* row = row_of(player.player_id(), stored, law::kMirrorEqualsRow, verdict);
  if (row == nullptr || player.knows_nothing()) return;
  for (const char* what : {"gold", "bread", "potion"}) {
    const auto at = player.balances().find(what);
    const std::int64_t believed = at == player.balances().end() ? 0 : at->second;
    if (balance(*row, what) != believed)
      verdict->push_back({law::kMirrorEqualsRow, who(player.player_id()) + " believes in " + std::to_string(believed) +
                                                     " " + what + ", its row has " +
                                                     std::to_string(balance(*row, what))});
  }
}

void requests_happen_once(const ScriptedPlayer& player, const Stored& stored, Verdict* verdict) {
  const auto* row = row_of(player.player_id(), stored, law::kRequestsHappenOnce, verdict);
  if (row == nullptr) return;
  std::int64_t saved = 0, unknown = 0;
  for (const auto& [creq, fate] : player.requests()) {
    saved += fate == RequestFate::kSaved;
    unknown += fate == RequestFate::kSent || fate == RequestFate::kApplied;
  }
  const std::int64_t bread = balance(*row, "bread");
  if (bread < saved || bread > saved + unknown)
    verdict->push_back({law::kRequestsHappenOnce, who(player.player_id()) + " has " + std::to_string(bread) +
                                                      " bread of " + std::to_string(saved) + " saved and " +
                                                      std::to_string(unknown) + " unknown requests for one each"});
}

void entry_fee_is_back(const ScriptedPlayer& player, const Stored& stored, Verdict* verdict) {
  const auto* row = row_of(player.player_id(), stored, law::kEntryFeeIsBack, verdict);
  if (row == nullptr || player.place().rfind("run/", 0) == 0) return;
  for (const auto& counter : row->counters())
    if (counter.name() == sample::kEntryRun && counter.value() != 0)
      verdict->push_back({law::kEntryFeeIsBack, who(player.player_id()) + " in " + player.place() + " has run " +
                                                    std::to_string(counter.value()) + " still paid for"});
}

void trades_are_whole(const Traders& traders, Verdict* verdict) {
  std::map<TradeId, bool> told;
  for (const auto& trader : traders)
    for (const auto& [txn, committed] : trader->settled())
      if (told.emplace(txn, committed).first->second != committed)
        verdict->push_back({law::kTradesAreWhole, "the two sides of " + to_text(txn) + " were told differently"});
}

Prices prices_of(const Game& game) {
  const auto& items = game.lobby.items;
  const auto* sword = items.find(Swords::kTemplate);
  return {items.starter_gold, sword->buy_price, sword->sell_price};
}

void trades_make_nothing(const Traders& traders, const Stored& stored, const Prices& prices, bool restored,
                         Verdict* verdict) {
  std::int64_t all = 0, given = 0, swords = 0;
  Requests::Count letters, bought, sold, listed, bid;
  bool went_back = false;
  for (const auto& trader : traders) {
    // The auction house takes of all and gives to all.
    if (trader->made_twice() && trader->stall()) return;
    if (trader->made_twice()) continue;
    const auto* row = row_of(trader->player_id(), stored, law::kTradesMakeNothing, verdict);
    if (row == nullptr) return;
    went_back |= trader->has_gone_back() || (restored && trader->stall());
    given += prices.gold_each;
    all += worth(*row, "gold");
    swords += row->items_size();
    for (const auto& letter : row->inbox()) swords += letter.items_size();
    bought += trader->swords().bought();
    sold += trader->swords().sold();
    if (trader->letters()) letters += trader->letters()->requests().count();
    if (trader->stall()) listed += trader->stall()->listed();
    if (trader->stall()) bid += trader->stall()->bid();
  }
  // A purchase may be undone whose sword somebody else has by now, and the auction house keep what it was paid.
  const std::int64_t least = given - (bought.saved + bought.unknown) * prices.sword -
                             (letters.saved + letters.unknown) * sample::kMailFeeGold -
                             (listed.saved + listed.unknown) * sample::kAuctionFeeGold -
                             (bid.saved + bid.unknown) * Stall::kPriceMost;
  const std::int64_t most = given + (sold.saved + sold.unknown) * prices.sold_sword;
  if (went_back && all >= least && all <= most) return;
  for (int sales = sold.saved; sales <= sold.saved + sold.unknown; ++sales) {
    const std::int64_t purchases = swords + sales;
    if (purchases < bought.saved || purchases > bought.saved + bought.unknown) continue;
    const std::int64_t fees = given - all - purchases * prices.sword + sales * prices.sold_sword;
    for (int lots = listed.saved; lots <= listed.saved + listed.unknown; ++lots) {
      const std::int64_t of_letters = fees - lots * sample::kAuctionFeeGold;
      if (of_letters >= letters.saved * sample::kMailFeeGold &&
          of_letters <= (letters.saved + letters.unknown) * sample::kMailFeeGold &&
          of_letters % sample::kMailFeeGold == 0)
        return;
    }
  }
  const auto text = [](const Requests::Count& count) {
    return std::to_string(count.saved) + " saved and " + std::to_string(count.unknown) + " unknown ";
  };
  verdict->push_back({law::kTradesMakeNothing, "who only trades has " + std::to_string(all) + " gold of " +
                                                   std::to_string(given) + " and " + std::to_string(swords) +
                                                   " swords, after " + text(letters) + "letters, " + text(bought) +
                                                   "purchases, " + text(sold) + "sales, " + text(listed) + "lots"});
}

void letters_arrive_once(const Traders& traders, const Stored& stored, std::int64_t potions_each, Verdict* verdict) {
  std::int64_t all = 0, given = 0;
  for (const auto& trader : traders) {
    if (trader->letters())
      verdict->insert(verdict->end(), trader->letters()->mismatches().begin(), trader->letters()->mismatches().end());
    if (trader->made_twice()) continue;
    const auto* row = row_of(trader->player_id(), stored, law::kLettersArriveOnce, verdict);
    if (row == nullptr) return;
    all += worth(*row, Letters::kAttached);
    given += potions_each;
  }
  if (all != given)
    verdict->push_back({law::kLettersArriveOnce, "who writes has " + std::to_string(all) + " " + Letters::kAttached +
                                                     " of " + std::to_string(given)});
}

void mirror_equals_row(const Trader& trader, const Stored& stored, Verdict* verdict) {
  const auto* row = row_of(trader.player_id(), stored, law::kMirrorEqualsRow, verdict);
  if (row == nullptr || trader.knows_nothing()) return;
  if (balance(*row, "gold") != trader.gold())
    verdict->push_back(
        {law::kMirrorEqualsRow, "its row has " + std::to_string(balance(*row, "gold")) + " gold: " + trader.story()});
  if (balance(*row, Letters::kAttached) != trader.potions())
    verdict->push_back({law::kMirrorEqualsRow, "its row has " + std::to_string(balance(*row, Letters::kAttached)) +
                                                   " potions of " + std::to_string(trader.potions()) + ": " +
                                                   trader.story()});
  std::set<Swords::Id> swords;
  for (const auto& item : row->items()) swords.insert(Swords::id_of(item.id()));
  if (swords != trader.swords().ids())
    verdict->push_back({law::kMirrorEqualsRow,
                        "its row has " + std::to_string(swords.size()) + " swords, and not the " +
                            std::to_string(trader.swords().ids().size()) + " that it knows: " + trader.story()});
}

void gifts_arrive_once(const GameMaster& game_master, const std::map<std::string, std::uint64_t>& ids,
                       const Stored& stored, Verdict* verdict) {
  for (const auto& [name, gifts] : game_master.gifts()) {
    const auto id = ids.find(name);
    if (id == ids.end()) continue;
    const auto* row = row_of(id->second, stored, law::kGiftsArriveOnce, verdict);
    if (row == nullptr) continue;
    const std::int64_t has = balance(*row, GameMaster::kGift);
    if (has < gifts.given || has > gifts.given + gifts.unknown)
      verdict->push_back({law::kGiftsArriveOnce, name + " has " + std::to_string(has) + " of " +
                                                     std::to_string(gifts.given) + " given and " +
                                                     std::to_string(gifts.unknown) + " unknown gifts"});
  }
}

void no_fault_in_logic(const Cluster& cluster, bool disk_ailed, Verdict* verdict) {
  std::vector<std::string> names = {"fault", "fault.twice", "ledger.alarm", "content.unreadable", "trade.stuck"};
  if (!disk_ailed) names.push_back("store.failed");
  error_lines(cluster, names, law::kNoFaultInLogic, verdict);
}

void owners_are_not_refused(const Cluster& cluster, Verdict* verdict) {
  error_lines(cluster, {"owner.rejected"}, law::kOwnersAreNotRefused, verdict);
}

std::string to_text(const Verdict& verdict) {
  std::string all;
  for (const auto& broken : verdict) all += broken.law + ": " + broken.detail + "\n";
  return all;
}

}  // namespace dure::sim
