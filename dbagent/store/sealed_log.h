// A write-ahead log under SQLite, whose pages are sealed as those of the database are, and which is believed only where
// it was verified. SQLite checks the checksums in a log once, when it recovers it; later a page is taken from it as the
// disk gives it, and a checkpoint copies it into the database. Here every piece that is read is held against what was
// written, or verified, before: 32 bytes of memory a frame. A connection that shares the log's index with others did
// not see all of it: it has the checksums of the frames themselves.
//
// SQLite sums a frame before it is sealed, so its checksum is made anew here, as one goes on from the other on the
// disk: any SQLite reads such a log, and one that copies it into the database copies the seals. SQLite's own idea of
// the checksums is another one until it recovers the log the next time, and is never compared with what is read. A
// frame is written when its page comes; its head, which SQLite writes first, waits for it. The log of a database
// without seals is written as it comes.
//
// When SQLite begins to recover, walk_log() has looked first: rot stops it there, and so does a frame that reads
// otherwise than it did a moment ago; nothing is written after that. One connection's; one thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "dbagent/store/log_walk.h"

namespace dure::store {

// A database file, as it and its log have to know it.
struct SealedPages {
  bool sealed = true;
  bool verify = true;
  bool shared = false;     // other connections may write to it, too
  bool condemned = false;  // nothing is written any more: what is there is evidence
  std::string trouble;     // what did not fit, last
};

class SealedLog {
 public:
  SealedLog(sqlite3_file* below, SealedPages* pages) : below_(below), pages_(pages) {}

  // As the methods of a file, with their codes.
  int read(char* to, int length, std::int64_t at);
  int write(const char* from, int length, std::int64_t at);
  int truncate(std::int64_t size);
  int sync(int flags);
  // Makes durable what is read now, as far as it is a log, whatever earlier syncs said of it.
  int write_again();

 private:
  int recover(char* to);
  int read_frame(char* to, std::uint64_t frame);
  int read_page(char* to, std::uint64_t frame);
  int read_chain(char* to, std::uint64_t frame);
  int fits_chain(const char* page, std::uint64_t frame, bool* fits);
  int write_head(const char* from);
  int write_page(const char* from, std::uint64_t frame);
  int write_frame(std::uint64_t frame);
  int write_waiting();
  int chain_before(std::uint64_t frame, Chain* chain);
  int read_below(char* to, int length, std::int64_t at);
  int write_below(const char* from, int length, std::int64_t at);
  FrameMark& mark(std::uint64_t frame);
  bool known(std::uint64_t frame) const;
  bool is_as_marked(const char* page, std::uint64_t frame);
  int refuse(const std::string& what);
  int refuse_frame(std::uint64_t frame);

  sqlite3_file* below_;
  SealedPages* pages_;
  char head_bytes_[kLogHeadBytes] = {};
  LogHead head_;
  bool head_known_ = false;
  std::vector<FrameMark> frames_;
  // frames_ are all that follow one another, and nothing was written since: `end_` is of the last.
  bool ended_ = false;
  Chain end_;
  std::uint64_t waiting_ = 0;  // the frame whose head waits for its page; 0: none
  char frame_[kFrameBytes];    // the one that is written
};

}  // namespace dure::store
