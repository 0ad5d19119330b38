// How the ledger's kinds are said to people. Pure.
#pragma once
#include <cstdint>
#include <string>

#include "common/base/result.h"

namespace dure {

namespace proto {
class LedgerParty;
class Uid;
}  // namespace proto

std::string time_text(std::int64_t unix_ms);  // "2026-11-21 08:36:47"
std::string holder_words(const proto::LedgerParty& party, const std::string& player);
std::string account_words(const proto::LedgerParty& party, const std::string& player);
// 32 hexadecimal digits.
[[nodiscard]] Result<> parse_item_id(const std::string& text, proto::Uid* out);

}  // namespace dure
