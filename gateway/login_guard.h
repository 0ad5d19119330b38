// How often a password may be tried: so many times a second for each address, whatever accounts it names, and for each
// account, whatever addresses the tries come from. Buckets: nobody is locked out for longer than one takes to refill.
// An address may resume as often as it may log in; the one takes nothing from the other. From however many addresses
// it is resumed, a session has a bucket of its own for that.
//
// A flood against one account empties its bucket for good, so its owner would never get a word in. Therefore an address
// from which the account was logged in before has a bucket of its own for that account: guessing from anywhere else
// does not touch it, and a thief at the owner's own address has no more tries than before. It is remembered by this
// gateway alone and in memory, the latest kKnownMax pairs: after a restart the owner is a stranger like anybody else.
// Who plays already has no need of it: a resume token asks for no password.
//
// Plain object of the Gateway, logic thread only; time is an argument.
#pragma once
#include <list>
#include <map>
#include <string>
#include <utility>

#include "common/base/ids.h"
#include "gateway/token_bucket.h"

namespace dure {

class LoginGuard {
 public:
  static constexpr std::size_t kKnownMax = 16384;
  static constexpr BucketLimit kSessionResumes{1, 5};

  LoginGuard(BucketLimit account_tries, BucketLimit address_logins)
      : account_tries_(account_tries), address_logins_(address_logins) {}

  enum class Way { kLogin, kResume };
  // False: this address asks too often.
  [[nodiscard]] bool address_may(Way in, const std::string& address, MonoTime now);
  // Zero: it may be resumed. Otherwise: not before so long.
  [[nodiscard]] Duration session_resumes(SessionId session, MonoTime now);
  // Zero: it may be tried, and one try is taken. Otherwise: not before so long.
  [[nodiscard]] Duration try_password(const std::string& account, const std::string& address, MonoTime now);
  bool knows(const std::string& account, const std::string& address) const;
  // The account was logged in from there.
  void succeeded(const std::string& account, const std::string& address);
  // Forgets buckets that have nothing to be remembered for.
  void sweep(MonoTime now);
  std::size_t known() const { return known_.size(); }

 private:
  using Pair = std::pair<std::string, std::string>;  // account, address
  struct Known {
    TokenBucket tries;
    std::list<Pair>::iterator at;
  };
  const BucketLimit account_tries_, address_logins_;
  std::map<std::string, TokenBucket> tries_;  // by account
  std::map<std::pair<Way, std::string>, TokenBucket> addresses_;
  std::map<SessionId, TokenBucket> resumes_;
  std::map<Pair, Known> known_;
  std::list<Pair> latest_;  // the last one that succeeded first
};

}  // namespace dure
