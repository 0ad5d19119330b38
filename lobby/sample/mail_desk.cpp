#include "lobby/sample/mail_desk.h"

#include "common/game/sample/block_list.h"
#include "common/game/sample/outcome.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/dbagent.pb.h"

namespace dure::sample {
namespace {
MailSendReply refused(proto::Code code) {
  MailSendReply reply;
  reply.set_code(code);
  return reply;
}
}  // namespace

MailDesk::MailDesk(Lobby& lobby, const Items& items) : lobby_(lobby), items_(items) {
  lobby.on_player(this, &MailDesk::send_mail);
  lobby.on_player(this, &MailDesk::list);
  lobby.on_claimed([&lobby](Player& player, const proto::InboxEntry& entry) { tell_mail(lobby, player, entry); });
}

Task<MailListReply> MailDesk::list(PlayerRef ref, MailListRequest request) { return list_mail(lobby_, ref, request); }

Task<MailSendReply> MailDesk::send_mail(PlayerRef ref, MailSendRequest request) {
  const OwnerNode::ValueRequest asked = lobby_.running_request();
  if (!lobby_.switched_on("mail")) co_return refused(proto::CLOSED);
  const proto::Code allowed = check_mail(items_, lobby_.find(ref)->mirror, request);
  if (allowed != proto::OK) co_return refused(allowed);
  proto::PlayerLocate query;
  query.set_name(request.to_name());
  const NodeId directory = lobby_.directory_agent();
  const Result<proto::PlayerLocateReply> found = co_await lobby_.call<proto::PlayerLocateReply>(directory, query);
  Player* player = lobby_.find(ref);
  if (player == nullptr || player->state != Player::State::kActive) co_return refused(proto::BUSY);
  if (!found || found->code() == proto::RETRY) co_return refused(proto::BUSY);
  if (found->code() != proto::STORED) co_return refused(proto::NOT_FOUND);
  if (found->player_id() == ref.id.value) co_return refused(proto::INVALID);
  const PlayerId receiver(found->player_id());
  if (co_await has_blocked(lobby_, receiver, found->shard(), ref.id)) co_return refused(proto::REFUSED);
  player = lobby_.find(ref);
  if (player == nullptr || player->state != Player::State::kActive) co_return refused(proto::BUSY);
  if (lobby_.overtaken(*player, asked)) co_return refused(proto::SUPERSEDED);
  // Meanwhile other requests were executed: the mirror guards again.
  const proto::Operation operation = write_mail(request, player->name, receiver, lobby_.entropy().id63());
  MailSendReply reply = refused(code_of(lobby_.commit(*player, operation, asked)));
  if (reply.code() == proto::OK) tell_touched(player->mirror, operation, reply.mutable_touched());
  co_return reply;
}

}  // namespace dure::sample
