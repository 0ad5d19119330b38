#include "tools/launcher/monitor_table.h"

#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <charconv>

#include "common/host/redis_connection.h"

namespace dure {
namespace {

constexpr std::size_t kFiguresMax = 500;

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

void put(MonitorValue* value, std::string_view name, std::string_view text) {
  if (name == "state") {
    for (const char c : text.substr(0, 24)) value->state += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    return;
  }
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return;  // "12.5" counts as 12
  if (name == "pid")
    value->pid = number;
  else if (name == "players")
    value->players = number;
  else if (name == "input_wait_p99_us")
    value->input_wait_p99_us = number;
  else if (name == "turn_p99_us")
    value->turn_p99_us = number;
  else if (name == "turn_max_us")
    value->turn_max_us = number;
  else if (name == "sent_per_s")
    value->sent_per_s = number;
  else if (value->figures.size() < kFiguresMax)
    value->figures[std::string(name.substr(0, 64))] = number;
}

}  // namespace

void MonitorTable::Close::operator()(redisContext* context) const { redisFree(context); }

MonitorTable::MonitorTable(std::string address, std::string prefix, Duration timeout)
    : address_(std::move(address)), prefix_(std::move(prefix)), timeout_(timeout) {}
MonitorTable::~MonitorTable() = default;

bool MonitorTable::connect() {
  if (redis_ && !redis_->err) return true;
  redis_.reset();
  if (address_.empty()) return false;
  const auto us = to_us(timeout_);
  const timeval limit{us / 1'000'000, us % 1'000'000};
  redis_.reset(connect_redis(address_, timeout_));
  if (!redis_ || redis_->err || redisSetTimeout(redis_.get(), limit) != REDIS_OK) redis_.reset();
  return redis_ != nullptr;
}

bool MonitorTable::ping() {
  if (!connect()) return false;
  const Reply reply(static_cast<redisReply*>(redisCommand(redis_.get(), "PING")));
  return reply && reply->type == REDIS_REPLY_STATUS;
}

void MonitorTable::write_state(const std::string& node, const std::string& state) {
  if (!connect()) return;
  const std::string key = prefix_ + "monitor:" + node;
  const Reply set(static_cast<redisReply*>(
      redisCommand(redis_.get(), "HSET %b state %b", key.data(), key.size(), state.data(), state.size())));
  if (set)
    const Reply expires(static_cast<redisReply*>(redisCommand(redis_.get(), "EXPIRE %b 5", key.data(), key.size())));
}

MonitorValue MonitorTable::read_one(const std::string& node) {
  MonitorValue value;
  if (!connect()) return value;
  const std::string key = prefix_ + "monitor:" + node;
  const Reply reply(static_cast<redisReply*>(redisCommand(redis_.get(), "HGETALL %b", key.data(), key.size())));
  if (!reply || reply->type != REDIS_REPLY_ARRAY) return value;
  for (std::size_t i = 0; i + 1 < reply->elements; i += 2) {
    const redisReply& name = *reply->element[i];
    const redisReply& text = *reply->element[i + 1];
    if (name.type != REDIS_REPLY_STRING || text.type != REDIS_REPLY_STRING) continue;
    put(&value, {name.str, static_cast<std::size_t>(name.len)}, {text.str, static_cast<std::size_t>(text.len)});
  }
  return value;
}

std::vector<MonitorValue> MonitorTable::read(const std::vector<std::string>& nodes) {
  std::vector<MonitorValue> values(nodes.size());
  // A Redis that does not answer is waited for once, not once a node.
  for (std::size_t i = 0; i < nodes.size() && connect(); ++i) {
    values[i] = read_one(nodes[i]);
    if (redis_ && redis_->err) break;
  }
  return values;
}

}  // namespace dure
