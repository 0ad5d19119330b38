#include "common/host/redis_link.h"

#include <hiredis/hiredis.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "common/host/clock.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/routes.h"

namespace dure {
namespace {
constexpr Duration kRefresh = seconds(1);
constexpr Duration kBackOffFirst = milliseconds(100), kBackOffMost = seconds(5);
constexpr int kScansMost = 64, kHeardAtOnce = 256;
constexpr std::size_t kAnswersMax = 1024;
const std::string kLease = "5";

std::string_view text_of(const redisReply* reply) {
  if (reply == nullptr || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS)) return {};
  return {reply->str, static_cast<std::size_t>(reply->len)};
}
template <class T>
tl::unexpected<Error> pass_on(const Result<T>& result) {
  return tl::unexpected<Error>(result.error());
}
}  // namespace

RedisLink::RedisLink(RedisOptions options, std::vector<RegistryNode> nodes, EventLog& log)
    : options_(std::move(options)),
      nodes_(std::move(nodes)),
      gate_(options_.gm_keys, options_.cluster_id, options_.prefix, options_.gm_rights),
      log_(log) {}

RedisLink::~RedisLink() { stop(); }

void RedisLink::start() {
  thread_ = std::thread([this] { run(); });
}

void RedisLink::stop() {
  stopping_ = true;
  wake_.ring();
  if (thread_.joinable()) thread_.join();
}

void RedisLink::monitor(MonitorValues values) {
  values.fields.emplace_back("pid", std::to_string(::getpid()));
  const std::lock_guard lock(mutex_);
  values_[values.node] = std::move(values);  // goes with the next refresh
}

void RedisLink::answer(GmAnswerOut answer) {
  {
    const std::lock_guard lock(mutex_);
    if (answers_.size() >= kAnswersMax) return;  // the asker repeats until it is answered
    answers_.push_back(std::move(answer));
  }
  wake_.ring();
}

// ── the Redis thread ────────────────────────────────────────────────────────────────────────────────────────

void RedisLink::run() {
  MonoTime next = mono_now();
  while (!stopping_) {
    const MonoTime now = mono_now();
    Result<> done;
    if (!commands_) {
      if (now >= next) {
        done = open();
        if (done) next = now;
      }
    }
    if (done && commands_ && now >= next) {
      done = refresh();
      if (done) back_off_ = {};  // one that lets us in and fails us then is tried ever more seldom, too
      next = now + kRefresh;
    }
    if (done && commands_) done = send_queued();
    if (done && messages_) done = hear();
    if (!done) {
      lost(done.error());
      next = mono_now() + back_off_;
    }
    pollfd fds[2] = {{wake_.fd(), POLLIN, 0}, {messages_ ? messages_->fd() : -1, POLLIN, 0}};
    poll(fds, 2, poll_ms(mono_now(), next, kRefresh));
    wake_.clear();
  }
  if (!commands_) return;
  (void)send_queued();
  for (const auto& node : nodes_)
    if (commands_ && !node.address.empty()) (void)commands_->command({"DEL", options_.prefix + "node:" + node.name});
}

void RedisLink::lost(const Error& error) {
  // Said once per loss; the tries that follow are silent.
  if (connected_.exchange(false) || back_off_ == Duration{})
    log_.event(LogLevel::kWarning, "redis.away", {{"address", options_.address}, {"why", error.detail}});
  commands_.reset();
  messages_.reset();
  back_off_ = std::clamp(back_off_ * 2, kBackOffFirst, kBackOffMost);
}

Result<> RedisLink::open() {
  auto commands = RedisConnection::open(options_.address);
  if (!commands) return pass_on(commands);
  auto messages = RedisConnection::open(options_.address);
  if (!messages) return pass_on(messages);
  if (const auto subscribed = (*messages)->command({"SUBSCRIBE", options_.prefix + "gm"}); !subscribed)
    return pass_on(subscribed);
  commands_ = std::move(*commands);
  messages_ = std::move(*messages);
  connected_ = true;
  log_.event(LogLevel::kInfo, "redis.connected", {{"address", options_.address}});
  return {};
}

Result<RedisConnection::Reply> RedisLink::ask(const std::vector<std::string>& arguments) {
  auto reply = commands_->command(arguments);
  if (reply || reply.error().trouble != Trouble::kRefused) return reply;
  // A replica by now: at this address there may be another master already.
  if (reply.error().detail.rfind("READONLY", 0) == 0) return fail(Trouble::kUnreachable, reply.error().detail);
  if (const auto times = log_limit_.due("redis.refused", mono_now()))
    log_.event(LogLevel::kWarning, "redis.refused",
               {{"command", arguments.front()}, {"why", reply.error().detail}, {"times", times}});
  return RedisConnection::Reply();
}

Result<> RedisLink::refresh() {
  for (const auto& node : nodes_) {
    if (node.address.empty()) continue;
    const auto set =
        ask({"SET", options_.prefix + "node:" + node.name, node.address + " " + node.incarnation, "EX", kLease});
    if (!set) return pass_on(set);
  }
  std::map<std::string, MonitorValues> values;
  {
    const std::lock_guard lock(mutex_);
    values.swap(values_);
  }
  for (const auto& [name, of_node] : values) {
    if (of_node.fields.empty()) continue;
    std::vector<std::string> arguments{"HSET", options_.prefix + "monitor:" + name};
    for (const auto& [key, value] : of_node.fields) arguments.push_back(key), arguments.push_back(value);
    const auto set = ask(arguments);
    if (!set) return pass_on(set);
    const auto expires = ask({"EXPIRE", options_.prefix + "monitor:" + name, kLease});
    if (!expires) return pass_on(expires);
  }
  return find_nodes();
}

Result<> RedisLink::find_nodes() {
  std::string cursor = "0";
  for (int i = 0; i < kScansMost; ++i) {
    const auto page = ask({"SCAN", cursor, "MATCH", options_.prefix + "node:*", "COUNT", "1000"});
    if (!page) return pass_on(page);
    if (!*page) return {};
    const redisReply& reply = **page;
    if (reply.type != REDIS_REPLY_ARRAY || reply.elements != 2 || reply.element[1]->type != REDIS_REPLY_ARRAY)
      return fail(Trouble::kInvalid, "SCAN answered with something else");
    const redisReply& keys = *reply.element[1];
    for (std::size_t k = 0; k < keys.elements; ++k)
      if (const auto done = found(std::string(text_of(keys.element[k]))); !done) return done;
    cursor = text_of(reply.element[0]);
    if (cursor == "0") break;
  }
  return {};
}

Result<> RedisLink::found(const std::string& key) {
  const std::size_t skip = options_.prefix.size() + 5;
  if (key.size() <= skip) return {};
  const std::string name = key.substr(skip);
  const NodeId id = node_from_text(name);
  const bool ours = std::any_of(nodes_.begin(), nodes_.end(), [&](const RegistryNode& n) { return n.id == id; });
  if (!id || ours) return {};
  const auto value = ask({"GET", key});
  if (!value) return pass_on(value);
  const std::string text(text_of(value->get()));
  const auto space = text.find(' ');
  if (space == std::string::npos || space == 0 || space > 256 || known_[name] == text) return {};
  known_[name] = text;
  for (const auto& node : nodes_) node.mailbox->put(PeerFound{id, name, text.substr(0, space)});
  return {};
}

Result<> RedisLink::send_queued() {
  std::vector<GmAnswerOut> answers;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(answers_);
  }
  for (const auto& answer : answers) {
    const auto sent = ask({"PUBLISH", answer.reply_channel, std::string(answer.answer.view())});
    if (!sent) return pass_on(sent);
  }
  return {};
}

Result<> RedisLink::hear() {
  for (int heard = 0; heard < kHeardAtOnce; ++heard) {
    const auto reply = messages_->poll_reply();
    if (!reply) return pass_on(reply);
    if (!*reply) return {};
    const redisReply& message = **reply;
    if (message.type == REDIS_REPLY_ARRAY && message.elements == 3 && text_of(message.element[0]) == "message")
      gm(text_of(message.element[2]));
  }
  wake_.ring();  // more may be read already: no descriptor becomes readable for it
  return {};
}

void RedisLink::refuse(std::size_t bytes, const std::string& why) {
  ++refused_;
  if (const auto times = log_limit_.due("gm.refused", mono_now()))
    log_.event(LogLevel::kWarning, "gm.refused", {{"why", why}, {"bytes", bytes}, {"times", times}});
}

void RedisLink::gm(std::string_view payload) {
  const auto admitted = gate_.admit(payload, wall_now());
  if (!admitted) return refuse(payload.size(), admitted.error().detail);
  if (const auto allowed = gate_.allows(*admitted); !allowed) {
    refuse(payload.size(), allowed.error().detail);
    proto::GmCommand command;
    if (nodes_.empty() || !parse_strict(admitted->command.view(), &command)) return;
    // Whoever signed rightly is told, once a process.
    proto::GmAnswer no;
    no.set_id(command.id());
    no.set_node(nodes_.front().name);
    no.set_text(allowed.error().detail);
    return answer({admitted->reply_channel, Bytes(no.SerializeAsString())});
  }
  for (const auto& node : nodes_) node.mailbox->put(*admitted);
}

}  // namespace dure
