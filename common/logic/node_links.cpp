// The links of a Node: who is found, greeted, heard, up; whom a message may be sent to.
#include <algorithm>

#include "common/logic/node.h"
#include "common/proto/cluster.pb.h"

namespace dure {
namespace {
constexpr std::uint32_t kHello = 1, kHeartbeat = 2, kGoodbye = 3;
constexpr std::size_t kShownBytes = 256;  // of a text that a stranger chose

std::string shown(const std::string& text) { return text.substr(0, kShownBytes); }
}  // namespace

const Link* Node::link(NodeId peer) const {
  const auto at = links_.find(peer);
  return at == links_.end() ? nullptr : &at->second;
}

void Node::found(const PeerFound& peer) {
  if (peer.peer == identity_.id || !peer.peer) return;
  const auto [at, fresh] = links_.try_emplace(peer.peer, peer.peer, peer.name, peer.address);
  if (!fresh && at->second.address() == peer.address) return;
  at->second.address(peer.address);
  effect(BusConnect{peer.peer, peer.address});
}

void Node::link_event(Link& link, Link::Event event) {
  const NodeId peer = link.peer();
  if (event == Link::Event::kUp) {
    log().event(LogLevel::kInfo, "peer.up", {{"node", identity_.name}, {"peer", link.name()}});
    // Our echo first: the peer must be up before it hears anything else of us.
    if (link.take_hello(now_)) send_hello(link);
    guarded("peer_up", {}, 0, [&] { on_peer_up(peer); });
  } else if (event == Link::Event::kDown) {
    const std::string why = link.why_down();
    log().event(LogLevel::kWarning, "peer.down", {{"node", identity_.name}, {"peer", link.name()}, {"why", why}});
    fail_calls(peer);
    guarded("peer_down", {}, 0, [&] { on_peer_down(peer, why); });
  }
}

void Node::send_hello(Link& link, const std::string& refused) {
  proto::Hello hello;
  hello.set_protocol_version(kProtocolVersion);
  hello.set_content_version(identity_.content_version);
  hello.set_cluster_id(identity_.cluster_id);
  hello.set_realm_id(identity_.realm_id);
  hello.set_node(identity_.id.value);
  hello.set_node_name(identity_.name);
  hello.mutable_incarnation()->set_high(identity_.incarnation.high);
  hello.mutable_incarnation()->set_low(identity_.incarnation.low);
  hello.mutable_echo_incarnation()->set_high(link.heard_incarnation().high);
  hello.mutable_echo_incarnation()->set_low(link.heard_incarnation().low);
  hello.set_address(identity_.address);
  for (const auto shard : identity_.shards) hello.add_shards(shard);
  hello.set_directory(identity_.directory);
  hello.set_refused(refused);
  MeshHeader header;
  header.from = identity_.id;
  header.to = link.peer();
  header.sender = identity_.incarnation;
  header.message_id = kHello;
  std::string body;
  hello.SerializeToString(&body);
  effect(BusSend{link.peer(), Bytes(encode_mesh(header, body))});
}

void Node::link_message(const MeshHeader& header, std::string_view body) {
  if (header.message_id == kHello) {
    proto::Hello hello;
    if (parse_strict(body, &hello)) take_hello(header, hello);
    return;
  }
  const auto at = links_.find(header.from);
  if (at == links_.end() || at->second.heard_incarnation() != header.sender) return;
  if (header.message_id == kGoodbye) return link_event(at->second, at->second.goodbye());
  proto::Heartbeat beat;
  if (!parse_strict(body, &beat)) return;
  at->second.heard(now_);
  at->second.load({beat.players(), beat.instances(), beat.input_wait_p99_us(), beat.draining()});
}

void Node::take_hello(const MeshHeader& header, const proto::Hello& hello) {
  if (stopped_) return;  // after our goodbye nobody may come to believe that we are back
  std::string refused;
  const char* cause = "they refuse";
  if (hello.cluster_id() != identity_.cluster_id)
    cause = "cluster", refused = "cluster '" + shown(hello.cluster_id()) + "' is not '" + identity_.cluster_id + "'";
  else if (hello.protocol_version() + 1 < kProtocolVersion || hello.protocol_version() > kProtocolVersion + 1)
    cause = "protocol", refused = "protocol " + std::to_string(hello.protocol_version()) + " is more than one from " +
                                  std::to_string(kProtocolVersion);
  else if (hello.realm_id() != identity_.realm_id)
    cause = "realm",
    refused = "realm " + std::to_string(hello.realm_id()) + " is not " + std::to_string(identity_.realm_id);
  else if (NodeId(hello.node()) != header.from || header.from == identity_.id)
    cause = "identity", refused = "two nodes say they are " + shown(hello.node_name());
  if (!refused.empty() || !hello.refused().empty()) {
    // A hello comes four times a second.
    if (const auto times = log_limit_.due(std::string("peer.refused ") + cause + " " + to_text(header.from), now_))
      log().event(LogLevel::kError, "peer.refused",
                  {{"node", identity_.name},
                   {"peer", shown(hello.node_name())},
                   {"why", refused.empty() ? shown(hello.refused()) : refused},
                   {"times", times}});
    return;
  }
  // A tool's number may have been another's, at another address.
  const Link* known = link(header.from);
  const bool stranger = known == nullptr || (header.from.role() == Role::kTool && !known->up());
  if (stranger && !hello.address().empty()) found(PeerFound{header.from, hello.node_name(), hello.address()});
  const auto at = links_.find(header.from);
  if (at == links_.end()) return;
  PeerFacts facts;
  facts.incarnation = {hello.incarnation().high(), hello.incarnation().low()};
  facts.content_version = hello.content_version();
  facts.shards.assign(hello.shards().begin(), hello.shards().end());
  facts.directory = hello.directory();
  const Incarnation echo{hello.echo_incarnation().high(), hello.echo_incarnation().low()};
  link_event(at->second, at->second.hello(facts, echo, identity_.incarnation, now_));
  if (at->second.take_hello(now_)) send_hello(at->second);
}

void Node::run_links() {
  links_due_ = now_ + kHeartbeatInterval / 4;
  if (stopped_) return;
  proto::Heartbeat beat;
  std::string body;
  for (auto& [peer, link] : links_) {
    link_event(link, link.tick(now_));
    if (link.take_hello(now_)) send_hello(link);
    if (!link.take_heartbeat(now_) || unlucky("heartbeat.skipped")) continue;
    if (body.empty()) {
      const PeerLoad mine = load();
      beat.set_turn(turns_);
      beat.set_players(mine.players);
      beat.set_instances(mine.instances);
      beat.set_input_wait_p99_us(mine.input_wait_p99_us);
      beat.set_draining(stopping_ || mine.draining);
      beat.SerializeToString(&body);
    }
    MeshHeader header;
    header.message_id = kHeartbeat;
    send_raw(peer, header, body);
  }
  forget_tools();
}

// Every run of a tool is a peer of its own; one that ended never comes back.
void Node::forget_tools() {
  for (auto at = links_.begin(); at != links_.end();) {
    if (at->first.role() != Role::kTool || !at->second.gone(now_)) {
      ++at;
      continue;
    }
    effect(BusDisconnect{at->first});
    at = links_.erase(at);
  }
}

bool Node::peer_up(NodeId peer) const {
  if (peer == identity_.id) return true;
  const Link* l = link(peer);
  return l != nullptr && l->up();
}

std::vector<NodeId> Node::peers(Role role, bool willing) const {
  std::vector<NodeId> found;
  if (identity_.id.role() == role && !(willing && stopping_)) found.push_back(identity_.id);
  for (const auto& [peer, link] : links_)
    if (peer.role() == role && link.up() && !(willing && link.load().draining)) found.push_back(peer);
  std::sort(found.begin(), found.end());
  return found;
}

NodeId Node::rendezvous(Role role, std::uint64_t key) const {
  NodeId best;
  std::uint64_t best_draw = 0;
  for (const NodeId node : peers(role, true)) {
    const std::uint64_t draw = mix64(key ^ mix64(node.value));
    if (!best || draw > best_draw) best = node, best_draw = draw;
  }
  return best;
}

NodeId Node::directory_agent() const {
  if (identity_.directory) return identity_.id;
  for (const auto& [peer, link] : links_)
    if (link.up() && link.facts().directory) return peer;
  return {};
}

bool Node::reachable(NodeId peer) const {
  const Link* to = link(peer);
  return peer == id() || (to != nullptr && !to->breaker_open());
}

NodeId Node::shard_agent(std::uint32_t shard) const {
  const auto has = [shard](const std::vector<std::uint32_t>& shards) {
    return std::find(shards.begin(), shards.end(), shard) != shards.end();
  };
  if (has(identity_.shards)) return identity_.id;
  for (const auto& [peer, link] : links_)
    if (link.up() && has(link.facts().shards)) return peer;
  return {};
}

bool Node::switched_on(const std::string& name, bool unless_told) const {
  const auto at = switches_.find(name);
  return at == switches_.end() ? unless_told : at->second;
}

}  // namespace dure
