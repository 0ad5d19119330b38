#include "common/logic/gm.h"

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "gateway/gateway.h"

namespace dure {

void Gateway::on_gm(const GmCommandIn& in) {
  if (answer_gm_status(*this, in, load())) return;
  const auto command = std::make_shared<proto::GmCommand>();
  if (!read_gm(*this, in, command.get())) return;
  if (command->verb() != "announce" && command->verb() != "kick") return;
  if (answer_gm_repeat(*this, in, command->id(), gm_outcomes_)) return;
  gm_outcomes_.begin(command->id());
  spawn(run_gm(in, command));
}

Task<void> Gateway::run_gm(GmCommandIn in, std::shared_ptr<const proto::GmCommand> command) {
  // Once by (id, node), before the effect: the sender repeats the same id until it is answered.
  proto::GmClaim claim;
  claim.set_command_id(command->id());
  claim.set_node(identity().name);
  claim.set_issuer(command->issuer());
  claim.set_text(command->verb());
  claim.set_now_unix_ms(unix_ms(wall_now()));
  const auto claimed = co_await call<proto::StoreReply>(directory_agent(), claim, kGmClaimDeadline);
  if (!claimed || (claimed->code() != proto::STORED && claimed->code() != proto::EXPECTED_OTHER)) {
    gm_outcomes_.forget(command->id());
    co_return;
  }
  // Claimed by an earlier life of this node, or by this one, whose agent was lost before it could say so. Who is gone
  // already may be kicked again; what was told may not be told twice.
  GmOutcomes::Outcome outcome{true, false, "claimed before; look whether it took effect"};
  if (claimed->code() == proto::STORED || command->verb() == "kick") outcome = execute(*command);
  gm_outcomes_.end(command->id(), outcome);
  answer_gm(*this, in, command->id(), outcome.ok, outcome.text);
}

GmOutcomes::Outcome Gateway::execute(const proto::GmCommand& command) {
  GmOutcomes::Outcome outcome{true, true, {}};
  outcome.text = command.verb() == "announce" ? announce(command) : kick(command, &outcome.ok);
  return outcome;
}

std::string Gateway::announce(const proto::GmCommand& command) {
  proto::Announcement announcement;
  for (const auto& word : command.arguments())
    announcement.set_text(announcement.text() + (announcement.text().empty() ? "" : " ") + word);
  for (const auto& [id, session] : sessions_) tell(session, announcement);
  return "told " + std::to_string(sessions_.size()) + " sessions";
}

std::string Gateway::kick(const proto::GmCommand& command, bool* found) {
  std::vector<SessionId> named;
  for (const auto& [id, session] : sessions_)
    if (command.arguments_size() > 0 && session.player && session.name == command.arguments(0)) named.push_back(id);
  for (const SessionId id : named) end_session(id, proto::NOT_ALLOWED, "kicked", true);
  *found = !named.empty();
  return named.empty() ? "not here" : "kicked";
}

}  // namespace dure
