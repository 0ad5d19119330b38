#include "dbagent/store/sealed_log.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace dure::store {
namespace {

constexpr std::uint64_t kFramesAtOnce = 16;
constexpr int kChainBytes = 8, kChainAt = 16, kHeadChainAt = 24;

// Which frame, and how far within it. 0: the log's head.
struct Spot {
  std::uint64_t frame;
  std::int64_t within;
};
Spot spot_of(std::int64_t at) {
  if (at < kLogHeadBytes) return {0, at};
  return {static_cast<std::uint64_t>((at - kLogHeadBytes) / kFrameBytes) + 1, (at - kLogHeadBytes) % kFrameBytes};
}

}  // namespace

int SealedLog::read(char* to, int length, std::int64_t at) {
  if (const int code = write_waiting(); code != SQLITE_OK) return code;
  if (at == 0 && length == kLogHeadBytes) return recover(to);
  const auto [frame, within] = spot_of(at);
  if (length == kChainBytes && within == (frame == 0 ? kHeadChainAt : kChainAt)) return read_chain(to, frame);
  if (frame != 0 && within == 0 && length == kFrameBytes) return read_frame(to, frame);
  if (frame != 0 && within == kFrameHeadBytes && length == kPageBytes) return read_page(to, frame);
  return read_below(to, length, at);
}

// SQLite reads the head to recover the log, and for nothing else.
int SealedLog::recover(char* to) {
  LogWalk walk = walk_log(below_, pages_->sealed);
  if (walk.code != SQLITE_OK) return walk.code;
  if (!walk.rot.empty() && pages_->verify) return refuse(walk.rot);
  frames_ = std::move(walk.frames);
  ended_ = head_known_ = walk.head.has_value();
  end_ = walk.end;
  if (!walk.head) return read_below(to, kLogHeadBytes, 0);
  head_ = *walk.head;
  std::memcpy(head_bytes_, walk.head_bytes, kLogHeadBytes);
  std::memcpy(to, walk.head_bytes, kLogHeadBytes);
  return SQLITE_OK;
}

int SealedLog::read_frame(char* to, std::uint64_t frame) {
  if (const int code = read_below(to, kFrameBytes, frame_at(frame)); code != SQLITE_OK || !pages_->verify) return code;
  if (known(frame)) {
    const FrameMark& was = mark(frame);
    if (std::memcmp(to, was.head, kFrameHeadBytes) != 0 || !is_as_marked(to + kFrameHeadBytes, frame))
      return refuse_frame(frame);
  } else if (ended_ && frame == frames_.size() + 1 && follows(head_, end_, to)) {
    return refuse("it ended before frame " + std::to_string(frame) + " a moment ago, and does not now");
  }
  return SQLITE_OK;
}

int SealedLog::read_page(char* to, std::uint64_t frame) {
  if (const int code = read_below(to, kPageBytes, frame_at(frame) + kFrameHeadBytes);
      code != SQLITE_OK || !pages_->verify)
    return code;
  if (known(frame) && is_as_marked(to, frame)) return SQLITE_OK;
  if (known(frame) && !pages_->shared) return refuse_frame(frame);
  bool fits = false;
  const int code = fits_chain(to, frame, &fits);
  return code != SQLITE_OK || fits ? code : refuse_frame(frame);
}

// From here SQLite goes on summing when it has written frames of its transaction anew.
int SealedLog::read_chain(char* to, std::uint64_t frame) {
  char head[kLogHeadBytes];
  const int length = frame == 0 ? kLogHeadBytes : kFrameHeadBytes;
  if (const int code = read_below(head, length, frame == 0 ? 0 : frame_at(frame)); code != SQLITE_OK) return code;
  const char* was = frame == 0 ? head_bytes_ : known(frame) ? mark(frame).head : nullptr;
  if (was != nullptr && pages_->verify && !pages_->shared &&
      std::memcmp(head, was, static_cast<std::size_t>(length)) != 0)
    return refuse_frame(frame);
  std::memcpy(to, head + length - kChainBytes, kChainBytes);
  return SQLITE_OK;
}

// By the checksum that the frame has: nobody told us what is in it.
int SealedLog::fits_chain(const char* page, std::uint64_t frame, bool* fits) {
  char bytes[kLogHeadBytes], whole[kFrameBytes];
  if (const int code = read_below(bytes, kLogHeadBytes, 0); code != SQLITE_OK) return code;
  const auto head = parse_log_head(bytes);
  if (!head) return SQLITE_OK;
  Chain before = head->chain;
  if (frame > 1) {
    if (const int code = read_below(bytes, kFrameHeadBytes, frame_at(frame - 1)); code != SQLITE_OK) return code;
    before = stored_chain(bytes);
  }
  if (const int code = read_below(whole, kFrameHeadBytes, frame_at(frame)); code != SQLITE_OK) return code;
  std::memcpy(whole + kFrameHeadBytes, page, kPageBytes);
  *fits = follows(*head, before, whole);
  return SQLITE_OK;
}

int SealedLog::write(const char* from, int length, std::int64_t at) {
  if (pages_->condemned) return SQLITE_IOERR_WRITE;
  ended_ = false;
  const auto [frame, within] = spot_of(at);
  if (waiting_ != 0 && !(frame == waiting_ && within == kFrameHeadBytes))
    if (const int code = write_waiting(); code != SQLITE_OK) return code;
  if (frame == 0) return at == 0 && length == kLogHeadBytes ? write_head(from) : SQLITE_IOERR_WRITE;
  if (within == 0 && length == kFrameHeadBytes) {
    std::memcpy(frame_, from, kFrameHeadBytes);
    waiting_ = frame;
    return SQLITE_OK;
  }
  if (within == kFrameHeadBytes && length == kPageBytes) return write_page(from, frame);
  // Pages of another size: no file of ours.
  return pages_->sealed ? SQLITE_IOERR_WRITE : write_below(from, length, at);
}

int SealedLog::write_head(const char* from) {
  frames_.clear();
  const auto head = parse_log_head(from);
  head_known_ = head.has_value();
  if (head) head_ = *head;
  std::memcpy(head_bytes_, from, kLogHeadBytes);
  return write_below(from, kLogHeadBytes, 0);
}

int SealedLog::write_page(const char* from, std::uint64_t frame) {
  std::memcpy(frame_ + kFrameHeadBytes, from, kPageBytes);
  if (waiting_ == frame) {
    waiting_ = 0;
    return write_frame(frame);
  }
  // A page of this transaction once more; its checksum, and those behind it, SQLite makes anew at the end.
  if (known(frame) && !pages_->shared) {
    std::memcpy(frame_, mark(frame).head, kFrameHeadBytes);
  } else if (const int code = read_below(frame_, kFrameHeadBytes, frame_at(frame)); code != SQLITE_OK) {
    return code;
  }
  char* page = frame_ + kFrameHeadBytes;
  if (pages_->sealed) seal(page, page_of(frame_));
  std::memcpy(mark(frame).head, frame_, kFrameHeadBytes);
  mark(frame).page = print_of(page, pages_->sealed);
  return write_below(page, kPageBytes, frame_at(frame) + kFrameHeadBytes);
}

// The one in frame_.
int SealedLog::write_frame(std::uint64_t frame) {
  char* page = frame_ + kFrameHeadBytes;
  if (pages_->sealed) {
    Chain before;
    if (const int code = chain_before(frame, &before); code != SQLITE_OK) return code;
    seal(page, page_of(frame_));
    put(chain_of(head_, before, frame_), frame_);
  }
  std::memcpy(mark(frame).head, frame_, kFrameHeadBytes);
  mark(frame).page = print_of(page, pages_->sealed);
  return write_below(frame_, kFrameBytes, frame_at(frame));
}

// A head whose page does not come: SQLite sums frames anew that it wrote before.
int SealedLog::write_waiting() {
  if (waiting_ == 0) return SQLITE_OK;
  const std::uint64_t frame = std::exchange(waiting_, 0);
  char* page = frame_ + kFrameHeadBytes;
  if (const int code = read_page(page, frame); code != SQLITE_OK) return code;
  return write_frame(frame);
}

int SealedLog::chain_before(std::uint64_t frame, Chain* chain) {
  if (!head_known_ || pages_->shared) {
    if (const int code = read_below(head_bytes_, kLogHeadBytes, 0); code != SQLITE_OK) return code;
    const auto head = parse_log_head(head_bytes_);
    if (!head) return refuse_frame(0);
    head_ = *head;
    head_known_ = true;
  }
  if (frame == 1) {
    *chain = head_.chain;
  } else if (known(frame - 1) && !pages_->shared) {
    *chain = stored_chain(mark(frame - 1).head);
  } else {
    char head[kFrameHeadBytes];
    if (const int code = read_below(head, kFrameHeadBytes, frame_at(frame - 1)); code != SQLITE_OK) return code;
    *chain = stored_chain(head);
  }
  return SQLITE_OK;
}

int SealedLog::truncate(std::int64_t size) {
  if (pages_->condemned) return SQLITE_IOERR_TRUNCATE;
  waiting_ = 0;
  ended_ = false;
  const auto left = size < kLogHeadBytes ? 0 : static_cast<std::size_t>((size - kLogHeadBytes) / kFrameBytes);
  if (frames_.size() > left) frames_.resize(left);
  if (size < kLogHeadBytes) head_known_ = false;
  return below_->pMethods->xTruncate(below_, size);
}

int SealedLog::sync(int flags) {
  if (const int code = write_waiting(); code != SQLITE_OK) return code;
  return below_->pMethods->xSync(below_, flags);
}

int SealedLog::write_again() {
  sqlite3_int64 size = 0;
  if (const int code = below_->pMethods->xFileSize(below_, &size); code != SQLITE_OK) return code;
  if (size == 0) return SQLITE_OK;
  std::string piece(kLogHeadBytes, 0);
  if (head_known_) {
    if (const int code = read_below(piece.data(), kLogHeadBytes, 0); code != SQLITE_OK) return code;
    if (std::memcmp(piece.data(), head_bytes_, kLogHeadBytes) != 0) return refuse_frame(0);
    if (const int code = write_below(piece.data(), kLogHeadBytes, 0); code != SQLITE_OK) return code;
  }
  for (std::uint64_t first = 1; first <= frames_.size(); first += kFramesAtOnce) {
    const std::uint64_t count = std::min<std::uint64_t>(kFramesAtOnce, frames_.size() - first + 1);
    piece.resize(static_cast<std::size_t>(count) * kFrameBytes);
    for (std::uint64_t i = 0; i < count; ++i)
      if (const int code = read_frame(piece.data() + i * kFrameBytes, first + i); code != SQLITE_OK) return code;
    if (const int code = write_below(piece.data(), static_cast<int>(piece.size()), frame_at(first)); code != SQLITE_OK)
      return code;
  }
  return below_->pMethods->xSync(below_, SQLITE_SYNC_FULL);
}

int SealedLog::read_below(char* to, int length, std::int64_t at) {
  return below_->pMethods->xRead(below_, to, length, at);
}

// After a write that failed nobody knows what is there.
int SealedLog::write_below(const char* from, int length, std::int64_t at) {
  const int code = below_->pMethods->xWrite(below_, from, length, at);
  if (code == SQLITE_OK) return code;
  if (at < kLogHeadBytes) head_known_ = false;
  for (std::uint64_t frame = std::max<std::uint64_t>(1, spot_of(at).frame);
       frame <= std::min<std::uint64_t>(frames_.size(), spot_of(at + length - 1).frame); ++frame)
    mark(frame) = {};
  return code;
}

FrameMark& SealedLog::mark(std::uint64_t frame) {
  if (frames_.size() < frame) frames_.resize(static_cast<std::size_t>(frame));
  return frames_[static_cast<std::size_t>(frame - 1)];
}

bool SealedLog::known(std::uint64_t frame) const {
  return frame <= frames_.size() && page_of(frames_[static_cast<std::size_t>(frame - 1)].head) != 0;
}

bool SealedLog::is_as_marked(const char* page, std::uint64_t frame) {
  const FrameMark& was = mark(frame);
  return print_of(page, pages_->sealed) == was.page && (!pages_->sealed || fits_seal(page, page_of(was.head)));
}

int SealedLog::refuse_frame(std::uint64_t frame) {
  return refuse(frame == 0 ? "its head reads otherwise than it was written"
                           : "frame " + std::to_string(frame) + " reads otherwise than it was written");
}

int SealedLog::refuse(const std::string& what) {
  pages_->trouble = "the write-ahead log is damaged: " + what;
  pages_->condemned = true;
  return SQLITE_IOERR_DATA;
}

}  // namespace dure::store
