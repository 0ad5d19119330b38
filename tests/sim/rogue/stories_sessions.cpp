// Of sessions: tokens and tickets that were used, logins that overtake, bans. The gateway that asks says what time it
// is: so a grace can be over at once.
#include "tests/sim/rogue/stories.h"
#include "tests/sim/rogue/story_things.h"

namespace dure::sim {
namespace {

using namespace proto;  // NOLINT: codes

constexpr std::int64_t kNow = 1'700'000'000'000, kGraceMs = 30'000;

std::string token(Teller& teller) { return "rogue" + std::to_string(teller.number()); }

SessionBegin login(Teller& teller, std::uint64_t account_id, std::uint32_t expected_epoch) {
  SessionBegin begin;
  begin.set_account_id(account_id);
  begin.set_expected_session_epoch(expected_epoch);
  begin.set_session_id(teller.number());
  begin.set_token_hash(token(teller));
  begin.set_now_unix_ms(kNow);
  return begin;
}

SessionResume resume(const SessionBegin& begin, const std::string& token, const std::string& next) {
  SessionResume resume;
  resume.set_session_id(begin.session_id());
  resume.set_token_hash(token);
  resume.set_next_token_hash(next);
  resume.set_now_unix_ms(kNow);
  return resume;
}

SessionSelect select(Teller& teller, std::uint64_t account_id, std::uint32_t epoch) {
  SessionSelect select;
  select.set_account_id(account_id);
  select.set_session_epoch(epoch);
  select.set_player_id(teller.number());
  return select;
}

SessionEnd end(std::uint64_t account_id, std::uint32_t epoch) {
  SessionEnd end;
  end.set_account_id(account_id);
  end.set_session_epoch(epoch);
  return end;
}

// Three tokens, the last of them good: what became of who comes with one before it.
Task<> end_of(Teller& teller, SessionBegin begin, std::string first, std::string second) {
  const std::string third = token(teller);
  SessionResume again = resume(begin, first, third);
  switch (teller.rng().below(3)) {
    case 0: {
      co_await teller.done<SessionReply>("session.previous-token", again);
      const SessionResume spent = resume(begin, second, token(teller));
      co_await teller.done<SessionReply>("session.spent-token", spent, EXPECTED_OTHER, NO_SUCH);
      co_await teller.refused<SessionReply>("session.ended-by-a-spent-token", resume(begin, third, token(teller)),
                                            NO_SUCH);
      break;
    }
    case 1:
      again.set_now_unix_ms(kNow + kGraceMs + 1);
      co_await teller.done<SessionReply>("session.after-the-grace", again, EXPECTED_OTHER, NO_SUCH);
      co_await teller.refused<SessionReply>("session.ended-after-the-grace", resume(begin, second, token(teller)),
                                            NO_SUCH);
      break;
    default:
      co_await teller.refused<SessionReply>("session.no-new-token", resume(begin, second, first), REJECTED);
      break;
  }
}

Task<> resumed(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const std::uint32_t epoch = account.session_epoch;
  SessionBegin begin = login(teller, account.id, epoch);
  begin.set_ticket_nonce(teller.number());
  begin.set_ticket_not_after_unix_ms(kNow + 60'000);
  const auto begun = co_await teller.done<SessionReply>("session.begin", begin);
  teller.expect(begun.session_epoch() == epoch + 1, "is not of the next epoch");
  SessionBegin with_the_same = login(teller, account.id, epoch + 1);
  with_the_same.set_ticket_nonce(begin.ticket_nonce());
  with_the_same.set_ticket_not_after_unix_ms(begin.ticket_not_after_unix_ms());
  co_await teller.refused<SessionReply>("session.ticket-twice", with_the_same, REJECTED);
  const SessionSelect selected = select(teller, account.id, epoch + 1);
  co_await teller.done("session.select", selected);
  const std::string next = token(teller);
  const SessionResume first = resume(begin, begin.token_hash(), next);
  const auto rotated = co_await teller.done<SessionReply>("session.resume", first);
  teller.expect(rotated.session_epoch() == epoch + 2, "is not of the next epoch");
  teller.expect(rotated.selected_player() == selected.player_id(), "forgot who was selected");
  const auto repeated = co_await teller.same<SessionReply>("session.resume-again", first);
  teller.expect(repeated.session_epoch() == epoch + 2, "is of another epoch");
  co_await teller.refused("session.select-earlier", select(teller, account.id, epoch + 1), EXPECTED_OTHER);
  co_await teller.same("session.end-earlier", end(account.id, epoch + 1));
  co_await end_of(teller, begin, begin.token_hash(), next);
}

Task<> overtaken(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const std::uint32_t epoch = account.session_epoch;
  const SessionBegin first = login(teller, account.id, epoch);
  co_await teller.done<SessionReply>("session.begin", first);
  co_await teller.refused<SessionReply>("session.overtaken", login(teller, account.id, epoch), EXPECTED_OTHER);
  const SessionBegin second = login(teller, account.id, epoch + 1);
  co_await teller.done<SessionReply>("session.overtakes", second);
  co_await teller.refused<SessionReply>("session.the-one-before", resume(first, first.token_hash(), token(teller)),
                                        NO_SUCH);
  co_await teller.same("session.end-earlier", end(account.id, epoch + 1));
  co_await teller.done("session.select", select(teller, account.id, epoch + 2));
}

Task<> banned(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const SessionBegin first = login(teller, account.id, account.session_epoch);
  co_await teller.done<SessionReply>("session.begin", first);
  BanSet ban;
  ban.set_account_id(account.id);
  ban.set_until_unix_ms(kNow + 1);
  ban.set_reason("rogue");
  const auto set = co_await teller.done<SessionReply>("session.ban", ban);
  const std::uint32_t epoch = set.session_epoch();
  co_await teller.refused<SessionReply>("session.banned", login(teller, account.id, epoch), REJECTED);
  co_await teller.refused<SessionReply>("session.ended-by-ban", resume(first, first.token_hash(), token(teller)),
                                        NO_SUCH);
  SessionBegin after = login(teller, account.id, epoch);
  after.set_now_unix_ms(kNow + 1);
  co_await teller.done<SessionReply>("session.after-the-ban", after);
}

// Whoever else knew the password before is out.
Task<> other_password(Teller& teller) {
  const StoryAccount account = co_await story_account(teller);
  const SessionBegin begin = login(teller, account.id, account.session_epoch);
  co_await teller.done<SessionReply>("session.begin", begin);
  PasswordSet set;
  set.set_account_id(account.id);
  set.set_expected_hash("not it");
  set.set_password_hash("another");
  co_await teller.refused<SessionReply>("password.not-known", set, EXPECTED_OTHER);
  set.set_expected_hash(kOwnPassword);
  const auto changed = co_await teller.done<SessionReply>("password.set", set);
  teller.expect(changed.session_epoch() == account.session_epoch + 2, "ends no session");
  co_await teller.same<SessionReply>("password.set-again", set);
  co_await teller.refused<SessionReply>("session.of-the-old-password", resume(begin, begin.token_hash(), token(teller)),
                                        NO_SUCH);
}

}  // namespace

Stories session_stories() {
  return {{resumed, overtaken, banned, other_password},
          {"session.begin",
           "session.ticket-twice",
           "session.select",
           "session.resume",
           "session.resume-again",
           "session.select-earlier",
           "session.end-earlier",
           "session.previous-token",
           "session.spent-token",
           "session.ended-by-a-spent-token",
           "session.after-the-grace",
           "session.ended-after-the-grace",
           "session.no-new-token",
           "session.overtaken",
           "session.overtakes",
           "session.the-one-before",
           "session.ban",
           "session.banned",
           "session.ended-by-ban",
           "session.after-the-ban",
           "password.not-known",
           "password.set",
           "password.set-again",
           "session.of-the-old-password"}};
}

}  // namespace dure::sim
