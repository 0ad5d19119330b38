#include <sodium.h>

#include "common/base/text.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "gateway/address_limits.h"
#include "gateway/gateway.h"
#include "gateway/password_text.h"
#include "gateway/password_worker.h"
#include "gateway/token_hash.h"

namespace dure {
namespace {

constexpr std::int64_t kTicketLifeMaxMs = 24ll * 3600 * 1000;
constexpr int kBeginTries = 3;

proto::LoginReply busy(Duration retry_after) {
  proto::LoginReply reply;
  reply.mutable_busy()->set_retry_after_ms(static_cast<std::uint32_t>(to_ms(retry_after)));
  return reply;
}

proto::LoginReply denied(const std::string& reason) {
  proto::LoginReply reply;
  reply.mutable_denied()->set_reason(reason);
  return reply;
}

proto::LoginReply banned(std::int64_t until, const std::string& reason) {
  proto::LoginReply reply;
  reply.mutable_banned()->set_until_unix_ms(until);
  reply.mutable_banned()->set_reason(reason);
  return reply;
}

}  // namespace

std::string token_hash(std::string_view token) {
  std::string hash(32, '\0');
  crypto_generichash(reinterpret_cast<unsigned char*>(hash.data()), hash.size(),
                     reinterpret_cast<const unsigned char*>(token.data()), token.size(), nullptr, 0);
  return hash;
}

std::string Gateway::token() {
  std::string bytes(32, '\0');
  entropy().fill({reinterpret_cast<std::uint8_t*>(bytes.data()), bytes.size()});
  return bytes;
}

bool Gateway::turned_away(const Client& client, std::uint32_t protocol_version, std::uint32_t content_version,
                          proto::LoginReply* reply) const {
  (void)client;
  const std::uint32_t ours = identity().content_version;
  if (protocol_version != kProtocolVersion || content_version < ours || content_version > ours + 1) {
    reply->mutable_update_required()->set_protocol_version(kProtocolVersion);
    reply->mutable_update_required()->set_content_version(ours);
    return true;
  }
  if (stopping()) {
    *reply = busy(seconds(2));
    return true;
  }
  return in_maintenance(reply);
}

bool Gateway::in_maintenance(proto::LoginReply* reply) const {
  if (!switched_on("maintenance", false)) return false;
  reply->mutable_maintenance()->set_until_unix_ms(maintenance_until_unix_ms());
  return true;
}

Task<proto::LoginReply> Gateway::login(From from, proto::LoginRequest request) {
  const ClientId client(from.header.call.value);
  const auto at = clients_.find(client);
  if (at == clients_.end()) co_return busy(seconds(1));
  proto::LoginReply reply;
  if (turned_away(at->second, request.protocol_version(), request.content_version(), &reply)) co_return reply;
  if (const Duration wait = admission(at->second, LoginGuard::Way::kLogin); wait > Duration{}) co_return busy(wait);
  reply = co_await try_login(client, std::move(request));
  co_return reply;
}

Duration Gateway::admission(const Client& client, LoginGuard::Way in, SessionId resumed) {
  if (unlucky("login.not_admitted")) return seconds(1);
  if (identity().developer && is_loopback(client.address)) return {};
  // First, so that an address that asks too often takes nothing from what there is for everybody.
  if (!guard_.address_may(in, address_key(client.address), now())) return seconds(2);
  if (in == LoginGuard::Way::kResume)
    if (const Duration wait = guard_.session_resumes(resumed, now()); wait > Duration{}) return wait;
  return (in == LoginGuard::Way::kLogin ? login_ramp_ : resume_ramp_).admit(now(), rng());
}

Task<proto::LoginReply> Gateway::try_login(ClientId client, proto::LoginRequest request) {
  proto::LoginReply refused;
  proto::Ticket used;
  std::optional<proto::AccountReply> account;
  if (!request.ticket().empty()) {
    account = co_await by_ticket(client, request.ticket(), &used, &refused);
  } else {
    used.set_account(composed(request.account()).value_or(""));
    account = co_await by_password(client, std::move(request), &refused);
  }
  if (!account) co_return refused;
  if (account->banned_until_unix_ms() > unix_ms(wall_now()))
    co_return banned(account->banned_until_unix_ms(), account->ban_reason());
  auto reply = co_await begin(client, std::move(*account), std::move(used));
  co_return reply;
}

void Gateway::next_hash() {
  if (const auto turn = hashes_.next(now())) complete(*turn, std::string());
}

Task<std::optional<std::string>> Gateway::hashed(ClientId client, std::string account, std::string request) {
  const auto at = clients_.find(client);
  if (at == clients_.end()) co_return std::nullopt;
  const std::string address = address_key(at->second.address);
  Expect turn(*this, options_.hash_work_max * 4);
  const CallId place = turn.id();
  const HashQueue::Joined joined = hashes_.join(address, guard_.knows(account, address), place);
  if (joined.displaced) complete(joined.displaced, fail(Trouble::kRefused, "displaced"));
  if (!joined.taken) co_return std::nullopt;
  next_hash();
  const auto granted = co_await turn;
  std::optional<std::string> made;
  if (granted && clients_.count(client)) {
    made = co_await work("hash", request);
    hashes_.done(place, now());
  } else {
    hashes_.leave(place);
  }
  next_hash();
  co_return made;
}

Task<std::optional<std::string>> Gateway::new_hash(ClientId client, std::string account, std::string password) {
  std::string salt(kPasswordSaltBytes, '\0');
  entropy().fill({reinterpret_cast<std::uint8_t*>(salt.data()), salt.size()});
  const std::string to_hash = hash_request(password, salt);
  auto hash = co_await hashed(client, std::move(account), to_hash);
  if (hash && hash->empty()) co_return std::nullopt;
  co_return hash;
}

Task<std::optional<proto::AccountReply>> Gateway::by_password(ClientId client, proto::LoginRequest request,
                                                              proto::LoginReply* refused) {
  const auto at = clients_.find(client);
  const auto name = composed(request.account());
  const auto password = prepared_password(request.password());
  if (!name || name->empty() || name->size() > 64 || !showable(*name, 64) || !password || at == clients_.end()) {
    *refused = denied("account or password");
    co_return std::nullopt;
  }
  const Duration wait = guard_.try_password(*name, address_key(at->second.address), now());
  if (wait > Duration{}) {
    *refused = busy(wait);
    co_return std::nullopt;
  }
  proto::AccountQuery query;
  query.set_account(*name);
  auto account = co_await call<proto::AccountReply>(directory_agent(), query);
  if (!account || account->code() == proto::RETRY) {
    *refused = busy(seconds(1));
    co_return std::nullopt;
  }
  const bool unknown = account->code() == proto::NO_SUCH;
  if (unknown && identity().developer && options_.register_unknown) {
    const auto hash = co_await new_hash(client, *name, *password);
    if (!hash) {
      *refused = busy(hashes_.wait());
      co_return std::nullopt;
    }
    query.set_create(true);
    query.set_password_hash(*hash);
    account = co_await call<proto::AccountReply>(directory_agent(), query);
    if (!account || account->code() != proto::STORED) {
      *refused = busy(seconds(1));
      co_return std::nullopt;
    }
    // Two who registered the same name at once: the second proves itself like anybody else.
    if (account->password_hash() == *hash) co_return *account;
  }
  // An unknown account has no hash, and costs what a known one does.
  const std::string to_verify = verify_request(*password, account->password_hash());
  const auto right = co_await hashed(client, *name, to_verify);
  if (right && *right == "1") co_return *account;
  *refused = right ? denied("account or password") : busy(hashes_.wait());
  co_return std::nullopt;
}

bool Gateway::good_ticket(const Client& client, std::string_view checked, proto::Ticket* ticket) const {
  if (checked.empty() || !parse_strict(checked.substr(1), ticket)) return false;
  const bool developer_key = checked.front() == 'd';
  if (developer_key && !options_.developer_key_off_loopback && !is_loopback(client.address)) return false;
  const std::int64_t now_ms = unix_ms(wall_now());
  if (ticket->cluster_id() != identity().cluster_id || ticket->account().empty() || ticket->account().size() > 64 ||
      !showable(ticket->account(), 64) || ticket->nonce() == 0)
    return false;
  return ticket->not_after_unix_ms() >= now_ms && ticket->not_after_unix_ms() <= now_ms + kTicketLifeMaxMs;
}

// That it is used once only is the directory's word, when the session begins: another gateway may have seen it.
Task<std::optional<proto::AccountReply>> Gateway::by_ticket(ClientId client, std::string signed_ticket,
                                                            proto::Ticket* used, proto::LoginReply* refused) {
  if (tickets_waiting_ >= options_.tickets_waiting_max) {
    *refused = busy(seconds(1));
    co_return std::nullopt;
  }
  const std::string to_check = ticket_request(signed_ticket);
  ++tickets_waiting_;
  const std::string checked = co_await work("hash", to_check);
  --tickets_waiting_;
  const auto at = clients_.find(client);
  if (at == clients_.end() || !good_ticket(at->second, checked, used)) {
    *refused = denied("ticket");
    co_return std::nullopt;
  }
  proto::AccountQuery query;
  query.set_account(used->account());
  query.set_create(true);  // the account service knows it; we may not yet
  auto account = co_await call<proto::AccountReply>(directory_agent(), query);
  if (account && account->code() == proto::STORED) co_return *account;
  *refused = busy(seconds(1));
  co_return std::nullopt;
}

Task<proto::LoginReply> Gateway::begin(ClientId client, proto::AccountReply account, proto::Ticket used) {
  const AccountId account_id(account.account_id());
  // Before any older session is ended: without its characters a login is no use.
  auto characters = co_await characters_of(account.shard(), account_id);
  if (!characters) co_return busy(seconds(1));
  const std::string first_token = token();
  proto::SessionBegin begin;
  begin.set_account_id(account.account_id());
  begin.set_expected_session_epoch(account.session_epoch());
  begin.set_session_id(entropy().id63());
  begin.set_token_hash(token_hash(first_token));
  begin.set_gateway(id().value);
  begin.set_now_unix_ms(unix_ms(wall_now()));
  begin.set_ticket_nonce(used.nonce());
  begin.set_ticket_not_after_unix_ms(used.not_after_unix_ms());
  std::optional<proto::SessionReply> granted;
  for (int tries = 0; tries < kBeginTries && !granted; ++tries) {
    auto answer = co_await call<proto::SessionReply>(directory_agent(), begin);
    if (!answer) break;
    if (answer->code() == proto::REJECTED && answer->banned_until_unix_ms() <= unix_ms(wall_now()))
      co_return denied(answer->detail());
    if (answer->code() == proto::REJECTED) co_return banned(answer->banned_until_unix_ms(), answer->detail());
    if (answer->code() == proto::STORED)
      granted = *answer;
    else if (answer->code() == proto::EXPECTED_OTHER)
      begin.set_expected_session_epoch(answer->session_epoch());
    else
      break;
  }
  if (!granted) co_return busy(seconds(1));
  if (const Fence* fence = overtaken(account_id, granted->session_epoch())) co_return denied(fence->reason);

  // Wherever this account was before, it is here now.
  proto::SessionFenced fenced;
  fenced.set_account_id(account.account_id());
  fenced.set_session_epoch(granted->session_epoch() - 1);
  fenced.set_reason("logged in elsewhere");
  for (const NodeId gateway : peers(Role::kGateway))
    if (gateway != id()) send(gateway, fenced);
  const From self;
  session_fenced(self, fenced);
  const auto at = clients_.find(client);
  proto::LoginReply away;
  if (at == clients_.end() || in_maintenance(&away)) {
    end_in_directory(account_id, granted->session_epoch());
    if (at == clients_.end()) co_return busy(seconds(1));
    co_return away;
  }
  guard_.succeeded(used.account(), address_key(at->second.address));
  const SessionId session(begin.session_id());
  open_session(session, granted->session_epoch(), account_id, granted->shard(), client, true);
  log().event(LogLevel::kInfo, "session.begun", {{"session", session}, {"account", account_id}});
  proto::LoginReply reply;
  *reply.mutable_characters()->mutable_characters() = characters->characters();
  reply.mutable_characters()->set_slots(options_.character_slots);
  reply.set_session_id(session.value);
  reply.set_resume_token(first_token);
  reply.set_heartbeat_interval_ms(options_.heartbeat_interval_ms);
  co_return reply;
}

}  // namespace dure
