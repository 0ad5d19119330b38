// `dure --role=…`: this process as one or several nodes of the cluster, until TERM. Main thread.
#pragma once
#include <string>
#include <vector>

namespace dure {

struct ServeOptions {
  std::string config_path = "configs/local.toml";
  std::vector<std::string> roles;  // "gateway", "lobby", "all"
  std::vector<std::string> nodes;  // "gateway-1", "all-1"; empty: the first one of each role
  std::string journal_folder;      // where each node keeps its journal; empty: none does
  bool print_config = false;       // prints what applies and returns
};

// 0: stopped as asked. kExitConfig, kExitTemporary: as their names say, after one clear line.
int run_serve(const ServeOptions& options);

}  // namespace dure
