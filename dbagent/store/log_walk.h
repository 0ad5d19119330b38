// The write-ahead log as SQLite's format has it, and a look of our own at where it ends. SQLite ends a log at the first
// frame that does not follow from the one before, without a word: rightly so where a crash left the last transaction
// half written, and a silent loss where the disk forgot a bit of one that was SAVED.
//
//   head, 32 bytes:   magic · version · page size · number · salt (8) · checksum of these (8)
//   frame, 24 + page: page number · mark (pages of the database after this commit; 0: none) · salt (8) · checksum (8)
//   The checksum of a frame goes on from the one before, over page number, mark and page.
//
// A transaction is appended only after the one before was synced. So a frame that goes on from a commit's proves that
// this commit was on the disk; if the log ends at or before it, the disk has lost what it had: rot. (What an older,
// longer transaction that was taken back left behind goes on from nothing.) A head that is damaged above frames is rot,
// too: it is synced before the first of them.
//
// What cannot be told: rot inside the very last transaction looks like a torn write, and ends the log before it. Nor
// when the first frame behind the last SAVED transaction is damaged as well; nor more than a bit of a commit's page
// where a sector ends between mark and checksum (two frames of 64). Plain functions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dbagent/store/seal.h"

struct sqlite3_file;

namespace dure::store {

inline constexpr int kLogHeadBytes = 32, kFrameHeadBytes = 24, kFrameBytes = kFrameHeadBytes + kPageBytes;
// Frames are counted from 1.
constexpr std::int64_t frame_at(std::uint64_t frame) {
  return kLogHeadBytes + static_cast<std::int64_t>(frame - 1) * kFrameBytes;
}

// What a checksum has come to.
struct Chain {
  std::uint32_t one = 0, two = 0;
  friend bool operator==(const Chain&, const Chain&) = default;
};

struct LogHead {
  bool big_endian = false;  // of the words that are summed
  std::uint32_t page_bytes = 0;
  char salt[8] = {};
  Chain chain;
};
// Nothing: not a head that SQLite would take.
std::optional<LogHead> parse_log_head(const char* bytes);
Chain stored_chain(const char* frame);
bool commits(const char* frame);
std::uint32_t page_of(const char* frame);
// The frame's own checksum, of what is in it, going on from `before`.
Chain chain_of(const LogHead& head, Chain before, const char* frame);
void put(Chain chain, char* frame);
// A frame of this log that goes on from `before`.
bool follows(const LogHead& head, Chain before, const char* frame);

// Of a frame as it was read or written, so that a later look can be compared.
struct FrameMark {
  char head[kFrameHeadBytes] = {};
  std::uint64_t page = 0;  // print_of() it
};

struct LogWalk {
  int code = 0;  // of SQLite: it cannot be read
  char head_bytes[kLogHeadBytes] = {};
  std::optional<LogHead> head;
  std::vector<FrameMark> frames;  // those that follow one another from the head
  Chain end;                      // of the last of them
  std::string rot;                // empty: it ends as a crash may have ended it
};
// Of a log of pages of kPageBytes; of another one only the head. Where it seems to end it is read again: once is no
// proof that it does.
LogWalk walk_log(sqlite3_file* file, bool sealed);

}  // namespace dure::store
