#include "tools/gm/run_gm.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sodium.h>

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>

#include "common/proto/cluster.pb.h"
#include "common/proto/routes.h"
#include "tools/gm/gm_command.h"

namespace dure {
namespace {

using Steady = std::chrono::steady_clock;
using Redis = std::unique_ptr<redisContext, decltype(&redisFree)>;
using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

constexpr auto kRepeat = std::chrono::milliseconds(500);
// More nodes may answer after the first: their words are waited for so long.
constexpr auto kGather = std::chrono::milliseconds(400);

Redis open_redis(const std::string& address) {
  const timeval limit{1, 0};
  const auto colon = address.rfind(':');
  redisContext* context =
      address.find('/') != std::string::npos || colon == std::string::npos
          ? redisConnectUnixWithTimeout(address.c_str(), limit)
          : redisConnectWithTimeout(address.substr(0, colon).c_str(), std::atoi(address.c_str() + colon + 1), limit);
  Redis redis(context, redisFree);
  if (redis && redis->err == 0) redisSetTimeout(redis.get(), limit);
  return redis;
}

// The next pub/sub message on the connection, or nothing within the time.
std::string next_message(redisContext* redis, Steady::time_point until) {
  for (;;) {
    void* raw = nullptr;
    if (redisGetReplyFromReader(redis, &raw) != REDIS_OK) return {};
    if (raw != nullptr) {
      const Reply reply(static_cast<redisReply*>(raw), freeReplyObject);
      if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3 && reply->element[2]->type == REDIS_REPLY_STRING)
        return {reply->element[2]->str, static_cast<std::size_t>(reply->element[2]->len)};
      continue;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now()).count();
    if (left <= 0) return {};
    pollfd ready{redis->fd, POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(left)) <= 0) return {};
    if (redisBufferRead(redis) != REDIS_OK) return {};
  }
}

}  // namespace

int run_gm(const GmOptions& options, const std::vector<std::string>& words) {
  const WallTime now(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
  const auto command = parse_gm(words, now);
  if (!command) {
    std::fprintf(stderr, "dure gm: %s\n", command.error().detail.c_str());
    return 2;
  }
  const auto key = read_gm_key(options.key_file, options.development);
  if (!key) {
    std::fprintf(stderr, "dure gm: %s\n", key.error().detail.c_str());
    return 2;
  }
  if (sodium_init() < 0) return 2;
  std::uint64_t id = 0;
  randombytes_buf(&id, sizeof id);
  id = (id >> 1) | 1;
  const std::string message = sign_gm(*command, *key, options.key_name, options.cluster_id, id, now);
  const std::string replies = options.prefix + "gm:reply:" + std::to_string(id);

  const Redis listening = open_redis(options.redis), speaking = open_redis(options.redis);
  if (!listening || listening->err != 0 || !speaking || speaking->err != 0) {
    std::fprintf(stderr, "dure gm: no Redis at %s\n", options.redis.c_str());
    return 1;
  }
  const Reply subscribed(static_cast<redisReply*>(redisCommand(listening.get(), "SUBSCRIBE %s", replies.c_str())),
                         freeReplyObject);
  if (!subscribed) return 1;

  std::map<std::string, proto::GmAnswer> answers;
  auto give_up = Steady::now() + std::chrono::duration_cast<Steady::duration>(options.patience);
  auto repeat = Steady::now();
  while (Steady::now() < give_up) {
    if (answers.empty() && Steady::now() >= repeat) {
      const Reply sent(
          static_cast<redisReply*>(redisCommand(speaking.get(), "PUBLISH %s %b", (options.prefix + "gm").c_str(),
                                                message.data(), message.size())),
          freeReplyObject);
      if (!sent) break;
      repeat = Steady::now() + kRepeat;
    }
    proto::GmAnswer answer;
    const std::string raw = next_message(listening.get(), std::min(give_up, answers.empty() ? repeat : give_up));
    if (raw.empty() || !parse_strict(raw, &answer) || answer.id() != id) continue;
    answers[answer.node()] = answer;
    give_up = std::min(give_up, Steady::now() + kGather);
  }
  bool good = !answers.empty();
  for (const auto& [node, answer] : answers) {
    std::printf("%-16s %s %s\n", node.c_str(), answer.ok() ? "ok" : "no", answer.text().c_str());
    good = good && answer.ok();
  }
  if (answers.empty())
    std::fprintf(stderr, "dure gm: nobody answered within %lld s\n",
                 static_cast<long long>(to_ms(options.patience) / 1000));
  return good ? 0 : 1;
}

}  // namespace dure
