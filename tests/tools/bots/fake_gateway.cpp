#include "tests/tools/bots/fake_gateway.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/game/sample/messages.h"
#include "common/game/sample/sample.pb.h"
#include "common/proto/chat.pb.h"
#include "common/proto/gateway.pb.h"
#include "common/proto/lobby.pb.h"

namespace dure {

namespace {

constexpr std::int64_t kBread = 6, kBreadBack = 1;

template <class Message>
bool is(const ClientFrame& frame, Message* out) {
  return frame.message_id == route_id(Message::descriptor()) &&
         out->ParseFromArray(frame.body.data(), static_cast<int>(frame.body.size()));
}

std::vector<const google::protobuf::FileDescriptor*> all_files() {
  auto files = engine_files();
  for (const auto* file : sample::message_files()) files.push_back(file);
  return files;
}

}  // namespace

FakeGateway::FakeGateway(Reactor& reactor) : routes_(std::move(*Routes::build(all_files()))), reactor_(reactor) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 && ::listen(listener_, 128) == 0);
  reactor_.watch(listener_, EPOLLIN, this);
}

FakeGateway::~FakeGateway() {
  while (!clients_.empty()) close(*clients_.begin()->second);
  reactor_.forget(listener_);
  ::close(listener_);
}

std::string FakeGateway::address() const {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
}

void FakeGateway::on_ready(std::uint32_t) {
  for (int fd; (fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    clients_[fd] = std::make_unique<Client>(*this, fd);
    reactor_.watch(fd, EPOLLIN, clients_[fd].get());
  }
}

void FakeGateway::close(Client& client) {
  reactor_.forget(client.fd);
  ::close(client.fd);
  const auto found = clients_.find(client.fd);
  closed_.push_back(std::move(found->second));  // the reactor may still hold it in this round
  clients_.erase(found);
}

void FakeGateway::drop(std::uint64_t player) {
  for (auto& [fd, client] : clients_)
    if (client->player != nullptr && client->player->id == player) return close(*client);
}

// It is the client that closes then: what was not read yet is not lost to it.
void FakeGateway::send_away(std::uint64_t player) {
  for (auto& [fd, client] : clients_)
    if (client->player != nullptr && client->player->id == player) {
      tell(*client, proto::CloseNotice());
      client->in_world = false;
      ::shutdown(fd, SHUT_WR);
    }
}

// By PROTOCOL.md: of class RELIABLE, and in a session.
bool FakeGateway::counted(std::uint32_t message_id) const {
  const RouteInfo* route = routes_.find(message_id);
  return route != nullptr && !route->latest && message_id != route_id(proto::LoginReply::descriptor()) &&
         message_id != route_id(proto::ResumeReply::descriptor()) &&
         message_id != route_id(proto::CloseNotice::descriptor());
}

template <class Message>
void FakeGateway::tell(Client& client, const Message& message, std::uint32_t seq) {
  write(client,
        encode_frame(static_cast<std::uint16_t>(route_id(Message::descriptor())), seq, message.SerializeAsString()));
}

// Test traffic is small: what does not fit into the socket's buffer at once would be a bug of the test.
void FakeGateway::write(Client& client, const std::string& bytes) {
  const ssize_t sent = ::send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  CHECK(sent < 0 || sent == static_cast<ssize_t>(bytes.size()));
  if (sent > 0 && client.player != nullptr && counted(cut_frame(bytes, 65536).frame.message_id))
    ++client.player->reliable_sent;
}

void FakeGateway::read(Client& client) {
  char buffer[16384];
  const ssize_t got = ::recv(client.fd, buffer, sizeof buffer, 0);
  if (got < 0) return;
  if (got == 0) return close(client);
  client.in.append(buffer, static_cast<std::size_t>(got));
  for (;;) {
    const FrameCut cut = cut_frame(client.in, 65536);
    CHECK(cut.state != FrameState::kBad);
    if (cut.state == FrameState::kPartial) return;
    take(client, cut.frame);
    client.in.erase(0, cut.bytes);
  }
}

void FakeGateway::take(Client& client, const ClientFrame& frame) {
  if (proto::LoginRequest login; is(frame, &login)) {
    Player& player = players_[login.account()];
    if (player.id == 0) player.id = players_.size();
    client.player = &player;
    player.reliable_sent = 0;
    sessions_[player.id] = login.account();
    proto::LoginReply reply;
    reply.mutable_characters()->set_slots(3);
    if (!player.name.empty()) {
      auto* character = reply.mutable_characters()->add_characters();
      character->set_player_id(player.id);
      character->set_name(player.name);
    }
    reply.set_session_id(player.id);
    reply.set_resume_token("token");
    tell(client, reply, frame.seq);
  } else if (proto::ResumeRequest resume; is(frame, &resume)) {
    client.player = &players_[sessions_[resume.session_id()]];
    resumed_with += resume.reliable_received();
    resumed_sent += client.player->reliable_sent;
    client.player->reliable_sent = 0;  // not replayed: counted from 0 again
    proto::ResumeReply reply;
    reply.set_resume_token("token");
    reply.set_player_id(client.player->id);
    tell(client, reply, frame.seq);
    enter(client);
  } else if (proto::CreateCharacterRequest create; is(frame, &create)) {
    client.player->name = create.name();
    proto::CreateCharacterReply reply;
    reply.mutable_character()->set_player_id(client.player->id);
    reply.mutable_character()->set_name(create.name());
    tell(client, reply, frame.seq);
  } else if (proto::SelectCharacterRequest select; is(frame, &select)) {
    tell(client, proto::SelectCharacterReply(), frame.seq);
    enter(client);
  } else if (proto::Echo echo; is(frame, &echo)) {
    proto::EchoReply reply;
    reply.set_stamp(echo.stamp());
    tell(client, reply, frame.seq);
  } else if (proto::MoveTo move; is(frame, &move)) {
    client.player->x_cm = move.x_cm();
    client.player->y_cm = move.y_cm();
    proto::CellUpdate update;
    auto* moved = update.add_moved();
    moved->set_entity_id(client.player->id);
    moved->set_x_cm(move.x_cm());
    moved->set_y_cm(move.y_cm());
    for (auto& [fd, other] : clients_)
      if (other->in_world) tell(*other, update);
  } else if (proto::LeaveWorldRequest leave; is(frame, &leave)) {
    client.in_world = false;
    tell(client, proto::LeaveWorldReply(), frame.seq);
  } else if (frame.message_id == route_id(proto::SayRequest::descriptor())) {
    say(client, frame);
  } else {
    trade(client, frame);
  }
}

void FakeGateway::enter(Client& client) {
  client.in_world = true;
  tell_state(client);
  proto::CellChanged cell;
  cell.set_whole(true);
  auto* npc = cell.add_entered();
  npc->set_entity_id(9000);
  npc->set_name("Mira");
  npc->set_kind("npc");
  npc->set_x_cm(5100);
  npc->set_y_cm(5100);
  tell(client, cell);
}

void FakeGateway::tell_state(Client& client, const std::string& returned_because) {
  Player& player = *client.player;
  proto::RouteNotice route;
  route.set_epoch(player.epoch);
  route.set_place("town/1");
  route.set_returned_because(returned_because);
  tell(client, route);
  proto::PlayerState state;
  state.set_epoch(player.epoch);
  state.set_last_creq(player.last_creq);
  state.set_entity_id(player.id);
  state.set_x_cm(player.x_cm);
  state.set_y_cm(player.y_cm);
  state.set_speed_max_cm_s(600);
  for (const auto& [name, value] : player.balances) {
    auto* amount = state.mutable_aggregate()->add_balances();
    amount->set_name(name);
    amount->set_value(value);
  }
  auto* sword = state.mutable_aggregate()->add_items();
  sword->mutable_id()->set_high(7);
  sword->mutable_id()->set_low(player.id);
  sword->set_template_(player.epoch > 1 && player.id == alter_item_of ? "iron_sword" : "rusty_sword");
  sword->set_version(1);
  tell(client, state);
}

void FakeGateway::move_everybody(const std::string& returned_because) {
  for (auto& [fd, client] : clients_) {
    if (!client->in_world) continue;
    ++client->player->epoch;
    tell_state(*client, returned_because);
    if (client->player->id != replay_epoch_of) continue;
    proto::SavedNotice old;
    old.set_epoch(client->player->epoch - 1);
    tell(*client, old);
  }
}

void FakeGateway::say(Client& client, const ClientFrame& frame) {
  proto::SayRequest request;
  if (!is(frame, &request)) return;
  tell(client, proto::SayReply(), frame.seq);
  proto::ChatLine line;
  line.set_channel(request.channel());
  line.set_from(client.player->name);
  line.set_from_player(client.player->id);
  line.set_text(request.text());
  line.set_number(next_line_[request.channel()]++);
  line.set_place("town/1");
  const std::string bytes =
      encode_frame(static_cast<std::uint16_t>(route_id(proto::ChatLine::descriptor())), 0, line.SerializeAsString());
  for (auto& [fd, other] : clients_) {
    if (!other->in_world) continue;
    if (other->player->id == swap_lines_of && request.channel() == proto::PLACE_CHANNEL && line.number() == 12) {
      other->held_line = bytes;
      continue;
    }
    write(*other, bytes);
    if (other->held_line.empty() || request.channel() != proto::PLACE_CHANNEL) continue;
    write(*other, other->held_line);
    other->held_line.clear();
  }
}

void FakeGateway::trade(Client& client, const ClientFrame& frame) {
  Player& player = *client.player;
  const auto touch = [&](sample::Touched* touched, const std::string& name, std::int64_t delta) {
    auto* amount = touched->add_balances();
    amount->set_name(name);
    amount->set_value(player.balances[name] += delta);
  };
  std::uint64_t creq = 0;
  if (sample::ShopListRequest list; is(frame, &list)) {
    sample::ShopListReply reply;
    auto* offer = reply.add_offers();
    offer->set_template_("bread");
    offer->set_buy_price(kBread);
    offer->set_sell_price(kBreadBack);
    offer->set_stack(true);
    tell(client, reply, frame.seq);
  } else if (sample::BuyRequest buy; is(frame, &buy)) {
    sample::BuyReply reply;
    reply.set_creq(creq = buy.creq());
    touch(reply.mutable_touched(), "gold", -kBread - (player.id == steal_gold_of ? 1 : 0));
    if (player.id == steal_gold_of) steal_gold_of = 0;
    touch(reply.mutable_touched(), "bread", 1);
    tell(client, reply, frame.seq);
  } else if (sample::SellRequest sell; is(frame, &sell)) {
    sample::SellReply reply;
    reply.set_creq(creq = sell.creq());
    touch(reply.mutable_touched(), "gold", kBreadBack);
    touch(reply.mutable_touched(), sell.stack(), -1);
    tell(client, reply, frame.seq);
  } else if (sample::UseItemRequest use; is(frame, &use)) {
    sample::UseItemReply reply;
    reply.set_creq(creq = use.creq());
    touch(reply.mutable_touched(), use.stack(), -1);
    tell(client, reply, frame.seq);
  }
  if (creq == 0) return;
  player.last_creq = creq;
  proto::SavedNotice saved;
  saved.set_epoch(player.epoch);
  saved.set_creq(creq);
  tell(client, saved);
}

}  // namespace dure
