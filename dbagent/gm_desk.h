// The verbs of a game master that change the database: ban, feature, maintenance, give,
// content, rollback (rollback_desk.h), open-shard. Each command is claimed by its
// id before it takes effect, so it takes effect at most once however often it is repeated; a repeated one is answered
// with what was answered before. Lives with the directory's agent, which it reaches by calls like everybody else.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/logic/node.h"

namespace dure {

namespace proto {
class GmCommand;
}
class Agent;

class GmDesk {
 public:
  explicit GmDesk(Agent& agent) : agent_(agent) {}
  // False: not a verb of this desk.
  bool take(const GmCommandIn& in, const proto::GmCommand& command);

 private:
  struct Outcome {
    bool known = false;
    bool ok = false;
    std::string text;
  };
  struct Target {
    std::uint64_t account = 0, player = 0;
    std::uint32_t shard = 0;
  };
  using Command = std::shared_ptr<const proto::GmCommand>;
  Task<void> run(GmCommandIn in, Command command);
  Task<Outcome> execute(Command command);
  Task<Outcome> ban(Command command);
  Task<Outcome> set_switch(Command command);
  Task<Outcome> give(Command command);
  Task<Outcome> roll_back(Command command);
  Task<Outcome> open_shard(Command command);
  Task<Outcome> activate_content(Command command);
  Task<Target> locate(std::string name);
  // Says RETRY as kBusy, so that callers see one kind of trouble.
  template <class Reply, class Request>
  Task<Result<Reply>> ask(NodeId to, Request request);

  Agent& agent_;
  std::map<std::uint64_t, Outcome> outcomes_;  // the latest commands
};

}  // namespace dure
