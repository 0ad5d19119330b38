#include "common/logic/gm.h"

#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "gateway/gateway.h"

namespace dure {

void Gateway::on_gm(const GmCommandIn& in) {
  if (answer_gm_status(*this, in, load())) return;
  spawn(run_gm(in));
}

Task<void> Gateway::run_gm(GmCommandIn in) {
  proto::GmCommand command;
  if (!read_gm(*this, in, &command)) co_return;
  if (command.verb() != "announce" && command.verb() != "kick") co_return;
  // Once by (id, node), before the effect: the sender repeats the same id until it is answered.
  proto::GmClaim claim;
  claim.set_command_id(command.id());
  claim.set_node(identity().name);
  claim.set_issuer(command.issuer());
  claim.set_text(command.verb());
  claim.set_now_unix_ms(unix_ms(wall_now()));
  auto claimed = co_await call<proto::StoreReply>(directory_agent(), claim);
  if (!claimed || claimed->code() == proto::RETRY) co_return;
  if (claimed->code() != proto::STORED) co_return answer_gm(*this, in, command.id(), true, "done before");
  bool done = true;
  const std::string text = command.verb() == "announce" ? announce(command) : kick(command, &done);
  answer_gm(*this, in, command.id(), done, text);
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
