// The templates of OwnerNode::on_player: included by owner.h only.
#pragma once
#include "common/base/hash.h"
#include "common/game/owner.h"

namespace dure {

template <class Message>
std::uint64_t creq_of(const Message& message) {
  if constexpr (requires { message.creq(); })
    return message.creq();
  else
    return 0;
}
template <class Message>
constexpr bool creq_field() {
  return requires(const Message& message) { message.creq(); };
}
template <class Reply>
void mark_reply(Reply* reply, std::uint64_t creq, std::uint32_t code) {
  if constexpr (requires { reply->set_creq(creq); }) reply->set_creq(creq);
  if (code != 0) reply->set_code(static_cast<std::decay_t<decltype(reply->code())>>(code));
}

template <class Self, class Message>
void OwnerNode::on_player(Self* self, void (Self::*handler)(Player&, const Message&)) {
  on_raw(route_id(Message::descriptor()), [this, self, handler](const From& from, std::string_view body) {
    Message message;
    if (!parse_strict(body, &message)) throw UnreadableMessage();
    if (Player* player = sender(from)) (self->*handler)(*player, message);
  });
}

template <class Self, class Message, class Reply>
void OwnerNode::on_player(Self* self, Reply (Self::*handler)(Player&, const Message&)) {
  on_raw(route_id(Message::descriptor()), [this, self, handler](const From& from, std::string_view body) {
    Message request;
    if (!parse_strict(body, &request)) throw UnreadableMessage();
    Player* player = sender(from);
    if (player == nullptr) return;
    const std::uint64_t creq = creq_of(request);
    std::string stored;
    std::uint32_t code = 0;
    if (creq_field<Message>() && !begin_request(from, *player, creq, body, &stored, &code)) {
      if (!stored.empty()) return reply_raw(from, route_id(Reply::descriptor()), stored);
      Reply refused;
      mark_reply(&refused, creq, code);
      return reply(from, refused);
    }
    Reply answer = (self->*handler)(*player, request);
    mark_reply(&answer, creq, 0);
    if (creq_field<Message>()) end_request(*player, creq, fnv1a(body), answer.SerializeAsString());
    reply(from, answer);
  });
}

template <class Self, class Message, class Reply>
void OwnerNode::on_player(Self* self, Task<Reply> (Self::*handler)(PlayerRef, Message)) {
  on_raw(route_id(Message::descriptor()), [this, self, handler](const From& from, std::string_view body) {
    Message request;
    if (!parse_strict(body, &request)) throw UnreadableMessage();
    Player* player = sender(from);
    if (player == nullptr) return;
    const std::uint64_t creq = creq_of(request);
    std::string stored;
    std::uint32_t code = 0;
    if (creq_field<Message>() && !begin_request(from, *player, creq, body, &stored, &code)) {
      if (!stored.empty()) return reply_raw(from, route_id(Reply::descriptor()), stored);
      Reply refused;
      mark_reply(&refused, creq, code);
      return reply(from, refused);
    }
    const std::uint64_t hash = creq_field<Message>() ? fnv1a(body) : 0;
    if (hash != 0) player->creqs.begin(creq, hash);
    const PlayerRef ref{player->id, player->epoch};
    player->scope->spawn(answer_player_later(from, (self->*handler)(ref, std::move(request)), creq, hash));
    current_creq_ = 0;  // operations up to the first suspension carry the number
  });
}

template <class Reply>
Task<void> OwnerNode::answer_player_later(From from, Task<Reply> task, std::uint64_t creq, std::uint64_t hash) {
  Reply answer = co_await task;
  mark_reply(&answer, creq, 0);
  // Of the epoch that was asked only: after an ACQUIRE the row's last_creq is the truth, not what this task makes of it.
  const PlayerRef asked{from.header.player, from.header.player_epoch};
  if (Player* player = find(asked); player != nullptr && hash != 0)
    end_request(*player, creq, hash, answer.SerializeAsString());
  reply(from, answer);
}

}  // namespace dure
