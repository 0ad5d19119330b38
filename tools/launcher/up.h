// `dure up`: a whole cluster on this machine as children of this process: Redis, nodes, bots; a live table; everything
// stopped in order at Ctrl-C, TERM, HUP or the end of --for, at once when asked again. Call it on the main thread; it
// takes SIGINT, SIGTERM, SIGHUP, SIGCHLD, and SIGUSR1: what was left down is started again, and what the configuration
// names by now and did not before is started, too (`dure shards add` asks for it).
#pragma once
#include <string>
#include <vector>

#include "common/base/time.h"
#include "tools/config/config.h"

namespace dure {

struct UpOptions {
  std::string config_path = "configs/local.toml";
  std::string program;  // the dure executable; empty: this one
  unsigned bots = 0;    // 0: none
  std::string story = "evening";
  Duration run_for{};             // 0: until a signal
  std::string report_path;        // of the bots
  bool websocket = false;         // the bots come by WebSocket
  std::string journal_folder;     // of every node; empty: no journals
  std::vector<NodeCount> counts;  // --gateways n …
};

// Exit code: with run_for, 0 only if nothing unexpected happened (else 1); without, 0 when stopped by a signal.
// kExitConfig: the configuration or a node's data is refused. kExitWaited: not ready within start_timeout_s.
// 1, too, if a node crashed so often at the start that it was left down.
[[nodiscard]] int run_up(const UpOptions& options);

}  // namespace dure
