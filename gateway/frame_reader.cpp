#include "gateway/frame_reader.h"

namespace dure {

void FrameReader::append(std::string_view bytes, MonoTime now) {
  if (empty()) {
    buffer_.clear();
    cut_ = 0;
    begun_ = now;
  }
  buffer_ += bytes;
}

FrameState FrameReader::next(ClientFrame* frame, MonoTime now) {
  const std::string_view rest = std::string_view(buffer_).substr(cut_);
  const FrameCut cut = cut_frame(rest, accepted_ ? options_.body_bytes_max : options_.body_bytes_max_before_login);
  if (cut.state == FrameState::kWhole) {
    *frame = cut.frame;
    cut_ += cut.bytes;
    begun_ = now;
    return cut.state;
  }
  // An idle client keeps nothing.
  if (rest.empty())
    std::string().swap(buffer_);
  else
    buffer_.erase(0, cut_);
  cut_ = 0;
  return cut.state;
}

bool FrameReader::too_much() const {
  return !accepted_ && buffer_.size() - cut_ > options_.memory_bytes_max_before_login;
}

bool FrameReader::late(MonoTime now) const {
  return !empty() && frame_too_slow(options_, now - begun_, buffer_.size() - cut_);
}

bool frame_too_slow(const PortOptions& options, Duration taken, std::size_t bytes) {
  if (taken >= options.frame_deadline) return true;
  const double seconds_taken = std::chrono::duration<double>(taken).count();
  return taken >= options.frame_grace && static_cast<double>(bytes) < seconds_taken * options.frame_bytes_per_s_min;
}

}  // namespace dure
