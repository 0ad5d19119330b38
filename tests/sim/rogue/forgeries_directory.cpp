// Sessions, names, places and game masters' commands: compare-and-set by what was, names and commands that are
// another's.
#include "common/proto/dbagent.pb.h"
#include "tests/sim/rogue/forgery.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes and messages, tables of both

std::string no_token(Rng& rng) { return "rogue" + std::to_string(own_number(rng)) + "0123456789ab"; }

// The login ended the session epoch that it expected.
std::optional<SessionBegin> earlier_session(SessionBegin begin, const SessionReply&, const Known&, Rng& rng) {
  begin.set_session_id(own_number(rng));
  begin.clear_ticket_nonce();
  return begin;
}

std::optional<SessionBegin> known_session(SessionBegin begin, const SessionReply&, const Known&, Rng& rng) {
  begin.set_token_hash(no_token(rng));
  return begin;
}

std::optional<SessionResume> unknown_token(SessionBegin begin, const SessionReply&, const Known&, Rng& rng) {
  SessionResume resume;
  resume.set_session_id(begin.session_id());
  resume.set_token_hash(no_token(rng));
  resume.set_next_token_hash(no_token(rng));
  resume.set_gateway(begin.gateway());
  resume.set_now_unix_ms(begin.now_unix_ms());
  return resume;
}

std::optional<SessionEnd> end_earlier(SessionBegin begin, const SessionReply& reply, const Known&, Rng&) {
  SessionEnd end;
  end.set_account_id(begin.account_id());
  end.set_session_epoch(reply.session_epoch() - 1);
  return end;
}

std::optional<SessionSelect> select_earlier(SessionBegin begin, const SessionReply& reply, const Known&, Rng& rng) {
  SessionSelect select;
  select.set_account_id(begin.account_id());
  select.set_session_epoch(reply.session_epoch() - 1);
  select.set_player_id(own_number(rng));
  return select;
}

std::optional<PlaceAcquire> earlier_place(PlaceAcquire acquire, const PlaceReply&, const Known&, Rng& rng) {
  acquire.set_acquire_id(own_number(rng));
  acquire.mutable_incarnation()->set_high(kRogue);
  return acquire;
}

// A name that is given up is left to its own account only.
std::optional<ReserveName> taken(ReserveName reserve, const ReserveNameReply&, const Known& known, Rng& rng) {
  std::vector<std::uint64_t> others(known.accounts().begin(), known.accounts().end());
  std::erase(others, reserve.account_id());
  if (others.empty()) return std::nullopt;
  reserve.set_account_id(others[rng.below(others.size())]);
  if (rng.chance(0.5)) reserve.set_player_id(own_number(rng));
  reserve.set_reservation(own_number(rng));
  return reserve;
}

std::optional<ClaimName> of_another(ClaimName claim, const StoreReply&, const Known&, Rng& rng) {
  if (rng.chance(0.5))
    claim.set_player_id(own_number(rng));
  else
    claim.set_reservation(own_number(rng));
  claim.set_release(rng.chance(0.5));
  return claim;
}

std::optional<GmClaim> said_otherwise(GmClaim claim, const StoreReply&, const Known&, Rng&) {
  claim.set_issuer("rogue");
  claim.set_text("rogue");
  return claim;
}

}  // namespace

std::vector<Forgery> directory_forgeries() {
  constexpr auto kAnyTime = When::kAnyTime;
  return {
      forgery<SessionBegin, SessionReply>("session.earlier-epoch", kAnyTime, {EXPECTED_OTHER, REJECTED},
                                          earlier_session),
      forgery<SessionBegin, SessionReply>("session.known-id", kAnyTime, {EXPECTED_OTHER, REJECTED}, known_session),
      forgery<SessionBegin, SessionReply>("resume.unknown-token", kAnyTime, {NO_SUCH}, unknown_token),
      forgery<SessionBegin, SessionReply>("session-end.earlier-epoch", kAnyTime, {STORED}, end_earlier),
      forgery<SessionBegin, SessionReply>("select.earlier-epoch", kAnyTime, {EXPECTED_OTHER}, select_earlier),
      forgery<PlaceAcquire, PlaceReply>("place.earlier-epoch", kAnyTime, {EXPECTED_OTHER}, earlier_place),
      forgery<ReserveName, ReserveNameReply>("reserve.taken", kAnyTime, {NAME_TAKEN}, taken),
      forgery<ClaimName, StoreReply>("claim.another", kAnyTime, {EXPECTED_OTHER}, of_another),
      forgery<GmClaim, StoreReply>("gm.claimed", kAnyTime, {EXPECTED_OTHER}, said_otherwise),
  };
}

}  // namespace dure::sim
