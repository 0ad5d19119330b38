#include "tools/gm/run_gm.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <sodium.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>

#include "common/host/redis_connection.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/routes.h"
#include "tools/gm/gm_command.h"

namespace dure {
namespace {

using Steady = std::chrono::steady_clock;

constexpr auto kRepeat = std::chrono::milliseconds(500);
// More nodes may answer after the first: their words are waited for so long.
constexpr auto kGather = std::chrono::milliseconds(400);

// The next pub/sub message on the connection, or nothing within the time.
Result<std::string> next_message(RedisConnection& redis, Steady::time_point until) {
  for (;;) {
    const auto reply = redis.poll_reply();
    if (!reply) return tl::unexpected<Error>(reply.error());
    const redisReply* message = reply->get();
    if (message != nullptr && message->type == REDIS_REPLY_ARRAY && message->elements == 3 &&
        message->element[2]->type == REDIS_REPLY_STRING)
      return std::string(message->element[2]->str, static_cast<std::size_t>(message->element[2]->len));
    if (message != nullptr) continue;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now()).count();
    pollfd ready{redis.fd(), POLLIN, 0};
    if (left <= 0 || ::poll(&ready, 1, static_cast<int>(left)) <= 0) return std::string();
  }
}

struct Order {
  std::uint64_t id = 0;
  std::string message;  // signed; empty: there is nothing to send
};

Result<Order> countersigned(const GmOptions& options, const GmKey& key, const std::string& file, WallTime now) {
  std::ifstream in(file, std::ios::binary);
  const std::string draft{std::istreambuf_iterator<char>(in), {}};
  proto::GmCommand command;
  auto both = countersign_gm(draft, key, options.key_name, now, &command);
  if (!both) return fail(Trouble::kInvalid, file + " " + both.error().detail);
  std::printf("%s: %s", command.issuer().c_str(), command.verb().c_str());
  for (const auto& word : command.arguments()) std::printf(" %s", word.c_str());
  std::printf("\n");
  return Order{command.id(), std::move(*both)};
}

// What the words ask for, signed with our key.
Result<Order> signed_order(GmOptions options, std::vector<std::string> words) {
  const WallTime now(std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()));
  const std::string other = take_option(&words, "--with"), draft = take_option(&words, "--draft");
  if (const std::string name = take_option(&words, "--as"); !name.empty()) options.key_name = name;
  if (const std::string file = take_option(&words, "--key"); !file.empty()) options.key_file = file;
  const bool second = words.size() == 2 && words[0] == "countersign";
  const auto command = second ? Result<proto::GmCommand>() : parse_gm(words, now);
  if (!command) return tl::unexpected<Error>(command.error());
  if (other.empty() != draft.empty()) return fail(Trouble::kInvalid, "--with and --draft belong together");
  const auto key = read_gm_key(options.key_file, options.development);
  if (!key) return tl::unexpected<Error>(key.error());
  if (second) return countersigned(options, *key, words[1], now);
  Order order;
  randombytes_buf(&order.id, sizeof order.id);
  order.id = (order.id >> 1) | 1;
  const std::string issuer = options.key_name + (other.empty() ? "" : "+" + other);
  order.message = sign_gm(*command, *key, issuer, options.cluster_id, order.id, now);
  if (draft.empty()) return order;
  if (!(std::ofstream(draft, std::ios::binary) << order.message).flush())
    return fail(Trouble::kIo, draft + ": cannot be written");
  std::printf("signed; within the hour %s says: dure gm countersign %s\n", other.c_str(), draft.c_str());
  return Order{};
}

}  // namespace

GmOutcome order_gm(const GmOptions& options, const std::vector<std::string>& words) {
  if (sodium_init() < 0) return GmOutcome::kWrong;
  const auto order = signed_order(options, words);
  if (!order) {
    std::fprintf(stderr, "dure gm: %s\n", order.error().detail.c_str());
    return GmOutcome::kWrong;
  }
  if (order->message.empty()) return GmOutcome::kDone;
  const auto& [id, message] = *order;
  const std::string replies = options.prefix + "gm:reply:" + std::to_string(id);

  const auto listening = RedisConnection::open(options.redis), speaking = RedisConnection::open(options.redis);
  if (!listening || !speaking) {
    std::fprintf(stderr, "dure gm: no Redis at %s\n", (listening ? speaking : listening).error().detail.c_str());
    return GmOutcome::kUnsent;
  }
  if (const auto subscribed = (*listening)->command({"SUBSCRIBE", replies}); !subscribed) {
    std::fprintf(stderr, "dure gm: Redis at %s: %s\n", options.redis.c_str(), subscribed.error().detail.c_str());
    return GmOutcome::kUnsent;
  }

  std::map<std::string, proto::GmAnswer> answers;
  auto give_up = Steady::now() + std::chrono::duration_cast<Steady::duration>(options.patience);
  auto repeat = Steady::now();
  bool taken = false;
  while (Steady::now() < give_up) {
    if (answers.empty() && Steady::now() >= repeat) {
      const auto sent = (*speaking)->command({"PUBLISH", options.prefix + "gm", message});
      if (!sent && sent.error().trouble != Trouble::kRefused) break;
      taken = taken || sent.has_value();
      repeat = Steady::now() + kRepeat;
    }
    proto::GmAnswer answer;
    const auto raw = next_message(**listening, std::min(give_up, answers.empty() ? repeat : give_up));
    if (!raw) break;
    if (raw->empty() || !parse_strict(*raw, &answer) || answer.id() != id) continue;
    answers[answer.node()] = answer;
    give_up = std::min(give_up, Steady::now() + kGather);
  }
  bool good = true;
  for (const auto& [node, answer] : answers) {
    std::printf("%-16s %s %s\n", node.c_str(), answer.ok() ? "ok" : "no", answer.text().c_str());
    good = good && answer.ok();
  }
  if (answers.empty()) {
    std::fprintf(stderr, "dure gm: nobody answered within %lld s\n",
                 static_cast<long long>(to_ms(options.patience) / 1000));
    return taken ? GmOutcome::kUnanswered : GmOutcome::kUnsent;
  }
  return good ? GmOutcome::kDone : GmOutcome::kRefused;
}

int run_gm(const GmOptions& options, const std::vector<std::string>& words) {
  const GmOutcome outcome = order_gm(options, words);
  return outcome == GmOutcome::kDone ? 0 : outcome == GmOutcome::kWrong ? 2 : 1;
}

}  // namespace dure
