// The conversation of `dure content` with the directory's agent. Main thread.
#pragma once
#include <cstdint>
#include <string>

#include "common/logic/node.h"

namespace dure {

class ContentNode : public Node {
 public:
  // `load`: an encoded ContentLoad; empty: only say what there is.
  ContentNode(NodeIdentity identity, const Routes& routes, Seams seams, std::string load)
      : Node(std::move(identity), routes, seams), load_(std::move(load)) {}
  ~ContentNode() override;
  bool done() const { return done_; }
  bool good() const { return good_; }
  const std::string& text() const { return text_; }  // lines for people

 protected:
  void on_start() override;

 private:
  Task<void> converse();
  std::string load_, text_;
  bool done_ = false, good_ = false;
};

}  // namespace dure
