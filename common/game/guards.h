// The guards of a game's content as the database's agents check them (content.proto), read from a file of content and
// added to by the game. Plain functions over values.
//
//   [[reason]]
//   name = "loot"
//   unique_key = true
//   creates = [{ name = "gold", operation_max = 100, day_max = 100000 }]       mints, counts likewise; "rat_*": a
//   pattern currency = "gold" sells = [{ name = "potion", price = 25 }]                                  buys likewise
#pragma once
#include <set>
#include <string>

#include "common/base/result.h"
#include "common/game/content_table.h"

namespace dure {

namespace proto {
class ContentGuards;
class ContentReason;
}  // namespace proto

// What the guards of a game may name.
struct GuardNames {
  std::set<std::string> reasons, balances, items, counters;
};

// Adds the reasons of a file. Errors name file, line, column, key and what is allowed: a name that the game does not
// know, a limit below 1, a second guard of the same name.
[[nodiscard]] Result<> parse_guards(const ContentFile& file, const GuardNames& names, proto::ContentGuards* guards);

// The guards of a reason, made if there are none yet.
proto::ContentReason* guards_of(proto::ContentGuards* guards, const std::string& reason);

}  // namespace dure
