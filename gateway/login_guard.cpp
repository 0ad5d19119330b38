#include "gateway/login_guard.h"

namespace dure {

bool LoginGuard::address_may(Way in, const std::string& address, MonoTime now) {
  return addresses_[{in, address}].take(address_logins_, now);
}

Duration LoginGuard::session_resumes(SessionId session, MonoTime now) {
  TokenBucket& bucket = resumes_[session];
  return bucket.take(kSessionResumes, now) ? Duration{} : bucket.wait(kSessionResumes);
}

Duration LoginGuard::try_password(const std::string& account, const std::string& address, MonoTime now) {
  const auto known = known_.find({account, address});
  TokenBucket& bucket = known != known_.end() ? known->second.tries : tries_[account];
  return bucket.take(account_tries_, now) ? Duration{} : bucket.wait(account_tries_);
}

bool LoginGuard::knows(const std::string& account, const std::string& address) const {
  return known_.count({account, address}) != 0;
}

void LoginGuard::succeeded(const std::string& account, const std::string& address) {
  const Pair pair(account, address);
  const auto [at, fresh] = known_.try_emplace(pair);
  if (!fresh) return latest_.splice(latest_.begin(), latest_, at->second.at);
  latest_.push_front(pair);
  at->second.at = latest_.begin();
  if (known_.size() <= kKnownMax) return;
  known_.erase(latest_.back());
  latest_.pop_back();
}

void LoginGuard::sweep(MonoTime now) {
  std::erase_if(tries_, [&](const auto& entry) { return entry.second.full(account_tries_, now); });
  std::erase_if(resumes_, [&](const auto& entry) { return entry.second.full(kSessionResumes, now); });
  std::erase_if(addresses_, [&](const auto& entry) { return entry.second.full(address_logins_, now); });
}

}  // namespace dure
