#include "common/logic/gm.h"

#include "common/logic/node.h"
#include "common/proto/cluster.pb.h"

namespace dure {

bool read_gm(const Node& node, const GmCommandIn& in, proto::GmCommand* command) {
  return parse_strict(in.command.view(), command) && command->cluster_id() == node.identity().cluster_id &&
         command->not_after_unix_ms() >= unix_ms(node.wall_now());
}

void answer_gm(Node& node, const GmCommandIn& in, std::uint64_t id, bool ok, const std::string& text) {
  proto::GmAnswer answer;
  answer.set_id(id);
  answer.set_node(node.identity().name);
  answer.set_ok(ok);
  answer.set_text(text);
  node.effect(GmAnswerOut{in.reply_channel, Bytes(answer.SerializeAsString())});
}

bool answer_gm_repeat(Node& node, const GmCommandIn& in, std::uint64_t id, const GmOutcomes& outcomes) {
  const GmOutcomes::Outcome* begun = outcomes.find(id);
  if (begun != nullptr && begun->known) answer_gm(node, in, id, begun->ok, begun->text);
  return begun != nullptr;
}

bool answer_gm_status(Node& node, const GmCommandIn& in, const PeerLoad& load) {
  proto::GmCommand command;
  if (!read_gm(node, in, &command) || command.verb() != "status") return false;
  std::size_t up = 0;
  for (const Role role : {Role::kGateway, Role::kGeneral, Role::kDungeon, Role::kChat, Role::kDbagent})
    for (const NodeId peer : node.peers(role)) up += peer != node.id() ? 1 : 0;
  std::string text = std::string(to_text(node.id().role())) + ", " + (node.stopping() ? "draining" : "ready") + ", " +
                     std::to_string(load.players) + " players, " + std::to_string(up) + " peers";
  if (load.instances > 0) text += ", " + std::to_string(load.instances) + " instances";
  answer_gm(node, in, command.id(), true, text);
  return true;
}

}  // namespace dure
