// What --print-config and `dure check-config` say. Writes to the given stream only; any thread.
#pragma once
#include <iosfwd>
#include <string>

#include "tools/config/config.h"

namespace dure {

// The settings that concern a node's role, a line each: value, and where it came from. Secrets are not shown.
void print_config(const Config& config, NodeId node, std::ostream& out);
// The same for a role without a node of its own (tools); kNone: every role.
void print_config(const Config& config, Role role, std::ostream& out);
// Every setting there is, with unit, bounds and sentence.
void print_settings(std::ostream& out);
// 0 and "ok …" on `out`, or kExitConfig and the one line on `errors`.
[[nodiscard]] int check_config(const std::string& path, std::ostream& out, std::ostream& errors);

}  // namespace dure
