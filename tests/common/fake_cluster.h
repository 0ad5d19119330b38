// A cluster of fakes around one node under test: links come up, calls are answered, what the node sent is kept, time is
// turned by hand. Single-threaded; every wait is in virtual time.
//
//   FakeCluster cluster(gateway, routes);
//   cluster.up(general);
//   cluster.answers<proto::Admit, proto::AdmitReply>(general, [](auto&, auto&) { return proto::AdmitReply(); });
//   cluster.say(general, route_set);                  a notice of that peer
//   cluster.in(ClientOpened{…}); cluster.turn();      turns until nothing more is due now
//   cluster.run(seconds(2));                          turns on through two seconds, every 10 ms
//   cluster.take<proto::SessionLost>(general);        the oldest one that was sent there, removed
//   cluster.effects<FrameOut>();                      effects that are not bus messages, removed
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/logic/node.h"
#include "common/proto/cluster.pb.h"

namespace dure::test {

// Keeps event names, so that a test may ask whether something was logged.
class MemoryLog : public EventLog {
 public:
  void event(LogLevel level, std::string_view name, std::initializer_list<LogField> fields) override {
    std::string line(name);
    for (const auto& field : fields) {
      line += " " + std::string(field.key) + "=";
      if (const auto* text = std::get_if<std::string>(&field.value)) line += *text;
      if (const auto* number = std::get_if<std::int64_t>(&field.value)) line += std::to_string(*number);
    }
    if (level == LogLevel::kError) errors.push_back(line);
    lines.push_back(std::move(line));
  }
  std::vector<std::string> lines, errors;
};

// What the node sent to a peer.
struct Sent {
  MeshHeader header;
  std::string body;
};

class FakeCluster {
 public:
  FakeCluster(Node& node, const Routes& routes) : node_(node), routes_(routes) {}

  // The link to a peer comes up as a new life of it.
  void up(NodeId peer, PeerFacts facts = {}) {
    facts.incarnation = {++lives_, peer.value};
    peers_[peer].facts = facts;
    in(PeerFound{peer, to_text(peer), "fake:" + to_text(peer)});
    in(BusUp{peer});
    hello(peer);
    turn();
  }
  // Only its link was down.
  void again(NodeId peer) {
    in(BusUp{peer});
    hello(peer);
    turn();
  }
  void down(NodeId peer) {
    in(BusDown{peer});
    turn();
  }

  void in(Inbound inbound) { in_.push_back(std::move(inbound)); }
  // Turns until nothing is due at this moment.
  void turn() {
    for (int i = 0; i < 100; ++i) {
      std::vector<Outbound> out;
      node_.turn(now, wall, &in_, &out);
      ++turns;
      node_.check_invariants();
      for (auto& outbound : out) take_out(std::move(outbound));
      if (in_.empty() && node_.next_due() > now) return;
    }
  }
  // Peers stay alive meanwhile.
  void run(Duration duration, Duration step = milliseconds(10)) {
    for (const MonoTime end = now + duration; now < end;) {
      now += step;
      wall += step;
      if (now >= beat_due_) {
        beat_due_ = now + kHeartbeatInterval;
        for (const auto& [peer, fake] : peers_)
          if (node_.peer_up(peer) && !silent.count(peer)) {
            proto::Heartbeat beat;
            beat.set_draining(draining.count(peer) != 0);
            say(peer, beat);
          }
      }
      turn();
    }
  }

  // A message of a peer. With a call id in `extra` it is a request.
  template <class Message>
  void say(NodeId from, const Message& message, MeshHeader extra = {}) {
    extra.kind = extra.call ? MeshKind::kRequest : MeshKind::kNotice;
    extra.message_id = route_id(Message::descriptor());
    raw(from, extra, message.SerializeAsString());
  }
  void raw(NodeId from, MeshHeader header, const std::string& body) {
    header.from = from;
    header.to = node_.id();
    header.sender = peers_[from].facts.incarnation;
    in(BusMessage{Bytes(encode_mesh(header, body))});
  }
  // Asks the node; the reply is found with take_reply(from, call).
  template <class Request>
  CallId ask(NodeId from, const Request& request, MeshHeader extra = {}) {
    extra.call = CallId(++calls_);
    extra.remaining_ms = 2000;
    say(from, request, extra);
    return extra.call;
  }
  template <class Reply>
  std::optional<Reply> take_reply(NodeId to, CallId call) {
    auto& sent = peers_[to].sent;
    for (auto at = sent.begin(); at != sent.end(); ++at) {
      if (at->header.kind != MeshKind::kReply || at->header.call != call) continue;
      Reply reply;
      if (!reply.ParseFromString(at->body)) return std::nullopt;
      sent.erase(at);
      return reply;
    }
    return std::nullopt;
  }
  // Answers a request of the node.
  template <class Reply>
  void answer(NodeId from, const MeshHeader& request, const Reply& reply) {
    MeshHeader header = request;
    header.kind = MeshKind::kReply;
    header.message_id = 0;
    raw(from, header, reply.SerializeAsString());
  }
  // Answers every such request from now on; a std::nullopt leaves it unanswered (and kept for take()).
  template <class Request, class Reply>
  void answers(NodeId peer, std::function<std::optional<Reply>(const MeshHeader&, const Request&)> rule) {
    peers_[peer].rules[route_id(Request::descriptor())] = [this, peer, rule](const Sent& sent) {
      Request request;
      if (!request.ParseFromString(sent.body)) return false;
      const std::optional<Reply> reply = rule(sent.header, request);
      if (reply) answer(peer, sent.header, *reply);
      return reply.has_value();
    };
  }

  // The oldest message of that type that was sent there and not answered by a rule, removed.
  template <class Message>
  std::optional<std::pair<MeshHeader, Message>> take(NodeId peer) {
    auto& sent = peers_[peer].sent;
    for (auto at = sent.begin(); at != sent.end(); ++at) {
      if (at->header.kind == MeshKind::kReply || at->header.message_id != route_id(Message::descriptor())) continue;
      std::pair<MeshHeader, Message> found;
      found.first = at->header;
      if (!found.second.ParseFromString(at->body)) return std::nullopt;
      sent.erase(at);
      return found;
    }
    return std::nullopt;
  }
  const std::deque<Sent>& sent(NodeId peer) { return peers_[peer].sent; }
  void forget_sent_to(NodeId peer) { peers_[peer].sent.clear(); }
  void forget_sent() {
    for (auto& [peer, fake] : peers_) fake.sent.clear();
  }

  // Effects of that kind since the last call, removed.
  template <class Effect>
  std::vector<Effect> effects() {
    std::vector<Effect> taken;
    std::vector<Outbound> rest;
    for (auto& outbound : effects_)
      if (auto* effect = std::get_if<Effect>(&outbound))
        taken.push_back(std::move(*effect));
      else
        rest.push_back(std::move(outbound));
    effects_ = std::move(rest);
    return taken;
  }
  std::vector<Outbound>& all_effects() { return effects_; }
  // Called with each effect that is no bus message, before it is kept (the monitor's values never are). True: it was
  // handled.
  std::function<bool(Outbound&)> on_effect;

  std::set<NodeId> draining;             // peers that say so with their heartbeats
  std::set<NodeId> silent;               // peers that do not beat
  int turns = 0;                         // the node's, so far
  std::optional<MonitorValues> monitor;  // the last ones
  MonoTime now{seconds(1000)};
  WallTime wall{seconds(1'800'000'000)};

 private:
  struct Fake {
    PeerFacts facts;
    std::deque<Sent> sent;
    std::map<std::uint32_t, std::function<bool(const Sent&)>> rules;
  };

  void hello(NodeId peer) {
    const PeerFacts& facts = peers_[peer].facts;
    proto::Hello hello;
    hello.set_protocol_version(kProtocolVersion);
    hello.set_content_version(facts.content_version);
    hello.set_cluster_id(node_.identity().cluster_id);
    hello.set_realm_id(node_.identity().realm_id);
    hello.set_node(peer.value);
    hello.set_node_name(to_text(peer));
    hello.mutable_incarnation()->set_high(facts.incarnation.high);
    hello.mutable_incarnation()->set_low(facts.incarnation.low);
    hello.mutable_echo_incarnation()->set_high(node_.identity().incarnation.high);
    hello.mutable_echo_incarnation()->set_low(node_.identity().incarnation.low);
    for (const auto shard : facts.shards) hello.add_shards(shard);
    hello.set_directory(facts.directory);
    say(peer, hello);
  }
  void take_out(Outbound outbound) {
    if (auto* values = std::get_if<MonitorValues>(&outbound)) monitor = *values;
    auto* bus = std::get_if<BusSend>(&outbound);
    if (bus == nullptr) {
      if (on_effect && on_effect(outbound)) return;
      if (std::get_if<MonitorValues>(&outbound) == nullptr && std::get_if<BusConnect>(&outbound) == nullptr)
        effects_.push_back(std::move(outbound));
      return;
    }
    Sent sent;
    std::string_view body;
    CHECK(decode_mesh(bus->message.view(), &sent.header, &body));
    sent.body = std::string(body);
    if (sent.header.kind == MeshKind::kNotice && sent.header.message_id <= 2) return;  // hello, heartbeat
    Fake& fake = peers_[bus->peer];
    if (sent.header.kind == MeshKind::kRequest || sent.header.kind == MeshKind::kNotice)
      if (const auto rule = fake.rules.find(sent.header.message_id); rule != fake.rules.end())
        if (rule->second(sent)) return;
    fake.sent.push_back(std::move(sent));
  }

  Node& node_;
  [[maybe_unused]] const Routes& routes_;
  std::map<NodeId, Fake> peers_;
  std::vector<Inbound> in_;
  std::vector<Outbound> effects_;
  MonoTime beat_due_{};
  std::uint64_t lives_ = 0, calls_ = 0;
};

}  // namespace dure::test
