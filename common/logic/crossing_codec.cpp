#include "common/logic/crossing_codec.h"

#include <array>
#include <concepts>
#include <type_traits>
#include <utility>

namespace dure {
namespace {

template <class V, class T>
concept Is = std::same_as<std::remove_const_t<V>, T>;

// fields(value, f): f(every field, in order), for reading and writing alike.
template <Is<ClientOpened> V>
void fields(V& v, auto&& f) {
  f(v.client, v.address);
}
template <Is<ClientFrameIn> V>
void fields(V& v, auto&& f) {
  f(v.client, v.message_id, v.seq, v.body, v.arrived);
}
template <Is<ClientClosed> V>
void fields(V& v, auto&& f) {
  f(v.client, v.reason);
}
template <class V>
requires Is<V, BusUp> || Is<V, BusDown> || Is<V, BusDisconnect>
void fields(V& v, auto&& f) { f(v.peer); }
template <Is<BusMessage> V>
void fields(V& v, auto&& f) {
  f(v.message, v.arrived);
}
template <Is<WorkDone> V>
void fields(V& v, auto&& f) {
  f(v.work_id, v.reply);
}
template <Is<PeerFound> V>
void fields(V& v, auto&& f) {
  f(v.peer, v.name, v.address);
}
template <Is<GmCommandIn> V>
void fields(V& v, auto&& f) {
  f(v.command, v.reply_channel);
}
template <Is<StopRequested> V>
void fields(V& v, auto&& f) {
  f(v.at_once);
}
template <Is<SessionTaken> V>
void fields(V& v, auto&& f) {
  f(v.session, v.found, v.sent, v.ring, v.incomplete, v.limits_full_at);
}
template <class V>
requires Is<V, TopicGapped> || Is<V, TopicJoin> || Is<V, TopicLeave>
void fields(V& v, auto&& f) { f(v.client, v.session, v.topic); }
template <Is<ClientFigures> V>
void fields(V& v, auto&& f) {
  f(v.io_thread, v.values);
}
template <Is<BusConnect> V>
void fields(V& v, auto&& f) {
  f(v.peer, v.address);
}
template <Is<BusSend> V>
void fields(V& v, auto&& f) {
  f(v.peer, v.message);
}
template <Is<SessionBind> V>
void fields(V& v, auto&& f) {
  f(v.client, v.session, v.fresh);
}
template <class V>
requires Is<V, SessionTake> || Is<V, SessionEnded>
void fields(V& v, auto&& f) { f(v.client, v.session); }
template <Is<SessionResumed> V>
void fields(V& v, auto&& f) {
  f(v.client, v.session, v.reliable_received, v.sent, v.ring, v.incomplete, v.limits_full_at);
}
template <Is<FrameOut> V>
void fields(V& v, auto&& f) {
  f(v.client, v.session, v.frame, v.latest);
}
template <Is<TopicFrame> V>
void fields(V& v, auto&& f) {
  f(v.topic, v.frame, v.latest);
}
template <Is<FrameCredit> V>
void fields(V& v, auto&& f) {
  f(v.client, v.frames);
}
template <Is<ClientClose> V>
void fields(V& v, auto&& f) {
  f(v.client, v.last_frame);
}
template <Is<ClientAccepted> V>
void fields(V& v, auto&& f) {
  f(v.client);
}
template <Is<Work> V>
void fields(V& v, auto&& f) {
  f(v.queue, v.work_id, v.request);
}
template <Is<MonitorValues> V>
void fields(V& v, auto&& f) {
  f(v.node, v.fields);
}
template <Is<GmAnswerOut> V>
void fields(V& v, auto&& f) {
  f(v.reply_channel, v.answer);
}
template <Is<Stopped> V>
void fields(V&, auto&& f) {
  f();
}

class Put {
 public:
  explicit Put(std::string* out) : out_(out) {}
  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }

 private:
  template <std::integral T>
  void put(T value) {
    char bytes[sizeof value];
    store_le(bytes, value);
    out_->append(bytes, sizeof bytes);
  }
  void put(std::string_view text) {
    put(static_cast<std::uint32_t>(text.size()));
    out_->append(text);
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  void put(const Bytes& bytes) { put(bytes.view()); }
  template <class Tag>
  void put(const Id<Tag>& id) {
    put(id.value);
  }
  void put(const NodeId& node) { put(node.value); }
  void put(const MonoTime& time) { put(std::int64_t{time.time_since_epoch().count()}); }
  void put(const TopicKey& key) { put(encode_topic(key)); }
  template <class A, class B>
  void put(const std::pair<A, B>& both) {
    put(both.first), put(both.second);
  }
  template <class T>
  void put(const std::vector<T>& list) {
    put(static_cast<std::uint32_t>(list.size()));
    for (const T& one : list) put(one);
  }
  std::string* out_;
};

class Take {
 public:
  explicit Take(std::string_view bytes) : rest_(bytes) {}
  template <class... T>
  void operator()(T&... values) {
    (take(values), ...);
  }
  template <std::integral T>
  void take(T& value) {
    const std::string_view bytes = cut(sizeof value);
    if constexpr (std::same_as<T, bool>)
      value = good_ && bytes[0] != 0;
    else if (good_)
      value = load_le<T>(bytes.data());
  }
  std::string_view rest() const { return rest_; }
  bool good() const { return good_; }

 private:
  std::string_view cut(std::size_t count) {
    good_ = good_ && count <= rest_.size();
    if (!good_) return {};
    const std::string_view piece = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return piece;
  }
  std::string_view text() {
    std::uint32_t size = 0;
    take(size);
    return cut(size);
  }
  void take(std::string& value) { value = std::string(text()); }
  void take(Bytes& value) { value = Bytes(std::string(text())); }
  template <class Tag>
  void take(Id<Tag>& id) {
    take(id.value);
  }
  void take(NodeId& node) { take(node.value); }
  void take(MonoTime& time) {
    std::int64_t count = 0;
    take(count);
    time = MonoTime(Duration(count));
  }
  void take(TopicKey& key) { good_ = decode_topic(text(), &key) && good_; }
  template <class A, class B>
  void take(std::pair<A, B>& both) {
    take(both.first), take(both.second);
  }
  template <class T>
  void take(std::vector<T>& list) {
    std::uint32_t size = 0;
    take(size);
    good_ = good_ && size <= rest_.size();  // every element takes a byte at least
    for (std::uint32_t i = 0; good_ && i < size; ++i) take(list.emplace_back());
  }
  std::string_view rest_;
  bool good_ = true;
};

void put(const auto& crossing, std::string* out) {
  out->push_back(static_cast<char>(crossing.index()));
  std::visit([&](const auto& value) { fields(value, Put(out)); }, crossing);
}

template <std::size_t... kind>
Inbound blank(std::size_t wanted, std::index_sequence<kind...>) {
  Inbound inbound;
  ((kind == wanted ? void(inbound.emplace<kind>()) : void()), ...);
  return inbound;
}

}  // namespace

void encode(const Inbound& inbound, std::string* out) { put(inbound, out); }
void encode(const Outbound& outbound, std::string* out) { put(outbound, out); }

Result<Inbound> decode_inbound(std::string_view* bytes) {
  Take from(*bytes);
  std::uint8_t kind = 0;
  from.take(kind);
  if (!from.good()) return fail(Trouble::kInvalid, "ends where an input should be");
  constexpr std::size_t kKinds = std::variant_size_v<Inbound>;
  if (kind >= kKinds) return fail(Trouble::kInvalid, "an input of the unknown kind " + std::to_string(kind));
  Inbound inbound = blank(kind, std::make_index_sequence<kKinds>());
  std::visit([&](auto& value) { fields(value, from); }, inbound);
  if (!from.good()) return fail(Trouble::kInvalid, "ends in the middle of an input of kind " + std::to_string(kind));
  *bytes = from.rest();
  return inbound;
}

std::string_view name_of(const Outbound& outbound) {
  constexpr std::array<std::string_view, std::variant_size_v<Outbound>> kNames{
      "BusConnect",   "BusDisconnect",  "BusSend",   "SessionBind",   "SessionTake", "SessionResumed",
      "SessionEnded", "FrameOut",       "TopicJoin", "TopicLeave",    "TopicFrame",  "FrameCredit",
      "ClientClose",  "ClientAccepted", "Work",      "MonitorValues", "GmAnswerOut", "Stopped"};
  return kNames[outbound.index()];
}

}  // namespace dure
