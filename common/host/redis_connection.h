// One connection to Redis with bounded times and sizes: connecting takes at most 200 ms, a command 500 ms, an answer
// 4 MiB. Any failure closes it; the owner opens a new one. One thread at a time.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/base/time.h"

struct redisContext;
struct redisReply;

namespace dure {

// "127.0.0.1:6379", or "unix:/path/of/the/socket". As hiredis gives it, for who has times of its own; null: no memory.
redisContext* connect_redis(const std::string& address, Duration limit);

class RedisConnection {
 public:
  struct FreeReply {
    void operator()(redisReply* reply) const;
  };
  using Reply = std::unique_ptr<redisReply, FreeReply>;

  static Result<std::unique_ptr<RedisConnection>> open(const std::string& address);
  ~RedisConnection();
  // Fails on an error reply, too (kRefused; the connection then stays usable).
  [[nodiscard]] Result<Reply> command(const std::vector<std::string>& arguments);
  // A message that is already here or arrives on a readable fd(); null: none whole yet.
  [[nodiscard]] Result<Reply> poll_reply();
  int fd() const;

 private:
  explicit RedisConnection(redisContext* context) : context_(context) {}
  Result<Reply> buffered();
  Result<> read_some();
  redisContext* context_;
};

}  // namespace dure
