#include "common/host/mailbox.h"

#include <utility>

#include "common/base/check.h"
#include "common/host/clock.h"

namespace dure {
namespace {
constexpr std::size_t kWarnAt = 8192;
}  // namespace

Mailbox::Mailbox(std::string name, std::size_t frames_max, EventLog& log)
    : name_(std::move(name)), frames_max_(frames_max), log_(log) {}

void Mailbox::stamp(Inbound* inbound, MonoTime now) {
  if (auto* message = std::get_if<BusMessage>(inbound)) message->arrived = now;
  if (auto* frame = std::get_if<ClientFrameIn>(inbound)) frame->arrived = now;
}

void Mailbox::arrived(std::size_t count, MonoTime now) {
  if (!arrivals_.empty() && now - arrivals_.back().at < microseconds(50))
    arrivals_.back().count += count;  // within the precision that the histogram can show
  else
    arrivals_.push_back({now, count});
}

void Mailbox::warn(std::size_t size) {
  log_.event(LogLevel::kWarning, "mailbox.full", {{"node", name_}, {"waiting", size}, {"capacity", frames_max_}});
}

void Mailbox::put(Inbound inbound) {
  const MonoTime now = mono_now();
  std::size_t warned = 0;
  bool first = false;
  stamp(&inbound, now);
  {
    const std::lock_guard lock(mutex_);
    first = items_.empty();
    if (std::holds_alternative<ClientFrameIn>(inbound)) ++frames_;
    items_.push_back(std::move(inbound));
    arrived(1, now);
    if (items_.size() >= warn_at_) warned = items_.size(), warn_at_ *= 2;
  }
  if (first) wake_.ring();
  if (warned != 0) warn(warned);
}

void Mailbox::put_all(std::vector<Inbound>* inbounds) {
  if (inbounds->empty()) return;
  const MonoTime now = mono_now();
  std::size_t put = 0, warned = 0;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = items_.empty();
    for (auto& inbound : *inbounds) {
      if (std::holds_alternative<ClientFrameIn>(inbound)) {
        if (frames_ >= frames_max_) break;
        ++frames_;
      }
      stamp(&inbound, now);
      items_.push_back(std::move(inbound));
      ++put;
    }
    if (put > 0) arrived(put, now);
    if (items_.size() >= warn_at_) warned = items_.size(), warn_at_ *= 2;
  }
  if (first && put > 0) wake_.ring();
  if (warned != 0) warn(warned);
  inbounds->erase(inbounds->begin(), inbounds->begin() + static_cast<std::ptrdiff_t>(put));
}

void Mailbox::take(std::vector<Inbound>* batch, MonoTime now) {
  CHECK(batch->empty());
  taken_.clear();
  {
    const std::lock_guard lock(mutex_);
    items_.swap(*batch);
    arrivals_.swap(taken_);
    frames_ = 0;
    warn_at_ = kWarnAt;
  }
  for (const auto& arrival : taken_) waits_.record(now - arrival.at, now, arrival.count);
}

}  // namespace dure
