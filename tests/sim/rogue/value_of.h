// What some players have in one shard's file, as one number: money with what is held and reserved of it, items, flags,
// counters, keys of drops, letters either way, records. Not who owns them and how far that owner came. Reads only.
#pragma once
#include <cstdint>
#include <vector>

namespace dure::store {
class Database;
}

namespace dure::sim {

std::uint64_t value_of(store::Database& database, const std::vector<std::uint64_t>& players);

}  // namespace dure::sim
