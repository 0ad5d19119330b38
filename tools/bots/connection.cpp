#include "tools/bots/connection.h"

#include <arpa/inet.h>
#include <google/protobuf/message_lite.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace dure {

namespace {

constexpr std::size_t kBodyMax = 4 * 1024 * 1024;
constexpr std::string_view kWebScheme = "ws://";

bool parse_address(const std::string& address, sockaddr_in* out) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return false;
  std::string host = address.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  const int port = std::atoi(address.c_str() + colon + 1);
  *out = {};
  out->sin_family = AF_INET;
  out->sin_port = htons(static_cast<std::uint16_t>(port));
  return port > 0 && port < 65536 && inet_pton(AF_INET, host.c_str(), &out->sin_addr) == 1;
}

}  // namespace

bool Connection::open(const std::string& address) {
  close();
  const bool web = address.starts_with(kWebScheme);
  const std::string host = web ? address.substr(kWebScheme.size()) : address;
  sockaddr_in to;
  if (!parse_address(host, &to)) return false;
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  const int one = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 && errno != EINPROGRESS) {
    ::close(fd_);
    fd_ = -1;
    return false;
  }
  ++incarnation_;
  seq_ = 0;
  if (web) {
    web_ = std::make_unique<WebSocketClient>(host, incarnation_);
    out_ = web_->request();
  }
  writing_ = true;  // the first EPOLLOUT says that the connection stands
  reactor_.watch(fd_, EPOLLIN | EPOLLOUT, this);
  return true;
}

void Connection::close() {
  if (fd_ < 0) return;
  reactor_.forget(fd_);
  ::close(fd_);
  fd_ = -1;
  connected_ = open_ = false;
  ++incarnation_;
  web_.reset();
  in_.clear();
  out_.clear();
}

void Connection::fail(const std::string& why) {
  close();
  listener_.on_closed(why);
}

std::uint32_t Connection::send(std::uint16_t message_id, const google::protobuf::MessageLite& message) {
  return send(message_id, message.SerializeAsString());
}

std::uint32_t Connection::send(std::uint16_t message_id, const std::string& body) {
  if (!open_) return 0;
  const std::string frame = encode_frame(message_id, ++seq_, body);
  if (web_)
    web_->put(frame, &out_);
  else
    out_ += frame;
  ++frames_out;
  // A broken pipe shows as EPOLLERR in the next round: callers of send() are never called back from it.
  if (!writing_) flush();
  return seq_;
}

bool Connection::flush() {
  while (!out_.empty()) {
    const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent <= 0) break;
    out_.erase(0, static_cast<std::size_t>(sent));
  }
  const bool wanted = !out_.empty();
  if (wanted != writing_) {
    writing_ = wanted;
    reactor_.rewatch(fd_, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN, this);
  }
  return true;
}

void Connection::on_ready(std::uint32_t epoll_events) {
  if (fd_ < 0) return;
  if (!connected_) {
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(std::strerror(error));
    if ((epoll_events & EPOLLOUT) == 0) return;
    connected_ = true;
    if (!web_ && !opened()) return;
  }
  if ((epoll_events & EPOLLOUT) != 0 && !flush()) return fail("broken pipe");
  if ((epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
}

// False: the listener ended the connection.
bool Connection::opened() {
  open_ = true;
  const std::uint64_t before = incarnation_;
  listener_.on_open();
  return incarnation_ == before;
}

bool Connection::unwrap(std::string_view bytes, std::string* frames) {
  const auto taken = web_->take(bytes, frames, &out_);
  if (!open_ && web_->open() && !opened()) return false;
  if (!out_.empty() && !writing_ && !flush()) return fail("broken pipe"), false;
  // What came before the end is heard first.
  if (!taken && cut(*frames) != std::string_view::npos) fail(taken.error().detail);
  return taken.has_value();
}

void Connection::read() {
  auto& buffer = reactor_.scratch();
  const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
  if (got == 0) return fail("closed by the gateway");
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    return fail(std::strerror(errno));
  }
  bytes_in += static_cast<std::uint64_t>(got);
  std::string_view fresh(buffer.data(), static_cast<std::size_t>(got));
  std::string unwrapped;
  if (web_) {
    if (!unwrap(fresh, &unwrapped)) return;
    fresh = unwrapped;
  }
  if (in_.empty()) {
    const std::size_t used = cut(fresh);
    if (used != std::string_view::npos) in_.assign(fresh.substr(used));
    return;
  }
  in_.append(fresh);
  std::string whole = std::move(in_);  // a callback may close us, which clears in_
  in_.clear();
  const std::size_t used = cut(whole);
  if (used == std::string_view::npos) return;
  whole.erase(0, used);
  in_ = std::move(whole);
}

std::size_t Connection::cut(std::string_view bytes) {
  const std::uint64_t before = incarnation_;
  std::size_t used = 0;
  for (;;) {
    const FrameCut next = cut_frame(bytes.substr(used), kBodyMax);
    if (next.state == FrameState::kPartial) return used;
    if (next.state == FrameState::kBad) {
      fail("unreadable frame");
      return std::string_view::npos;
    }
    ++frames_in;
    listener_.on_frame(next.frame);
    if (incarnation_ != before) return std::string_view::npos;
    used += next.bytes;
  }
}

}  // namespace dure
