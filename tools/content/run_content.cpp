#include "tools/content/run_content.h"

#include <cstdio>

#include "tools/content/content_node.h"
#include "tools/mesh/tool_mesh.h"

namespace dure {

int run_content(const Config& config, const std::string& load) {
  auto mesh = ToolMesh::open(config);
  if (!mesh) {
    std::fprintf(stderr, "dure content: %s\n", mesh.error().detail.c_str());
    return 2;
  }
  ContentNode node((*mesh)->identity(), (*mesh)->routes(), (*mesh)->seams(), load);
  const bool done = (*mesh)->run(
      node, [&] { return node.done(); }, seconds(20));
  if (!done) std::fprintf(stderr, "dure content: no answer from the directory's agent\n");
  std::fputs(node.text().c_str(), node.good() ? stdout : stderr);
  return done && node.good() ? 0 : 1;
}

}  // namespace dure
