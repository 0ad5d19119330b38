// Mail out of a zone, and word of mail that came: the rules are common/game/sample/mail.h. Where its receiver is, or
// whether it plays at all, is nobody's business here.
#pragma once
#include "common/game/sample/mail.h"
#include "lobby/lobby.h"

namespace dure::sample {

class MailListReply;
class MailListRequest;
class MailSendReply;
class MailSendRequest;

class MailDesk : public LobbyFeature {
 public:
  MailDesk(Lobby& lobby, const Items& items);

 private:
  Task<MailSendReply> send_mail(PlayerRef ref, MailSendRequest request);
  Task<MailListReply> list(PlayerRef ref, MailListRequest request);
  Lobby& lobby_;
  const Items& items_;
};

}  // namespace dure::sample
