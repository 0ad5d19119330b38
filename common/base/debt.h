// What somebody owes: a balance of its own, so that it is in the ledger, travels with its owner and is seen by whoever
// reads the balances. Nothing collects it: that is a game's, or an operator's, decision. Pure.
#pragma once
#include <string>
#include <string_view>

namespace dure {

// "debt:gold"; of an item "debt:item:sword". A name that would be too long is cut.
inline std::string debt_of(std::string_view name) { return ("debt:" + std::string(name)).substr(0, 64); }
inline std::string debt_of_item(std::string_view name) { return debt_of("item:" + std::string(name)); }

// Of what a restored shard makes good: as much as comes of a currency under this reason is written down as its debt.
inline constexpr const char* kReconcileReason = "reconcile";

}  // namespace dure
