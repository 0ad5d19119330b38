#include "tests/sim/player.h"

#include "common/base/hash.h"
#include "common/game/sample/sample.pb.h"
#include "common/logic/node.h"
#include "common/proto/chat.pb.h"
#include "common/proto/dungeon.pb.h"

namespace dure::sim {
namespace {
constexpr Duration kStep = milliseconds(250);
constexpr int kPatience = 40;    // steps outside the world before it hangs up and tries again
constexpr double kRoams = 0.01;  // at a step
}  // namespace

ScriptedPlayer::ScriptedPlayer(Cluster& cluster, NodeId gateway, int number, bool wants_dungeon)
    : cluster_(cluster),
      gateway_(gateway),
      number_(number),
      name_("Sim" + name_ending(number)),
      wants_dungeon_(wants_dungeon),
      client_(cluster, "127.0.0.1", static_cast<std::uint64_t>(number) + 1),
      rng_(cluster.scheduler().seed(), 0x91a0 + static_cast<std::uint64_t>(number)),
      roaming_(cluster.scheduler().seed(), 0x20a0 + static_cast<std::uint64_t>(number)) {
  client_.on_frame = [this](const ClientFrame& frame) { take(frame); };
  client_.on_closed = [this] {
    ++disconnects_;
    in_world_ = false;
  };
}

void ScriptedPlayer::start() {
  log_in();
  step();
}

void ScriptedPlayer::log_in() {
  in_world_ = selecting_ = queued_ = resuming_ = false;
  outside_ = 0;
  epoch_ = 0;
  held_.over();
  if (!client_.connect(gateway_)) return;
  proto::LoginRequest login;
  login.set_protocol_version(kProtocolVersion);
  login.set_content_version(1);
  login.set_account(account());
  login.set_password("a password of " + name_);
  client_.send(login);
}

void ScriptedPlayer::come_back() {
  if (!roams_ || !held_.resumable()) return log_in();
  std::vector<NodeId> gateways;
  for (const NodeId node : cluster_.nodes())
    if (node.role() == Role::kGateway) gateways.push_back(node);
  in_world_ = queued_ = false;
  resuming_ = true;
  if (client_.connect(gateways[roaming_.below(gateways.size())])) client_.send(held_.request());
}

void ScriptedPlayer::resumed(const proto::ResumeReply& reply) {
  resuming_ = false;
  if (reply.code() != proto::OK) {
    ++resume_refused_;
    last_error_ = "resume: " + reply.ShortDebugString();
    if (reply.code() != proto::BUSY) held_.over();
    return client_.close();
  }
  held_.resumed(reply);
  reply.replayed() ? ++resumed_whole_ : ++resumed_anew_;
  // On the character screen, or on the way into the world and told so soon.
  selecting_ = reply.player_id() != 0;
  if (!reply.replayed()) return;
  in_world_ = reply.player_id() != 0 && epoch_ != 0 && stated_epoch_ == epoch_;
  if (open_creq_ != 0 && in_world_) send_buy();
}

template <class Message>
bool ScriptedPlayer::read(const ClientFrame& frame, Message* message) {
  return frame.message_id == route_id(Message::descriptor()) && message->ParseFromString(std::string(frame.body));
}

void ScriptedPlayer::take(const ClientFrame& frame) {
  held_.hear(frame.message_id);
  if (proto::ResumeReply reply; read(frame, &reply)) {
    resumed(reply);
  } else if (proto::LoginReply login; read(frame, &login)) {
    if (login.has_characters()) held_.begun(login);
    if (!login.has_characters()) {
      last_error_ = "login: " + login.ShortDebugString();
      if (!login.has_denied() || !was_mangled_) return;
      made_up_ += "x";  // it registered with a password that it made up
      player_id_ = 0;
      return;
    }
    if (login.characters().characters_size() == 0) {
      proto::CreateCharacterRequest create;
      create.set_name(character_);
      client_.send(create);
    } else {
      const auto& mine = login.characters().characters(0);
      character_ = mine.name();
      player_id_ = mine.player_id();
    }
  } else if (proto::CreateCharacterReply created; read(frame, &created)) {
    if (created.code() != proto::OK) last_error_ = "create: " + created.ShortDebugString();
    // While it was hostile it may have spent its name on an account that it made up.
    // A name of who was made after a backup that was put back is never given again.
    if (created.code() == proto::TAKEN && (was_mangled_ || undone_)) character_ += "x";
    // What it asked for may have been mangled on its way.
    if (created.has_character()) character_ = created.character().name();
    player_id_ = created.character().player_id();
  } else if (proto::SelectCharacterReply selected; read(frame, &selected)) {
    if (selected.code() != proto::OK) {
      last_error_ = "select: " + selected.ShortDebugString();
      selecting_ = false;
    }
  } else if (proto::RouteNotice route; read(frame, &route)) {
    if (route.epoch() < epoch_)
      mismatches_.push_back({law::kEpochsOnlyRise, "an older route: " + route.ShortDebugString()});
    epoch_ = route.epoch();
    place_ = route.place();
    was_in_dungeon_ |= route.place_kind() == 1;
    returns_ += !route.returned_because().empty();
    monsters_.clear();
    queued_ = false;
  } else if (proto::PlayerState state; read(frame, &state)) {
    take_state(state);
  } else if (proto::SavedNotice saved; read(frame, &saved)) {
    of_this_epoch(saved);
    this->saved(saved.creq());
  } else if (proto::AggregateChanged changed; read(frame, &changed)) {
    of_this_epoch(changed);
    for (const auto& b : changed.aggregate().balances()) balances_[b.name()] = b.value();
  } else if (sample::BuyReply bought; read(frame, &bought)) {
    ++answers_;
    if (bought.creq() == open_creq_) open_creq_ = 0;  // not so what was asked again, and is answered twice
    RequestFate& fate = requests_[bought.creq()];
    if (bought.code() == proto::OK) {
      bought_ += fate != RequestFate::kApplied && fate != RequestFate::kSaved;
      if (fate != RequestFate::kSaved) fate = RequestFate::kApplied;
      applied_in_[bought.creq()] = epoch_;
      applied_creq_ = std::max(applied_creq_, bought.creq());
      for (const auto& b : bought.touched().balances()) balances_[b.name()] = b.value();
    } else {
      if (fate == RequestFate::kSent) fate = RequestFate::kRefused;
      last_error_ = "buy: " + bought.ShortDebugString();
    }
  } else if (sample::ShopListReply listed; read(frame, &listed)) {
    ++answers_;
  } else if (proto::ErrorReply error; read(frame, &error)) {
    last_error_ = "error: " + error.ShortDebugString();
    if (error.message_id() == route_id(sample::BuyRequest::descriptor())) open_creq_ = 0;
  } else if (proto::CellChanged cell; read(frame, &cell)) {
    for (const auto& entity : cell.entered())
      if (entity.kind() == "monster") monsters_.insert(entity.entity_id());
    for (const auto id : cell.left()) monsters_.erase(id);
  } else if (sample::LootNotice loot; read(frame, &loot)) {
    if (of_this_epoch(loot))
      for (const auto& balance : loot.balances()) balances_[balance.name()] = balance.value();
  } else if (sample::EntityDied died; read(frame, &died)) {
    monsters_.erase(died.entity_id());
  } else if (proto::MoveCorrected corrected; read(frame, &corrected)) {
    x_cm_ = corrected.x_cm();
    y_cm_ = corrected.y_cm();
  } else if (proto::CloseNotice close; read(frame, &close)) {
    last_error_ = "closed: " + close.ShortDebugString();
  }
}

template <class Message>
bool ScriptedPlayer::of_this_epoch(const Message& message) {
  if (message.epoch() == epoch_) return true;
  mismatches_.push_back({law::kFramesOfOneEpoch, "in epoch " + std::to_string(epoch_) + ": " +
                                                     Message::descriptor()->name() + " " + message.ShortDebugString()});
  return false;
}

// What was SAVED before the restore may be there and may not; of who was made after the backup nothing is.
void ScriptedPlayer::begin_anew() {
  undone_ = false;
  applied_creq_ = saved_creq_ = 0;
  std::erase_if(requests_, [this](const auto& one) { return player_id_ != undone_player_ && one.first != open_creq_; });
  for (auto& [creq, fate] : requests_)
    if (fate == RequestFate::kSaved || fate == RequestFate::kApplied) {
      fate = RequestFate::kApplied;
      applied_in_[creq] = 0;
    }
}

void ScriptedPlayer::take_state(const proto::PlayerState& state) {
  of_this_epoch(state);
  in_world_ = true;
  stated_epoch_ = epoch_;
  if (undone_ && (epoch_ >= kRestoredEpoch || player_id_ != undone_player_)) begin_anew();
  creq_ = std::max(creq_, state.last_creq());
  account_id_ = state.aggregate().account_id();
  x_cm_ = state.x_cm();
  y_cm_ = state.y_cm();
  // After a death of the owner: what was only APPLIED may be gone, what was SAVED may not.
  if (state.last_creq() < saved_creq_)
    mismatches_.push_back({law::kSavedIsNeverLost, "request " + std::to_string(saved_creq_) +
                                                       " was SAVED, the owner knows " +
                                                       std::to_string(state.last_creq())});
  // last_creq also counts what was refused in memory: only SavedNotice says SAVED.
  applied_creq_ = saved_creq_;
  balances_.clear();
  for (const auto& b : state.aggregate().balances()) balances_[b.name()] = b.value();
  if (open_creq_ != 0) {
    ++resent_;
    send_buy();
  }
}

// All that was applied in this epoch up to the request.
void ScriptedPlayer::saved(std::uint64_t creq) {
  saved_creq_ = std::max(saved_creq_, creq);
  for (auto& [number, fate] : requests_)
    if (number <= creq && fate == RequestFate::kApplied && applied_in_[number] == epoch_) fate = RequestFate::kSaved;
}

std::string ScriptedPlayer::story() const {
  return name_ + " " + std::to_string(player_id_) + " in '" + place_ + "' at " + position() + " world " +
         std::to_string(in_world_) + " bought " + std::to_string(bought_) + " attacks " + std::to_string(attacks_) +
         " returns " + std::to_string(returns_) + " disconnects " + std::to_string(disconnects_) + " answers " +
         std::to_string(answers_) + " applied " + std::to_string(applied_creq_) + " saved " +
         std::to_string(saved_creq_) + " " + last_error_ + "\n";
}

const char* to_text(RequestFate fate) {
  switch (fate) {
    case RequestFate::kSent:
      return "unknown";
    case RequestFate::kRefused:
      return "refused";
    case RequestFate::kApplied:
      return "applied, then unknown";
    case RequestFate::kSaved:
      return "saved";
  }
  return "";
}

void ScriptedPlayer::step() {
  cluster_.scheduler().after(kStep + milliseconds(static_cast<std::int64_t>(rng_.below(100))), fnv1a(name_),
                             [this] { step(); });
  ++steps_;
  if (!client_.connected()) return come_back();
  if (!in_world_) {
    if (++outside_ % kPatience == 0) return log_in();
    if (resuming_) return;
    if (player_id_ == 0 || std::exchange(selecting_, true)) return;
    proto::SelectCharacterRequest select;
    select.set_player_id(player_id_);
    client_.send(select);
    return;
  }
  outside_ = 0;
  if (roams_ && !asks_ && roaming_.chance(kRoams)) return come_back();  // not while everybody is looked at
  proto::Ping ping;
  if (roams_) ping.set_reliable_received(held_.reliable_received());
  client_.send(ping);
  walk();
  if (asks_) {
    sample::ShopListRequest list;
    list.set_npc("Mira");
    client_.send(list);
  }
  if (quiet_) return;
  if (!monsters_.empty()) return fight();
  if (place_.rfind("town", 0) == 0) {
    buy();
    if (wants_dungeon_ && (tireless_ || !was_in_dungeon_) && !std::exchange(queued_, true)) {
      proto::QueueRequest queue;
      queue.set_dungeon("cellar");
      client_.send(queue);
    }
  }
  if (steps_ % 8 == 0) {
    proto::SayRequest say;
    say.set_text("step " + std::to_string(steps_));
    client_.send(say);
  }
}

void ScriptedPlayer::walk() {
  x_cm_ += static_cast<std::int32_t>(rng_.below(101)) - 50;
  y_cm_ += static_cast<std::int32_t>(rng_.below(101)) - 50;
  proto::MoveTo move;
  move.set_x_cm(x_cm_);
  move.set_y_cm(y_cm_);
  client_.send(move);
}

void ScriptedPlayer::buy() {
  if (open_creq_ != 0) return;
  open_creq_ = ++creq_;
  requests_[open_creq_] = RequestFate::kSent;
  send_buy();
}

void ScriptedPlayer::send_buy() {
  sample::BuyRequest request;
  request.set_creq(open_creq_);
  request.set_npc("Mira");
  request.set_template_("bread");
  request.set_count(1);
  client_.send(request);
}

void ScriptedPlayer::fight() {
  sample::AttackRequest attack;
  attack.set_target(*monsters_.begin());
  client_.send(attack);
  ++attacks_;
}

}  // namespace dure::sim
