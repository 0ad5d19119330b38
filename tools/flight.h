// `dure flight FILE`: what a node took in last, a line each: seconds before its end, and the input. Main thread.
#pragma once
#include <string>

#include "common/proto/routes.h"

namespace dure {

// The last `lines` lines (0: all) to standard output. 0, or 1 and one line on standard error if it cannot be read.
int print_flight(const std::string& path, const Routes& routes, std::size_t lines);

}  // namespace dure
