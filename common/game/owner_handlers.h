// The templates of OwnerNode::on_player: included by owner.h only.
#pragma once
#include "common/base/hash.h"
#include "common/game/owner.h"

namespace dure {

template <class Message>
constexpr bool creq_field() {
  return requires(const Message& message) { message.creq(); };
}
template <class Reply>
void mark_reply(Reply* reply, std::uint64_t creq, std::uint32_t code) {
  if constexpr (requires { reply->set_creq(creq); }) reply->set_creq(creq);
  if (code != 0) reply->set_code(static_cast<std::decay_t<decltype(reply->code())>>(code));
}

class OwnerNode::Numbering {
 public:
  explicit Numbering(OwnerNode& node) : node_(node) {}
  Numbering(const Numbering&) = delete;
  Numbering& operator=(const Numbering&) = delete;
  ~Numbering() { node_.current_ = {}; }

 private:
  OwnerNode& node_;
};

// What all three kinds of handlers begin with: the message is read, its player found, and, if it changes value, a
// repeat answered with what was answered before. `run(from, player, message, request)` is where the kinds differ.
template <class Message, class Reply, class Run>
void OwnerNode::on_player_message(Run run) {
  on_raw(route_id(Message::descriptor()), [this, run](const From& from, std::string_view body) {
    Message message;
    if (!parse_strict(body, &message)) throw UnreadableMessage();
    Player* player = sender(from);
    if (player == nullptr) return;
    ValueRequest request;
    const Numbering numbering(*this);
    if constexpr (creq_field<Message>()) {
      static_assert(!std::is_void_v<Reply>, "who changes value is told what came of it");
      // The same bytes as another message ask for something else.
      request = {message.creq(), fnv1a(body, mix64(route_id(Message::descriptor())))};
      std::string stored;
      std::uint32_t code = 0;
      if (!begin_request(*player, request, &stored, &code)) {
        if (!stored.empty()) return reply_raw(from, route_id(Reply::descriptor()), stored);
        Reply refused;
        mark_reply(&refused, request.creq, code);
        return reply(from, refused);
      }
    }
    run(from, *player, std::move(message), request);
  });
}

template <class Self, class Message>
void OwnerNode::on_player(Self* self, void (Self::*handler)(Player&, const Message&)) {
  on_player_message<Message, void>([self, handler](const From&, Player& player, Message message, const ValueRequest&) {
    (self->*handler)(player, message);
  });
}

template <class Self, class Message, class Reply>
void OwnerNode::on_player(Self* self, Reply (Self::*handler)(Player&, const Message&)) {
  on_player_message<Message, Reply>(
      [this, self, handler](const From& from, Player& player, Message message, const ValueRequest& request) {
        answer_player(from, request, (self->*handler)(player, message));
      });
}

template <class Self, class Message, class Reply>
void OwnerNode::on_player(Self* self, Task<Reply> (Self::*handler)(PlayerRef, Message)) {
  on_player_message<Message, Reply>(
      [this, self, handler](const From& from, Player& player, Message message, const ValueRequest& request) {
        if (request.hash != 0) player.creqs.begin(request.creq, request.hash);
        const PlayerRef ref{player.id, player.epoch};
        player.scope->spawn(answer_player_later(from, (self->*handler)(ref, std::move(message)), request));
      });
}

template <class Reply>
void OwnerNode::answer_player(const From& from, const ValueRequest& request, Reply answer) {
  mark_reply(&answer, request.creq, 0);
  if (request.hash != 0)
    end_request({from.header.player, from.header.player_epoch}, request, static_cast<std::uint32_t>(answer.code()),
                answer.SerializeAsString());
  reply(from, answer);
}

template <class Reply>
Task<void> OwnerNode::answer_player_later(From from, Task<Reply> task, ValueRequest request) {
  std::exception_ptr error;
  Reply answer;
  try {
    answer = co_await task;
  } catch (...) {
    error = std::current_exception();
  }
  if (error)
    failed_later(from, error);
  else
    answer_player(from, request, std::move(answer));
}

}  // namespace dure
