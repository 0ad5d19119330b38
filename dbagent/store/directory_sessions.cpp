#include "common/proto/dbagent.pb.h"
#include "dbagent/store/directory.h"

namespace dure::store {
namespace {

struct Session {
  std::uint64_t account_id = 0;
  std::uint64_t session_id = 0;
  std::uint64_t selected_player = 0;
  std::string token;
  std::string previous;
  std::int64_t previous_until = 0;
  std::uint32_t session_epoch = 0;
  std::uint32_t shard = 0;
  std::int64_t banned_until = 0;
};

std::optional<Session> find_session(Directory& directory, std::uint64_t session_id) {
  Query row(directory.db,
            "SELECT account_id, selected_player, token, previous, previous_until, session_epoch, shard, banned_until "
            "FROM session JOIN account USING(account_id) WHERE session_id = ?1",
            session_id);
  if (!row.row()) return std::nullopt;
  return Session{row.u64(0), session_id, row.u64(1), row.text(2), row.text(3),
                 row.i64(4), row.u32(5), row.u32(6), row.i64(7)};
}

proto::SessionReply refuse(proto::StoreCode code, const char* detail) {
  proto::SessionReply reply;
  reply.set_code(code);
  reply.set_detail(detail);
  return reply;
}

proto::SessionReply granted(const Session& session) {
  proto::SessionReply reply;
  reply.set_session_epoch(session.session_epoch);
  reply.set_account_id(session.account_id);
  reply.set_shard(session.shard);
  reply.set_selected_player(session.selected_player);
  return reply;
}

void raise_epoch(Directory& directory, std::uint64_t account_id) {
  directory.db.run("UPDATE account SET session_epoch = session_epoch + 1 WHERE account_id = ?1", account_id);
}

void drop_session(Directory& directory, std::uint64_t account_id) {
  directory.db.run("DELETE FROM spent_token WHERE session_id IN (SELECT session_id FROM session WHERE account_id = ?1)",
                   account_id);
  directory.db.run("DELETE FROM session WHERE account_id = ?1", account_id);
}

void spend(Directory& directory, std::uint64_t session_id, const std::string& token) {
  if (!token.empty())
    directory.db.run("INSERT INTO spent_token VALUES(?1, ?2) ON CONFLICT DO NOTHING", session_id, Blob{token});
}

bool spent(Directory& directory, const Session& session, const std::string& token) {
  return token == session.previous ||
         directory.db
             .number("SELECT 1 FROM spent_token WHERE session_id = ?1 AND token = ?2", session.session_id, Blob{token})
             .has_value();
}

// What the next token replaces: the current one becomes the previous (good for 30 s, in case our answer is lost); with
// the previous one in hand the client never heard of the current, so that one is spent.
void rotate(Directory& directory, Session& session, const proto::SessionResume& request) {
  if (request.token_hash() == session.token) {
    spend(directory, session.session_id, session.previous);
    session.previous = session.token;
    session.previous_until = request.now_unix_ms() + kPreviousTokenGraceMs;
  } else {
    spend(directory, session.session_id, session.token);
  }
  session.token = request.next_token_hash();
  raise_epoch(directory, session.account_id);
  ++session.session_epoch;
  directory.db.run(
      "UPDATE session SET token = ?2, previous = ?3, previous_until = ?4, gateway = ?5 WHERE session_id = ?1",
      session.session_id, Blob{session.token}, Blob{session.previous}, session.previous_until, request.gateway());
}

bool ticket_used(Directory& directory, const proto::SessionBegin& request) {
  return request.ticket_nonce() != 0 &&
         directory.db
             .number("SELECT 1 FROM used_ticket WHERE account_id = ?1 AND nonce = ?2", request.account_id(),
                     request.ticket_nonce())
             .has_value();
}

void use_ticket(Directory& directory, const proto::SessionBegin& request) {
  if (request.ticket_nonce() == 0) return;
  directory.db.run("DELETE FROM used_ticket WHERE account_id = ?1 AND not_after < ?2", request.account_id(),
                   request.now_unix_ms() - kUsedTicketGraceMs);
  directory.db.run("INSERT INTO used_ticket VALUES(?1, ?2, ?3)", request.account_id(), request.ticket_nonce(),
                   request.ticket_not_after_unix_ms());
}

}  // namespace

void end_session_family(Directory& directory, std::uint64_t account_id) {
  drop_session(directory, account_id);
  raise_epoch(directory, account_id);
}

proto::SessionReply begin_session(Directory& directory, const proto::SessionBegin& request) {
  require(request.session_id() != 0 && !request.token_hash().empty(), "incomplete");
  if (auto known = find_session(directory, request.session_id())) {
    const bool repeated = known->account_id == request.account_id() && known->token == request.token_hash() &&
                          known->session_epoch == request.expected_session_epoch() + 1;
    return repeated ? granted(*known) : refuse(proto::EXPECTED_OTHER, "session id taken");
  }
  proto::SessionReply reply;
  {
    Query row(directory.db, "SELECT session_epoch, shard, banned_until FROM account WHERE account_id = ?1",
              request.account_id());
    if (!row.row()) return refuse(proto::NO_SUCH, "account");
    reply.set_account_id(request.account_id());
    reply.set_session_epoch(row.u32(0));
    reply.set_shard(row.u32(1));
    reply.set_banned_until_unix_ms(row.i64(2));
  }
  if (reply.banned_until_unix_ms() > request.now_unix_ms()) {
    reply.set_code(proto::REJECTED);
    reply.set_detail("banned");
  } else if (ticket_used(directory, request)) {
    reply.set_code(proto::REJECTED);
    reply.set_detail("ticket used");
  } else if (reply.session_epoch() != request.expected_session_epoch()) {
    reply.set_code(proto::EXPECTED_OTHER);
    reply.set_detail("session epoch");
  } else {
    end_session_family(directory, request.account_id());
    use_ticket(directory, request);
    directory.db.run("INSERT INTO session(account_id, session_id, gateway, token) VALUES(?1, ?2, ?3, ?4)",
                     request.account_id(), request.session_id(), request.gateway(), Blob{request.token_hash()});
    reply.set_session_epoch(reply.session_epoch() + 1);
  }
  return reply;
}

proto::SessionReply resume_session(Directory& directory, const proto::SessionResume& request) {
  auto session = find_session(directory, request.session_id());
  if (!session) return refuse(proto::NO_SUCH, "session");
  require(!request.token_hash().empty() && !request.next_token_hash().empty(), "incomplete");
  const bool current = request.token_hash() == session->token;
  const bool previous = request.token_hash() == session->previous;
  if (previous && request.next_token_hash() == session->token) return granted(*session);  // asked again
  if (spent(directory, *session, request.next_token_hash()) || request.next_token_hash() == session->token)
    return refuse(proto::REJECTED, "next token is not new");
  if (current || (previous && request.now_unix_ms() <= session->previous_until)) {
    rotate(directory, *session, request);
    return granted(*session);
  }
  if (!spent(directory, *session, request.token_hash())) return refuse(proto::NO_SUCH, "token unknown");
  end_session_family(directory, session->account_id);
  proto::SessionReply reply = refuse(proto::EXPECTED_OTHER, "token reused");
  reply.set_account_id(session->account_id);
  reply.set_session_epoch(session->session_epoch + 1);
  return reply;
}

void end_session(Directory& directory, const proto::SessionEnd& request) {
  const auto live = directory.db.number(
      "SELECT 1 FROM account JOIN session USING(account_id) WHERE account_id = ?1 AND session_epoch = ?2",
      request.account_id(), request.session_epoch());
  if (live) end_session_family(directory, request.account_id());
}

proto::SessionsHeldReply sessions_held(Directory& directory, const proto::SessionsHeld& request) {
  proto::SessionsHeldReply reply;
  for (const auto& held : request.sessions()) {
    Query row(directory.db,
              "SELECT session_epoch, session_id FROM account LEFT JOIN session USING(account_id) "
              "WHERE account_id = ?1 AND session_epoch > ?2",
              held.account_id(), held.session_epoch());
    if (!row.row()) continue;
    auto* over = reply.add_over();
    over->set_account_id(held.account_id());
    over->set_session_epoch(row.u32(0) - 1);
    over->set_goes_on(row.u64(1));
  }
  return reply;
}

proto::StoreReply select_player(Directory& directory, const proto::SessionSelect& request) {
  proto::StoreReply reply;
  const auto changed = directory.db.run(
      "UPDATE session SET selected_player = ?3 WHERE account_id = ?1 AND EXISTS "
      "(SELECT 1 FROM account WHERE account_id = ?1 AND session_epoch = ?2)",
      request.account_id(), request.session_epoch(), request.player_id());
  if (changed != 1) {
    reply.set_code(proto::EXPECTED_OTHER);
    reply.set_detail("session epoch");
  }
  return reply;
}

}  // namespace dure::store
