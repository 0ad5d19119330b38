// `dure status`: the table, from what the processes write into Redis.
#pragma once
#include <iosfwd>

#include "tools/config/config.h"

namespace dure {

// 0 if Redis answered, 1 if not (the table then shows "–"), kExitConfig if the configuration names no Redis.
[[nodiscard]] int print_status(const Config& config, bool json, std::ostream& out, std::ostream& errors);

}  // namespace dure
