#include "common/host/redis_connection.h"

#include <hiredis/hiredis.h>
#include <poll.h>

#include "common/host/clock.h"
#include "common/host/signals.h"

namespace dure {
namespace {
constexpr Duration kConnectMax = milliseconds(200);
constexpr timeval kCommandMax{0, 500'000};
constexpr Duration kAnswerWithin = milliseconds(500);
constexpr std::size_t kReplyBytesMax = 4u << 20;
}  // namespace

redisContext* connect_redis(const std::string& address, Duration limit) {
  const auto us = to_us(limit);
  const timeval time{us / 1'000'000, us % 1'000'000};
  if (address.starts_with("unix:")) return redisConnectUnixWithTimeout(address.c_str() + 5, time);
  const auto colon = address.rfind(':');
  const int port = colon == std::string::npos ? 6379 : std::atoi(address.c_str() + colon + 1);
  return redisConnectWithTimeout(address.substr(0, colon).c_str(), port, time);
}

void RedisConnection::FreeReply::operator()(redisReply* reply) const { freeReplyObject(reply); }

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const std::string& address) {
  ignore_broken_pipes();  // hiredis writes without MSG_NOSIGNAL: a server that goes away would end this process
  redisContext* context = connect_redis(address, kConnectMax);
  if (context == nullptr) return fail(Trouble::kIo, "out of memory");
  if (context->err != 0) {
    const std::string why = context->errstr;
    redisFree(context);
    return fail(Trouble::kUnreachable, address + ": " + why);
  }
  redisSetTimeout(context, kCommandMax);
  return std::unique_ptr<RedisConnection>(new RedisConnection(context));
}

RedisConnection::~RedisConnection() { redisFree(context_); }

int RedisConnection::fd() const { return context_->fd; }

Result<RedisConnection::Reply> RedisConnection::buffered() {
  void* reply = nullptr;
  if (redisGetReplyFromReader(context_, &reply) != REDIS_OK) return fail(Trouble::kIo, context_->errstr);
  return Reply(static_cast<redisReply*>(reply));
}

Result<> RedisConnection::read_some() {
  if (redisBufferRead(context_) != REDIS_OK) return fail(Trouble::kIo, context_->errstr);
  // The length in a header is anybody's word: what has not come whole by here is not worth waiting for.
  if (context_->reader->len > kReplyBytesMax) return fail(Trouble::kInvalid, "answer too long");
  return {};
}

Result<RedisConnection::Reply> RedisConnection::command(const std::vector<std::string>& arguments) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  for (const auto& argument : arguments) texts.push_back(argument.data()), sizes.push_back(argument.size());
  if (redisAppendCommandArgv(context_, static_cast<int>(texts.size()), texts.data(), sizes.data()) != REDIS_OK)
    return fail(Trouble::kIo, context_->errstr);
  for (int done = 0; done == 0;)
    if (redisBufferWrite(context_, &done) != REDIS_OK) return fail(Trouble::kIo, context_->errstr);
  const MonoTime until = mono_now() + kAnswerWithin;
  for (;;) {
    auto reply = buffered();
    if (!reply) return reply;
    if (*reply) {
      if ((*reply)->type == REDIS_REPLY_ERROR) return fail(Trouble::kRefused, (*reply)->str);
      return reply;
    }
    if (mono_now() >= until) return fail(Trouble::kTimeout, "no answer");
    if (const auto read = read_some(); !read) return tl::unexpected<Error>(read.error());
  }
}

Result<RedisConnection::Reply> RedisConnection::poll_reply() {
  auto reply = buffered();
  if (!reply || *reply) return reply;
  pollfd p{fd(), POLLIN, 0};
  if (poll(&p, 1, 0) <= 0) return reply;
  if (const auto read = read_some(); !read) return tl::unexpected<Error>(read.error());
  return buffered();
}

}  // namespace dure
