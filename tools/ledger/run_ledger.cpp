#include "tools/ledger/run_ledger.h"

#include <cstdio>

#include "tools/ledger/ledger_node.h"
#include "tools/mesh/tool_mesh.h"

namespace dure {

int run_ledger(const Config& config, const LedgerOptions& options) {
  auto mesh = ToolMesh::open(config);
  if (!mesh) {
    std::fprintf(stderr, "dure: %s\n", mesh.error().detail.c_str());
    return 2;
  }
  const bool watch = options.command == LedgerOptions::Command::kWatch;
  LedgerNode node((*mesh)->identity(), (*mesh)->routes(), (*mesh)->seams(), options);
  const bool done = (*mesh)->run(
      node, [&] { return node.done(); }, watch ? seconds(10 * 365 * 86'400LL) : seconds(600));
  if (!done) std::fprintf(stderr, "dure: no answer from the cluster of %s\n", config.path().c_str());
  return done ? node.result() : 2;
}

}  // namespace dure
