#include "common/host/io_thread.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

#include "common/base/check.h"
#include "common/host/clock.h"

namespace dure {
namespace {

constexpr std::uint64_t kWakeTag = 0, kDoorTag = 1;  // and the next; client ids have a top byte
constexpr int kAcceptBudget = 64;
constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kPieces = 64;
constexpr int kWritesAtOnce = 16;
constexpr std::size_t kLingeringMax = 512;
constexpr Duration kTick = milliseconds(50);
constexpr Duration kStandstill = seconds(1);  // and the time to read after one what was sent meanwhile
constexpr Duration kAcceptPause = milliseconds(100);
constexpr Duration kClosePatience = seconds(1);
constexpr Duration kStopPatience = milliseconds(500);

// Clients leave as many to everything else of this process: new peers, files.
constexpr rlim_t kKeptDescriptors = 64;

int clients_below() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::numeric_limits<int>::max();
  const rlim_t all = std::min<rlim_t>(limit.rlim_cur, std::numeric_limits<int>::max());
  return static_cast<int>(all - std::min(kKeptDescriptors, all / 2));
}

int open_reserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

IoThread::IoThread(std::size_t index, int listener, ClientIo& io, Mailbox& mailbox, EventLog& log, int web_listener)
    : index_(index),
      doors_{{listener, false}},
      io_(io),
      mailbox_(mailbox),
      log_(log),
      clients_below_(clients_below()),
      buffer_(kReadBytes) {
  if (web_listener >= 0) doors_.push_back({web_listener, true});
  CHECK(index < 255);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  reserve_ = open_reserve();
  CHECK(epoll_ >= 0 && reserve_ >= 0);
}

IoThread::~IoThread() {
  stop();
  for (const Door& door : doors_) close(door.listener);
  close(epoll_);
  if (reserve_ >= 0) close(reserve_);
}

void IoThread::start() {
  CHECK(!thread_.joinable());
  thread_ = std::thread([this] { run(); });
}

void IoThread::submit(std::vector<Outbound> commands) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = commands_.empty();
    if (first)
      commands_.swap(commands);
    else
      for (auto& command : commands) commands_.push_back(std::move(command));
  }
  if (first) wake_.ring();
}

void IoThread::stop_accepting() {
  accepting_ = false;
  wake_.ring();
}

void IoThread::stop() {
  stopping_ = true;
  stop_accepting();
  if (thread_.joinable()) thread_.join();
}

void IoThread::watch(int fd, std::uint64_t tag, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  CHECK(epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0);
}

void IoThread::listen(bool on) {
  for (std::size_t i = 0; i < doors_.size(); ++i)
    if (on)
      watch(doors_[i].listener, kDoorTag + i, EPOLLIN);
    else
      epoll_ctl(epoll_, EPOLL_CTL_DEL, doors_[i].listener, nullptr);
  listening_ = on;
}

void IoThread::run() {
  now_ = looked_at_ = mono_now();
  tick_due_ = now_ + kTick;
  watch(wake_.fd(), kWakeTag, EPOLLIN);
  listen(true);
  MonoTime stop_at = MonoTime::max();
  std::array<epoll_event, 256> ready;
  while (now_ < stop_at) {
    int count = 0;
    const bool looks = events_.empty();
    if (looks)
      count = epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()),
                         poll_ms(now_, std::min(tick_due_, io_.due()), kTick));
    else
      wake_.wait(1);  // the mailbox is full: read nothing until it has taken what we hold
    now_ = mono_now();
    if (looks) {
      // What clients sent in time is read before anybody is judged by deadlines, however long this thread, the logic
      // thread's mailbox or the whole machine stood still.
      if (now_ - looked_at_ >= kStandstill) tick_due_ = now_ + kStandstill;
      looked_at_ = now_;
    }
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = ready[i].data.u64;
      if (tag == kWakeTag)
        wake_.clear();
      else if (tag < kDoorTag + doors_.size())
        accept_some(doors_[tag - kDoorTag]);
      else
        client_event(ClientId(tag), ready[i].events);
    }
    take_commands();
    run_deadlines();
    run_touched();
    io_.take_events(&events_);
    mailbox_.put_all(&events_);
    if (stopping_ && stop_at == MonoTime::max()) stop_at = now_ + kStopPatience;
    if (!stopping_) continue;
    std::vector<std::uint64_t> written;
    for (const auto& [id, client] : clients_)
      if (!client.stuck) written.push_back(id);
    for (const std::uint64_t id : written) close_client(ClientId(id), true);
    if (clients_.empty() && lingering_.empty()) break;
  }
  std::vector<std::uint64_t> left;
  for (const auto& [id, client] : clients_) left.push_back(id);
  for (const std::uint64_t id : left) close_client(ClientId(id), false);
  for (const auto& [id, socket] : lingering_) close(socket.fd);
  lingering_.clear();
  io_.take_events(&events_);
  mailbox_.put_all(&events_);
}

void IoThread::take_commands() {
  std::vector<Outbound> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (const auto& command : commands) io_.command(command, now_);
}

// ── new clients ─────────────────────────────────────────────────────────────────────────────────────────────

void IoThread::accept_some(const Door& door) {
  for (int i = 0; i < kAcceptBudget && accepting_ && listening_; ++i) {
    sockaddr_in from{};
    socklen_t size = sizeof from;
    const int fd = accept4(door.listener, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) accept_paused(door);
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    if (fd >= clients_below_) {
      close(fd);
      tell_descriptors_gone();
      continue;
    }
    char address[INET_ADDRSTRLEN] = {};
    inet_ntop(AF_INET, &from.sin_addr, address, sizeof address);
    admit(door, fd, address);
  }
}

void IoThread::accept_paused(const Door& door) {
  if (reserve_ >= 0) {
    close(reserve_);
    const int refused = accept4(door.listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (refused >= 0) close(refused);
    reserve_ = open_reserve();
  }
  tell_descriptors_gone();
  listen(false);
  accept_again_ = now_ + kAcceptPause;
  errno = 0;
}

void IoThread::tell_descriptors_gone() {
  if (const auto times = log_limit_.due("io.descriptors_gone", now_))
    log_.event(LogLevel::kError, "io.descriptors_gone",
               {{"thread", index_}, {"clients", clients_.size()}, {"times", times}});
}

void IoThread::admit(const Door& door, int fd, const std::string& address) {
  const ClientId client((static_cast<std::uint64_t>(index_) + 1) << 56 | next_client_++);
  if (!(door.web ? io_.opened_web(client, address, now_) : io_.opened(client, address, now_))) {
    close(fd);
    return;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Client& state = clients_[client.value];
  state.fd = fd;
  state.interest = EPOLLIN;
  watch(fd, client.value, EPOLLIN);
}

// ── clients ─────────────────────────────────────────────────────────────────────────────────────────────────

void IoThread::client_event(ClientId client, std::uint32_t events) {
  if (const auto at = lingering_.find(client.value); at != lingering_.end()) {
    const ssize_t n = recv(at->second.fd, buffer_.data(), buffer_.size(), 0);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR))) return;
    close(at->second.fd);
    lingering_.erase(at);
    return;
  }
  const auto at = clients_.find(client.value);
  if (at == clients_.end()) return;  // closed earlier in this round
  if (events & EPOLLOUT) {
    at->second.stuck = false;
    flush(client);
    if (!clients_.count(client.value)) return;
  }
  if ((events & EPOLLIN) && io_.reads(client) && !io_.closing(client)) return read_some(client, at->second.fd);
  if (events & (EPOLLERR | EPOLLHUP)) return close_client(client, false);
  update_interest(client, at->second);
}

void IoThread::read_some(ClientId client, int fd) {
  const ssize_t n = recv(fd, buffer_.data(), buffer_.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return close_client(client, false);
  io_.received(client, {buffer_.data(), static_cast<std::size_t>(n)}, now_);
  const auto at = clients_.find(client.value);
  if (at != clients_.end()) update_interest(client, at->second);
}

void IoThread::flush(ClientId client) {
  const auto at = clients_.find(client.value);
  if (at == clients_.end()) return;
  Client& state = at->second;
  bool more = true;
  for (int i = 0; i < kWritesAtOnce && !state.stuck; ++i) {
    pieces_.clear();
    io_.gather(client, kPieces, &pieces_);
    more = !pieces_.empty();
    if (!more) break;
    std::array<iovec, kPieces> vectors;
    std::size_t wanted = 0, count = 0;
    for (const auto piece : pieces_) {
      vectors[count++] = {const_cast<char*>(piece.data()), piece.size()};
      wanted += piece.size();
    }
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t n = sendmsg(state.fd, &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return close_client(client, false);
    if (n > 0) io_.wrote(client, static_cast<std::size_t>(n), now_);
    state.stuck = n < static_cast<ssize_t>(wanted);
  }
  if (io_.closing(client)) {
    if (!more) return close_client(client, true);
    closing_.try_emplace(client.value, now_ + kClosePatience);
  }
  // A budget that ran out goes on at the next EPOLLOUT, after the others had their turn.
  state.stuck = more;
  update_interest(client, state);
}

void IoThread::update_interest(ClientId client, Client& state) {
  const bool reads = io_.reads(client) && !io_.closing(client);
  const std::uint32_t wanted = (reads ? EPOLLIN : 0u) | (state.stuck ? EPOLLOUT : 0u);
  if (wanted == state.interest) return;
  state.interest = wanted;
  epoll_event event{};
  event.events = wanted;
  event.data.u64 = client.value;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, state.fd, &event);
}

void IoThread::close_client(ClientId client, bool linger) {
  const auto at = clients_.find(client.value);
  if (at == clients_.end()) return;
  const int fd = at->second.fd;
  clients_.erase(at);
  closing_.erase(client.value);
  io_.closed(client, now_);
  if (!linger || lingering_.size() >= kLingeringMax) {
    close(fd);
    return;
  }
  shutdown(fd, SHUT_WR);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = client.value;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
  lingering_.emplace(client.value, Lingering{fd, now_ + kClosePatience});
}

void IoThread::run_touched() {
  touched_.clear();
  io_.take_touched(&touched_, now_);
  for (const ClientId client : touched_) {
    const auto at = clients_.find(client.value);
    if (at == clients_.end()) continue;
    if (at->second.stuck && !io_.closing(client))
      update_interest(client, at->second);  // it waits for EPOLLOUT already
    else
      flush(client);
  }
}

void IoThread::run_deadlines() {
  if (!accepting_ && listening_) {
    listen(false);
    for (const Door& door : doors_)
      shutdown(door.listener, SHUT_RD);  // who knocks now is refused, or lands at another server
  } else if (accepting_ && !listening_ && now_ >= accept_again_) {
    if (reserve_ < 0) reserve_ = open_reserve();  // another thread took its place
    listen(true);
  }
  if (now_ < tick_due_ || now_ - looked_at_ >= kStandstill) return;
  tick_due_ = now_ + kTick;
  io_.tick(now_);
  std::vector<std::uint64_t> late;
  for (const auto& [id, until] : closing_)
    if (now_ >= until) late.push_back(id);
  for (const std::uint64_t id : late) close_client(ClientId(id), false);
  for (auto at = lingering_.begin(); at != lingering_.end();) {
    if (now_ < at->second.until) {
      ++at;
      continue;
    }
    close(at->second.fd);
    at = lingering_.erase(at);
  }
}

}  // namespace dure
