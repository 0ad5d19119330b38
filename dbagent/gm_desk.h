// The verbs of a game master that change the database: ban, feature, maintenance, give,
// content, rollback (rollback_desk.h), open-shard. Each command is claimed by its
// id before it takes effect, so it takes effect at most once however often it is repeated; a repeated one is answered
// with what was answered before. Lives with the directory's agent, which it reaches by calls like everybody else.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "common/logic/gm_outcomes.h"
#include "common/logic/node.h"

namespace dure {

namespace proto {
class GmCommand;
class StoreReply;
}  // namespace proto
class Agent;

class GmDesk {
 public:
  explicit GmDesk(Agent& agent) : agent_(agent) {}
  // False: not a verb of this desk.
  bool take(const GmCommandIn& in, const proto::GmCommand& command);

 private:
  static constexpr Duration kDeadline = seconds(2);
  static constexpr std::size_t kUnfinishedMax = 256;
  using Outcome = GmOutcomes::Outcome;
  struct Target {
    bool known = false;  // the directory answered; nobody is called so: all is 0
    std::uint64_t account = 0, player = 0;
    std::uint32_t shard = 0;
  };
  using Command = std::shared_ptr<const proto::GmCommand>;
  Task<void> run(GmCommandIn in, Command command);
  Task<Result<proto::StoreReply>> claim(Command command, std::string text);
  Task<Outcome> execute(Command command);
  Task<Outcome> ban(Command command);
  Task<Outcome> set_switch(Command command);
  Task<Outcome> give(Command command);
  Task<Outcome> roll_back(Command command);
  Task<Outcome> open_shard(Command command);
  Task<Outcome> activate_content(Command command);
  Task<Target> locate(std::string name);
  static Outcome nobody_says(const std::string& name);
  // Says RETRY as kBusy, so that callers see one kind of trouble. What has a deadline of its own is asked again after
  // RETRY only.
  template <class Reply, class Request>
  Task<Result<Reply>> ask(NodeId to, Request request, Duration deadline = kDeadline);

  Agent& agent_;
  GmOutcomes outcomes_;
  std::deque<std::uint64_t> unfinished_;  // claimed by this life, and may be tried again; oldest first
};

}  // namespace dure
