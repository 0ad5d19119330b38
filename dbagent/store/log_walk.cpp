#include "dbagent/store/log_walk.h"

#include <sqlite3.h>

#include <cstring>

namespace dure::store {
namespace {

constexpr std::uint32_t kMagic = 0x377f0682, kVersion = 3007000;
constexpr int kLooks = 4, kMarkAt = 4;
constexpr std::int64_t kSectorBytes = 512;

std::uint32_t word(const char* bytes) {
  std::uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap32(value);
}

Chain sum(bool big_endian, Chain chain, const char* bytes, int length) {
  for (int at = 0; at < length; at += 8) {
    std::uint32_t pair[2];
    std::memcpy(pair, bytes + at, sizeof pair);
    chain.one += (big_endian ? __builtin_bswap32(pair[0]) : pair[0]) + chain.two;
    chain.two += (big_endian ? __builtin_bswap32(pair[1]) : pair[1]) + chain.one;
  }
  return chain;
}

bool of_this_log(const LogHead& head, const char* frame) {
  return std::memcmp(frame + 8, head.salt, sizeof head.salt) == 0;
}

// SQLite fills up a sector by writing the commit's frame once more where the disk may harm what is beside a write.
bool is_same_page(const char* frame, const char* next) {
  return std::memcmp(frame, next, 8) == 0 &&
         std::memcmp(frame + kFrameHeadBytes, next + kFrameHeadBytes, kPageBytes) == 0;
}

class Walker {
 public:
  Walker(sqlite3_file* file, bool sealed) : file_(file), sealed_(sealed) {}
  LogWalk run() {
    sqlite3_int64 size = 0;
    if ((walk_.code = file_->pMethods->xFileSize(file_, &size)) != SQLITE_OK || size < kLogHeadBytes)
      return std::move(walk_);
    if (!read_head()) return std::move(walk_);
    const bool ours = !walk_.head || walk_.head->page_bytes == kPageBytes;
    in_file_ = ours ? static_cast<std::uint64_t>((size - kLogHeadBytes) / kFrameBytes) : 0;
    if (in_file_ == 0) return std::move(walk_);
    if (!walk_.head) {
      walk_.rot = "its head is damaged, and " + std::to_string(in_file_) + " frames stand behind it";
      return std::move(walk_);
    }
    walk_.end = walk_.head->chain;
    while (walk_.frames.size() < in_file_ && next_follows()) {
      std::memcpy(walk_.frames.emplace_back().head, frame_, kFrameHeadBytes);
      walk_.frames.back().page = print_of(frame_ + kFrameHeadBytes, sealed_);
      walk_.end = stored_chain(frame_);
    }
    if (walk_.code == SQLITE_OK && walk_.frames.size() < in_file_) look_behind();
    return std::move(walk_);
  }

 private:
  bool read(char* to, int length, std::int64_t at) {
    walk_.code = file_->pMethods->xRead(file_, to, length, at);
    return walk_.code == SQLITE_OK;
  }
  bool read_head() {
    for (int look = 0; look < kLooks && !walk_.head; ++look) {
      if (!read(walk_.head_bytes, kLogHeadBytes, 0)) return false;
      walk_.head = parse_log_head(walk_.head_bytes);
    }
    return true;
  }
  bool next_follows() {
    for (int look = 0; look < kLooks; ++look) {
      if (!read(frame_, kFrameBytes, frame_at(walk_.frames.size() + 1))) return false;
      if (follows(*walk_.head, walk_.end, frame_)) return true;
    }
    return false;
  }
  // The frame in frame_ ends the log. Is one of those from it on a commit that another one goes on from?
  void look_behind() {
    const LogHead& head = *walk_.head;
    const std::uint64_t ended = walk_.frames.size() + 1;
    if (one_bit_is_flipped(kMarkAt, kMarkAt + 4)) return rotten(ended);
    const Chain computed = chain_of(head, walk_.end, frame_);
    Chain before = walk_.end;
    for (std::uint64_t at = ended; at < in_file_; ++at) {
      if (!read(next_, kFrameBytes, frame_at(at + 1))) return;
      const bool commit = of_this_log(head, next_) && commits(frame_);
      const bool by_sum = commit && at == ended && follows(head, computed, next_);
      const bool by_mark =
          commit && follows(head, stored_chain(frame_), next_) && mark_is_of_this_sum(at, ended, before);
      if ((by_sum || by_mark) && !is_same_page(frame_, next_)) return rotten(ended);
      before = stored_chain(frame_);
      std::memcpy(frame_, next_, kFrameBytes);
    }
  }
  // Where a sector ends between the two, a write that was torn may have brought the one and left the other, of an older
  // transaction whose frames follow. Then the frame has to be whole, or, where the log ends, but for one bit.
  bool mark_is_of_this_sum(std::uint64_t at, std::uint64_t ended, Chain before) {
    const std::int64_t from = frame_at(at) + kMarkAt, to = frame_at(at) + kFrameHeadBytes;
    if (from / kSectorBytes == (to - 1) / kSectorBytes) return true;
    return at == ended ? one_bit_is_flipped(kFrameHeadBytes, kFrameBytes) : follows(*walk_.head, before, frame_);
  }
  // All fits but for one bit of these bytes. The mark's: it is eight bytes with the page number, which no disk tears,
  // and nobody would know this frame for a commit any more.
  bool one_bit_is_flipped(int from, int to) {
    if (!of_this_log(*walk_.head, frame_)) return false;
    for (int bit = 8 * from; bit < 8 * to; ++bit) {
      char* byte = frame_ + bit / 8;
      *byte = static_cast<char>(*byte ^ (1 << (bit % 8)));
      const bool fits = follows(*walk_.head, walk_.end, frame_);
      *byte = static_cast<char>(*byte ^ (1 << (bit % 8)));
      if (fits) return true;
    }
    return false;
  }
  void rotten(std::uint64_t frame) {
    walk_.rot = "frame " + std::to_string(frame) + " of " + std::to_string(in_file_) +
                " is damaged, and what was committed stands at it or behind it";
  }

  sqlite3_file* file_;
  const bool sealed_;
  LogWalk walk_;
  std::uint64_t in_file_ = 0;
  char frame_[kFrameBytes], next_[kFrameBytes];
};

}  // namespace

std::optional<LogHead> parse_log_head(const char* bytes) {
  LogHead head;
  if ((word(bytes) & ~1u) != kMagic || word(bytes + 4) != kVersion) return std::nullopt;
  head.big_endian = (word(bytes) & 1) != 0;
  head.page_bytes = word(bytes + 8);
  std::memcpy(head.salt, bytes + 16, sizeof head.salt);
  head.chain = sum(head.big_endian, {}, bytes, kLogHeadBytes - 8);
  if (head.chain != Chain{word(bytes + 24), word(bytes + 28)}) return std::nullopt;
  return head;
}

Chain stored_chain(const char* frame) { return {word(frame + 16), word(frame + 20)}; }
bool commits(const char* frame) { return word(frame + 4) != 0; }
std::uint32_t page_of(const char* frame) { return word(frame); }

Chain chain_of(const LogHead& head, Chain before, const char* frame) {
  return sum(head.big_endian, sum(head.big_endian, before, frame, 8), frame + kFrameHeadBytes, kPageBytes);
}

void put(Chain chain, char* frame) {
  const std::uint32_t stored[] = {__builtin_bswap32(chain.one), __builtin_bswap32(chain.two)};
  std::memcpy(frame + 16, stored, sizeof stored);
}

bool follows(const LogHead& head, Chain before, const char* frame) {
  return word(frame) != 0 && of_this_log(head, frame) && chain_of(head, before, frame) == stored_chain(frame);
}

LogWalk walk_log(sqlite3_file* file, bool sealed) { return Walker(file, sealed).run(); }

}  // namespace dure::store
