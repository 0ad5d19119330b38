// The money half of the audit. One pass over each table; sums are 128 bits wide, so no row can overflow them.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "dbagent/store/statement.h"

namespace dure::store {

using AddFinding = std::function<void(const std::string&)>;

// The sum over all accounts and currencies, from openings and entries.
std::int64_t audit_ledger(Database& database, const AddFinding& finding);

}  // namespace dure::store
