// The trades of a shard: what is held belongs to an open leg and is all that leg gives; what the register decided is
// what its legs did. Reads only.
#pragma once
#include <cstdint>

#include "dbagent/store/audit_ledger.h"

namespace dure::store {

struct TradesAudit {
  std::uint64_t open = 0;     // legs that are held
  std::uint64_t stuck = 0;    // of these, those older than a minute by the shard's own time: somebody has to look
  std::uint64_t orphans = 0;  // held value that no open leg gives
};
TradesAudit audit_trades(Database& database, std::uint32_t shard, const AddFinding& finding);

}  // namespace dure::store
