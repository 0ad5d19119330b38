// Bytes of one client → whole frames, with the limits on what may be kept and how long a frame may take. One IO thread
// only. Whatever way the bytes are split, the frames are the same.
#pragma once
#include <string>
#include <string_view>

#include "common/proto/client_frame.h"
#include "gateway/port_options.h"

namespace dure {

// Whether a frame that began so long ago, and has so many bytes by now, is given up.
bool frame_too_slow(const PortOptions& options, Duration taken, std::size_t bytes);

class FrameReader {
 public:
  explicit FrameReader(const PortOptions& options) : options_(options) {}

  void append(std::string_view bytes, MonoTime now);
  // The next frame; its body stays valid until append() or the next call. kBad: the peer does not speak our language.
  FrameState next(ClientFrame* frame, MonoTime now);
  // The wider limits hold from now on.
  void accepted() { accepted_ = true; }
  // More is kept than this client may make us keep.
  bool too_much() const;
  // A frame has begun and takes too long.
  bool late(MonoTime now) const;
  // Not read from meanwhile, through no fault of the client: its time starts anew.
  void excuse(MonoTime now) { begun_ = now; }
  bool empty() const { return buffer_.size() == cut_; }

 private:
  const PortOptions& options_;
  std::string buffer_;
  std::size_t cut_ = 0;  // so much of the buffer was handed out
  MonoTime begun_{};     // when the first byte of the unfinished frame came
  bool accepted_ = false;
};

}  // namespace dure
