#include "tools/bots/client_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/proto/gateway.pb.h"

namespace dure {

namespace {

constexpr Duration kHeartbeat = seconds(5);
constexpr Duration kStuckAfter = seconds(20);  // a step of the login that nobody answers

// Letters whose look-alikes are no letters: "il" and "li" would be one name.
std::string letters_of(std::uint64_t number) {
  static constexpr std::string_view kLetters = "abcdefghjkmnpqrstuvwxyz";
  std::string text;
  for (; number > 0 || text.size() < 4; number /= kLetters.size()) text += kLetters[number % kLetters.size()];
  return {text.rbegin(), text.rend()};
}

std::int64_t wall_unix_ms() {
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

ClientSession::ClientSession(Shared& shared, Listener& listener, std::uint32_t number)
    : shared_(shared),
      listener_(listener),
      connection_(shared.reactor, *this),
      account_(fmt::format("{}{:05}", shared.options.account_prefix, number)),
      name_(shared.options.name_prefix + letters_of(number)),
      gateway_turn_(number) {}

void ClientSession::fill(FrameTable<ClientSession>* table) {
  table->on(&ClientSession::login_reply);
  table->on(&ClientSession::resume_reply);
  table->on(&ClientSession::created);
  table->on(&ClientSession::selected);
  table->on(&ClientSession::left_world);
  table->on(&ClientSession::pong);
  table->on(&ClientSession::close_notice);
  table->on(&ClientSession::reconnect_to);
}

void ClientSession::set_state(State state) {
  state_ = state;
  const bool under_way = state >= State::kConnecting && state <= State::kEntering;
  if (under_way != counted_) {
    shared_.logins_under_way += under_way ? 1 : -1;
    counted_ = under_way;
  }
  ++stuck_round_;
  if (under_way) shared_.reactor.wake_in(kStuckAfter, this, 100 + stuck_round_);
}

void ClientSession::start() {
  began_ = shared_.reactor.now();
  connect();
}

void ClientSession::connect() {
  const auto& gateways = shared_.options.gateways;
  if (gateway_.empty()) gateway_ = gateways[gateway_turn_++ % gateways.size()];
  if (!connection_.open(gateway_)) return again_in(milliseconds(500));
  set_state(State::kConnecting);
}

void ClientSession::on_open() {
  if (resume_token_.empty()) return log_in();
  set_state(State::kResuming);
  proto::ResumeRequest request;
  request.set_protocol_version(shared_.options.protocol_version);
  request.set_content_version(shared_.options.content_version);
  request.set_session_id(session_id_);
  request.set_resume_token(resume_token_);
  request.set_reliable_received(reliable_received_);
  send(request);
}

void ClientSession::log_in() {
  set_state(State::kLoggingIn);
  proto::LoginRequest request;
  request.set_protocol_version(shared_.options.protocol_version);
  request.set_content_version(shared_.options.content_version);
  request.set_account(account_);
  if (shared_.tickets)
    request.set_ticket(shared_.tickets->mint(account_, wall_unix_ms() + 60'000));
  else
    request.set_password(shared_.options.password);
  send(request);
}

void ClientSession::on_frame(const ClientFrame& frame) {
  const RouteInfo* route = shared_.routes.find(frame.message_id);
  using Taken = FrameTable<ClientSession>::Taken;
  static const auto login_id = route_id(proto::LoginReply::descriptor());
  static const auto resume_id = route_id(proto::ResumeReply::descriptor());
  static const auto close_id = route_id(proto::CloseNotice::descriptor());
  const bool counted = route != nullptr && !route->latest && frame.message_id != login_id &&
                       frame.message_id != resume_id && frame.message_id != close_id;
  if (counted) ++reliable_received_;
  switch (shared_.session_frames.take(*this, frame.message_id, frame.body, frame.seq)) {
    case Taken::kDone:
      return;
    case Taken::kUnreadable:
      return shared_.report.mismatch(account_, "frame", "readable", fmt::format("message {}", frame.message_id));
    case Taken::kUnknown:
      return listener_.on_world_frame(frame);
  }
}

void ClientSession::login_reply(const proto::LoginReply& reply, std::uint32_t) {
  using Reply = proto::LoginReply;
  if (reply.session_id() != 0) session_id_ = reply.session_id();
  switch (reply.answer_case()) {
    case Reply::kCharacters: {
      resume_token_ = reply.resume_token();
      reliable_received_ = 0;
      failures_ = 0;
      player_id_ = 0;
      for (const auto& character : reply.characters().characters())
        if (player_id_ == 0 && character.delete_at_unix_ms() == 0) {
          player_id_ = character.player_id();
          character_ = character.name();
        }
      set_state(State::kChoosing);
      return player_id_ != 0 ? select() : create();
    }
    case Reply::kQueued:
      shared_.report.error("QUEUED");
      return shared_.reactor.wake_in(shared_.jitter(seconds(std::clamp(reply.queued().eta_s(), 1u, 30u))), this,
                                     kLoginAgain);
    case Reply::kBusy:
      shared_.report.error("LOGIN_BUSY");
      ++shared_.report.logins_retried;
      return shared_.reactor.wake_in(
          shared_.jitter(milliseconds(std::clamp(reply.busy().retry_after_ms(), 100u, 30000u))), this, kLoginAgain);
    case Reply::kMaintenance:
      shared_.report.error("MAINTENANCE");
      break;
    case Reply::kBanned:
      shared_.report.error("BANNED");
      break;
    case Reply::kUpdateRequired:
      shared_.report.error("UPDATE_REQUIRED");
      break;
    case Reply::kDenied:
      shared_.report.error("DENIED: " + reply.denied().reason());
      break;
    case Reply::ANSWER_NOT_SET:
      shared_.report.error("LOGIN_EMPTY");
      break;
  }
  connection_.close();
  again_in(seconds(3));
}

void ClientSession::create() {
  proto::CreateCharacterRequest request;
  character_ = name_tries_ == 0 ? name_ : name_ + letters_of(shared_.rng.below(23 * 23 * 23));
  request.set_name(character_);
  send(request);
}

void ClientSession::created(const proto::CreateCharacterReply& reply, std::uint32_t) {
  if (state_ != State::kChoosing) return;
  if (reply.code() == proto::OK) {
    player_id_ = reply.character().player_id();
    return select();
  }
  shared_.report.error("CREATE_" + proto::Code_Name(reply.code()));
  if (reply.code() == proto::TAKEN && name_tries_++ < 5) return create();
  shared_.reactor.wake_in(shared_.jitter(seconds(1)), this, kSelectAgain);
}

void ClientSession::select() {
  proto::SelectCharacterRequest request;
  request.set_player_id(player_id_);
  send(request);
}

void ClientSession::selected(const proto::SelectCharacterReply& reply, std::uint32_t) {
  if (state_ != State::kChoosing && state_ != State::kEntering) return;
  if (reply.code() == proto::OK) {
    if (state_ == State::kChoosing) set_state(State::kEntering);
    return;
  }
  shared_.report.error("SELECT_" + proto::Code_Name(reply.code()));
  const Duration wait = milliseconds(std::max(reply.retry_after_ms(), 300u));
  shared_.reactor.wake_in(shared_.jitter(wait), this, kSelectAgain);
}

void ClientSession::resume_reply(const proto::ResumeReply& reply, std::uint32_t) {
  if (reply.code() != proto::OK) {
    shared_.report.error("RESUME_" + proto::Code_Name(reply.code()));
    connection_.close();
    if (reply.code() != proto::BUSY) resume_token_.clear();
    return again_in(milliseconds(std::max(reply.retry_after_ms(), 200u)));
  }
  ++shared_.report.resumes;
  resume_token_ = reply.resume_token();
  failures_ = 0;
  if (!reply.replayed()) reliable_received_ = 0;
  if (reply.player_id() == 0) {
    set_state(State::kChoosing);
    return player_id_ != 0 ? select() : create();
  }
  const bool in_place = reply.replayed() && ever_entered_;
  set_state(in_place ? State::kInWorld : State::kEntering);
  listener_.on_resumed(in_place);
}

void ClientSession::entered() {
  if (state_ == State::kLeaving || state_ == State::kGone) return;
  if (!ever_entered_) {
    shared_.report.login.add(shared_.reactor.now() - began_);
    ++shared_.report.entered;
    shared_.names.push_back(character_);
    ever_entered_ = true;
  }
  if (state_ != State::kInWorld) set_state(State::kInWorld);
  if (!pinging_) shared_.reactor.wake_in(shared_.jitter(kHeartbeat), this, kPing);
  pinging_ = true;
}

void ClientSession::leave() {
  asked_to_leave_ = true;
  if (state_ != State::kInWorld) return end();
  set_state(State::kLeaving);
  send(proto::LeaveWorldRequest());
}

void ClientSession::nap(Duration away) {
  if (state_ != State::kInWorld) return;
  nap_ = away;
  set_state(State::kLeaving);
  send(proto::LeaveWorldRequest());
}

void ClientSession::left_world(const proto::LeaveWorldReply& reply, std::uint32_t) {
  if (reply.code() != proto::OK) shared_.report.error("LEAVE_" + proto::Code_Name(reply.code()));
  if (asked_to_leave_ || nap_ == Duration{}) return end();
  connection_.close();
  listener_.on_link_lost();
  resume_token_.clear();
  gateway_.clear();
  set_state(State::kAway);
  shared_.reactor.wake_in(std::exchange(nap_, {}), this, kRetry);
}

void ClientSession::end() {
  connection_.close();
  asked_to_leave_ = true;
  set_state(State::kGone);
}

void ClientSession::pong(const proto::Pong&, std::uint32_t) {}

void ClientSession::close_notice(const proto::CloseNotice& notice, std::uint32_t) {
  shared_.report.error("CLOSE_" + proto::Code_Name(notice.code()) + ": " + notice.reason());
}

void ClientSession::reconnect_to(const proto::ReconnectTo& order, std::uint32_t) {
  if (!order.resume_token().empty()) resume_token_ = order.resume_token();
  gateway_ = order.address();
  connection_.close();
  lost_at_ = shared_.reactor.now();
  listener_.on_link_lost();
  connect();
}

void ClientSession::on_closed(const std::string& why) {
  if (asked_to_leave_) return set_state(State::kGone);
  if (state_ == State::kInWorld) {
    ++shared_.report.disconnects;
    shared_.report.error("DISCONNECTED: " + why);
    lost_at_ = shared_.reactor.now();
    listener_.on_link_lost();
    gateway_.clear();  // any gateway can resume; the next one may be alive
    set_state(State::kAway);
    return shared_.reactor.wake_in(shared_.jitter(milliseconds(50)), this, kRetry);
  }
  shared_.report.error("LOGIN_CLOSED: " + why);
  again_in(milliseconds(500));
}

void ClientSession::again_in(Duration about) {
  set_state(State::kAway);
  ++shared_.report.logins_retried;
  gateway_.clear();
  const std::int64_t slower = 1 << std::min(failures_++, 4u);
  shared_.reactor.wake_in(shared_.jitter(about * slower), this, kRetry);
}

void ClientSession::on_time(std::uint32_t what) {
  if (asked_to_leave_) return;
  switch (what) {
    case kRetry:
      if (state_ == State::kAway) connect();
      return;
    case kPing: {
      proto::Ping ping;
      ping.set_client_time_us(to_us(shared_.reactor.now().time_since_epoch()));
      ping.set_reliable_received(reliable_received_);
      if (connection_.is_open()) send(ping);
      return shared_.reactor.wake_in(kHeartbeat, this, kPing);
    }
    case kSelectAgain:
      if (state_ == State::kChoosing || state_ == State::kEntering) player_id_ != 0 ? select() : create();
      return;
    case kLoginAgain:
      if (state_ == State::kLoggingIn) log_in();
      return;
    default:
      if (what != 100 + stuck_round_ || !counted_) return;
      shared_.report.error(fmt::format("LOGIN_STUCK in state {}", static_cast<int>(state_)));
      connection_.close();
      again_in(milliseconds(500));
  }
}

void ClientSession::collect(Report* report) const {
  report->frames_in += connection_.frames_in;
  report->frames_out += connection_.frames_out;
  report->bytes_in += connection_.bytes_in;
}

}  // namespace dure
