#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "gateway/address_limits.h"
#include "gateway/gateway.h"
#include "gateway/password_text.h"
#include "gateway/password_worker.h"

namespace dure {
namespace {

proto::ChangePasswordReply with_code(proto::Code code, Duration retry_after = {}) {
  proto::ChangePasswordReply reply;
  reply.set_code(code);
  reply.set_retry_after_ms(static_cast<std::uint32_t>(to_ms(retry_after)));
  return reply;
}

}  // namespace

// Two hashes, each after its turn among those who log in. The directory's agent fences every session of the account,
// this one too, once the new one is SAVED: its answer comes here before the fence.
Task<proto::ChangePasswordReply> Gateway::change_password(From from, proto::ChangePasswordRequest request) {
  const ClientId client(from.header.call.value);
  const auto at = clients_.find(client);
  if (at == clients_.end() || find(from.header.session) == nullptr) co_return with_code(proto::WRONG_STATE);
  const auto current = prepared_password(request.current_password());
  const auto wanted = prepared_password(request.new_password());
  if (!wanted) co_return with_code(proto::INVALID);
  if (!current) co_return with_code(proto::NOT_ALLOWED);
  const AccountId account = from.header.account;
  // Whoever found a session open has as few tries as somebody at the door.
  const std::string source = "session of " + std::to_string(account.value);
  const Duration wait = guard_.try_password(source, address_key(at->second.address), now());
  if (wait > Duration{}) co_return with_code(proto::BUSY, wait);

  proto::AccountQuery query;
  query.set_account_id(account.value);
  const auto known = co_await call<proto::AccountReply>(directory_agent(), query);
  if (!known || known->code() != proto::STORED) co_return with_code(proto::BUSY, seconds(1));
  const std::string to_verify = verify_request(*current, known->password_hash());
  const auto right = co_await hashed(client, source, to_verify);
  if (!right) co_return with_code(proto::BUSY, hashes_.wait());
  if (*right != "1") co_return with_code(proto::NOT_ALLOWED);
  const auto hash = co_await new_hash(client, source, *wanted);
  if (!hash) co_return with_code(proto::BUSY, hashes_.wait());

  proto::PasswordSet set;
  set.set_account_id(account.value);
  set.set_expected_hash(known->password_hash());
  set.set_password_hash(*hash);
  const auto done = co_await call<proto::SessionReply>(directory_agent(), set);
  if (done && done->code() == proto::EXPECTED_OTHER) co_return with_code(proto::NOT_ALLOWED);
  if (!done || done->code() != proto::STORED) co_return with_code(proto::BUSY, seconds(1));
  log().event(LogLevel::kInfo, "password.changed", {{"account", account}});
  co_return with_code(proto::OK);
}

}  // namespace dure
