#include "common/base/text.h"
#include "common/proto/cluster.pb.h"
#include "common/proto/dbagent.pb.h"
#include "common/proto/gateway.pb.h"
#include "gateway/gateway.h"

namespace dure {
namespace {

constexpr int kShardTries = 8;
constexpr Duration kBetweenShardTries = milliseconds(50);

template <class Reply>
Reply with_code(proto::Code code) {
  Reply reply;
  reply.set_code(code);
  return reply;
}

}  // namespace

proto::Pong Gateway::ping(const From&, const proto::Ping& ping) {
  proto::Pong pong;
  pong.set_client_time_us(ping.client_time_us());
  pong.set_server_time_us(to_us(now().time_since_epoch()));
  return pong;
}

Task<std::optional<proto::CharactersReply>> Gateway::characters_of(std::uint32_t shard, AccountId account) {
  proto::CharactersRequest ask;
  ask.set_shard(shard);
  ask.set_account_id(account.value);
  for (int tries = 0; tries < kShardTries; ++tries) {
    auto characters = co_await call<proto::CharactersReply>(shard_agent(ask.shard()), ask);
    if (!characters) break;
    if (characters->code() == proto::STORED) co_return *characters;
    const auto found = co_await shard_again(account, characters->code());
    if (!found) break;
    ask.set_shard(*found);
  }
  co_return std::nullopt;
}

// After a shard could not serve the account: where it is now, once that is worth asking. Its sessions here know it
// then.
Task<std::optional<std::uint32_t>> Gateway::shard_again(AccountId account, int code) {
  if (code != proto::RETRY && code != proto::WRONG_SHARD) co_return std::nullopt;
  // RETRY: it may be on the move just now, which takes some group commits.
  if (code == proto::RETRY) co_await wait(kBetweenShardTries);
  proto::AccountQuery query;
  query.set_account_id(account.value);
  auto now_there = co_await call<proto::AccountReply>(directory_agent(), query);
  if (!now_there || now_there->code() != proto::STORED) co_return std::nullopt;
  for (auto& [id, session] : sessions_)
    if (session.account == account) session.shard = now_there->shard();
  co_return now_there->shard();
}

Task<proto::CreateCharacterReply> Gateway::create_character(From from, proto::CreateCharacterRequest request) {
  using Reply = proto::CreateCharacterReply;
  Session* session = find(from.header.session);
  if (session == nullptr) co_return with_code<Reply>(proto::WRONG_STATE);
  if (!valid_name(request.name())) co_return with_code<Reply>(proto::INVALID);
  const AccountId account = session->account;
  const std::uint32_t shard = session->shard;
  auto characters = co_await characters_of(shard, account);
  if (!characters) co_return with_code<Reply>(proto::BUSY);
  if (characters->characters_size() >= static_cast<int>(options_.character_slots))
    co_return with_code<Reply>(proto::FULL);

  proto::ReserveName reserve;
  reserve.set_name(request.name());
  reserve.set_player_id(entropy().id63());
  reserve.set_account_id(account.value);
  reserve.set_reservation(entropy().id63());
  auto reserved = co_await call<proto::ReserveNameReply>(directory_agent(), reserve);
  if (!reserved || reserved->code() == proto::RETRY) co_return with_code<Reply>(proto::BUSY);
  if (reserved->code() == proto::NAME_TAKEN) {
    // One of this account that ended with its gateway between RESERVE and CLAIM is gone on with: nobody else can.
    if (reserved->own_player() == 0) co_return with_code<Reply>(proto::TAKEN);
    reserve.set_player_id(reserved->own_player());
    reserve.set_reservation(reserved->own_reservation());
  } else if (reserved->code() != proto::STORED)
    co_return with_code<Reply>(proto::INVALID);

  proto::CreatePlayerRequest create;
  create.set_shard(shard);
  create.set_player_id(reserve.player_id());
  create.set_account_id(account.value);
  create.set_realm_id(identity().realm_id);
  create.set_name(request.name());
  create.set_reservation(reserve.reservation());
  auto created = co_await call<proto::StoreReply>(shard_agent(create.shard()), create);
  for (int tries = 1; created && tries < kShardTries; ++tries) {
    const auto found = co_await shard_again(account, created->code());
    if (!found) break;
    create.set_shard(*found);
    created = co_await call<proto::StoreReply>(shard_agent(create.shard()), create);
  }
  // The reservation stays, in doubt and when there is no room: who asks again goes on with it, and if nobody does, the
  // directory's agent rules it out and leaves the name to its account. EXPECTED_OTHER: it has just been ruled out.
  if (!created || created->code() != proto::STORED)
    co_return with_code<Reply>(created && created->code() == proto::REJECTED ? proto::FULL : proto::BUSY);
  const bool claimed = co_await claim_name(reserve);
  if (!claimed) co_return with_code<Reply>(proto::BUSY);
  Reply reply = with_code<Reply>(proto::OK);
  reply.mutable_character()->set_player_id(reserve.player_id());
  reply.mutable_character()->set_name(request.name());
  reply.mutable_character()->set_level(1);
  co_return reply;
}

Task<bool> Gateway::claim_name(proto::ReserveName reserved) {
  proto::ClaimName claim;
  claim.set_name(reserved.name());
  claim.set_player_id(reserved.player_id());
  claim.set_reservation(reserved.reservation());
  auto claimed = co_await call<proto::StoreReply>(directory_agent(), claim);
  co_return claimed && claimed->code() == proto::STORED;
}

// A character is listed as soon as it is CREATEd; nobody admits it before its name is CLAIMed, and who was to do that
// may have died.
Task<bool> Gateway::finish_creation(AccountId account, PlayerId player, std::string name) {
  proto::ReserveName reserve;
  reserve.set_name(name);
  reserve.set_player_id(player.value);
  reserve.set_account_id(account.value);
  reserve.set_reservation(entropy().id63());
  auto reserved = co_await call<proto::ReserveNameReply>(directory_agent(), reserve);
  if (!reserved) co_return false;
  // STORED: a directory that had lost the name; what is reserved now is claimed, or its character would lose it.
  if (reserved->code() != proto::STORED) {
    if (reserved->code() != proto::NAME_TAKEN || reserved->own_player() != player.value) co_return false;
    reserve.set_reservation(reserved->own_reservation());
  }
  co_return co_await claim_name(reserve);
}

Task<proto::DeleteCharacterReply> Gateway::delete_character(From from, proto::DeleteCharacterRequest request) {
  using Reply = proto::DeleteCharacterReply;
  Session* session = find(from.header.session);
  if (session == nullptr) co_return with_code<Reply>(proto::WRONG_STATE);
  proto::DeletePlayerRequest erase;
  erase.set_shard(session->shard);
  erase.set_account_id(session->account.value);
  erase.set_player_id(request.player_id());
  erase.set_delete_at_unix_ms(request.restore() ? 0 : unix_ms(wall_now()) + to_ms(options_.delete_grace));
  const AccountId account = session->account;
  auto erased = co_await call<proto::StoreReply>(shard_agent(erase.shard()), erase);
  for (int tries = 1; erased && tries < kShardTries; ++tries) {
    const auto found = co_await shard_again(account, erased->code());
    if (!found) break;
    erase.set_shard(*found);
    erased = co_await call<proto::StoreReply>(shard_agent(erase.shard()), erase);
  }
  if (!erased || erased->code() == proto::RETRY || erased->code() == proto::WRONG_SHARD)
    co_return with_code<Reply>(proto::BUSY);
  if (erased->code() != proto::STORED) co_return with_code<Reply>(proto::NOT_FOUND);
  Reply reply = with_code<Reply>(proto::OK);
  reply.set_delete_at_unix_ms(erase.delete_at_unix_ms());
  co_return reply;
}

Task<proto::SelectCharacterReply> Gateway::select_character(From from, proto::SelectCharacterRequest request) {
  using Reply = proto::SelectCharacterReply;
  const SessionId id = from.header.session;
  Session* session = find(id);
  if (session == nullptr || session->state != SessionState::kAccount) co_return with_code<Reply>(proto::WRONG_STATE);
  session->state = SessionState::kEntering;
  // An owner may have taken it after all: what the chat subscribed it to meanwhile goes, too.
  const auto back = [this](Session* s) {
    if (s != nullptr && s->state == SessionState::kEntering) leave_the_world(*s);
  };
  auto characters = co_await characters_of(session->shard, session->account);
  session = find(id);
  const proto::Character* chosen = nullptr;
  if (characters)
    for (const auto& character : characters->characters())
      if (character.player_id() == request.player_id() && character.delete_at_unix_ms() == 0) chosen = &character;
  if (session == nullptr || chosen == nullptr) {
    back(session);
    co_return with_code<Reply>(characters ? proto::NOT_FOUND : proto::BUSY);
  }
  session->player = PlayerId(request.player_id());
  session->name = chosen->name();
  proto::SessionSelect select;
  select.set_account_id(session->account.value);
  select.set_session_epoch(session->epoch);
  select.set_player_id(request.player_id());
  auto selected = co_await call<proto::StoreReply>(directory_agent(), select);
  session = find(id);
  if (session == nullptr || !selected || selected->code() != proto::STORED) {
    back(session);
    co_return with_code<Reply>(selected && selected->code() == proto::EXPECTED_OTHER ? proto::NOT_ALLOWED
                                                                                     : proto::BUSY);
  }
  const std::string login = "login";
  auto admitted = co_await admit(id, login, 0);
  session = find(id);
  if (session != nullptr && admitted && admitted->code() == proto::NOT_FOUND) {
    const std::string name = session->name;
    const bool finished = co_await finish_creation(session->account, session->player, name);
    if (finished) admitted = co_await admit(id, login, 0);
    session = find(id);
  }
  if (session == nullptr) co_return with_code<Reply>(proto::WRONG_STATE);
  if (!admitted || admitted->code() != proto::OK) {
    // Whoever admits it after all hears that nobody waits (route_set).
    back(session);
    Reply reply = with_code<Reply>(admitted ? admitted->code() : proto::BUSY);
    reply.set_retry_after_ms(500);
    co_return reply;
  }
  // An owner reached over others may still be on its way to tell us.
  if (session->state == SessionState::kEntering) hold(*session, options_.hold_deadline);
  co_return with_code<Reply>(proto::OK);
}

Task<proto::LeaveWorldReply> Gateway::leave_world(From from, proto::LeaveWorldRequest) {
  using Reply = proto::LeaveWorldReply;
  const SessionId id = from.header.session;
  Session* session = find(id);
  if (session == nullptr || session->state != SessionState::kWorld) co_return with_code<Reply>(proto::WRONG_STATE);
  session->state = SessionState::kLeaving;
  const OwnerRoute route = session->route;
  const std::uint32_t epoch = session->epoch;
  proto::LeavePlayer leave;
  leave.set_player_id(session->player.value);
  leave.set_reason("leave");
  leave.set_session_id(id.value);
  auto left = co_await call<proto::LeavePlayerReply>(route.owner, leave, options_.leave_deadline);
  session = find(id);
  if (session == nullptr || session->state != SessionState::kLeaving) co_return with_code<Reply>(proto::BUSY);
  if (left && left->code() == proto::OK) {
    proto::SessionSelect nobody;
    nobody.set_account_id(session->account.value);
    nobody.set_session_epoch(session->epoch);
    leave_the_world(*session);
    (void)co_await call<proto::StoreReply>(directory_agent(), nobody);
    co_return with_code<Reply>(proto::OK);
  }
  if (session->route.owner == route.owner && peer_up(route.owner)) {
    session->state = SessionState::kWorld;
    // Of a socket that came back meanwhile the owner was not told: it was to let go. Or it has let go all the same, or
    // handed the player on, and the next one's word was refused.
    if (session->attached && session->epoch != epoch) {
      spawn(reattach(id, false));
    } else {
      session->walk = ++walks_;
      spawn(ask_owner(id, session->walk));
    }
  } else {
    walk_back(*session, "the place you were in is gone");
  }
  co_return with_code<Reply>(proto::BUSY);
}

}  // namespace dure
