// Which member function takes which server message. The message object is reused from frame to frame (a fresh one costs
// more than the parse), so a handler keeps no reference to it. Built once, one thread.
#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "common/proto/routes.h"

namespace dure {

template <class Target>
class FrameTable {
 public:
  enum class Taken { kUnknown, kUnreadable, kDone };

  template <class Message>
  void on(void (Target::*handler)(const Message&, std::uint32_t seq)) {
    const std::uint32_t id = route_id(Message::descriptor());
    if (table_.size() <= id) table_.resize(id + 1);
    table_[id] = [handler, message = std::make_shared<Message>()](Target& target, std::string_view body,
                                                                  std::uint32_t seq) {
      if (!message->ParseFromArray(body.data(), static_cast<int>(body.size()))) return false;
      (target.*handler)(*message, seq);
      return true;
    };
  }
  Taken take(Target& target, std::uint32_t id, std::string_view body, std::uint32_t seq) const {
    if (id >= table_.size() || !table_[id]) return Taken::kUnknown;
    return table_[id](target, body, seq) ? Taken::kDone : Taken::kUnreadable;
  }

 private:
  std::vector<std::function<bool(Target&, std::string_view, std::uint32_t)>> table_;
};

}  // namespace dure
