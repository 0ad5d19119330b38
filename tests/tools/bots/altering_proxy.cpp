#include "tests/tools/bots/altering_proxy.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "common/base/check.h"
#include "common/proto/chat.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"
#include "common/proto/routes.h"

namespace dure {

namespace {

template <class Message>
bool is(const ClientFrame& frame, Message* out) {
  return frame.message_id == route_id(Message::descriptor()) &&
         out->ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size()));
}

sockaddr_in loopback(int port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(static_cast<std::uint16_t>(port));
  return at;
}

}  // namespace

AlteringProxy::AlteringProxy(Reactor& reactor, std::string gateway) : reactor_(reactor), gateway_(std::move(gateway)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const sockaddr_in at = loopback(0);
  CHECK(::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0 && ::listen(listener_, 512) == 0);
  reactor_.watch(listener_, EPOLLIN, this);
}

AlteringProxy::~AlteringProxy() {
  for (const auto& side : sides_) close(*side);
  reactor_.forget(listener_);
  ::close(listener_);
}

std::string AlteringProxy::address() const {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
}

void AlteringProxy::on_ready(std::uint32_t) {
  for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    auto client = std::make_unique<Side>(), gateway = std::make_unique<Side>();
    client->proxy = gateway->proxy = this;
    client->other = gateway.get();
    gateway->other = client.get();
    gateway->to_gateway = true;
    client->fd = fd;
    gateway->fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const sockaddr_in to = loopback(std::stoi(gateway_.substr(gateway_.rfind(':') + 1)));
    ::connect(gateway->fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    reactor_.watch(client->fd, EPOLLIN, client.get());
    reactor_.watch(gateway->fd, EPOLLIN | EPOLLOUT, gateway.get());
    sides_.push_back(std::move(client));
    sides_.push_back(std::move(gateway));
  }
}

void AlteringProxy::close(Side& side) {
  if (side.fd < 0) return;
  reactor_.forget(side.fd);
  ::close(side.fd);
  side.fd = -1;
  close(*side.other);
}

void AlteringProxy::ready(Side& side, std::uint32_t epoll_events) {
  if (side.fd < 0) return;
  if ((epoll_events & EPOLLOUT) != 0) flush(side);
  if ((epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  auto& buffer = reactor_.scratch();
  const ssize_t got = ::recv(side.fd, buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return close(side);
  side.in.append(buffer.data(), static_cast<std::size_t>(got));
  pass(side);
}

void AlteringProxy::pass(Side& from) {
  std::size_t used = 0;
  for (;;) {
    const std::string_view rest = std::string_view(from.in).substr(used);
    const FrameCut cut = cut_frame(rest, 4 * 1024 * 1024);
    if (cut.state == FrameState::kBad) return close(from);
    if (cut.state == FrameState::kPartial) break;
    const std::string_view whole = rest.substr(0, cut.bytes);
    if (!from.to_gateway) client_frame(from, cut.frame);
    from.other->out += from.to_gateway ? answer(from, cut.frame, whole) : std::string(whole);
    used += cut.bytes;
  }
  from.in.erase(0, used);
  flush(*from.other);
}

void AlteringProxy::flush(Side& side) {
  while (!side.out.empty()) {
    const ssize_t sent = ::send(side.fd, side.out.data(), side.out.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    side.out.erase(0, static_cast<std::size_t>(sent));
  }
  reactor_.rewatch(side.fd, side.out.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, &side);
}

void AlteringProxy::client_frame(Side& from, const ClientFrame& frame) {
  if (proto::LoginRequest login; is(frame, &login)) from.other->account = login.account();
}

std::string AlteringProxy::answer(Side& gateway, const ClientFrame& frame, std::string_view whole) {
  if (gateway.account.empty()) return std::string(whole);
  if (frame.message_id == route_id(proto::PlayerState::descriptor())) return lie_about_state(gateway, frame, whole);
  if (frame.message_id == route_id(proto::ChatLine::descriptor())) return lie_about_line(gateway, frame, whole);
  return std::string(whole);
}

std::string AlteringProxy::lie_about_state(Side& gateway, const ClientFrame& frame, std::string_view whole) {
  proto::PlayerState state;
  if (!is(frame, &state)) return std::string(whole);
  std::string out(whole);
  if (gateway.account == alter_item_of) {
    const bool known = gateway.epoch != 0;  // the first state is what the bot takes its belief from
    if (known && !gateway.item_chosen && state.aggregate().items_size() > 0) {
      gateway.item_chosen = true;
      gateway.item_high = state.aggregate().items(0).id().high();
      gateway.item_low = state.aggregate().items(0).id().low();
    }
    for (auto& item : *state.mutable_aggregate()->mutable_items())
      if (gateway.item_chosen && item.id().high() == gateway.item_high && item.id().low() == gateway.item_low) {
        item.set_template_("altered_" + item.template_());
        altered = true;
      }
    out = encode_frame(frame.message_id, frame.seq, state.SerializeAsString());
  }
  if (gateway.account == replay_epoch_of && !replayed && gateway.epoch != 0 && state.epoch() > gateway.epoch) {
    out += gateway.old_state;
    replayed = true;
  }
  gateway.epoch = state.epoch();
  gateway.old_state = whole;
  return out;
}

std::string AlteringProxy::lie_about_line(Side& gateway, const ClientFrame& frame, std::string_view whole) {
  proto::ChatLine line;
  if (gateway.account != swap_lines_of || !is(frame, &line) || line.whisper()) return std::string(whole);
  const std::string channel = std::to_string(line.channel()) + line.place();
  const std::uint32_t seen = ++gateway.lines_seen[channel];
  if (!gateway.held_line.empty() && gateway.held_channel == channel) {
    const std::string both = std::string(whole) + gateway.held_line;
    gateway.held_line.clear();
    swapped = true;
    return both;
  }
  if (swapped || !gateway.held_line.empty() || seen != 2) return std::string(whole);
  gateway.held_line = whole;
  gateway.held_channel = channel;
  return {};
}

}  // namespace dure
