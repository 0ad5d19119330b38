// The private Redis of a local cluster: how to start it. Debian's redis-tools carries the server inside
// redis-check-rdb; which program it is, argv[0] decides.
#pragma once
#include "tools/launcher/child.h"

namespace dure {

// kInvalid: no such program here. Nothing is written to disk; it listens at `address` only.
[[nodiscard]] Result<ChildCommand> redis_command(const std::string& address, const std::string& data_dir);

}  // namespace dure
