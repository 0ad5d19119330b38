// How a command talks with a running cluster: as a node of its own for some seconds, linked to the database agents like
// any other process. Everything on the calling thread but the bus.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>

#include "common/base/result.h"
#include "common/base/time.h"
#include "common/logic/node.h"
#include "tools/config/config.h"

namespace dure {

class ToolMesh {
 public:
  [[nodiscard]] static Result<std::unique_ptr<ToolMesh>> open(const Config& config);
  ~ToolMesh();

  // What the node is made of; it lives shorter than this.
  const NodeIdentity& identity() const;
  const Routes& routes() const;
  Seams seams() const;
  // Turns the node until it is done. False: no agent was there within ten seconds, or patience ran out first. It begins
  // anew whenever `progress`, a count, has risen.
  bool run(Node& node, const std::function<bool()>& done, Duration patience,
           const std::function<std::uint64_t()>& progress = {});

 private:
  struct Parts;
  explicit ToolMesh(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace dure
