#include "tools/backup/interrupts.h"

#include <ctime>
#include <initializer_list>

namespace dure {

Interrupts::Interrupts() {
  sigemptyset(&wanted_);
  for (const int one : {SIGINT, SIGTERM}) sigaddset(&wanted_, one);
  pthread_sigmask(SIG_BLOCK, &wanted_, &before_);
}

Interrupts::~Interrupts() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupts::caught() {
  constexpr timespec kNow{};
  if (caught_ || sigtimedwait(&wanted_, nullptr, &kNow) <= 0) return caught_;
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  return caught_ = true;
}

}  // namespace dure
