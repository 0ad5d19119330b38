// Mail: what may be sent, what it costs, what the receiver is told, and can read again. Nothing of it is kept here: the
// letter is the message in outbox and inbox, whose row stays after the claim.
#pragma once
#include <cstdint>
#include <string>

#include "common/game/owner.h"
#include "common/game/sample/items.h"
#include "common/proto/route.pb.h"
#include "common/proto/value.pb.h"

namespace dure::sample {

class MailListReply;
class MailListRequest;
class MailSendRequest;

inline constexpr std::int64_t kMailFeeGold = 10;
inline constexpr int kMailAttachmentsMax = 5;
inline constexpr std::size_t kMailTextBytesMax = 160;
inline constexpr std::uint32_t kMailListMost = 50;
inline constexpr const char* kMailReason = "mail.send";

// Each name once and known, each amount 1 … its cap, each item once and in the bag.
proto::Code check_attachments(const Items& items, const Mirror& mirror,
                              const google::protobuf::RepeatedPtrField<proto::Amount>& amounts,
                              const google::protobuf::RepeatedPtrField<proto::Uid>& uids, int most);
// Everything but whether the receiver exists. OK: it may be looked up.
proto::Code check_mail(const Items& items, const Mirror& mirror, const MailSendRequest& request);
// One operation: the fee, and the letter.
proto::Operation write_mail(const MailSendRequest& request, const std::string& from_name, PlayerId to,
                            std::uint64_t message_id);
// Tells a player whose claim of a letter is SAVED. What is no mail is left alone.
void tell_mail(OwnerNode& owner, const Player& player, const proto::InboxEntry& entry);
// The last letters, out of the database: whoever was not there when one was told reads it here.
Task<MailListReply> list_mail(OwnerNode& owner, PlayerRef ref, MailListRequest request);

}  // namespace dure::sample
